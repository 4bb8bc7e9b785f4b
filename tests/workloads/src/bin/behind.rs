//! A task that waits for a worker, and what it waits behind: one case for each way in which that comes about (`--case`, the place in `CASES`).
//! Expected: the long waits of the task that each case logs are behind the function that it names, for as long as the blocks that are logged
//! say, or behind nothing where it names none.

use std::future::{poll_fn, Future};
use std::hint::black_box;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::io::Interest;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, Notify};
use tokio::task::LocalSet;
use tokio::time::Instant;
use workloads::waits::logged;
use workloads::{work, Args, Block};

const CASES: &[fn(Args)] = &[
    next_slot,
    channel,
    timer,
    io,
    notify,
    woke_itself,
    current_thread,
    local_set,
    two_runtimes,
    two_at_once,
    lock,
    short_polls,
    in_place,
    starved,
];

fn main() {
    let args = workloads::start();
    CASES[args.case.min(CASES.len() - 1)](args);
}

fn with_workers(workers: usize) -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().expect("a runtime")
}

fn single() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Keeps its worker, asleep: that takes no CPU from the others, whose waits are measured.
#[inline(never)]
fn keep_the_worker(time: Duration) {
    let block = Block::begin("sleep", "keep_the_worker");
    std::thread::sleep(time);
    block.end();
}

async fn victim(notify: Arc<Notify>) {
    loop {
        notify.notified().await;
        black_box("victim");
    }
}

async fn block_when_told(notify: Arc<Notify>, time: Duration) {
    loop {
        notify.notified().await;
        keep_the_worker(time);
    }
}

async fn block_now_and_then(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        keep_the_worker(args.block);
    }
}

async fn wake_and_block(notify: Arc<Notify>, args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        notify.notify_one();
        keep_the_worker(args.block);
    }
}

/// From a thread that belongs to no runtime, at every moment of what the workers do.
fn again_and_again(mut act: impl FnMut(u64)) -> ! {
    for round in 0.. {
        std::thread::sleep(Duration::from_millis(3 + round % 5));
        act(round);
    }
    unreachable!("there are rounds enough")
}

