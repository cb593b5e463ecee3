//! Sends X-Ray segments on to AWS, or to whoever else speaks its API (`--xray-forward`, design.md §5).
//!
//! What is sent on is what was stored, as it was stored, in batches of the daemon's size, signed with the
//! pair in the server's own variables. It is for a team that keeps its old console while it moves: a
//! segment that cannot be sent on is stored here all the same, counted at `/metrics`, and told in the log.

use crate::sigv4::Signer;
use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Path of `PutTraceSegments`.
const PATH: &str = "/TraceSegments";
/// A batch goes on when it holds so many documents, so many bytes, or is so old (xray.md §3).
const BATCH_DOCUMENTS: usize = 50;
const BATCH_BYTES: usize = 512 << 10;
const BATCH_AGE: Duration = Duration::from_secs(1);
/// Bytes waiting to be sent on; what comes above is lost to the other side.
const QUEUE_BYTES: u64 = 64 << 20;
/// How often the thread looks whether it should end.
const LOOK: Duration = Duration::from_millis(100);
/// Waits before a batch is tried again.
const WAITS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// Of one call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// Failures are told at most so often.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// How long a stop waits for what is under way.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// The pair that signs.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    key_id: String,
    secret: String,
    token: Option<String>,
}

/// Where segments are sent on to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme and host.
    origin: String,
    /// With the port, where it is not the scheme's own.
    host: String,
    region: String,
    pair: Option<Pair>,
}

impl Target {
    /// Reads `--xray-forward`; `variable` looks up AWS's own variables.
    ///
    /// # Errors
    /// One line: what is wrong, and the way out.
    pub(crate) fn parse(
        url: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        const MOVED_BY: &str = "--xray-forward (FOURSIGHT_XRAY_FORWARD, xray.forward)";
        let wrong = || {
            format!(
                "`{url}` is no address to send on to; give {MOVED_BY} as https://xray.<region>.amazonaws.com"
            )
        };
        let uri: http::Uri = url.parse().ok().with_context(wrong)?;
        let (scheme, host) = (uri.scheme_str(), uri.authority().map(|a| a.as_str()));
        let (Some(scheme @ ("http" | "https")), Some(host)) = (scheme, host) else {
            bail!(wrong());
        };
        if host.contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            bail!(wrong());
        }
        let set = |name: &str| variable(name).filter(|v| !v.is_empty());
        let pair = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
            (Some(key_id), Some(secret)) => Some(Pair {
                key_id,
                secret,
                token: set("AWS_SESSION_TOKEN"),
            }),
            // A daemon's port takes segments without a signature.
            (None, None) if scheme == "http" => None,
            _ => bail!(
                "segments cannot be signed for {host}: set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or leave out {MOVED_BY}"
            ),
        };
        let of_host = || {
            let name = host.strip_prefix("xray.")?.strip_suffix(".amazonaws.com")?;
            (!name.contains('.')).then(|| name.to_owned())
        };
        let region = of_host()
            .or_else(|| set("AWS_REGION"))
            .or_else(|| set("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| "us-east-1".to_owned());
        Ok(Self {
            origin: format!("{scheme}://{host}"),
            host: host.to_ascii_lowercase(),
            region,
            pair,
        })
    }

    /// For people.
    pub(crate) fn name(&self) -> &str {
        &self.origin
    }

    /// The headers of a POST of `body`, at `stamp` (`yyyymmddThhmmssZ`).
    fn headers(&self, body: &[u8], stamp: &str) -> Vec<(String, String)> {
        let own = [("content-type", "application/json")];
        match &self.pair {
            Some(pair) => {
                let signer = Signer {
                    key_id: &pair.key_id,
                    secret: &pair.secret,
                    token: pair.token.as_deref(),
                    region: &self.region,
                    service: "xray",
                };
                signer.headers(&self.host, PATH, &own, body, stamp)
            }
            None => own.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(),
        }
    }
}

/// What became of the segments that were to be sent on.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Taken by the other side.
    pub(crate) sent: AtomicU64,
    /// Refused by the other side.
    pub(crate) refused: AtomicU64,
    /// Not sent: nobody answered, or too many were waiting.
    pub(crate) lost: AtomicU64,
}

#[derive(Default)]
struct Shared {
    counts: Arc<Counts>,
    queued_bytes: AtomicU64,
    stop: AtomicBool,
}

