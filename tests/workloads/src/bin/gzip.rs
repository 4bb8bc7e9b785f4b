//! 2 MB compressed in a handler. Expected: OnCpu at `compress_report`, below it flate2.

use flate2::write::GzEncoder;
use flate2::Compression;
use std::io::Write;
use workloads::{work, Args, Block};

fn main() {
    workloads::serve(workloads::start(), export);
}

async fn export(args: Args) {
    let report = work::text(2 << 20);
    loop {
        tokio::time::sleep(args.every).await;
        let block = Block::begin("cpu", "compress_report");
        std::hint::black_box(compress_report(&report));
        block.end();
    }
}

#[inline(never)]
fn compress_report(report: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(report).expect("a Vec takes everything");
    encoder.finish().expect("a Vec takes everything")
}
