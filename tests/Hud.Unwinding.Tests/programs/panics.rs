// Deep recursion with destructors; panics that are caught. With panic=abort the panics are left out.
use std::hint::black_box;

struct Guard(u64);

impl Drop for Guard {
    #[inline(never)]
    fn drop(&mut self) {
        black_box(self.0.wrapping_mul(31));
    }
}

#[inline(never)]
fn descend(n: u64, text: &str) -> u64 {
    let guard = Guard(n);
    if n == 0 {
        return black_box(text.bytes().map(u64::from).sum());
    }
    let longer = format!("{text}{n}");
    let sum = descend(n - 1, &longer) + guard.0;
    black_box(sum)
}

#[inline(never)]
fn may_fail(i: u64) -> u64 {
    let value = descend(12 + i % 9, "x");
    if cfg!(panic = "unwind") && i % 3 == 0 {
        panic!("round {i}: {value}");
    }
    value
}

#[inline(never)]
fn catching(i: u64) -> u64 {
    std::panic::catch_unwind(|| may_fail(i)).unwrap_or(7)
}

fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let mut sum = 0u64;
    for i in 0..20_000 {
        sum = sum.wrapping_add(catching(i));
    }
    println!("{sum}");
}
