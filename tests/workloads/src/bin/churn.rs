//! 200 types of short-lived tasks, thousands a second; one type in 200 blocks now and then.
//! Expected: BlockingCall at `wait_in_job_seven`, counts right or marked as sampled.

use std::time::Duration;
use workloads::{truth, work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), start_jobs);
}

async fn start_jobs(args: Args) {
    let mut due = std::time::Instant::now() + args.every;
    loop {
        spawn_all();
        if std::time::Instant::now() >= due {
            due = std::time::Instant::now() + args.every;
            tokio::spawn(job_seven(args.block));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Each number makes another type, and with it another `poll` function.
async fn job<const NUMBER: u64>() {
    work::spin(100 + NUMBER);
    tokio::task::yield_now().await;
    truth::add_polls(2);
}

async fn job_seven(time: Duration) {
    tokio::task::yield_now().await;
    let block = Block::begin("sleep", "wait_in_job_seven");
    wait_in_job_seven(time);
    block.end();
}

#[inline(never)]
fn wait_in_job_seven(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}

macro_rules! spawn_jobs {
    ($hundreds:expr; $($tens:literal)*) => { $( spawn_jobs!(@ $hundreds + $tens; 0 1 2 3 4 5 6 7 8 9); )* };
    (@ $base:expr; $($ones:literal)*) => { $( tokio::spawn(job::<{ $base + $ones }>()); )* };
}

fn spawn_all() {
    spawn_jobs!(0; 0 10 20 30 40 50 60 70 80 90);
    spawn_jobs!(100; 0 10 20 30 40 50 60 70 80 90);
}
