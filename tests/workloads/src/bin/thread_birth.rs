//! A second runtime, and with it all threads that block, is born `--every-ms` x 20 after the start (2 s by
//! default). Expected: BlockingCall at `wait_in_new_runtime` although no such thread existed when Hud attached.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    let args = workloads::start();
    let first = workloads::runtime(&args);
    first.spawn(workloads::heartbeat());
    std::thread::sleep(args.every * 20);
    let second = workloads::runtime(&args);
    second.spawn(handle_request(args));
    second.block_on(std::future::pending::<()>());
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("sleep", "wait_in_new_runtime");
        wait_in_new_runtime(args.block);
        block.end();
    }
}

#[inline(never)]
fn wait_in_new_runtime(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
