//! A runtime without worker threads: tasks run on the thread that calls `block_on`. Expected: OnCpu at `burn`.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::spawn(handle_request(args));
        tokio::spawn(workloads::heartbeat());
        std::future::pending::<()>().await;
    });
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
