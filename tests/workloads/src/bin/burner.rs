//! Not a Tokio program: it only takes the CPU away from others. `--tasks` threads.

use std::time::Duration;
use workloads::work;

fn main() {
    let args = workloads::start();
    let threads: Vec<_> = (0..args.tasks)
        .map(|_| std::thread::spawn(|| loop { work::burn_cpu(Duration::from_secs(1)) }))
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}
