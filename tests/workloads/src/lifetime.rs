//! How a workload ends: after its time, on SIGTERM, or when the test that started it is gone (stdin closed).

use crate::{clock, truth, Args};

/// Says that the program is ready and starts the thread `truth`, which writes the log and ends the program.
pub fn watch(args: &Args) {
    // Blocked before any other thread exists, so that all inherit it and only `truth` takes it.
    let signals = block_sigterm();
    truth::say(&format!(
        r#"{{"ready":true,"pid":{},"start_ns":{},"unix_ns":{},"workers":{}}}"#,
        std::process::id(),
        clock::monotonic_ns(),
        clock::unix_ns(),
        args.workers
    ));
    let seconds = args.seconds;
    std::thread::Builder::new()
        .name("truth".into())
        .spawn(move || run(seconds, signals))
        .expect("a thread for the log");
}

fn run(seconds: f64, signals: libc::sigset_t) {
    let started = clock::monotonic_ns();
    let stdin_counts = is_pipe(0);
    let mut second = 0;
    let reason = loop {
        if sigterm_within_100_ms(&signals) {
            break "SIGTERM";
        }
        truth::flush();
        let elapsed = (clock::monotonic_ns() - started) as f64 / 1e9;
        if elapsed as u64 > second && truth::polls() > 0 {
            second = elapsed as u64;
            truth::say(&format!(
                r#"{{"second":{second},"polls":{},"at_ns":{},"cpu_ns":{}}}"#,
                truth::polls(),
                clock::monotonic_ns(),
                clock::process_cpu_ns()
            ));
        }
        if elapsed >= seconds {
            break "time";
        }
        if stdin_counts && at_end_of_file(0) {
            break "stdin";
        }
    };
    truth::flush();
    truth::summary(reason, clock::monotonic_ns() - started);
    // Not exit(): destructors of a runtime would wait for the tasks that we block on purpose.
    unsafe { libc::_exit(0) }
}

fn block_sigterm() -> libc::sigset_t {
    unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, libc::SIGTERM);
        libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
        signals
    }
}

fn sigterm_within_100_ms(signals: &libc::sigset_t) -> bool {
    let time = libc::timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    unsafe { libc::sigtimedwait(signals, std::ptr::null_mut(), &time) == libc::SIGTERM }
}

fn is_pipe(descriptor: i32) -> bool {
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(descriptor, &mut stat) == 0 && matches!(stat.st_mode & libc::S_IFMT, libc::S_IFIFO | libc::S_IFSOCK)
    }
}

fn at_end_of_file(descriptor: i32) -> bool {
    let mut poll = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    let mut text = [0u8; 256];
    unsafe {
        libc::poll(&mut poll, 1, 0) == 1 && libc::read(descriptor, text.as_mut_ptr().cast(), text.len()) <= 0
    }
}
