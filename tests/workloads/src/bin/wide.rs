//! Six hundred task types, each with a poll function of its own: as much code as a large service has, for the time that Hud takes
//! to attach. Takes minutes to compile, so it is built only when named. Expected: nothing (`BelowThreshold`).

use std::time::Duration;
use workloads::Args;

fn main() {
    let args = workloads::start();
    workloads::serve(args, everything);
}

async fn everything(_: Args) {
    spawn_all();
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

/// Differs for each `N`, so that the linker cannot fold them into one.
async fn step<const N: usize>() {
    let mut ticks = tokio::time::interval(Duration::from_millis(500 + (N % 500) as u64));
    let mut sum = N;
    loop {
        ticks.tick().await;
        sum = std::hint::black_box(sum.wrapping_mul(N | 1).rotate_left((N % 63) as u32));
    }
}

macro_rules! ten {
    ($base:expr) => {
        tokio::spawn(step::<{ $base }>());
        tokio::spawn(step::<{ $base + 1 }>());
        tokio::spawn(step::<{ $base + 2 }>());
        tokio::spawn(step::<{ $base + 3 }>());
        tokio::spawn(step::<{ $base + 4 }>());
        tokio::spawn(step::<{ $base + 5 }>());
        tokio::spawn(step::<{ $base + 6 }>());
        tokio::spawn(step::<{ $base + 7 }>());
        tokio::spawn(step::<{ $base + 8 }>());
        tokio::spawn(step::<{ $base + 9 }>());
    };
}

macro_rules! hundred {
    ($base:expr) => {
        ten!($base);
        ten!($base + 10);
        ten!($base + 20);
        ten!($base + 30);
        ten!($base + 40);
        ten!($base + 50);
        ten!($base + 60);
        ten!($base + 70);
        ten!($base + 80);
        ten!($base + 90);
    };
}

fn spawn_all() {
    hundred!(0);
    hundred!(100);
    hundred!(200);
    hundred!(300);
    hundred!(400);
    hundred!(500);
}
