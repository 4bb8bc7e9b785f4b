//! Blocks in the future that `block_on` itself runs, which no task's poll surrounds. Expected: seen from the
//! scheduler's side where Hud covers it, and never blamed on a task.

use std::time::Duration;
use workloads::Block;

fn main() {
    let args = workloads::start();
    let runtime = workloads::runtime(&args);
    runtime.spawn(workloads::heartbeat());
    runtime.block_on(async {
        loop {
            tokio::time::sleep(args.every).await;
            let block = Block::begin("root", "wait_in_main");
            wait_in_main(args.block);
            block.end();
        }
    });
}

#[inline(never)]
fn wait_in_main(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
