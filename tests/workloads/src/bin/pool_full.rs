//! More closures for `spawn_blocking` than the pool has threads (512 unless the program says otherwise), each asleep for long.
//! Expected: no blame, as no worker is blocked, and one line that the pool is full.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.tasks.max(600);
    workloads::serve(args, wait_on_the_pool);
}

async fn wait_on_the_pool(args: Args) {
    loop {
        // The pool has one lock, and hundreds of threads that take it: on a busy machine whoever holds it may be without a CPU.
        let block = Block::begin("steady", "wait_on_the_pool");
        let asleep = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(1)));
        block.end_if_over_1_ms();
        asleep.await.expect("no panic");
        tokio::time::sleep(args.every).await;
    }
}
