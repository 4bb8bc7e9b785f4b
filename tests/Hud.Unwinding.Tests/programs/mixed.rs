// Closures, iterators, trait objects, formatting, hashing, threads and unwinding in one stock Rust program.
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::hint::black_box;

trait Shape {
    fn area(&self, depth: u32) -> f64;
}

struct Square(f64);
struct Group(Vec<Box<dyn Shape>>);

impl Shape for Square {
    #[inline(never)]
    fn area(&self, depth: u32) -> f64 {
        black_box(self.0) * self.0 + f64::from(depth)
    }
}

impl Shape for Group {
    #[inline(never)]
    fn area(&self, depth: u32) -> f64 {
        self.0.iter().map(|s| s.area(depth + 1)).sum()
    }
}

#[inline(never)]
fn tree(depth: u32) -> Box<dyn Shape> {
    if depth == 0 {
        return Box::new(Square(2.5));
    }
    Box::new(Group((0..3).map(|_| tree(depth - 1)).collect()))
}

#[inline(never)]
fn words(n: usize) -> HashMap<String, usize> {
    let mut map = HashMap::new();
    for i in 0..n {
        let mut word = String::new();
        write!(word, "word-{}-{:?}", i % 17, (i, "x")).unwrap();
        *map.entry(word).or_insert(0) += i;
    }
    map
}

#[inline(never)]
fn sorted(n: u64) -> Vec<(u64, String)> {
    let mut v: Vec<(u64, String)> = (0..n).map(|i| (i.wrapping_mul(2_654_435_761) % 1009, format!("{i:08x}"))).collect();
    v.sort_by(|a, b| a.1.chars().rev().cmp(b.1.chars().rev()).then(a.0.cmp(&b.0)));
    v
}

#[inline(never)]
fn round(i: u64) -> u64 {
    let t = tree(4);
    let a = t.area(0) as u64;
    let w = words(60 + (i % 7) as usize);
    let s = sorted(120);
    let b: BTreeMap<_, _> = w.iter().map(|(k, v)| (v, k)).collect();
    a + b.len() as u64 + s[3].0
}

fn main() {
    let threads: Vec<_> = (0..2)
        .map(|t| std::thread::spawn(move || (0..2000u64).fold(t, |sum, i| sum ^ black_box(round(i)))))
        .collect();
    let mut total = 0;
    for i in 0..3000 {
        total ^= black_box(round(i));
    }
    for t in threads {
        total ^= t.join().unwrap();
    }
    println!("{total}");
}
