//! UDP port 2000: datagrams of the SDKs, one segment document each.
//!
//! One thread reads the socket and does nothing else, so that the system's buffer empties as fast as it
//! can; what it read goes in packs through a bounded queue to where packs become rows. Nothing is
//! answered on UDP, so every kind of loss is counted, by sender, in Arrivals: dropped by the system
//! before we read it, dropped by us because the queue was full or the disk is, without a header, no
//! JSON, lacking what a segment must have, too old, no environment to go to.

use super::intake::{self, Built, Known};
use engine::{Delivery, Engine, Outcome, Protocol, Reason};
use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Largest datagram there is.
const DATAGRAM_BYTES: usize = 65_536;
/// A pack goes on when it holds so much, or is so old.
const PACK_BYTES: usize = 1 << 20;
const PACK_DATAGRAMS: usize = 4_096;
const PACK_AGE: Duration = Duration::from_millis(20);
/// Bytes waiting to become rows (reliability.md §3).
const QUEUE_BYTES: u64 = 64 << 20;
/// How often the thread that reads looks whether it should end.
const LOOK: Duration = Duration::from_millis(100);
/// How often the system is asked what it dropped.
const DROPS_EVERY: Duration = Duration::from_secs(1);
/// Batches of a sender are told together for so long.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Bytes of a datagram without a header that are told.
const SHOWN_BYTES: usize = 40;

/// What the server lends the daemon.
pub struct Socket {
    /// Bound, with a large receive buffer.
    pub socket: UdpSocket,
    /// Datagrams the system has dropped so far because the buffer was full; `None`: it does not tell.
    pub dropped: Box<dyn Fn() -> Option<u64> + Send>,
}

/// Datagrams of some moment.
#[derive(Default)]
struct Pack {
    bytes: Vec<u8>,
    /// Sender, and where its datagram ends in `bytes`.
    datagrams: Vec<(IpAddr, usize)>,
}

/// Shared by the thread that reads and the task that stores.
struct Shared {
    queued_bytes: AtomicU64,
    stop: AtomicBool,
}

/// Reads and stores until `closing` turns true, then stores what was read and returns.
///
/// # Errors
/// The thread that reads could not be started.
pub async fn run(
    engine: Engine,
    known: Arc<Known>,
    socket: Socket,
    mut closing: tokio::sync::watch::Receiver<bool>,
) -> std::io::Result<()> {
    socket.socket.set_nonblocking(false)?;
    socket.socket.set_read_timeout(Some(PACK_AGE))?;
    let shared = Arc::new(Shared {
        queued_bytes: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let (send, mut packs) = mpsc::unbounded_channel::<Pack>();
    let (reader_engine, reader_shared) = (engine.clone(), Arc::clone(&shared));
    let reader = std::thread::Builder::new()
        .name("xray-udp".into())
        .spawn(move || read(&reader_engine, &socket, &reader_shared, &send))?;
    let mut told = Told::default();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            pack = packs.recv() => match pack {
                Some(pack) => {
                    let bytes = pack.bytes.len() as u64;
                    store(&engine, &known, pack, &mut told).await;
                    shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
                None => break,
            },
            () = stopping(&mut closing), if !shared.stop.load(Ordering::Relaxed) => {
                shared.stop.store(true, Ordering::Relaxed);
            }
            _ = looks.tick() => {
                told.remind();
                told.log_taken(TELL_EVERY);
            }
        }
    }
    told.log_taken(Duration::ZERO);
    if reader.join().is_err() {
        tracing::error!("the thread that reads datagrams panicked");
    }
    Ok(())
}

/// Waits until the server stops.
async fn stopping(closing: &mut tokio::sync::watch::Receiver<bool>) {
    // An error means that the server is gone: that is a stop too.
    let _ = closing.wait_for(|c| *c).await;
}

fn read(engine: &Engine, socket: &Socket, shared: &Shared, send: &mpsc::UnboundedSender<Pack>) {
    let mut buffer = vec![0u8; DATAGRAM_BYTES];
    let mut pack = Pack::default();
    let mut begun = Instant::now();
    let mut looked = Instant::now();
    let mut dropped = (socket.dropped)().unwrap_or(0);
    while !shared.stop.load(Ordering::Relaxed) {
        match socket.socket.recv_from(&mut buffer) {
            Ok((n, from)) => {
                if pack.datagrams.is_empty() {
                    begun = Instant::now();
                }
                pack.bytes.extend_from_slice(&buffer[..n]);
                let end = pack.bytes.len();
                pack.datagrams.push((from.ip().to_canonical(), end));
            }
            Err(e) if is_timeout(&e) => {}
            Err(error) => {
                tracing::warn!(%error, "a datagram could not be read");
                std::thread::sleep(LOOK);
            }
        }
        let is_full = pack.bytes.len() >= PACK_BYTES || pack.datagrams.len() >= PACK_DATAGRAMS;
        if !pack.datagrams.is_empty() && (is_full || begun.elapsed() >= PACK_AGE) {
            pass_on(engine, std::mem::take(&mut pack), shared, send);
        }
        if looked.elapsed() >= DROPS_EVERY {
            looked = Instant::now();
            dropped = note_drops(engine, socket, dropped);
        }
    }
    if !pack.datagrams.is_empty() {
        pass_on(engine, pack, shared, send);
    }
    note_drops(engine, socket, dropped);
}

fn is_timeout(e: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        e.kind(),
        Kind::WouldBlock | Kind::TimedOut | Kind::Interrupted
    )
}

