//! Two runtimes in one process, the second one blocked. Expected: two runtimes; BlockingCall at `wait_for_batch` on
//! threads called `batch`, nothing on those called `front`.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    let args = workloads::start();
    let front = named("front", &args);
    let batch = named("batch", &args);
    front.spawn(workloads::heartbeat());
    batch.spawn(run_batch(args));
    front.block_on(std::future::pending::<()>());
}

fn named(name: &str, args: &Args) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.workers)
        .thread_name(name)
        .enable_all()
        .build()
        .expect("a runtime")
}

async fn run_batch(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("sleep", "wait_for_batch");
        wait_for_batch(args.block);
        block.end();
    }
}

#[inline(never)]
fn wait_for_batch(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
