//! A lot of work that yields every 100 us. Expected: nothing, however busy the workers are.

use std::time::Duration;
use workloads::{truth, work, Args, Block};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.workers;
    workloads::serve(args, index_documents);
}

async fn index_documents(_: Args) {
    loop {
        let block = Block::begin("steady", "index_documents");
        work::burn_cpu(Duration::from_micros(100));
        block.end_if_over_1_ms();
        truth::add_polls(1);
        tokio::task::yield_now().await;
    }
}
