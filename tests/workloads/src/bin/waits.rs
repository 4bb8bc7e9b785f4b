//! Every way in which a task waits for another thread through a futex: a mutex, a reader-writer lock, a condition variable,
//! a channel, a value made once, and the end of a thread. Expected: LockWait for each, in every build.

use std::hint::black_box;
use std::sync::{mpsc, Arc, Condvar, Mutex, OnceLock, RwLock};
use std::time::Duration;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), wait_in_turn);
}

async fn wait_in_turn(args: Args) {
    let mutex = Arc::new(Mutex::new(0u64));
    let table = Arc::new(RwLock::new(0u64));
    let signal = Arc::new((Mutex::new(0u64), Condvar::new()));
    loop {
        pause(args).await;
        let (held, time) = (mutex.clone(), args.block);
        while_another_thread(move || {
            let mut value = held.lock().unwrap();
            std::thread::sleep(time);
            *value += 1;
        })
        .await;
        let block = Block::begin("mutex", "wait_for_mutex");
        wait_for_mutex(&mutex);
        block.end();

        pause(args).await;
        let held = table.clone();
        while_another_thread(move || {
            let mut value = held.write().unwrap();
            std::thread::sleep(time);
            *value += 1;
        })
        .await;
        let block = Block::begin("mutex", "wait_for_rwlock");
        wait_for_rwlock(&table);
        block.end();

        pause(args).await;
        let set = signal.clone();
        while_another_thread(move || {
            std::thread::sleep(time);
            *set.0.lock().unwrap() += 1;
            set.1.notify_all();
        })
        .await;
        let block = Block::begin("condvar", "wait_for_condvar");
        wait_for_condvar(&signal);
        block.end();

        pause(args).await;
        let (answer, answers) = mpsc::channel();
        while_another_thread(move || {
            std::thread::sleep(time);
            let _ = answer.send(1);
        })
        .await;
        let block = Block::begin("channel", "wait_for_message");
        wait_for_message(&answers);
        block.end();

        pause(args).await;
        let once = Arc::new(OnceLock::new());
        let first = once.clone();
        while_another_thread(move || {
            first.get_or_init(|| {
                std::thread::sleep(time);
                1u64
            });
        })
        .await;
        let block = Block::begin("mutex", "wait_for_value");
        wait_for_value(&once);
        block.end();

        pause(args).await;
        let thread = std::thread::spawn(move || std::thread::sleep(time));
        let block = Block::begin("join", "wait_for_thread");
        wait_for_thread(thread);
        block.end();
    }
}

async fn pause(args: Args) {
    tokio::time::sleep(args.every).await;
}

/// Returns when the other thread has begun, so that it holds what the caller is going to wait for. A poll of its own: the head start
/// is not part of the block.
async fn while_another_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work);
    tokio::time::sleep(Duration::from_millis(2)).await;
}

#[inline(never)]
fn wait_for_mutex(mutex: &Mutex<u64>) -> u64 {
    black_box(*mutex.lock().unwrap())
}

#[inline(never)]
fn wait_for_rwlock(table: &RwLock<u64>) -> u64 {
    black_box(*table.read().unwrap())
}

#[inline(never)]
fn wait_for_condvar(signal: &(Mutex<u64>, Condvar)) {
    let mut count = signal.0.lock().unwrap();
    while *count == 0 {
        count = signal.1.wait(count).unwrap();
    }
    *count = 0;
}

#[inline(never)]
fn wait_for_message(answers: &mpsc::Receiver<u64>) -> u64 {
    black_box(answers.recv().unwrap())
}

#[inline(never)]
fn wait_for_value(once: &OnceLock<u64>) -> u64 {
    // an unused result would make the call a jump, and leave this function out of the stack
    black_box(*once.get_or_init(|| 2))
}

#[inline(never)]
fn wait_for_thread(thread: std::thread::JoinHandle<()>) {
    thread.join().unwrap();
}
