//! The same work where it belongs: on the blocking pool. Expected: nothing.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        tokio::task::spawn_blocking(move || work_and_wait(args.block)).await.expect("no panic");
    }
}

#[inline(never)]
fn work_and_wait(time: Duration) {
    let block = Block::begin("allowed", "work_and_wait");
    work::burn_cpu(time / 2);
    std::thread::sleep(time / 2);
    block.end();
}
