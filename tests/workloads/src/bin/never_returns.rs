//! One task computes for ever, beginning after `--every-ms`; the others go on. Expected: OnCpu at `compute_forever` for as
//! long as it is watched, on one of the workers, whether it began before or during the run.

use std::sync::atomic::{AtomicBool, Ordering};
use workloads::{truth, work, Args};

static STOP: AtomicBool = AtomicBool::new(false);

fn main() {
    workloads::serve(workloads::start(), reconcile);
}

async fn reconcile(args: Args) {
    tokio::time::sleep(args.every).await;
    truth::began("compute_forever");
    compute_forever();
}

#[inline(never)]
fn compute_forever() {
    while !STOP.load(Ordering::Relaxed) {
        work::spin(1000);
    }
}
