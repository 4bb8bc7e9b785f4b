//! Everything that uses the blocking pool side by side. Expected: BlockingCall at `look_up`, of polls that start a closure and then
//! block by themselves; nothing of the closures, and nothing of what is announced with `block_in_place`.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    let mut args = workloads::start();
    args.workers = args.workers.max(3);
    workloads::serve(args, all_of_them);
}

async fn all_of_them(args: Args) {
    tokio::spawn(in_place(args));
    tokio::spawn(away(args));
    tokio::spawn(both(args));
}

async fn in_place(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        tokio::task::block_in_place(|| allowed(args.block));
    }
}

async fn away(args: Args) {
    loop {
        tokio::time::sleep(args.every / 2).await;
        tokio::task::spawn_blocking(move || allowed(args.block / 2)).await.expect("the closure");
    }
}

async fn both(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        drop(tokio::task::spawn_blocking(move || allowed(args.block / 4)));
        let block = Block::begin("sleep", "look_up");
        look_up(args.block);
        block.end();
    }
}

#[inline(never)]
fn allowed(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(1);
}

#[inline(never)]
fn look_up(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(2);
}
