//! As many sleeping tasks as workers, all at the same moment: nothing else can run.
//! Expected: BlockingCall at `wait_for_leader`, and stalls where the blocks of all workers overlap.

use std::time::Duration;
use workloads::{clock, Args, Block};

fn main() {
    let mut args = workloads::start();
    args.tasks = args.workers;
    workloads::serve(args, follow);
}

async fn follow(args: Args) {
    let period = (args.every + args.block).as_nanos() as u64;
    loop {
        // The next multiple of the period on the common clock, so that the tasks agree without talking.
        let rest = period - clock::monotonic_ns() % period;
        tokio::time::sleep(Duration::from_nanos(rest)).await;
        let block = Block::begin("sleep", "wait_for_leader");
        wait_for_leader(args.block);
        block.end();
    }
}

#[inline(never)]
fn wait_for_leader(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
