//! X-Ray: one segment per request with its parts as subsegments, to the daemon's port by UDP.

use rand::RngExt as _;
use serde_json::{Value, json};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Before every document.
const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// A piece of a request's work.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) started: SystemTime,
    pub(crate) took: Duration,
    /// Whether it calls another program.
    pub(crate) is_remote: bool,
}

/// Sends to the daemon. Segments have ids of their own: the app is instrumented twice over.
#[derive(Debug)]
pub(crate) struct Xray {
    socket: UdpSocket,
}

impl Xray {
    pub(crate) fn new(daemon: SocketAddr) -> io::Result<Self> {
        let own: SocketAddr = match daemon {
            SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own)?;
        socket.connect(daemon)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Sends the segment of a request: `http` as X-Ray's documents hold it.
    pub(crate) fn send(
        &self,
        started: SystemTime,
        ended: SystemTime,
        http: &Value,
        cause: Option<(&str, &str)>,
        parts: &[Part],
    ) {
        let seconds = started
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_secs());
        let trace_id = format!(
            "1-{seconds:08x}-{:08x}{}",
            rand::rng().random::<u32>(),
            id()
        );
        let subsegments: Vec<Value> = parts.iter().map(subsegment).collect();
        let mut document = json!({
            "name": "cruddur-backend",
            "id": id(),
            "trace_id": trace_id,
            "start_time": decimal(started),
            "end_time": decimal(ended),
            "http": http,
            "service": {"version": env!("CARGO_PKG_VERSION")},
            "subsegments": subsegments,
        });
        if let Some((class, message)) = cause {
            document["fault"] = true.into();
            document["cause"] = json!({"working_directory": "/srv/cruddur", "exceptions": [
                {"id": id(), "type": class, "message": message, "remote": false}]});
        }
        // A daemon that is away loses segments, as it does for every app.
        let _ = self.socket.send(format!("{HEADER}{document}").as_bytes());
    }
}

fn subsegment(part: &Part) -> Value {
    let mut document = json!({
        "name": part.name,
        "id": id(),
        "start_time": decimal(part.started),
        "end_time": decimal(part.started + part.took),
    });
    if part.is_remote {
        document["namespace"] = "remote".into();
    }
    document
}

/// Seconds with microseconds, as SDKs write them.
fn decimal(at: SystemTime) -> Value {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!(since.as_micros() as f64 / 1e6)
}

fn id() -> String {
    format!("{:016x}", rand::rng().random::<u64>())
}
