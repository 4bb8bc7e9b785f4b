//! Shared by all workloads: arguments, the runtime, and the log of what really happened.

pub mod args;
pub mod clock;
pub mod lifetime;
pub mod truth;
pub mod waits;
pub mod work;

pub use args::Args;
pub use truth::{Block, Watch};

use std::future::Future;
use std::time::Duration;

/// Reads the arguments and starts the thread that logs and that ends the program in time.
pub fn start() -> Args {
    let args = Args::read();
    lifetime::watch(&args);
    args
}

/// A multi-thread runtime as a service would have it.
pub fn runtime(args: &Args) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.workers)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Runs `args.tasks` copies of a handler and a heartbeat until the program is ended from outside.
pub fn serve<H, F>(args: Args, handler: H) -> !
where
    H: Fn(Args) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(&args);
    runtime.block_on(async {
        for _ in 0..args.tasks {
            tokio::spawn(handler(args));
        }
        tokio::spawn(heartbeat());
        std::future::pending::<()>().await;
    });
    unreachable!("the future above never ends")
}

/// A well-behaved neighbour: its polls are late when others block, and it is never to blame.
pub async fn heartbeat() {
    loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
