//! Mistake: a name looked up with the blocking resolver of libc.

use crate::Shop;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

/// Ends in a dot: no search domains are tried.
const PRICES: &str = "prices.shop.test.:443";

pub async fn quote(shop: &Arc<Shop>) -> Vec<u8> {
    let address = if shop.fixed {
        tokio::net::lookup_host(PRICES).await.ok().and_then(|mut addresses| addresses.next())
    } else {
        resolve(PRICES)
    };
    match address {
        Some(address) => format!("asked {address}\n").into_bytes(),
        None => b"prices are not available\n".to_vec(),
    }
}

#[inline(never)]
fn resolve(name: &str) -> Option<SocketAddr> {
    name.to_socket_addrs().ok()?.next()
}
