//! Three tasks whose destructors are the same code, so the linker keeps one for all of them. Expected: each block is blamed on its
//! own task, or on none, and never on another.

use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), all_of_them);
}

async fn all_of_them(args: Args) {
    let (every, time) = (args.every, args.block);
    tokio::spawn(renew_lease(every, time));
    tokio::spawn(flush_metrics(every, time));
    tokio::spawn(reload_rules(every, time));
}

async fn renew_lease(every: Duration, time: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let block = Block::begin("sleep", "ask_the_server");
        ask_the_server(time);
        block.end();
    }
}

async fn flush_metrics(every: Duration, time: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let block = Block::begin("sleep", "write_them_out");
        write_them_out(time);
        block.end();
    }
}

async fn reload_rules(every: Duration, time: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let block = Block::begin("sleep", "read_them_again");
        read_them_again(time);
        block.end();
    }
}

#[inline(never)]
fn ask_the_server(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(1);
}

#[inline(never)]
fn write_them_out(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(2);
}

#[inline(never)]
fn read_them_again(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(3);
}
