//! A LocalSet in a task of a LocalSet and so on, six deep: more than the profiler keeps open at once. Expected: OnCpu
//! at `burn` for the polls that it follows, and a count of those that it does not.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::LocalSet;
use workloads::{truth, work, Args, Block};

const LEVELS: usize = 6;

fn main() {
    let args = workloads::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = LocalSet::new();
    local.spawn_local(handle_request(args));
    local.block_on(&runtime, std::future::pending::<()>());
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        level(args, LEVELS).await;
        truth::add_polls(1);
    }
}

fn level(args: Args, below: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        if below == 0 {
            let block = Block::begin("cpu", "burn");
            burn(args.block);
            block.end();
            return;
        }
        let inner = LocalSet::new();
        inner.run_until(async move { tokio::task::spawn_local(level(args, below - 1)).await.expect("a level") }).await;
    })
}

#[inline(never)]
fn burn(time: Duration) {
    work::burn_cpu(time);
}
