//! A log that is synced in a handler. Expected: BlockingCall (fsync) at `sync_audit_log`.
//! How long that takes is the disk's choice: the truth says it. The write itself is done on the blocking pool, so
//! that what is left is waiting for the disk and nothing else.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;
use workloads::{Args, Block};

fn main() {
    workloads::serve(workloads::start(), record);
}

async fn record(args: Args) {
    let path = format!("/var/tmp/hud-audit-{}", std::process::id());
    let file = Arc::new(File::create(&path).expect("/var/tmp takes a file"));
    // Without a name nothing is left behind, however the program ends.
    std::fs::remove_file(&path).expect("our own file");
    loop {
        tokio::time::sleep(args.every).await;
        let writer = file.clone();
        tokio::task::spawn_blocking(move || append(&writer)).await.expect("no panic");
        let block = Block::begin("fsync", "sync_audit_log");
        sync_audit_log(&file);
        block.end();
    }
}

fn append(mut file: &File) {
    let entry = vec![b'x'; 1 << 20];
    file.rewind().expect("a file has a start");
    for _ in 0..16 {
        file.write_all(&entry).expect("the disk has room");
    }
}

#[inline(never)]
fn sync_audit_log(file: &File) {
    file.sync_all().expect("the disk takes it");
}
