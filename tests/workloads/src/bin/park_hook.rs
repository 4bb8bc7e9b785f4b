//! A hook that runs whenever a worker is about to wait for work, and now and then takes long. Expected: BlockingCall at
//! `flush_metrics`, in no task; the wait for work itself is never reported.

use std::cell::Cell;
use std::time::Duration;
use workloads::{clock, Block};

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
}

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.workers)
        .enable_all()
        .on_thread_park(move || {
            let now = clock::monotonic_ns();
            if LAST.get() + args.every.as_nanos() as u64 > now {
                return;
            }
            let block = Block::begin("sleep", "flush_metrics");
            flush_metrics(args.block);
            block.end();
            LAST.set(clock::monotonic_ns());
        })
        .build()
        .expect("a runtime");
    for _ in 0..4 {
        runtime.spawn(workloads::heartbeat());
    }
    runtime.block_on(std::future::pending::<()>());
}

#[inline(never)]
fn flush_metrics(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
