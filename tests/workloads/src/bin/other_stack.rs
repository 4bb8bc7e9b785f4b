//! Polls that leave their stack for another and come back, as coroutines and growing stacks do: one above the worker's
//! stack and one below it, by turns. Expected: the polls are counted and timed; their stacks cannot be had.
//!
//! `--spin 1`: what runs there polls a task of its own (a LocalSet), which is the worst that can be.

use std::cell::Cell;
use std::time::Duration;
use tokio::task::LocalSet;
use workloads::{truth, work, Args, Block};

const BYTES: usize = 1 << 20;

/// Bottom of a stack and the work for it.
struct Job {
    time: Duration,
    polls: bool,
    done: Cell<u64>,
}

fn main() {
    let args = workloads::start();
    // mappings grow downwards: this one lies above the stacks of the threads that come later
    let above = Box::leak(vec![0u8; BYTES].into_boxed_slice()).as_mut_ptr() as usize;
    workloads::serve(args, move |args| handle_request(args, above));
}

async fn handle_request(args: Args, above: usize) {
    let below = Box::leak(vec![0u8; BYTES].into_boxed_slice()).as_mut_ptr() as usize;
    let here = &above as *const usize as usize;
    truth::say(&format!(r#"{{"stacks":true,"above":{},"below":{}}}"#, above > here, below < here));
    for turn in 0u64.. {
        tokio::time::sleep(args.every).await;
        let job = Job { time: args.block, polls: args.spin > 0, done: Cell::new(0) };
        let block = Block::begin("cpu", "burn");
        run_on(if turn % 2 == 0 { above } else { below }, &job);
        block.end();
        assert_eq!(job.done.get(), 1);
        truth::add_polls(1);
    }
}

/// Runs the job with the stack pointer in another piece of memory.
#[inline(never)]
fn run_on(stack: usize, job: &Job) {
    let top = (stack + BYTES) & !15;
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!(
            "mov r12, rsp", "mov rsp, {top}", "call {run}", "mov rsp, r12",
            top = in(reg) top, run = in(reg) run as usize, in("rdi") job as *const Job,
            out("r12") _, clobber_abi("C"),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = top;
        run(job);
    }
}

extern "C" fn run(job: *const Job) {
    let job = unsafe { &*job };
    burn(job.time);
    if job.polls {
        poll_a_task();
    }
    job.done.set(job.done.get() + 1);
}

/// One look at a LocalSet with a task in it, from where we are.
fn poll_a_task() {
    let local = LocalSet::new();
    let inner = local.spawn_local(async { work::spin(1000) });
    let mut local = std::pin::pin!(local);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::future::Future::poll(local.as_mut(), &mut context);
    assert!(inner.is_finished());
}

#[inline(never)]
fn burn(time: Duration) {
    work::burn_cpu(time);
}
