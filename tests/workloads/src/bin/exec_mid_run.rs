//! Replaces itself by a fresh copy (the same pid) every `--every-ms` x 20, and forks a child that exits at once every
//! `--every-ms`. Expected: it lives, and what was seen until then is reported.

use std::os::unix::process::CommandExt;
use std::process::Command;
use workloads::{Args, Block};

fn main() {
    let args = workloads::start();
    let began = std::time::Instant::now();
    std::thread::spawn(move || loop {
        std::thread::sleep(args.every);
        let _ = Command::new("true").status();
        if began.elapsed() > args.every * 20 {
            let left = (args.seconds - began.elapsed().as_secs_f64()).max(0.1);
            workloads::truth::flush();
            // The last `--seconds` counts, so the copy ends when this one would have.
            let error = Command::new("/proc/self/exe").args(std::env::args().skip(1)).args(["--seconds", &left.to_string()]).exec();
            panic!("exec: {error}");
        }
    });
    workloads::serve(args, handle_request);
}

async fn handle_request(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("sleep", "wait_a_little");
        wait_a_little(args.block);
        block.end();
    }
}

#[inline(never)]
fn wait_a_little(time: std::time::Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}
