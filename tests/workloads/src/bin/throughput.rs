//! Tasks that do `--spin` rounds of arithmetic and yield, as fast as they can: many short polls, and the yardstick for
//! what Hud costs. Counts its polls and prints the sum every second. Expected: nothing (`BelowThreshold`). With `--watch 1` it
//! logs the rounds that the machine made long, at the price of a look at the clock in each.

use workloads::{truth, work, Args, Watch};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.tasks.max(args.workers);
    if args.watch {
        workloads::serve(args, watched_yield_loop)
    } else {
        workloads::serve(args, yield_loop)
    }
}

async fn watched_yield_loop(args: Args) {
    let mut watch = Watch::start("watched_yield_loop");
    loop {
        work::spin(args.spin);
        tokio::task::yield_now().await;
        watch.round();
        truth::add_polls(1);
    }
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
