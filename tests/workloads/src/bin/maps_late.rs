//! A service that does nothing wrong and after 4 seconds maps another program with a Tokio of its own, as one does that loads a plugin.
//! Expected: nothing, and not that all is well: what that one does is not seen.

use std::os::fd::AsRawFd;
use std::time::Duration;
use workloads::Args;

fn main() {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(4));
        let other = std::env::current_exe().expect("my own path").with_file_name("sleep");
        let file = std::fs::File::open(other).expect("the program beside me");
        let length = file.metadata().expect("its length").len() as usize;
        let flags = libc::PROT_READ | libc::PROT_EXEC;
        // SAFETY: a private mapping of its own, which nobody touches
        let at = unsafe { libc::mmap(std::ptr::null_mut(), length, flags, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
        assert_ne!(at, libc::MAP_FAILED);
    });
    workloads::serve(workloads::start(), tick);
}

async fn tick(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
    }
}