/// A running forwarder.
pub(crate) struct Forward {
    shared: Arc<Shared>,
    queue: Sender<Vec<String>>,
    thread: JoinHandle<()>,
}

impl Forward {
    /// Starts the thread that sends.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        let (queue, documents) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let sending = Sending::new(target, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("xray-forward".into())
            .spawn(move || sending.run(&documents))?;
        Ok(Self {
            shared,
            queue,
            thread,
        })
    }

    /// Where stored documents are handed to.
    pub(crate) fn outlet(&self) -> aws::xray::intake::Outlet {
        let (shared, queue) = (Arc::clone(&self.shared), self.queue.clone());
        Box::new(move |documents| {
            let bytes = size(&documents);
            let number = documents.len() as u64;
            let is_full = shared.queued_bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES;
            if !is_full {
                shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
                if queue.send(documents).is_ok() {
                    return;
                }
            }
            shared.counts.lost.fetch_add(number, Ordering::Relaxed);
        })
    }

    /// For `/metrics`.
    pub(crate) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.shared.counts)
    }

    /// Sends what waits, without trying again, and ends. Blocks.
    pub(crate) fn stop(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let asked = Instant::now();
        while !self.thread.is_finished() {
            if asked.elapsed() > STOP_WAIT {
                tracing::warn!("segments under way to where they are sent on are cut off");
                return;
            }
            std::thread::sleep(LOOK / 4);
        }
        if self.thread.join().is_err() {
            tracing::error!("the thread that sends segments on panicked");
        }
    }
}

fn size(documents: &[String]) -> u64 {
    documents.iter().map(|d| d.len() as u64).sum()
}

/// How a call ended.
enum Ended {
    /// Taken; so many documents were not, and why the first was not.
    Taken(u64, String),
    Refused(String),
    /// Worth another try.
    Failed(String),
}

/// The thread's own.
struct Sending {
    target: Target,
    shared: Arc<Shared>,
    agent: ureq::Agent,
    warned: Option<Instant>,
}

