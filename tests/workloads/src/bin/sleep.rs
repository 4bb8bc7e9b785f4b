//! `std::thread::sleep` in a handler. Expected: BlockingCall (clock_nanosleep) at `wait_a_little`.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), retry);
}

async fn retry(args: Args) {
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
