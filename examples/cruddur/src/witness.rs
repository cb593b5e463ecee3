//! What a finished request is told to, beside OpenTelemetry: X-Ray, CloudWatch Logs, Rollbar.

use crate::cloudwatch::{self, Line, Logs};
use crate::rollbar::{self, Failed, Failure, Rollbar};
use crate::xray::{Part, Xray};
use serde_json::{Value, json};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The three; each only where it is set up.
#[derive(Debug)]
pub(crate) struct Witness {
    xray: Option<Xray>,
    lines: Option<mpsc::UnboundedSender<Line>>,
    rollbar: Option<(reqwest::Client, Rollbar)>,
}

/// A request when it is done.
#[derive(Debug)]
pub(crate) struct Finished<'a> {
    pub(crate) started: SystemTime,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) peer: IpAddr,
    pub(crate) route: &'a str,
    pub(crate) handle: &'a str,
    pub(crate) status: u16,
    /// The status with its words.
    pub(crate) status_line: &'a str,
    pub(crate) failure: Option<Failure>,
    pub(crate) parts: Vec<Part>,
}

impl Witness {
    /// The task, where there is one, ends once the witness is dropped and its lines are put.
    pub(crate) fn new(
        daemon: Option<SocketAddr>,
        logs: Option<Logs>,
        rollbar: Option<Rollbar>,
    ) -> io::Result<(Self, Option<JoinHandle<()>>)> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let task = logs.map(|logs| tokio::spawn(cloudwatch::run(logs, receiver)));
        let witness = Self {
            xray: daemon.map(Xray::new).transpose()?,
            lines: task.is_some().then_some(sender),
            rollbar: rollbar.map(|r| (reqwest::Client::new(), r)),
        };
        Ok((witness, task))
    }

    /// Tells all three, waiting for none.
    pub(crate) fn tell(&self, done: Finished<'_>) {
        let now = SystemTime::now();
        let url = format!("http://{}{}", done.host, done.path);
        if let Some(xray) = &self.xray {
            let http = json!({
                "request": {"method": done.method, "url": url, "user_agent": done.user_agent,
                    "client_ip": done.peer.to_string()},
                "response": {"status": done.status},
            });
            let cause = done.failure.as_ref().map(|f| (f.class, f.message));
            xray.send(done.started, now, &http, cause, &done.parts);
        }
        if let Some(lines) = &self.lines {
            let millis = now.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
            let stamp = jiff::Timestamp::now().strftime("[%Y-%b-%d %H:%M]");
            let line = format!(
                "{stamp} {} {} http {}?{} {}",
                done.peer, done.method, done.path, done.query, done.status_line
            );
            // The task ends only after this sender.
            let _ = lines.send((i64::try_from(millis).unwrap_or(i64::MAX), line));
        }
        if let (Some((client, rollbar)), Some(failure)) = (&self.rollbar, done.failure.clone()) {
            let failed = Failed {
                failure,
                route: done.route.to_owned(),
                handle: done.handle.to_owned(),
                request: request(&done, &url),
            };
            tokio::spawn(rollbar::report(client.clone(), rollbar.clone(), failed));
        }
    }
}

fn request(done: &Finished<'_>, url: &str) -> Value {
    json!({
        "url": url,
        "method": done.method,
        "query_string": done.query,
        "user_ip": done.peer.to_string(),
        "headers": {"Host": done.host, "User-Agent": done.user_agent},
    })
}
