//! As much HTTP/1.1 as the demo needs: keep-alive, Content-Length, bounded sizes.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_HEAD: usize = 8 << 10;
const MAX_BODY: usize = 64 << 10;

pub struct Request {
    pub path: String,
    pub body: Vec<u8>,
}

pub struct Connection {
    stream: TcpStream,
    /// Read and not used yet.
    buffer: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Connection {
        Connection { stream, buffer: Vec::new() }
    }

    /// The next request, None when the client has hung up between two.
    pub async fn read_request(&mut self) -> Result<Option<Request>> {
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(Error::new(ErrorKind::InvalidData, "the head is too long"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let length = content_length(&head).min(MAX_BODY);
        while self.buffer.len() < head_end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
        let body = self.buffer[head_end..head_end + length].to_vec();
        self.buffer.drain(..head_end + length);
        Ok(Some(Request { path: head.split(' ').nth(1).unwrap_or("/").to_string(), body }))
    }

    /// None is 404.
    pub async fn write_response(&mut self, body: Option<Vec<u8>>) -> Result<()> {
        let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
        let body = body.unwrap_or_default();
        let mut response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        response.extend_from_slice(&body);
        self.stream.write_all(&response).await
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
