//! A future driven to its end inside a poll, by an executor that parks the thread: what `Handle::block_on`
//! would do if Tokio did not forbid it. Expected: BlockingCall or LockWait (futex) at `fetch_now`.

use std::time::Duration;
use tokio::sync::oneshot;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("block_on", "fetch_now");
        fetch_now(args.block);
        block.end();
    }
}

#[inline(never)]
fn fetch_now(time: Duration) {
    let (done, wait) = oneshot::channel();
    // Woken by a plain thread: a task could be queued behind this very poll.
    std::thread::spawn(move || {
        std::thread::sleep(time);
        let _ = done.send(());
    });
    futures_executor::block_on(wait).expect("the thread answers");
}
