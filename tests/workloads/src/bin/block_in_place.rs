//! The same work announced with `block_in_place`, which hands the worker's queue to another thread. Expected: nothing.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        tokio::task::block_in_place(|| work_and_wait(args.block));
    }
}

#[inline(never)]
fn work_and_wait(time: Duration) {
    let block = Block::begin("allowed", "work_and_wait");
    work::burn_cpu(time / 2);
    std::thread::sleep(time / 2);
    block.end();
}