impl Sending {
    fn new(target: Target, shared: Arc<Shared>) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(CALL_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("foursight/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            target,
            shared,
            agent: config.into(),
            warned: None,
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    fn run(mut self, queue: &Receiver<Vec<String>>) {
        let mut batch: Vec<String> = Vec::new();
        let mut begun = Instant::now();
        loop {
            let documents = match queue.recv_timeout(LOOK) {
                Ok(documents) => documents,
                // All that was handed over before the stop is in the batch by now.
                Err(RecvTimeoutError::Timeout) if self.is_stopping() => break,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for document in documents {
                let is_full = batch.len() >= BATCH_DOCUMENTS
                    || (!batch.is_empty() && batch_bytes(&batch, &document) > BATCH_BYTES);
                if is_full {
                    self.send(std::mem::take(&mut batch));
                }
                if batch.is_empty() {
                    begun = Instant::now();
                }
                batch.push(document);
            }
            if !batch.is_empty() && begun.elapsed() >= BATCH_AGE {
                self.send(std::mem::take(&mut batch));
            }
        }
        if !batch.is_empty() {
            self.send(batch);
        }
    }

    /// Sends a batch, again where that may help, and counts what became of it.
    fn send(&mut self, batch: Vec<String>) {
        let (number, bytes) = (batch.len() as u64, size(&batch));
        let body = json!({ "TraceSegmentDocuments": batch }).to_string();
        let started = Instant::now();
        let mut waits = WAITS.iter();
        let ended = loop {
            match self.call(body.as_bytes()) {
                Ended::Failed(why) => match waits.next() {
                    Some(wait) if !self.is_stopping() => self.pause(*wait),
                    _ => break Ended::Failed(why),
                },
                ended => break ended,
            }
        };
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        let to = self.target.origin.clone();
        let counts = Arc::clone(&self.shared.counts);
        match ended {
            Ended::Taken(refused, why) => {
                let taken = number.saturating_sub(refused);
                counts.sent.fetch_add(taken, Ordering::Relaxed);
                counts.refused.fetch_add(refused, Ordering::Relaxed);
                tracing::info!(
                    "batch of {taken} segments sent on to {to} ({:.3} seconds)",
                    started.elapsed().as_secs_f64()
                );
                if refused > 0 {
                    self.warn(&format!("{refused} segments were refused by {to}: {why}"));
                }
            }
            Ended::Refused(why) => {
                counts.refused.fetch_add(number, Ordering::Relaxed);
                self.warn(&format!("{number} segments were refused by {to}: {why}"));
            }
            Ended::Failed(why) => {
                counts.lost.fetch_add(number, Ordering::Relaxed);
                self.warn(&format!(
                    "{number} segments could not be sent on to {to}: {why}; they are stored here"
                ));
            }
        }
    }

    fn call(&self, body: &[u8]) -> Ended {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            #[serde(default)]
            unprocessed_trace_segments: Vec<Unprocessed>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        #[derive(Default)]
        struct Unprocessed {
            error_code: String,
            message: String,
        }
        let stamp = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let mut request = self.agent.post(format!("{}{PATH}", self.target.origin));
        for (name, value) in self.target.headers(body, &stamp) {
            request = request.header(name, value);
        }
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(e) => return Ended::Failed(e.to_string()),
        };
        let status = response.status();
        let text = match response.body_mut().read_to_string() {
            Ok(text) => text,
            Err(e) => return Ended::Failed(format!("{status}, and its body: {e}")),
        };
        if status.is_success() {
            let Ok(reply) = serde_json::from_str::<Reply>(&text) else {
                return Ended::Refused(format!(
                    "{status}, but no answer of X-Ray's: {}",
                    begin(&text)
                ));
            };
            let list = reply.unprocessed_trace_segments;
            let why = list
                .first()
                .map_or(String::new(), |u| format!("{} {}", u.error_code, u.message));
            return Ended::Taken(list.len() as u64, why);
        }
        let why = format!("{status} {}", begin(&text));
        match status.as_u16() {
            429 | 500.. => Ended::Failed(why),
            // X-Ray's way of saying so (xray.md §5).
            _ if text.contains("Throttl") => Ended::Failed(why),
            _ => Ended::Refused(why),
        }
    }

    fn pause(&self, wait: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < wait && !self.is_stopping() {
            std::thread::sleep(LOOK.min(wait));
        }
    }

    fn warn(&mut self, what: &str) {
        if self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            self.warned = Some(Instant::now());
            tracing::warn!("{what} (foursight_xray_forwarded_total counts all)");
        }
    }
}

fn batch_bytes(batch: &[String], next: &str) -> usize {
    batch.iter().map(String::len).sum::<usize>() + next.len()
}

/// So much of an answer as a line of the log bears.
fn begin(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, set: &[(&str, &str)]) -> Result<Target, String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(n, _)| *n == name)?;
            Some(found.1.to_owned())
        };
        Target::parse(url, variable).map_err(|e| e.to_string())
    }

    const PAIR: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];

    #[test]
    fn an_address_says_the_region_else_the_variables_do() {
        let of_aws = parse("https://xray.eu-west-1.amazonaws.com/", &PAIR).unwrap();
        assert_eq!(of_aws.region, "eu-west-1");
        assert_eq!(of_aws.origin, "https://xray.eu-west-1.amazonaws.com");
        let other = [&PAIR[..], &[("AWS_REGION", "ca-central-1")]].concat();
        let other = parse("http://Collector:8080", &other).unwrap();
        assert_eq!(
            (&*other.region, &*other.host),
            ("ca-central-1", "collector:8080")
        );
        assert!(other.pair.is_some());
        let daemon = parse("http://127.0.0.1:2000", &[]).unwrap();
        assert!(daemon.pair.is_none());
        assert_eq!(daemon.region, "us-east-1");
    }

    #[test]
    fn what_cannot_be_sent_to_is_told_with_the_way_out() {
        for url in [
            "xray.eu-west-1.amazonaws.com",
            "udp://127.0.0.1:2000",
            "https://h/TraceSegments",
            "https://u:p@h",
            "",
        ] {
            let said = parse(url, &PAIR).err().unwrap();
            assert!(said.contains("is no address to send on to"), "{said}");
        }
        for set in [&[][..], &PAIR[..1], &PAIR[1..]] {
            let said = parse("https://xray.eu-west-1.amazonaws.com", set)
                .err()
                .unwrap();
            assert!(said.contains("AWS_SECRET_ACCESS_KEY"), "{said}");
        }
        assert!(
            parse("http://127.0.0.1:2000", &PAIR[..1]).is_err(),
            "half a pair"
        );
    }
}
