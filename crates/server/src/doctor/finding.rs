//! What the doctor says: findings, one check per protocol, the whole report, as text and as JSON.

use serde::Serialize;
use std::fmt::Write as _;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Good to know.
    Note,
    /// Likely not what is meant, but data can arrive.
    Warning,
    /// Nothing arrives because of this.
    Error,
}

/// One thing found, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// A stable word for programs: those of docs/doctor.md, or of a reason in Arrivals.
    pub(crate) code: String,
    /// How much it matters.
    pub(crate) level: Level,
    /// The variable it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variable: Option<String>,
    /// What is so.
    pub(crate) text: String,
    /// What to do.
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn new(
        level: Level,
        code: &str,
        variable: Option<&str>,
        text: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            level,
            variable: variable.map(str::to_owned),
            text: text.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn error(
        code: &str,
        variable: Option<&str>,
        text: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(Level::Error, code, variable, text, fix)
    }

    pub(crate) fn warning(
        code: &str,
        variable: Option<&str>,
        text: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(Level::Warning, code, variable, text, fix)
    }

    pub(crate) fn note(
        code: &str,
        variable: Option<&str>,
        text: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(Level::Note, code, variable, text, fix)
    }
}

/// How a protocol stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// None of its variables is set: the client does not use it.
    Unused,
    /// The probe was sent and found again.
    Found,
    /// The probe was taken, or sent where nobody answers; it was not looked up.
    Sent,
    /// Nothing of this client arrives.
    Failed,
}

/// One protocol.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// `OpenTelemetry`, `X-Ray`, `CloudWatch Logs`, `Rollbar`.
    pub(crate) protocol: &'static str,
    /// How it stands.
    pub(crate) state: State,
    /// Where its variables send data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// The environment the probe was found in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
    /// What was found, worst first.
    pub(crate) findings: Vec<Finding>,
}

impl Check {
    pub(crate) fn unused(protocol: &'static str) -> Self {
        Self {
            protocol,
            state: State::Unused,
            address: None,
            environment: None,
            findings: Vec::new(),
        }
    }

    /// Whether something stands in the way.
    pub(crate) fn is_bad(&self) -> bool {
        self.state == State::Failed || self.findings.iter().any(|f| f.level == Level::Error)
    }
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Whether nothing stands in the way.
    pub(crate) ok: bool,
    /// Where the probes were looked up; null when nowhere.
    pub(crate) looked_up_at: Option<String>,
    /// About all protocols.
    pub(crate) findings: Vec<Finding>,
    /// Each protocol.
    pub(crate) checks: Vec<Check>,
}

impl Report {
    pub(crate) fn new(
        looked_up_at: Option<String>,
        mut findings: Vec<Finding>,
        mut checks: Vec<Check>,
    ) -> Self {
        let worst_first = |f: &mut Vec<Finding>| f.sort_by_key(|f| std::cmp::Reverse(f.level));
        worst_first(&mut findings);
        checks.iter_mut().for_each(|c| worst_first(&mut c.findings));
        let bad = findings.iter().any(|f| f.level == Level::Error)
            || checks.iter().any(Check::is_bad)
            || checks.iter().all(|c| c.state == State::Unused);
        Self {
            ok: !bad,
            looked_up_at,
            findings,
            checks,
        }
    }

    /// For people: one block per protocol.
    pub(crate) fn as_text(&self) -> String {
        let mut out = String::new();
        for check in &self.checks {
            let mark = match (check.state, check.is_bad()) {
                (State::Unused, _) => "–",
                (_, true) => "✕",
                (State::Found, _) => "✓",
                _ => "?",
            };
            let _ = write!(out, "{mark} {}", check.protocol);
            if let Some(address) = &check.address {
                let _ = write!(out, " → {address}");
            }
            let _ = writeln!(out, ": {}", state_text(check));
            push_findings(&mut out, &check.findings);
        }
        push_findings(&mut out, &self.findings);
        out.push_str(match self.ok {
            true => "everything that is set up arrives",
            false => "something does not arrive: see ✕ above",
        });
        out
    }
}

fn state_text(check: &Check) -> String {
    match (check.state, &check.environment) {
        (State::Unused, _) => "not used: none of its variables is set".to_owned(),
        (State::Found, _) if check.is_bad() => {
            "the probe arrived, and the app's own data does not".to_owned()
        }
        (State::Found, Some(env)) => format!("the probe arrived in environment {env}"),
        (State::Found, None) => "the probe arrived".to_owned(),
        (State::Sent, _) => "the probe was sent, and was not looked up".to_owned(),
        (State::Failed, _) => "nothing arrives".to_owned(),
    }
}

fn push_findings(out: &mut String, findings: &[Finding]) {
    for f in findings {
        let word = match f.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let about = f
            .variable
            .as_ref()
            .map_or(String::new(), |v| format!("{v}: "));
        let _ = writeln!(out, "    {word} [{}]: {about}{}", f.code, f.text);
        if !f.fix.is_empty() {
            let _ = writeln!(out, "        fix: {}", f.fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_up_is_no_success_and_the_worst_comes_first() {
        let unused = ["A", "B"].map(Check::unused).to_vec();
        assert!(!Report::new(None, Vec::new(), unused).ok);
        let mut check = Check::unused("X-Ray");
        check.state = State::Found;
        check.environment = Some("bootcamp".into());
        check.findings = vec![
            Finding::note("n", None, "good to know", ""),
            Finding::warning("w", Some("AWS_XRAY_URL"), "odd", "change it"),
        ];
        let report = Report::new(None, Vec::new(), vec![check]);
        assert!(report.ok);
        assert_eq!(
            report.as_text(),
            "✓ X-Ray: the probe arrived in environment bootcamp\n    \
             warning [w]: AWS_XRAY_URL: odd\n        fix: change it\n    \
             note [n]: good to know\neverything that is set up arrives"
        );
    }
}
