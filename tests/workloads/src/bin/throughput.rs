//! Tasks that do `--spin` rounds of arithmetic and yield, as fast as they can: many short polls, and the yardstick for
//! what Hud costs. Counts its polls and tells the sum every second. Expected: nothing (`BelowThreshold`).

use workloads::{truth, work, Args};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.tasks.max(args.workers);
    workloads::serve(args, yield_loop);
}

async fn yield_loop(args: Args) {
    // The shared counter is touched rarely, or it would be what is measured.
    let batch = if args.spin > 10_000 { 1 } else { 256 };
    loop {
        for _ in 0..batch {
            work::spin(args.spin);
            tokio::task::yield_now().await;
        }
        truth::add_polls(batch);
    }
}
