//! `getaddrinfo` in a handler, with a name server of our own that answers after `--block-ms`.
//! Expected: BlockingCall (poll) at `resolve_upstream`, below it getaddrinfo.
//!
//! libc asks the server that /etc/resolv.conf names, on port 53. So the program takes a mount namespace of its own,
//! lays its own file over /etc/resolv.conf there, and listens on a loopback address. Nothing outside changes.

use std::ffi::CString;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;
use workloads::{truth, Args, Block};

const SERVER: &str = "127.53.53.53";

fn main() {
    // Before any thread is started: a mount namespace can be left only by a process with one thread.
    if let Err(reason) = own_resolv_conf() {
        truth::skip(&reason);
    }
    let args = workloads::start();
    match UdpSocket::bind((SERVER, 53)) {
        Ok(socket) => drop(std::thread::Builder::new().name("resolver".into()).spawn(move || answer(socket, args.block))),
        Err(error) => truth::skip(&format!("port 53 of {SERVER}: {error}")),
    }
    workloads::serve(args, call_upstream);
}

async fn call_upstream(args: Args) {
    for number in 0u64.. {
        tokio::time::sleep(args.every).await;
        let name = format!("upstream-{number}.hud.test.:80");
        let block = Block::begin("dns", "resolve_upstream");
        std::hint::black_box(resolve_upstream(&name));
        block.end();
    }
}

#[inline(never)]
fn resolve_upstream(name: &str) -> usize {
    name.to_socket_addrs().map(|addresses| addresses.count()).unwrap_or(0)
}

fn own_resolv_conf() -> Result<(), String> {
    let path = std::env::temp_dir().join(format!("hud-resolv-{}", std::process::id()));
    std::fs::write(&path, format!("nameserver {SERVER}\n")).map_err(|error| error.to_string())?;
    let file = CString::new(path.to_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    let call = |what: &str, result: i32| match result {
        0 => Ok(()),
        _ => Err(format!("{what}: {}", std::io::Error::last_os_error())),
    };
    let none = std::ptr::null();
    let done = unsafe {
        call("unshare (needs root)", libc::unshare(libc::CLONE_NEWNS))
            .and_then(|()| call("mount /", libc::mount(none, c("/").as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, none.cast())))
            .and_then(|()| call("mount /etc/resolv.conf", libc::mount(file.as_ptr(), c("/etc/resolv.conf").as_ptr(), none, libc::MS_BIND, none.cast())))
    };
    // The mount keeps the file; its name is not needed any more.
    let _ = std::fs::remove_file(&path);
    done
}

fn c(text: &str) -> CString {
    CString::new(text).expect("no zero in it")
}

/// A name server that knows one answer. The question of type A waits, the one of type AAAA (asked at the same time)
/// is answered at once with nothing.
fn answer(socket: UdpSocket, delay: Duration) {
    let mut packet = [0u8; 512];
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        // Header of 12 bytes, then the name as length-prefixed labels, a zero, type and class.
        let mut end = 12;
        while end < length && packet[end] != 0 {
            end += packet[end] as usize + 1;
        }
        if end + 5 > length {
            continue;
        }
        let is_a = packet[end + 2] == 1;
        let mut reply = packet[..end + 5].to_vec();
        reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, is_a as u8, 0, 0, 0, 0]);
        if is_a {
            std::thread::sleep(delay);
            // A pointer to the name, type A, class IN, one minute, four bytes: 127.0.0.1
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        let _ = socket.send_to(&reply, from);
    }
}
