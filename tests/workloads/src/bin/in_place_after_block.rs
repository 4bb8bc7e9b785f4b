//! A poll that blocks first and then works on with `block_in_place`, in one function. Expected: BlockingCall at `look_up` for as long
//! as that took, and nothing of what came after, however long it was.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("sleep", "look_up");
        look_up(args.block);
        block.end();
        tokio::task::block_in_place(|| std::thread::sleep(args.block * 3));
    }
}

#[inline(never)]
fn look_up(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
