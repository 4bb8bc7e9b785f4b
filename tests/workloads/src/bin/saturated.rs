//! Workers that go from one short poll to the next and are never idle. Expected: SATURATED, with `grind` as the type, and
//! nothing blamed.

use std::time::Duration;
use workloads::{work, Args};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.workers * 2;
    workloads::serve(args, grind);
}

async fn grind(_: Args) {
    loop {
        work::burn_cpu(Duration::from_micros(1500));
        tokio::task::yield_now().await;
    }
}
