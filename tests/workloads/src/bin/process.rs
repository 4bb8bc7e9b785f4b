//! A command run and waited for in a handler. Expected: BlockingCall (poll, read or wait4) at `convert_image`.

use std::process::Command;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), upload);
}

async fn upload(args: Args) {
    let seconds = args.block.as_secs_f64().to_string();
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("process", "convert_image");
        convert_image(&seconds);
        block.end();
    }
}

#[inline(never)]
fn convert_image(seconds: &str) {
    let output = Command::new("sleep").arg(seconds).output().expect("sleep is everywhere");
    assert!(output.status.success());
}
