//! `std::fs::read` of a slow file: a pipe with a name, fed after `--block-ms`, as a network file system would.
//! Expected: BlockingCall (read, or openat when the feeder is late) at `load_template`.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{channel, Sender};
use workloads::{truth, Args, Block};

fn main() {
    let args = workloads::start();
    let path = nameless_pipe().unwrap_or_else(|| truth::skip("no named pipe could be made"));
    let feed = feeder(path.clone(), args);
    workloads::serve(args, move |args| render(args, path.clone(), feed.clone()));
}

/// A named pipe whose name is gone already, so that none is left behind: it is opened anew through /proc.
fn nameless_pipe() -> Option<PathBuf> {
    let path = std::env::temp_dir().join(format!("hud-slow-file-{}", std::process::id()));
    let name = CString::new(path.to_str()?).ok()?;
    let descriptor = unsafe {
        if libc::mkfifo(name.as_ptr(), 0o600) != 0 {
            return None;
        }
        let descriptor = libc::open(name.as_ptr(), libc::O_PATH);
        libc::unlink(name.as_ptr());
        descriptor
    };
    (descriptor >= 0).then(|| format!("/proc/self/fd/{descriptor}").into())
}

async fn render(args: Args, path: PathBuf, feed: Sender<()>) {
    loop {
        tokio::time::sleep(args.every).await;
        // Asked before the file is opened: a feeder that opened it again too early would feed the previous reader.
        feed.send(()).expect("the feeder lives as long as we");
        let block = Block::begin("file", "load_template");
        std::hint::black_box(load_template(&path));
        block.end();
    }
}

#[inline(never)]
fn load_template(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the pipe is there")
}

fn feeder(path: PathBuf, args: Args) -> Sender<()> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("feeder".into())
        .spawn(move || {
            while receiver.recv().is_ok() {
                let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("the pipe is there");
                std::thread::sleep(args.block);
                let _ = std::io::Write::write_all(&mut file, &[b'x'; 4096]);
            }
        })
        .expect("a thread");
    sender
}
