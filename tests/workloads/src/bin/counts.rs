//! Checks itself: each task carries a number from step to step, and now and then computes it anew from the first one. A probe
//! that damaged a register, a stack or an instruction of this program ends it with `WRONG` and exit code 3. SIGUSR1: it replaces
//! itself by a fresh copy (the same pid); SIGUSR2: it forks a child that lives for a second. Every fiftieth step blocks.
//!
//! Prints `right N` each second: N numbers have been checked since it began.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use workloads::{Args, Block};

static RIGHT: AtomicU64 = AtomicU64::new(0);

fn main() {
    // before any other thread exists, so that all inherit it and only the one below takes them
    let signals = block_signals();
    let args = workloads::start();
    std::thread::spawn(move || obey(signals));
    std::thread::spawn(|| loop {
        std::thread::sleep(Duration::from_secs(1));
        println!("right {}", RIGHT.load(Ordering::Relaxed));
    });
    workloads::serve(args, count);
}

async fn count(args: Args) {
    let first = std::process::id() as u64;
    let (mut steps, mut number) = (0u64, first);
    loop {
        tokio::time::sleep(Duration::from_millis(2)).await;
        number = next(number);
        steps += 1;
        if steps % 50 == 0 {
            let block = Block::begin("sleep", "wait_a_little");
            wait_a_little(args.block);
            block.end();
            check(first, steps, number);
        }
    }
}

#[inline(never)]
fn next(number: u64) -> u64 {
    number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407).rotate_left(17)
}

fn check(first: u64, steps: u64, number: u64) {
    if (0..steps).fold(first, |number, _| next(number)) != number {
        println!("WRONG after {steps} steps");
        unsafe { libc::_exit(3) }
    }
    RIGHT.fetch_add(1, Ordering::Relaxed);
}

#[inline(never)]
fn wait_a_little(time: Duration) {
    std::thread::sleep(time);
    std::hint::black_box(()); // or the call above would be a jump, and this function not on the stack
}

fn block_signals() -> libc::sigset_t {
    unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, libc::SIGUSR1);
        libc::sigaddset(&mut signals, libc::SIGUSR2);
        libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
        signals
    }
}

fn obey(signals: libc::sigset_t) {
    loop {
        let mut signal = 0;
        unsafe { libc::sigwait(&signals, &mut signal) };
        if signal == libc::SIGUSR1 {
            let error = Command::new("/proc/self/exe").args(std::env::args().skip(1)).exec();
            println!("WRONG exec: {error}");
            unsafe { libc::_exit(3) }
        }
        // a copy of the whole process, with our probes in it, and then a child that is another program
        unsafe {
            if libc::fork() == 0 {
                libc::sleep(1);
                libc::_exit(0)
            }
        }
        let _ = Command::new("/bin/sh").args(["-c", ":"]).status();
        unsafe { while libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) > 0 {} }
    }
}
