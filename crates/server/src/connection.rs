//! Connections: HTTP/1 and HTTP/2 without TLS on every port, within limits of number, size and time
//! (reliability.md §3).

use crate::astray::Place;
use crate::metrics::Gauges;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tower::ServiceExt as _;

/// Connections at once, in all and from one address.
const CONNECTIONS: usize = 4_096;
const CONNECTIONS_PER_ADDRESS: usize = 512;
/// Number and bytes of a request's headers, and bytes of its address.
const HEADERS: usize = 100;
const HEADERS_BYTES: usize = 32 << 10;
const URL_BYTES: usize = 8 << 10;
/// Greatest read buffer of an HTTP/1 connection; a head larger than this ends it.
const BUFFER_BYTES: usize = 256 << 10;
/// HTTP/2: streams at once, resets waiting, resets of ours.
const STREAMS: u32 = 128;
const PENDING_RESETS: usize = 20;
const LOCAL_RESETS: usize = 1_024;
/// From the first byte of a head to its last.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Between two pieces of a body, and for the whole of it.
const BODY_IDLE: Duration = Duration::from_secs(15);
const BODY_TIME: Duration = Duration::from_secs(60);
/// What is read of a body after its answer is known, at most.
const LINGER_BYTES: usize = 32 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
/// A connection without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How often a connection is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many connections there are.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    by_address: Mutex<HashMap<IpAddr, usize>>,
    all: AtomicUsize,
}

/// One of the crowd; leaves when dropped.
struct Seat(Arc<Crowd>, IpAddr);

impl Crowd {
    fn seat(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut by_address = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = by_address.entry(address).or_default();
        if *own >= CONNECTIONS_PER_ADDRESS || self.all.load(Ordering::Relaxed) >= CONNECTIONS {
            return None;
        }
        *own += 1;
        self.all.fetch_add(1, Ordering::Relaxed);
        Some(Seat(Arc::clone(self), address))
    }

