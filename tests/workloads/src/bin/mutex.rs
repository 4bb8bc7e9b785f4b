//! A std mutex that one task holds while it works and another waits for.
//! Expected: LockWait at `read_price` with the holder's stack at `rebuild_prices`, and OnCpu at `rebuild_prices` itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use workloads::{work, Args, Block};

struct Prices {
    table: Mutex<u64>,
    held: AtomicBool,
}

fn main() {
    let mut args = workloads::start();
    args.workers = args.workers.max(2); // the waiter and the holder at the same time
    let prices = Arc::new(Prices { table: Mutex::new(1), held: AtomicBool::new(false) });
    workloads::serve(args, move |args| both(args, prices.clone()));
}

async fn both(args: Args, prices: Arc<Prices>) {
    tokio::spawn(refresh(args, prices.clone()));
    tokio::spawn(quote(args, prices));
}

async fn refresh(args: Args, prices: Arc<Prices>) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("cpu", "rebuild_prices");
        rebuild_prices(&prices, args.block);
        block.end();
    }
}

async fn quote(args: Args, prices: Arc<Prices>) {
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if prices.held.load(Ordering::Acquire) {
            let block = Block::begin("mutex", "read_price");
            std::hint::black_box(read_price(&prices));
            block.end();
            tokio::time::sleep(args.every / 2).await;
        }
    }
}

#[inline(never)]
fn rebuild_prices(prices: &Prices, time: Duration) {
    let mut table = prices.table.lock().unwrap();
    prices.held.store(true, Ordering::Release);
    work::burn_cpu(time);
    prices.held.store(false, Ordering::Release);
    *table += 1;
}

#[inline(never)]
fn read_price(prices: &Prices) -> u64 {
    *prices.table.lock().unwrap()
}
