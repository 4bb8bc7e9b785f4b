//! Tasks that panic, thousands a second, each caught by Tokio. Expected: nothing, and no panic lost: the summary's
//! polls are the panics that were started, and the line `panics` says how many came back as errors.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use workloads::{truth, Args};

static CAUGHT: AtomicU64 = AtomicU64::new(0);

fn main() {
    let args = workloads::start();
    if cfg!(panic = "abort") {
        truth::skip("built with panic=abort");
    }
    std::panic::set_hook(Box::new(|_| ()));
    workloads::serve(args, drive);
}

async fn drive(_: Args) {
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        for _ in 0..5 {
            truth::add_polls(1);
            let error = tokio::spawn(fail()).await.expect_err("it always panics");
            assert!(error.is_panic());
            let caught = CAUGHT.fetch_add(1, Ordering::Relaxed) + 1;
            if caught % 1000 == 0 {
                truth::say(&format!(r#"{{"panics":{caught}}}"#));
            }
        }
    }
}

async fn fail() {
    tokio::task::yield_now().await;
    give_up(3);
}

#[inline(never)]
fn give_up(depth: u32) {
    if std::hint::black_box(depth) > 0 {
        give_up(depth - 1);
        std::hint::black_box(depth);
    } else {
        panic!("on purpose");
    }
}
