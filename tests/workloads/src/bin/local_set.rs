//! Tasks of a LocalSet, which is itself run by a task. Expected: OnCpu at `burn`, each poll counted once.

use std::time::Duration;
use tokio::task::LocalSet;
use workloads::{work, Args, Block};

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = LocalSet::new();
    local.spawn_local(handle_request(args));
    local.spawn_local(workloads::heartbeat());
    local.block_on(&runtime, std::future::pending::<()>());
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
