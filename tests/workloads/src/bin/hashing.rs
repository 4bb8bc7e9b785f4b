//! Rounds of SHA-256, as a password check does. Expected: OnCpu at `hash_password`, below it sha2.

use sha2::{Digest, Sha256};
use std::time::Duration;
use workloads::{clock, Args, Block};

fn main() {
    workloads::serve(workloads::start(), log_in);
}

async fn log_in(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("cpu", "hash_password");
        std::hint::black_box(hash_password(b"correct horse battery staple", args.block));
        block.end();
    }
}

#[inline(never)]
fn hash_password(password: &[u8], time: Duration) -> Vec<u8> {
    let end = clock::thread_cpu_ns() + time.as_nanos() as u64;
    let mut digest = password.to_vec();
    while clock::thread_cpu_ns() < end {
        for _ in 0..100 {
            digest = Sha256::digest(&digest).to_vec();
        }
    }
    digest
}
