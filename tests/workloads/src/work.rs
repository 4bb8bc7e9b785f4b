//! Work that several programs share. The functions that tests look for by name live in the programs themselves.

use crate::clock;
use std::hint::black_box;
use std::time::Duration;

/// Arithmetic that the compiler cannot leave out.
#[inline(always)]
pub fn spin(rounds: u64) -> u64 {
    let mut state = black_box(rounds | 1);
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state)
}

/// Computes until the thread has used this much CPU time, however long that takes.
#[inline(always)]
pub fn burn_cpu(time: Duration) {
    let end = clock::thread_cpu_ns() + time.as_nanos() as u64;
    // About 200 us between two looks at the clock: it is a system call, and a sample shall find the work and not the watch.
    while clock::thread_cpu_ns() < end {
        spin(100_000);
    }
}

/// Text that compresses about as well as a report does.
pub fn text(bytes: usize) -> Vec<u8> {
    let words = ["order", "item", "price", "shipped", "customer", "2026", "total", "street", "0042", "pending"];
    let mut text = Vec::with_capacity(bytes + 16);
    let mut state = 88_172_645_463_325_252u64;
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.extend_from_slice(words[(state % 10) as usize].as_bytes());
        text.push(b' ' + (state >> 32) as u8 % 3);
    }
    text.truncate(bytes);
    text
}
