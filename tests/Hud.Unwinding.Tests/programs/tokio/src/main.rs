// Tasks that block their worker in several ways, each below a poll.
use std::hint::black_box;
use std::time::Duration;

#[inline(never)]
fn burn(rounds: u64) -> u64 {
    (0..rounds).fold(1, |h, i| black_box(h ^ i).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(9))
}

#[inline(never)]
fn nap() {
    std::thread::sleep(Duration::from_micros(300));
}

async fn inner(id: u64) -> u64 {
    tokio::task::yield_now().await;
    let text: String = (0..40).map(|i| format!("{id}/{i} ")).collect();
    burn(2000) + text.len() as u64
}

async fn worker(id: u64) -> u64 {
    let mut sum = 0;
    for i in 0..100_000 {
        sum ^= inner(id + i).await;
        nap();
        if i % 8 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    sum
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let total = runtime.block_on(async {
        let tasks: Vec<_> = (0..4).map(|id| tokio::spawn(worker(id))).collect();
        let mut total = 0;
        for t in tasks {
            total ^= t.await.unwrap();
        }
        total
    });
    println!("{total}");
}
