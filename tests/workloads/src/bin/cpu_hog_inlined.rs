//! As `cpu_hog`, with the work inlined into the task. Expected: OnCpu at `handle_request`.

use workloads::{work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("cpu", "handle_request");
        work::burn_cpu(args.block);
        block.end();
    }
}
