//! Mistake: a std mutex held while something slow is computed. One task works, the others wait with their workers.

use crate::Shop;
use std::hint::black_box;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct Cart {
    totals: Mutex<u64>,
}

pub async fn add_item(shop: &Arc<Shop>) -> Vec<u8> {
    let total = if shop.fixed {
        // Worked out elsewhere, then stored: the lock is held for one addition.
        let price = tokio::task::spawn_blocking(discounted_price).await.expect("arithmetic does not panic");
        let mut totals = shop.cart.totals.lock().unwrap();
        *totals = totals.wrapping_add(price);
        *totals
    } else {
        update_totals(&shop.cart)
    };
    format!("total {total}\n").into_bytes()
}

#[inline(never)]
fn update_totals(cart: &Cart) -> u64 {
    let mut totals = cart.totals.lock().unwrap();
    *totals = totals.wrapping_add(discounted_price());
    *totals
}

/// All the rules of all the campaigns, tried one after the other.
#[inline(never)]
fn discounted_price() -> u64 {
    let mut price = black_box(4_999u64);
    for rule in 0..10_000_000u64 {
        price = price.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(rule) ^ (price >> 17);
    }
    price % 5_000
}