/// The other worker is idle, and takes nothing from the slot for the next task.
fn next_slot(args: Args) {
    let (runtime, woken) = (with_workers(2), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(wake_and_block(woken, args));
    runtime.block_on(std::future::pending::<()>());
}

fn channel(args: Args) {
    let runtime = with_workers(1);
    let (sender, receiver) = mpsc::unbounded_channel();
    runtime.spawn(logged("victim", receiving_victim(receiver)));
    runtime.spawn(block_now_and_then(args));
    again_and_again(|round| drop(sender.send(round)));
}

async fn receiving_victim(mut receiver: mpsc::UnboundedReceiver<u64>) {
    while receiver.recv().await.is_some() {}
}

/// All due at one moment; in which order they are woken is the wheel's.
fn timer(args: Args) {
    let (runtime, every) = (with_workers(1), args.every + args.block);
    let begin = Instant::now() + every;
    runtime.spawn(logged("victim", due_victim(begin, every)));
    runtime.spawn(async move {
        let mut due = begin;
        loop {
            tokio::time::sleep_until(due).await;
            due += every;
            keep_the_worker(args.block);
        }
    });
    runtime.spawn(logged("victim", due_victim(begin, every)));
    runtime.block_on(std::future::pending::<()>());
}

async fn due_victim(begin: Instant, every: Duration) {
    let mut due = begin;
    loop {
        tokio::time::sleep_until(due).await;
        due += every;
    }
}

/// All ready at one moment. Whichever end the worker takes first, one that blocks is before the others.
fn io(args: Args) {
    let runtime = with_workers(1);
    let mut ends = Vec::new();
    for i in 0..4 {
        let (here, there) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
        ends.push(there);
        if i == 0 || i == 3 {
            runtime.spawn(blocking_reader(here, args.block));
        } else {
            runtime.spawn(logged("victim", reading_victim(here)));
        }
    }
    loop {
        std::thread::sleep(args.every + args.block * 2);
        for end in &mut ends {
            let _ = end.write_all(b"x");
        }
    }
}

async fn reading_victim(socket: std::os::unix::net::UnixStream) {
    let socket = of_the_runtime(socket);
    loop {
        read_all(&socket).await;
        black_box("victim");
    }
}

async fn blocking_reader(socket: std::os::unix::net::UnixStream, time: Duration) {
    let socket = of_the_runtime(socket);
    loop {
        read_all(&socket).await;
        keep_the_worker(time);
    }
}

fn of_the_runtime(socket: std::os::unix::net::UnixStream) -> tokio::net::UnixStream {
    socket.set_nonblocking(true).expect("a socket that does not block");
    tokio::net::UnixStream::from_std(socket).expect("a socket of the runtime")
}

async fn read_all(socket: &tokio::net::UnixStream) {
    let mut bytes = [0u8; 64];
    let _ = socket.ready(Interest::READABLE).await;
    while matches!(socket.try_read(&mut bytes), Ok(read) if read > 0) {}
}

fn notify(args: Args) {
    let (runtime, woken) = (with_workers(1), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(block_now_and_then(args));
    again_and_again(|_| woken.notify_one());
}

/// During its own poll, in which it has also woken one that blocks: that one is in the slot for the next task, and it in the queue.
fn woke_itself(args: Args) {
    let (runtime, blocker) = (with_workers(1), Arc::new(Notify::new()));
    runtime.spawn(block_when_told(blocker.clone(), args.block));
    runtime.spawn(logged("victim", self_waking_victim(blocker, args)));
    runtime.block_on(std::future::pending::<()>());
}

async fn self_waking_victim(blocker: Arc<Notify>, args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        blocker.notify_one();
        let mut woken = false;
        poll_fn(|context| {
            if woken {
                return Poll::Ready(());
            }
            woken = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

fn current_thread(args: Args) {
    let (runtime, woken) = (single(), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(wake_and_block(woken, args));
    runtime.block_on(std::future::pending::<()>());
}

fn local_set(args: Args) {
    let (runtime, local, woken) = (single(), LocalSet::new(), Arc::new(Notify::new()));
    local.spawn_local(logged("victim", victim(woken.clone())));
    local.spawn_local(wake_and_block(woken, args));
    local.block_on(&runtime, std::future::pending::<()>());
}

/// The other runtime's workers are blocked nearly all the time.
fn two_runtimes(args: Args) {
    let (front, batch, woken) = (with_workers(1), with_workers(2), Arc::new(Notify::new()));
    for _ in 0..2 {
        batch.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                run_batch(args.block * 3);
            }
        });
    }
    front.spawn(logged("victim", victim(woken.clone())));
    front.spawn(block_now_and_then(args));
    again_and_again(|_| woken.notify_one());
}

#[inline(never)]
fn run_batch(time: Duration) {
    let block = Block::begin("sleep", "run_batch");
    std::thread::sleep(time);
    block.end();
}

/// Two blockers at the same time, of which one is done earlier.
fn two_at_once(args: Args) {
    let runtime = with_workers(2);
    let (woken, first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(block_when_told(first.clone(), args.block));
    runtime.spawn(block_otherwise(second.clone(), args.block * 2));
    loop {
        std::thread::sleep(args.every + args.block * 2);
        first.notify_one();
        second.notify_one();
        std::thread::sleep(Duration::from_millis(2));
        woken.notify_one();
    }
}

async fn block_otherwise(notify: Arc<Notify>, time: Duration) {
    loop {
        notify.notified().await;
        keep_the_other(time);
    }
}

#[inline(never)]
fn keep_the_other(time: Duration) {
    let block = Block::begin("sleep", "keep_the_other");
    std::thread::sleep(time);
    block.end();
}

fn lock(args: Args) {
    let (runtime, woken, shared) = (with_workers(2), Arc::new(Notify::new()), Arc::new(Mutex::new(0u64)));
    runtime.spawn(logged("victim", victim(woken.clone())));
    let (asked, held) = std::sync::mpsc::channel::<std::sync::mpsc::Sender<()>>();
    runtime.spawn(wake_and_lock(woken, shared.clone(), asked, args));
    // Holds the lock for as long as a block lasts, whenever it is asked to.
    while let Ok(ready) = held.recv() {
        let mut count = shared.lock().unwrap();
        let _ = ready.send(());
        std::thread::sleep(args.block);
        *count += 1;
    }
}

async fn wake_and_lock(
    woken: Arc<Notify>,
    shared: Arc<Mutex<u64>>,
    asked: std::sync::mpsc::Sender<std::sync::mpsc::Sender<()>>,
    args: Args,
) {
    loop {
        tokio::time::sleep(args.every).await;
        let (sender, ready) = std::sync::mpsc::channel();
        let _ = asked.send(sender);
        let _ = ready.recv();
        woken.notify_one();
        wait_for_the_lock(&shared);
    }
}

#[inline(never)]
fn wait_for_the_lock(shared: &Mutex<u64>) {
    let block = Block::begin("mutex", "wait_for_the_lock");
    *shared.lock().unwrap() += 1;
    block.end();
}

/// None of which is slow.
fn short_polls(args: Args) {
    let (runtime, woken, all) = (with_workers(1), Arc::new(Notify::new()), Arc::new(Notify::new()));
    for _ in 0..30 {
        runtime.spawn(work_a_little(all.clone()));
    }
    runtime.spawn(logged("victim", victim(woken.clone())));
    loop {
        std::thread::sleep(args.every + Duration::from_millis(30));
        all.notify_waiters();
        woken.notify_one();
    }
}

async fn work_a_little(notify: Arc<Notify>) {
    loop {
        notify.notified().await;
        work::burn_cpu(Duration::from_micros(700));
    }
}

/// The queue goes to another thread before the block begins.
fn in_place(args: Args) {
    let (runtime, woken) = (with_workers(1), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(args.every).await;
            tokio::task::block_in_place(|| keep_the_worker(args.block));
        }
    });
    again_and_again(|_| woken.notify_one());
}

/// Beside programs that take the CPU.
fn starved(args: Args) {
    let (runtime, woken) = (single(), Arc::new(Notify::new()));
    runtime.spawn(logged("victim", victim(woken.clone())));
    runtime.spawn(wake_and_work(woken, args));
    runtime.block_on(std::future::pending::<()>());
}

fn wake_and_work(woken: Arc<Notify>, args: Args) -> impl Future<Output = ()> {
    async move {
        loop {
            tokio::time::sleep(args.every).await;
            woken.notify_one();
            compute(Duration::from_millis(8));
        }
    }
}

#[inline(never)]
fn compute(time: Duration) {
    let block = Block::begin("cpu", "compute");
    work::burn_cpu(time);
    block.end();
}