/// Queues a pack, or drops and counts it when too much is waiting.
fn pass_on(engine: &Engine, pack: Pack, shared: &Shared, send: &mpsc::UnboundedSender<Pack>) {
    let bytes = pack.bytes.len() as u64;
    if shared.queued_bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES {
        for (sender, (n, wire)) in by_sender(&pack) {
            drop_all(engine, sender, n, wire, Reason::QueueFull);
        }
        return;
    }
    shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
    // The receiver outlives this thread.
    let _ = send.send(pack);
}

fn by_sender(pack: &Pack) -> BTreeMap<IpAddr, (u64, u64)> {
    let mut out: BTreeMap<IpAddr, (u64, u64)> = BTreeMap::new();
    let mut at = 0;
    for (sender, end) in &pack.datagrams {
        let of = out.entry(*sender).or_default();
        *of = (of.0 + 1, of.1 + (end - at) as u64);
        at = *end;
    }
    out
}

fn delivery(sender: IpAddr, wire_bytes: u64) -> Delivery {
    Delivery {
        protocol: Protocol::XrayDaemon,
        sender,
        user_agent: None,
        signal: Some("segments"),
        wire_bytes,
    }
}

fn dropped(n: u64, reason: Reason) -> Outcome {
    Outcome {
        received: n,
        dropped: n,
        reason: Some(reason),
        ..Outcome::default()
    }
}

fn drop_all(engine: &Engine, sender: IpAddr, n: u64, wire: u64, reason: Reason) {
    let env = engine.admit_keyless().ok().map(|g| g.env());
    engine
        .arrivals()
        .note(&delivery(sender, wire), None, env, dropped(n, reason));
}

/// Notes what the system dropped since the last look. Whose it was, it does not tell.
fn note_drops(engine: &Engine, socket: &Socket, before: u64) -> u64 {
    let Some(now) = (socket.dropped)() else {
        return before;
    };
    if now > before {
        tracing::warn!(
            "the system dropped {} datagrams before they could be read",
            now - before
        );
        let nobody = std::net::Ipv4Addr::UNSPECIFIED.into();
        drop_all(engine, nobody, now - before, 0, Reason::KernelDrop);
    }
    now
}

/// One sender's datagrams of a pack.
#[derive(Default)]
struct Sent {
    documents: Vec<std::ops::Range<usize>>,
    headerless: u64,
    shown: Option<String>,
    wire: u64,
}

/// What is logged, and when again.
#[derive(Default)]
struct Told {
    senders: std::collections::HashSet<IpAddr>,
    warned: BTreeMap<IpAddr, Instant>,
    /// Taken and not yet told: how many, since when.
    taken: BTreeMap<IpAddr, (u64, Instant)>,
    since: Option<Instant>,
    next: Option<Duration>,
}

