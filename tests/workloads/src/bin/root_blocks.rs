//! A runtime without worker threads whose main future does the work: while it sleeps or computes no task runs, and no task's
//! poll surrounds it. Expected: BlockingCall at `handle_message` and OnCpu at `parse_message`, on the thread that calls `block_on`.

use std::time::Duration;
use workloads::{work, Block};

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.spawn(workloads::heartbeat());
    runtime.block_on(async {
        loop {
            tokio::time::sleep(args.every).await;
            let block = Block::begin("sleep", "handle_message");
            handle_message(args.block);
            block.end();
            tokio::time::sleep(args.every).await;
            let block = Block::begin("cpu", "parse_message");
            parse_message(args.block);
            block.end();
        }
    });
}

#[inline(never)]
fn handle_message(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}

#[inline(never)]
fn parse_message(time: Duration) {
    work::burn_cpu(time);
}
