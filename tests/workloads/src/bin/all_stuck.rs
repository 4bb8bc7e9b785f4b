//! As many tasks as workers wait for a lock that is never given back, beginning after `--every-ms`: nothing can run any more.
//! Expected: LockWait (futex) at `update_shared` on every worker for as long as it is watched, and one stall that never ends.

use std::sync::Mutex;
use std::time::Duration;
use workloads::{truth, Args};

static SHARED: Mutex<u64> = Mutex::new(0);

fn main() {
    let mut args = workloads::start();
    args.tasks = args.workers;
    std::thread::Builder::new()
        .name("holder".into())
        .spawn(|| {
            let _held = SHARED.lock().unwrap();
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        })
        .expect("a thread that holds the lock");
    std::thread::sleep(Duration::from_millis(50));
    workloads::serve(args, on_event);
}

async fn on_event(args: Args) {
    tokio::time::sleep(args.every).await;
    truth::began("update_shared");
    update_shared();
}

#[inline(never)]
fn update_shared() {
    *SHARED.lock().unwrap() += 1;
}
