//! Mistake: a password hash, slow on purpose, computed between two awaits.

use crate::Shop;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Some 17 ms with the processor's own SHA instructions, and several times that without.
const ROUNDS: u32 = 250_000;

pub async fn log_in(shop: &Arc<Shop>, password: &[u8]) -> Vec<u8> {
    let password = password.to_vec();
    let hash = if shop.fixed {
        tokio::task::spawn_blocking(move || hash_password(&password)).await.expect("hashing does not panic")
    } else {
        hash_password(&password)
    };
    hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()
}

#[inline(never)]
fn hash_password(password: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::digest(password);
    for _ in 0..ROUNDS {
        hash = Sha256::new().chain_update(hash).chain_update(password).finalize();
    }
    hash.to_vec()
}
