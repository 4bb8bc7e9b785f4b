//! What really happened, as the program itself measured it, in JSON lines on stdout.
//!
//! Blocks are kept in memory and written by a thread of their own (`lifetime.rs`): a write to a full pipe inside
//! a poll would be one more block, not counted.

use crate::clock;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

/// One real block, from `begin` to `end`, both in the same poll.
///
/// Not a closure: the blocking call shall be called by the handler itself, with none of our frames in between.
pub struct Block {
    kind: &'static str,
    function: &'static str,
    start_ns: u64,
    cpu_ns: u64,
    run_delay_ns: u64,
}

/// Wall clock, CPU time and run-queue delay of one moment: read again when the thread was preempted between two of them.
fn now() -> (u64, u64, u64) {
    let mut before = clock::thread_run_delay_ns();
    for _ in 0..10 {
        let time = (clock::monotonic_ns(), clock::thread_cpu_ns());
        let after = clock::thread_run_delay_ns();
        if after == before {
            return (time.0, time.1, after);
        }
        before = after;
    }
    (clock::monotonic_ns(), clock::thread_cpu_ns(), before)
}

struct Record {
    block: Block,
    duration_ns: u64,
    thread: i64,
}

static LOG: Mutex<Vec<Record>> = Mutex::new(Vec::new());
static WAITS: Mutex<Vec<(&str, u64, u64)>> = Mutex::new(Vec::new());
static BLOCKS: AtomicU64 = AtomicU64::new(0);
static BLOCKED_NS: AtomicU64 = AtomicU64::new(0);
static POLLS: AtomicU64 = AtomicU64::new(0);

impl Block {
    /// `kind`: cpu, sleep, file, fsync, dns, process, mutex, condvar, channel, join, spin, block_on. `allowed` is work that no one
    /// may report; `steady` is short by design, what makes it long is the machine; `root` is outside any task.
    pub fn begin(kind: &'static str, function: &'static str) -> Block {
        let (start_ns, cpu_ns, run_delay_ns) = now();
        Block { kind, function, start_ns, cpu_ns, run_delay_ns }
    }

    /// For work that is short by design: logged only when the machine made it long.
    pub fn end_if_over_1_ms(self) {
        if clock::monotonic_ns() - self.start_ns > 1_000_000 {
            self.end();
        }
    }

    pub fn end(mut self) {
        let (end_ns, cpu_ns, run_delay_ns) = now();
        self.run_delay_ns = run_delay_ns - self.run_delay_ns;
        self.cpu_ns = cpu_ns - self.cpu_ns;
        let duration_ns = end_ns - self.start_ns;
        if self.kind != "allowed" {
            BLOCKS.fetch_add(1, Ordering::Relaxed);
            BLOCKED_NS.fetch_add(duration_ns, Ordering::Relaxed);
        }
        let record = Record { block: self, duration_ns, thread: clock::thread_id() };
        LOG.lock().unwrap().push(record);
    }
}

/// For rounds that are too short for a `Block`, from one look at the clock to the next. Between two looks lies everything
/// that a poll can be: whatever made it long made its round long.
pub struct Watch {
    function: &'static str,
    last_ns: u64,
}

impl Watch {
    pub fn start(function: &'static str) -> Watch {
        Watch { function, last_ns: clock::monotonic_ns() }
    }

    /// Logs the round that ends here as `steady` when it took over 1 ms.
    pub fn round(&mut self) {
        let now = clock::monotonic_ns();
        let duration_ns = now - self.last_ns;
        if duration_ns > 1_000_000 {
            let block = Block { kind: "steady", function: self.function, start_ns: self.last_ns, cpu_ns: 0, run_delay_ns: 0 };
            LOG.lock().unwrap().push(Record { block, duration_ns, thread: clock::thread_id() });
        }
        self.last_ns = now;
    }
}

/// A task that was woken at one moment and polled at the other.
pub fn waited(task: &'static str, wake_ns: u64, poll_ns: u64) {
    WAITS.lock().unwrap().push((task, wake_ns, poll_ns));
}

/// For programs that count their polls: add in batches, the counter is shared.
pub fn add_polls(count: u64) {
    POLLS.fetch_add(count, Ordering::Relaxed);
}

pub fn polls() -> u64 {
    POLLS.load(Ordering::Relaxed)
}

/// Anything else that a program reports, as a whole JSON object.
pub fn say(json: &str) {
    let mut out = std::io::stdout().lock();
    // Without a reader the program's work goes on.
    let _ = writeln!(out, "{json}").and_then(|()| out.flush());
}

/// What begins here never ends, so its beginning is logged.
pub fn began(function: &str) {
    say(&format!(
        r#"{{"began":"{function}","start_ns":{},"tid":{}}}"#,
        clock::monotonic_ns(),
        clock::thread_id()
    ));
}

/// The program cannot show what it is for on this machine; the reason goes into the test's result.
pub fn skip(reason: &str) -> ! {
    say(&format!(r#"{{"skip":"{}"}}"#, reason.replace(['"', '\\'], "'")));
    std::process::exit(77)
}

/// Writes what was logged since the last time.
pub fn flush() {
    let records = std::mem::take(&mut *LOG.lock().unwrap());
    let mut lines = String::new();
    for Record { block, duration_ns, thread } in records {
        lines.push_str(&format!(
            "{{\"kind\":\"{}\",\"function\":\"{}\",\"start_ns\":{},\"dur_ns\":{},\"cpu_ns\":{},\"run_delay_ns\":{},\"tid\":{}}}\n",
            block.kind, block.function, block.start_ns, duration_ns, block.cpu_ns, block.run_delay_ns, thread
        ));
    }
    for (task, wake_ns, poll_ns) in std::mem::take(&mut *WAITS.lock().unwrap()) {
        lines.push_str(&format!("{{\"wait\":\"{task}\",\"wake_ns\":{wake_ns},\"poll_ns\":{poll_ns}}}\n"));
    }
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
}

pub fn summary(reason: &str, elapsed_ns: u64) {
    say(&format!(
        r#"{{"summary":true,"reason":"{reason}","blocks":{},"blocked_ns":{},"polls":{},"elapsed_ns":{elapsed_ns}}}"#,
        BLOCKS.load(Ordering::Relaxed),
        BLOCKED_NS.load(Ordering::Relaxed),
        polls(),
    ));
}
