//! Mistake: std::fs in async code, with a sync after every line, each of which waits for the disk.

use crate::Shop;
use std::fs::File;
use std::io::{Result, Seek, Write};
use std::sync::Arc;

/// Lines of an order, each with its document. Together they take long enough on quick disks too.
const LINES: usize = 24;
static DOCUMENT: [u8; 64 << 10] = [b'.'; 64 << 10];

/// An audit log that has no name, so that the demo leaves nothing behind.
pub struct Log(File);

impl Log {
    pub fn create() -> Result<Log> {
        let path = format!("/var/tmp/hud-demo-audit-{}", std::process::id());
        let file = File::options().create_new(true).read(true).write(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Log(file))
    }
}

pub async fn place_order(shop: &Arc<Shop>, order: &[u8]) -> Vec<u8> {
    let entry = order.to_vec();
    let written = if shop.fixed {
        let shop = shop.clone();
        tokio::task::spawn_blocking(move || append(&shop.audit, &entry)).await.expect("the log does not panic")
    } else {
        append(&shop.audit, &entry)
    };
    if written.is_ok() { b"accepted\n".to_vec() } else { b"not accepted\n".to_vec() }
}

#[inline(never)]
fn append(log: &Log, entry: &[u8]) -> Result<()> {
    let mut file = &log.0;
    // The log begins anew when it is large, as the demo's disk is not ours.
    if file.stream_position()? > 64 << 20 {
        file.rewind()?;
    }
    for _ in 0..LINES {
        file.write_all(entry)?;
        file.write_all(&DOCUMENT)?;
        file.sync_data()?;
    }
    Ok(())
}
