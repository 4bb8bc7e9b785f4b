//! The flags that all workloads share.

use std::time::Duration;

#[derive(Clone, Copy)]
pub struct Args {
    /// `--seconds`: the program ends by itself after this time.
    pub seconds: f64,
    /// `--workers`: worker threads of each runtime.
    pub workers: usize,
    /// `--tasks`: copies of the handler.
    pub tasks: usize,
    /// `--block-ms`: how long one block lasts.
    pub block: Duration,
    /// `--every-ms`: the pause between two blocks of one task.
    pub every: Duration,
    /// `--spin`: rounds of arithmetic in each short poll.
    pub spin: u64,
    /// `--watch 1`: short polls look at the clock as well.
    pub watch: bool,
    /// `--case`: which of the cases that the program has.
    pub case: usize,
}

impl Args {
    pub fn read() -> Args {
        let mut args = Args {
            seconds: 10.0,
            workers: 2,
            tasks: 1,
            block: Duration::from_millis(20),
            every: Duration::from_millis(100),
            spin: 0,
            watch: false,
            case: 0,
        };
        let mut words = std::env::args().skip(1);
        while let Some(flag) = words.next() {
            let Some(value) = words.next().and_then(|word| word.parse::<f64>().ok()).filter(|value| *value >= 0.0) else {
                stop(&format!("{flag} needs a number"));
            };
            match flag.as_str() {
                "--seconds" => args.seconds = value.min(3600.0),
                "--workers" => args.workers = (value as usize).clamp(1, 64),
                "--tasks" => args.tasks = value as usize,
                "--block-ms" => args.block = Duration::from_secs_f64(value / 1e3),
                "--every-ms" => args.every = Duration::from_secs_f64(value / 1e3),
                "--spin" => args.spin = value as u64,
                "--case" => args.case = value as usize,
                "--watch" => args.watch = value != 0.0,
                _ => stop(&format!("unknown flag {flag}")),
            }
        }
        args
    }
}

fn stop(message: &str) -> ! {
    eprintln!("{message}; flags: --seconds --workers --tasks --block-ms --every-ms --spin --watch --case, each with a number");
    std::process::exit(2)
}
