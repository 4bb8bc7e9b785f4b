//! A std channel received from in a handler. Expected: LockWait (futex) at `next_job`.

use std::sync::mpsc::{channel, Receiver, Sender};
use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), consume);
}

async fn consume(args: Args) {
    let (ask, asked) = channel();
    let (answer, answers) = channel();
    std::thread::Builder::new().name("producer".into()).spawn(move || produce(asked, answer)).expect("a thread");
    loop {
        tokio::time::sleep(args.every).await;
        ask.send(args.block).expect("the producer lives as long as we");
        let block = Block::begin("channel", "next_job");
        std::hint::black_box(next_job(&answers));
        block.end();
    }
}

#[inline(never)]
fn next_job(answers: &Receiver<u64>) -> u64 {
    answers.recv().expect("the producer lives as long as we")
}

fn produce(asked: Receiver<Duration>, answer: Sender<u64>) {
    while let Ok(time) = asked.recv() {
        std::thread::sleep(time);
        let _ = answer.send(1);
    }
}