    /// Connections now.
    pub(crate) fn len(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut by_address = self
            .0
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = by_address.get_mut(&self.1) {
            *own -= 1;
            if *own == 0 {
                by_address.remove(&self.1);
            }
        }
        self.0.all.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts until `closing` turns true; then lets connections finish. Returns when all are gone.
/// Connections that begin with TLS are noted as gone astray at `place`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    place: Place,
    crowd: Arc<Crowd>,
    gauges: Arc<Gauges>,
    mut closing: watch::Receiver<bool>,
) {
    let mut connections = tokio::task::JoinSet::new();
    let told = closing.clone();
    loop {
        tokio::select! {
            () = stopping(&mut closing) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match crowd.seat(peer.ip()) {
                    Some(seat) => {
                        let pulse = Arc::new(Pulse::new());
                        let one = connection(stream, peer, router.clone(), Arc::clone(&pulse), told.clone());
                        let place = place.clone();
                        connections.spawn(async move {
                            one.await;
                            if pulse.is_tls.load(Ordering::Relaxed) {
                                place.note_tls(peer);
                            }
                            drop(seat);
                        });
                    }
                    None => gauges.refused_connection(),
                },
                Err(error) => {
                    // Out of file descriptors, mostly: others must close first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Waits until the server stops.
async fn stopping(closing: &mut watch::Receiver<bool>) {
    // An error means that the server is gone: that is a stop too.
    let _ = closing.wait_for(|c| *c).await;
}

/// What is known of one connection.
#[derive(Debug)]
struct Pulse {
    opened: Instant,
    /// Milliseconds after `opened` of the last byte or request.
    last: AtomicU64,
    /// Milliseconds after `opened` when a head began that is not complete; 0: none is under way.
    head: AtomicU64,
    requests: AtomicUsize,
    is_http2: AtomicBool,
    /// Whether its first bytes were those of a TLS handshake.
    is_tls: AtomicBool,
}

impl Pulse {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            last: AtomicU64::new(0),
            head: AtomicU64::new(1),
            requests: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            is_tls: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    fn read(&self) {
        let now = self.now();
        self.last.store(now, Ordering::Relaxed);
        if self.requests.load(Ordering::Relaxed) == 0 {
            let _ = self
                .head
                .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn begin(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
    }

    fn end(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
    }

    /// Whether it has had its time: a head that does not end, or nothing for long.
    fn verdict(&self) -> Verdict {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Verdict::Stay;
        }
        let since = |at: u64| Duration::from_millis(self.now().saturating_sub(at));
        let head = self.head.load(Ordering::Relaxed);
        let is_http2 = self.is_http2.load(Ordering::Relaxed);
        if head != 0 && !is_http2 && since(head) > HEAD_TIME {
            return Verdict::Cut;
        }
        match since(self.last.load(Ordering::Relaxed)) > KEEP_ALIVE {
            true => Verdict::Leave,
            false => Verdict::Stay,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    /// Close politely.
    Leave,
    /// Close now.
    Cut,
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    pulse: Arc<Pulse>,
    mut closing: watch::Receiver<bool>,
) {
    // An answer is one write; without this it may wait 40 ms for the client's ack.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Watched {
        stream,
        pulse: Arc::clone(&pulse),
        is_fresh: true,
    });
    let service = {
        let pulse = Arc::clone(&pulse);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            pulse.begin();
            let running = Running(Arc::clone(&pulse));
            let router = router.clone();
            async move {
                Ok::<_, std::convert::Infallible>(answer(request, peer, router, running).await)
            }
        })
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .max_headers(HEADERS)
        .max_buf_size(BUFFER_BYTES)
        .timer(TokioTimer::new())
        .header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEADERS_BYTES).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(LOCAL_RESETS)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(2 << 20);
    let conn = builder.serve_connection(io, service);
    tokio::pin!(conn);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut is_leaving = false;
    loop {
        tokio::select! {
            done = conn.as_mut() => {
                if let Err(error) = done {
                    tracing::debug!(%peer, error, "connection");
                }
                return;
            }
            () = stopping(&mut closing), if !is_leaving => {
                is_leaving = true;
                conn.as_mut().graceful_shutdown();
            }
            _ = looks.tick() => match pulse.verdict() {
                Verdict::Stay => {}
                Verdict::Leave if !is_leaving => {
                    is_leaving = true;
                    conn.as_mut().graceful_shutdown();
                }
                // A client that does not take its leave keeps no seat.
                Verdict::Leave | Verdict::Cut => return,
            },
        }
    }
}

/// Counts a request until its answer is written.
struct Running(Arc<Pulse>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    router: Router,
    running: Running,
) -> Response<Body> {
    let too_large = if request.uri().to_string().len() > URL_BYTES {
        Some(StatusCode::URI_TOO_LONG)
    } else if header_bytes(request.headers()) > HEADERS_BYTES {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else {
        None
    };
    let response = match too_large {
        Some(status) => {
            let mut response = Response::new(Body::from(format!("{status}\n")));
            *response.status_mut() = status;
            response
        }
        None => {
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(ConnectInfo(peer));
            let (timed, rest) = Timed::new(body);
            let request = Request::from_parts(parts, Body::new(timed));
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            linger(rest).await;
            response
        }
    };
    response.map(|body| {
        Body::new(Held {
            body,
            _running: running,
        })
    })
}

/// Reads what is left of a body that its handler let go of, within bounds: a client that is still
/// writing when the connection closes sees a broken pipe and not the answer that says why.
async fn linger(rest: oneshot::Receiver<Incoming>) {
    let Ok(mut rest) = rest.await else { return };
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = rest.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > LINGER_BYTES {
                return;
            }
        }
    };
    // Whoever is slower than that gets no more of our time.
    let _ = tokio::time::timeout(LINGER_TIME, read).await;
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(n, v)| n.as_str().len() + v.len() + 4)
        .sum()
}

/// A response body; while it lasts, the connection is busy.
struct Held {
    body: Body,
    _running: Running,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request body that must keep coming.
struct Timed {
    /// Taken out when dropped.
    body: Option<Incoming>,
    /// Where it goes when it is let go of before its end.
    rest: Option<oneshot::Sender<Incoming>>,
    idle: Option<Pin<Box<tokio::time::Sleep>>>,
    deadline: tokio::time::Instant,
}

impl Timed {
    fn new(body: Incoming) -> (Self, oneshot::Receiver<Incoming>) {
        let (send, rest) = oneshot::channel();
        let timed = Self {
            body: Some(body),
            rest: Some(send),
            idle: None,
            deadline: tokio::time::Instant::now() + BODY_TIME,
        };
        (timed, rest)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        if let (Some(body), Some(rest)) = (self.body.take(), self.rest.take())
            && !body.is_end_stream()
        {
            // Nobody waits: the connection is gone.
            let _ = rest.send(body);
        }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            self.idle = None;
            if !matches!(frame, Some(Ok(_))) {
                // Read to its end, or broken: there is nothing left to read.
                self.rest = None;
            }
            return Poll::Ready(frame.map(|f| f.map_err(Into::into)));
        }
        let until = (tokio::time::Instant::now() + BODY_IDLE).min(self.deadline);
        let idle = self
            .idle
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(idle.as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the body stopped coming (limits: {BODY_IDLE:?} between pieces, {BODY_TIME:?} in all)"),
        )
        .into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

/// A stream that notes when something comes.
struct Watched {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    /// Whether nothing was read yet.
    is_fresh: bool,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let new = &buf.filled()[before..];
        if !new.is_empty() {
            if new.starts_with(b"PRI * HTTP/2.0") {
                self.pulse.is_http2.store(true, Ordering::Relaxed);
            }
            // A record of type handshake, version 3.x: a ClientHello.
            if self.is_fresh && new.starts_with(&[0x16, 0x03]) {
                self.pulse.is_tls.store(true, Ordering::Relaxed);
            }
            self.pulse.read();
            self.is_fresh = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_seat() {
        let crowd = Arc::new(Crowd::default());
        let a = IpAddr::from([127, 0, 0, 1]);
        let mut seats: Vec<_> = (0..CONNECTIONS_PER_ADDRESS)
            .map(|_| crowd.seat(a).unwrap())
            .collect();
        assert!(crowd.seat(a).is_none());
        assert!(crowd.seat(IpAddr::from([127, 0, 0, 2])).is_some());
        seats.pop();
        assert!(crowd.seat(a).is_some());
        drop(seats);
        assert_eq!(crowd.len(), 0);
    }

    #[test]
    fn a_head_that_does_not_end_is_cut_and_a_running_request_is_not() {
        let mut pulse = Pulse::new();
        let shift = |p: &mut Pulse, by: Duration| p.opened = p.opened.checked_sub(by).unwrap();
        shift(&mut pulse, HEAD_TIME + Duration::from_secs(1));
        assert_eq!(pulse.verdict(), Verdict::Cut);
        pulse.begin();
        assert_eq!(pulse.verdict(), Verdict::Stay);
        pulse.end();
        assert_eq!(pulse.verdict(), Verdict::Stay);
        shift(&mut pulse, KEEP_ALIVE + Duration::from_secs(1));
        assert_eq!(pulse.verdict(), Verdict::Leave);
    }
}
