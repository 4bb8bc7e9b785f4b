//! Polls of 2 ms of CPU time each (`--block-ms`), short enough for any threshold, with 3 ms of rest. What makes them
//! slow is the machine: a neighbour on the same CPU, or a CPU quota. Expected: RunQueue or Throttled, or nothing.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    let mut args = workloads::start();
    args.block = args.block.min(Duration::from_millis(2));
    args.every = args.every.min(Duration::from_millis(3));
    workloads::serve(args, answer);
}

async fn answer(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("steady", "compute_answer");
        compute_answer(args.block);
        block.end();
    }
}

#[inline(never)]
fn compute_answer(time: Duration) {
    work::burn_cpu(time);
}
