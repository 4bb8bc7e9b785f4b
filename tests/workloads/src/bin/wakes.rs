//! Tasks that are woken in every way there is while others keep the workers busy. Expected: as long a wait for a worker as each task noted
//! itself.

use std::future::poll_fn;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::Interest;
use tokio::sync::{mpsc, Notify};
use tokio::task::LocalSet;
use workloads::waits::logged;
use workloads::Args;

fn main() {
    let args = workloads::start();
    let (local, other) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (for_local, for_other) = (local.clone(), other.clone());
    std::thread::spawn(move || serve_local(args, for_local));
    std::thread::spawn(move || serve_from_another_runtime(for_other));

    let runtime = workloads::runtime(&args);
    let notify = Arc::new(Notify::new());
    let (sender, receiver) = mpsc::unbounded_channel();
    let (here, mut there) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
    for _ in 0..args.workers {
        runtime.spawn(occupy(args));
    }
    runtime.spawn(logged("notified", notified(notify.clone())));
    runtime.spawn(logged("from_elsewhere", from_elsewhere(other)));
    runtime.spawn(logged("received", received(receiver)));
    runtime.spawn(logged("slept", slept()));
    runtime.spawn(logged("yielded", yielded()));
    runtime.spawn(logged("woke_itself", woke_itself()));
    runtime.spawn(logged("read_ready", read_ready(here)));
    // From a thread that belongs to no runtime. Pauses of different lengths, so that the wakes meet the busy workers at every moment.
    for round in 0u64.. {
        std::thread::sleep(Duration::from_millis(3 + round % 5));
        notify.notify_one();
        // A second wake before the poll does not move the first.
        notify.notify_one();
        let _ = sender.send(round);
        local.notify_one();
        let _ = there.write_all(b"x");
    }
}

/// Keeps its worker, asleep: that takes no CPU from the others, whose waits are measured.
async fn occupy(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        keep_the_worker(args.block);
    }
}

#[inline(never)]
fn keep_the_worker(time: Duration) {
    std::thread::sleep(time);
}

/// This and the next two differ by their text, so that the compiler does not make one function of them.
async fn notified(notify: Arc<Notify>) {
    loop {
        notify.notified().await;
        black_box("notified");
    }
}

async fn from_elsewhere(notify: Arc<Notify>) {
    loop {
        notify.notified().await;
        black_box("from_elsewhere");
    }
}

async fn in_local_set(notify: Arc<Notify>) {
    loop {
        notify.notified().await;
        black_box("in_local_set");
    }
}

async fn received(mut receiver: mpsc::UnboundedReceiver<u64>) {
    while receiver.recv().await.is_some() {}
}

async fn slept() {
    loop {
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

async fn yielded() {
    loop {
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// As a task does that has used up its budget, or waits for several things of which one is ready.
async fn woke_itself() {
    loop {
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
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn read_ready(socket: std::os::unix::net::UnixStream) {
    socket.set_nonblocking(true).expect("a socket that does not block");
    let socket = tokio::net::UnixStream::from_std(socket).expect("a socket of the runtime");
    let mut bytes = [0u8; 64];
    loop {
        let _ = socket.ready(Interest::READABLE).await;
        while matches!(socket.try_read(&mut bytes), Ok(read) if read > 0) {}
    }
}

fn serve_local(args: Args, notify: Arc<Notify>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = LocalSet::new();
    local.spawn_local(logged("in_local_set", in_local_set(notify)));
    local.spawn_local(occupy_locally(args));
    local.block_on(&runtime, std::future::pending::<()>());
}

async fn occupy_locally(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        keep_the_worker(args.block);
    }
}

/// Its tasks wake those of the other.
fn serve_from_another_runtime(notify: Arc<Notify>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::spawn(logged("wakes_another", wakes_another(notify)));
        std::future::pending::<()>().await;
    });
}

async fn wakes_another(notify: Arc<Notify>) {
    loop {
        tokio::time::sleep(Duration::from_millis(6)).await;
        notify.notify_one();
    }
}
