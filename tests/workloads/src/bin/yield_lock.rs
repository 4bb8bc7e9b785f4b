//! A lock that spins with `sched_yield`, beside a thread of the same process that computes all the time, so that each yield
//! gives the CPU away. Expected: OnCpu at `take_slot`, category Spin, whoever had the CPU meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    let args = workloads::start();
    for _ in 0..2 {
        std::thread::Builder::new()
            .name("encoder".into())
            .spawn(|| loop {
                work::burn_cpu(Duration::from_millis(100));
            })
            .expect("a thread");
    }
    workloads::serve(args, write_log);
}

async fn write_log(args: Args) {
    let free = Arc::new(AtomicBool::new(false));
    let (given, time) = (free.clone(), args.block);
    std::thread::spawn(move || loop {
        std::thread::sleep(time * 2);
        given.store(true, Ordering::Release);
    });
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("spin", "take_slot");
        take_slot(&free);
        block.end();
    }
}

#[inline(never)]
fn take_slot(free: &AtomicBool) {
    while !free.swap(false, Ordering::AcqRel) {
        std::thread::yield_now();
    }
}
