//! What the probes of all protocols share: their marks, and how their answers are read.

use super::address::Address;
use super::finding::Finding;
use super::http::{Answer, NoAnswer};
use anyhow::Context as _;

/// The service, log group and segment name of probes.
pub(crate) const SERVICE: &str = "foursight-doctor";

/// What the variables of one protocol came to.
#[derive(Debug)]
pub(crate) struct Judged<P> {
    /// Whether the client uses the protocol at all.
    pub(crate) is_used: bool,
    /// How to send, when that can be told.
    pub(crate) plan: Option<P>,
    pub(crate) findings: Vec<Finding>,
}

impl<P> Judged<P> {
    pub(crate) fn unused() -> Self {
        Self {
            is_used: false,
            plan: None,
            findings: Vec::new(),
        }
    }
}

/// The marks of one run, by which its probes are found again.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// 16 hex digits.
    pub(crate) run: String,
    /// Names the run, so that Arrivals tells what became of this very delivery.
    pub(crate) user_agent: String,
    /// 4 bytes of time and 12 random ones: both OpenTelemetry's and X-Ray's form.
    pub(crate) trace_id: [u8; 16],
    /// This machine's clock, nanoseconds since 1970.
    pub(crate) now_ns: i64,
}

impl Probe {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let now = jiff::Timestamp::now();
        let mut trace_id = [0; 16];
        getrandom::fill(&mut trace_id).context("random numbers")?;
        let seconds = u32::try_from(now.as_second()).unwrap_or(0);
        trace_id[..4].copy_from_slice(&seconds.to_be_bytes());
        let run = hex::encode(&trace_id[8..]);
        Ok(Self {
            user_agent: format!("{SERVICE}/{} run/{run}", env!("CARGO_PKG_VERSION")),
            run,
            trace_id,
            now_ns: i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX),
        })
    }

    /// `yyyymmddThhmmssZ` of this machine's clock.
    pub(crate) fn stamp(&self) -> String {
        jiff::Timestamp::from_nanosecond(self.now_ns.into())
            .map(|t| t.strftime("%Y%m%dT%H%M%SZ").to_string())
            .unwrap_or_default()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ns / 1_000_000
    }
}

/// A probe that was taken, or went where nobody answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// Seconds by which the server's clock is ahead of this machine's, when it told its time.
    pub(crate) clock_ahead_seconds: Option<i64>,
    /// What else was noticed on the way.
    pub(crate) findings: Vec<Finding>,
    /// Whether the server itself showed the probe again to the client's own credential.
    pub(crate) is_found: bool,
}

impl Taken {
    pub(crate) fn by(answer: &Answer, probe: &Probe) -> Self {
        Self {
            clock_ahead_seconds: answer.clock_ahead_seconds(probe.now_ns / 1_000_000_000),
            ..Self::default()
        }
    }
}

/// The finding for a probe that got no answer.
pub(crate) fn no_answer(error: &NoAnswer, address: &Address) -> Finding {
    let code = match error {
        NoAnswer::NotHttp(_) => "wrong_port",
        _ => "unreachable",
    };
    Finding::error(code, None, error.text(&address.authority()), error.fix())
}

/// The finding for a probe that was refused. Arrivals knows the reason better, where it can be asked.
pub(crate) fn refused(answer: &Answer, address: &Address, ports: &str) -> Finding {
    let said = answer.text();
    match answer.status {
        // 12 is gRPC's "unimplemented".
        12 | 404 | 405 | 501 => Finding::error(
            "wrong_port",
            None,
            format!(
                "{}{} takes something else ({said})",
                address.authority(),
                address.path
            ),
            ports,
        ),
        status => Finding::error(
            "refused",
            None,
            format!(
                "{} refuses it with status {status}: {said}",
                address.authority()
            ),
            "see Arrivals for the reason and its fix",
        ),
    }
}

#[cfg(test)]
pub(crate) fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.code.as_str()).collect()
}
