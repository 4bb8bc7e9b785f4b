//! Load for demo-service: bounded in time, rate and connections, on loopback only. Says at the end what the clients
//! of the cheapest route saw, which is where blocked workers show first.
//!
//!     demo-load [PORT] [SECONDS]       default 8088 and 20 (at most 600)
//!
//! It also plays the slow name server that the demo's `/quote` asks (127.53.53.53, port 53), when it may.

use std::io::{Read, Result, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Path, connections, requests a second of each connection.
const ROUTES: [(&str, u32, u32); 6] =
    [("/health", 2, 50), ("/login", 1, 5), ("/report", 1, 3), ("/orders", 1, 3), ("/quote", 1, 10), ("/cart", 3, 4)];

fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("PORT and SECONDS are numbers"));
    let port = arguments.next().unwrap_or(8088) as u16;
    let seconds = arguments.next().unwrap_or(20).min(600);
    let end = Instant::now() + Duration::from_secs(seconds);
    let _ = std::thread::spawn(resolve_slowly);
    let mut clients = Vec::new();
    for (path, connections, rate) in ROUTES {
        for number in 0..connections {
            // Nearly at once, as clients do come: those of one route then meet at its lock.
            let start = Duration::from_millis(3 * number as u64);
            clients.push((path, std::thread::spawn(move || client(port, path, rate, start, end))));
        }
    }
    let mut health = Vec::new();
    let (mut requests, mut errors) = (0, 0);
    for (path, thread) in clients {
        let (times, failed) = thread.join().expect("clients do not panic");
        requests += times.len();
        errors += failed;
        if path == "/health" {
            health.extend(times);
        }
    }
    health.sort();
    let at = |share: f64| health.get(((health.len() as f64 * share) as usize).min(health.len().saturating_sub(1))).copied().unwrap_or_default();
    println!("{requests} requests, {errors} errors; /health p50 {:.1?}, p99 {:.1?}, max {:.1?}", at(0.5), at(0.99), at(1.0));
}

/// One connection that asks at a steady rate; a late answer delays the next question, as with a real client.
fn client(port: u16, path: &str, rate: u32, start: Duration, end: Instant) -> (Vec<Duration>, u32) {
    let (mut times, mut errors) = (Vec::new(), 0);
    let mut connection = None;
    std::thread::sleep(start);
    while Instant::now() < end {
        let asked = Instant::now();
        match ask(&mut connection, port, path) {
            Ok(()) => times.push(asked.elapsed()),
            Err(_) => {
                errors += 1;
                connection = None;
            }
        }
        std::thread::sleep((Duration::from_secs(1) / rate).saturating_sub(asked.elapsed()));
    }
    (times, errors)
}

fn ask(connection: &mut Option<TcpStream>, port: u16, path: &str) -> Result<()> {
    if connection.is_none() {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        *connection = Some(stream);
    }
    let stream = connection.as_mut().expect("set above");
    stream.write_all(format!("POST {path} HTTP/1.1\r\nHost: demo\r\nContent-Length: 6\r\n\r\nsecret").as_bytes())?;
    let mut reply = Vec::new();
    let mut chunk = [0u8; 16 << 10];
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        reply.extend_from_slice(&chunk[..count]);
        let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&reply[..head]).into_owned();
        let length: usize = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
        if reply.len() >= head + 4 + length {
            return Ok(());
        }
    }
}

/// A name server that takes 15 ms for an address; questions of other types are answered at once with nothing.
fn resolve_slowly() -> Result<()> {
    let socket = UdpSocket::bind("127.53.53.53:53")?;
    let mut packet = [0u8; 512];
    loop {
        let (length, from) = socket.recv_from(&mut packet)?;
        // A header of 12 bytes, the name as labels with their lengths, a zero, type and class.
        let mut end = 12;
        while end < length && packet[end] != 0 {
            end += packet[end] as usize + 1;
        }
        if end + 5 > length {
            continue;
        }
        let is_address = packet[end + 2] == 1;
        let mut reply = packet[..end + 5].to_vec();
        reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, is_address as u8, 0, 0, 0, 0]);
        if is_address {
            std::thread::sleep(Duration::from_millis(15));
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        socket.send_to(&reply, from)?;
    }
}
