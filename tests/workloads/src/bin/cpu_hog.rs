//! A handler that computes. Expected: OnCpu at `burn`.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("cpu", "burn");
        burn(args.block);
        block.end();
    }
}

#[inline(never)]
fn burn(time: Duration) {
    work::burn_cpu(time);
}
