//! A library with a Tokio of its own, for `loads_late`: waits for 6 seconds, and then its tasks block.

use std::time::Duration;
use workloads::{truth, Block};

/// Starts the plugin's own runtime and comes back at once.
#[no_mangle]
pub extern "C" fn serve(block_ms: u64, every_ms: u64) {
    std::thread::spawn(|| loop {
        std::thread::sleep(Duration::from_millis(50));
        truth::flush();
    });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let task = handle(Duration::from_millis(block_ms), Duration::from_millis(every_ms));
            tokio::spawn(task).await.expect("it never ends")
        })
    });
}

async fn handle(block: Duration, every: Duration) {
    tokio::time::sleep(Duration::from_secs(6)).await;
    loop {
        tokio::time::sleep(every).await;
        let done = Block::begin("sleep", "fetch");
        fetch(block);
        done.end();
    }
}

#[inline(never)]
fn fetch(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(3);
}
