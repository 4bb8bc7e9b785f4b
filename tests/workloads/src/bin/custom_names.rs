//! Worker threads with a name of the program's own. Expected: found all the same; BlockingCall at `wait_a_little`.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.workers)
        .thread_name("payments-io")
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::spawn(pay(args));
        tokio::spawn(workloads::heartbeat());
        std::future::pending::<()>().await;
    });
}

async fn pay(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("sleep", "wait_a_little");
        wait_a_little(args.block);
        block.end();
    }
}

#[inline(never)]
fn wait_a_little(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
