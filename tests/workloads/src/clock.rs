//! The clocks that the truth is measured with.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// CLOCK_MONOTONIC in nanoseconds: the clock of the kernel's side of Hud too.
pub fn monotonic_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// The wall clock in nanoseconds since 1970: reports give their start by it.
pub fn unix_ns() -> u64 {
    read(libc::CLOCK_REALTIME)
}

/// CPU time of the calling thread in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of all threads of the process in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // Cannot fail: the clock exists on every Linux and the pointer is ours.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub fn thread_id() -> i64 {
    unsafe { libc::syscall(libc::SYS_gettid) as i64 }
}

thread_local! {
    static SCHEDSTAT: RefCell<Option<File>> = RefCell::new(
        File::open(format!("/proc/self/task/{}/schedstat", thread_id())).ok());
}

/// Nanoseconds that the calling thread was runnable and not running, 0 where the kernel does not count.
/// `/proc/PID/task/TID/schedstat`: `<cpu ns> <run delay ns> <timeslices>`
pub fn thread_run_delay_ns() -> u64 {
    SCHEDSTAT.with(|file| {
        let mut text = [0u8; 96];
        let length = file.borrow().as_ref().and_then(|file| file.read_at(&mut text, 0).ok()).unwrap_or(0);
        std::str::from_utf8(&text[..length])
            .ok()
            .and_then(|text| text.split_whitespace().nth(1)?.parse().ok())
            .unwrap_or(0)
    })
}