impl Told {
    /// While nothing has ever come: after a minute, then every ten.
    fn remind(&mut self) {
        if !self.senders.is_empty() {
            return;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let next = *self.next.get_or_insert(Duration::from_secs(60));
        if since.elapsed() >= next {
            self.next = Some(next + Duration::from_secs(600));
            tracing::info!(
                "no X-Ray datagram has arrived yet; SDKs send to AWS_XRAY_DAEMON_ADDRESS"
            );
        }
    }

    /// The first datagram of a sender.
    fn first(&mut self, sender: IpAddr) {
        if self.senders.len() < 10_000 && self.senders.insert(sender) {
            tracing::info!("first X-Ray datagram from {sender}");
        }
    }

    fn taken(&mut self, sender: IpAddr, documents: u64) {
        self.taken
            .entry(sender)
            .or_insert_with(|| (0, Instant::now()))
            .0 += documents;
    }

    /// Tells what was taken of each sender, once it is so old.
    fn log_taken(&mut self, age: Duration) {
        self.taken.retain(|sender, (documents, since)| {
            let wait = since.elapsed() < age;
            if !wait {
                tracing::info!(
                    "batch of {documents} segments from {sender} taken ({:.3} seconds)",
                    since.elapsed().as_secs_f64()
                );
            }
            wait
        });
    }

    /// At most once a minute for a sender.
    fn warn(&mut self, sender: IpAddr, what: &str) {
        let due = self
            .warned
            .get(&sender)
            .is_none_or(|at| at.elapsed() >= Duration::from_secs(60));
        if due && (self.warned.len() < 10_000 || self.warned.contains_key(&sender)) {
            self.warned.insert(sender, Instant::now());
            tracing::warn!("X-Ray datagrams from {sender}: {what}");
        }
    }
}

/// Splits a pack by sender, headers from documents.
fn sort(pack: &Pack) -> BTreeMap<IpAddr, Sent> {
    let mut out: BTreeMap<IpAddr, Sent> = BTreeMap::new();
    let mut at = 0;
    for (sender, end) in &pack.datagrams {
        let of = out.entry(*sender).or_default();
        let datagram = &pack.bytes[at..*end];
        of.wire += datagram.len() as u64;
        match after_header(datagram) {
            Some(start) => of.documents.push(at + start..*end),
            None => {
                of.headerless += 1;
                if of.shown.is_none() {
                    let begin = &datagram[..datagram.len().min(SHOWN_BYTES)];
                    of.shown = Some(begin.escape_ascii().to_string());
                }
            }
        }
        at = *end;
    }
    out
}

/// Where the document begins: after a header line of format `json`, version 1 (xray.md §3).
#[must_use]
pub fn after_header(datagram: &[u8]) -> Option<usize> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: String,
        version: f64,
    }
    let line = datagram.iter().position(|b| *b == b'\n')?;
    let header: Header = serde_json::from_slice(&datagram[..line]).ok()?;
    let is_ours = header.format.eq_ignore_ascii_case("json") && header.version == 1.0;
    is_ours.then_some(line + 1)
}

/// Makes rows of a pack, keeps them, and notes every datagram's fate.
async fn store(engine: &Engine, known: &Arc<Known>, pack: Pack, told: &mut Told) {
    let senders = sort(&pack);
    let grant = match engine.admit_keyless() {
        Ok(grant) => grant,
        Err(refusal) => {
            for (sender, sent) in senders {
                told.first(sender);
                told.warn(sender, refusal.reason().text());
                let n = sent.documents.len() as u64 + sent.headerless;
                let outcome = Outcome::refused(n, refusal.reason());
                engine
                    .arrivals()
                    .note(&delivery(sender, sent.wire), None, None, outcome);
            }
            return;
        }
    };
    let bytes = Arc::new(pack.bytes);
    for (sender, sent) in senders {
        told.first(sender);
        let delivery = delivery(sender, sent.wire);
        if sent.headerless > 0 {
            let begin = sent.shown.unwrap_or_default();
            told.warn(sender, &format!("no header; it begins with {begin}"));
            let outcome = Outcome::refused(sent.headerless, Reason::MissingHeader)
                .detail(format!("it begins with {begin}"));
            grant.note(&delivery, outcome);
        }
        if sent.documents.is_empty() {
            continue;
        }
        let documents = sent.documents.len() as u64;
        let (bytes, built_by, built_known) = (Arc::clone(&bytes), grant.clone(), Arc::clone(known));
        let built = tokio::task::spawn_blocking(move || {
            let texts: Vec<_> = sent
                .documents
                .into_iter()
                .map(|r| String::from_utf8_lossy(&bytes[r]).into_owned())
                .collect();
            intake::build(&built_known, &built_by, texts.iter().map(String::as_str))
        })
        .await;
        let mut built: Built = match built {
            Ok(Ok(built)) => built,
            Ok(Err(refusal)) => {
                grant.note(&delivery, Outcome::refused(documents, refusal.reason()));
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "datagrams could not be read");
                grant.note(&delivery, Outcome::refused(documents, Reason::Undecodable));
                continue;
            }
        };
        let kept = intake::keep(known, &grant, &mut built, engine.now()).await;
        let outcomes = match &kept {
            Ok(()) => built.outcomes(),
            Err(e) => {
                told.warn(sender, e.reason().text());
                built.failed(e.reason())
            }
        };
        let mut taken = 0;
        for outcome in outcomes {
            taken += outcome.stored + outcome.merged;
            if let (Some(reason), Some(detail)) = (outcome.reason, &outcome.detail) {
                told.warn(sender, &format!("{}: {detail}", reason.text()));
            }
            // Nobody is told on UDP: what is not stored is lost.
            grant.note(&delivery, as_dropped(outcome));
        }
        if taken > 0 {
            told.taken(sender, taken);
        }
    }
}

/// Overload and a full disk lose datagrams: their sender cannot be told to retry.
fn as_dropped(mut outcome: Outcome) -> Outcome {
    let lost = matches!(
        outcome.reason,
        Some(Reason::Overload | Reason::ReadOnly | Reason::StoreFailing)
    );
    if lost {
        outcome.dropped = std::mem::take(&mut outcome.refused);
    }
    outcome
}

#[cfg(test)]
mod tests;
