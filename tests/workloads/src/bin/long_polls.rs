//! Polls of seconds beside threads of the same process that compute all the time. Expected: OnCpu at `optimise`, and the
//! `encoder` threads as what ran instead, with nearly the whole of it.

use std::time::Duration;
use workloads::{work, Args, Block};

fn main() {
    let args = workloads::start();
    for _ in 0..3 {
        std::thread::Builder::new()
            .name("encoder".into())
            .spawn(|| loop {
                work::burn_cpu(Duration::from_millis(100));
            })
            .expect("a thread");
    }
    workloads::serve(args, build);
}

async fn build(args: Args) {
    loop {
        let block = Block::begin("cpu", "optimise");
        optimise(args.block);
        block.end();
        tokio::time::sleep(args.every).await;
    }
}

#[inline(never)]
fn optimise(time: Duration) {
    work::burn_cpu(time);
}
