//! A small blocking HTTP/1.1 client (keep-alive), to keep the cost of the
//! load on a shared machine low. Plain TCP only: this is for loopback.

use std::io::{IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct Url {
    pub host: String,
    pub path: String,
}

pub fn parse_url(u: &str) -> Result<Url, String> {
    let rest = u
        .strip_prefix("http://")
        .ok_or_else(|| format!("not an http:// URL: {u}"))?;
    let (host, path) = match rest.find('/') {
        Some(p) => (&rest[..p], &rest[p..]),
        None => (rest, "/"),
    };
    let host = if host.contains(':') {
        host.to_string()
    } else {
        format!("{host}:80")
    };
    Ok(Url {
        host,
        path: path.to_string(),
    })
}

pub struct Client {
    host: String,
    conn: Option<TcpStream>,
    buf: Vec<u8>,
    timeout: Duration,
}

pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(host: &str, timeout: Duration) -> Self {
        Client {
            host: host.to_string(),
            conn: None,
            buf: Vec::with_capacity(16 << 10),
            timeout,
        }
    }

    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> std::io::Result<Response> {
        let r = self.try_request(method, path, headers, body);
        if r.is_err() {
            self.conn = None;
        }
        r
    }

    fn try_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> std::io::Result<Response> {
        if self.conn.is_none() {
            let c = TcpStream::connect(&self.host)?;
            c.set_nodelay(true)?;
            c.set_read_timeout(Some(self.timeout))?;
            c.set_write_timeout(Some(self.timeout))?;
            self.conn = Some(c);
        }
        let conn = self.conn.as_mut().unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        );
        let (mut h, mut b) = (head.as_bytes(), body);
        while !h.is_empty() || !b.is_empty() {
            let n = conn.write_vectored(&[IoSlice::new(h), IoSlice::new(b)])?;
            if n == 0 {
                return Err(bad("connection closed while writing"));
            }
            let from_head = n.min(h.len());
            h = &h[from_head..];
            b = &b[n - from_head..];
        }
        // head of the response
        self.buf.clear();
        let end = loop {
            if let Some(p) = find(&self.buf, b"\r\n\r\n") {
                break p + 4;
            }
            if self.buf.len() > 256 << 10 {
                return Err(bad("response head too long"));
            }
            fill(conn, &mut self.buf)?;
        };
        let head = String::from_utf8_lossy(&self.buf[..end]).to_ascii_lowercase();
        let status: u16 = head
            .split(' ')
            .nth(1)
            .and_then(|x| x.parse().ok())
            .ok_or_else(|| bad("no status in the response"))?;
        let field = |n: &str| {
            head.lines()
                .find_map(|l| l.strip_prefix(n))
                .map(|v| v.trim().to_string())
        };
        let close = field("connection:").is_some_and(|v| v.contains("close"));
        let mut rest = self.buf[end..].to_vec();
        let body = if field("transfer-encoding:").is_some_and(|v| v.contains("chunked")) {
            let mut out = Vec::new();
            let mut at = 0;
            loop {
                let eol = loop {
                    if let Some(p) = find(&rest[at..], b"\r\n") {
                        break at + p;
                    }
                    fill(conn, &mut rest)?;
                };
                let size = std::str::from_utf8(&rest[at..eol])
                    .ok()
                    .and_then(|x| {
                        usize::from_str_radix(x.split(';').next().unwrap().trim(), 16).ok()
                    })
                    .ok_or_else(|| bad("bad chunk size"))?;
                let from = eol + 2;
                while rest.len() < from + size + 2 {
                    fill(conn, &mut rest)?;
                }
                out.extend_from_slice(&rest[from..from + size]);
                at = from + size + 2;
                if size == 0 {
                    break out;
                }
            }
        } else if let Some(n) = field("content-length:") {
            let n: usize = n.parse().map_err(|_| bad("bad content-length"))?;
            while rest.len() < n {
                fill(conn, &mut rest)?;
            }
            rest.truncate(n);
            rest
        } else if status == 204 || status == 304 {
            Vec::new()
        } else {
            while fill(conn, &mut rest).is_ok() {}
            self.conn = None;
            rest
        };
        if close {
            self.conn = None;
        }
        Ok(Response { status, body })
    }
}

fn fill(c: &mut TcpStream, buf: &mut Vec<u8>) -> std::io::Result<()> {
    let at = buf.len();
    buf.resize(at + (16 << 10), 0);
    let n = match c.read(&mut buf[at..]) {
        Ok(n) => n,
        Err(e) => {
            buf.truncate(at);
            return Err(e);
        }
    };
    buf.truncate(at + n);
    if n == 0 {
        Err(bad("connection closed while reading"))
    } else {
        Ok(())
    }
}

fn bad(m: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, m.to_string())
}

pub fn find(h: &[u8], n: &[u8]) -> Option<usize> {
    h.windows(n.len()).position(|w| w == n)
}
