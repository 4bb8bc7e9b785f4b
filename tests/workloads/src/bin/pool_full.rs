//! More closures for `spawn_blocking` than the pool has threads (512 unless the program says otherwise), each asleep for long.
//! Expected: no blame, as no worker is blocked, and one line that the pool is full.

use std::time::Duration;
use workloads::Args;

fn main() {
    let mut args = workloads::start();
    args.tasks = args.tasks.max(600);
    workloads::serve(args, wait_on_the_pool);
}

async fn wait_on_the_pool(args: Args) {
    loop {
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(1))).await.expect("no panic");
        tokio::time::sleep(args.every).await;
    }
}
