//! How the server is, in words, with the way out.

use crate::Engine;
use crate::catalog::Fallback;

/// How it is, worst first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthState {
    /// Nothing to tell.
    Ok,
    /// It serves; something was lost, set aside or is short.
    Degraded,
    /// Deliveries are refused, questions are answered.
    ReadOnly,
    /// Nothing is written until a restart.
    Failing,
}

impl HealthState {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::ReadOnly => "read_only",
            Self::Failing => "failing",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReason {
    state: HealthState,
    code: &'static str,
    text: String,
    fix: &'static str,
}

impl HealthReason {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        self.fix
    }
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The worst of the reasons' states.
    pub state: HealthState,
    /// Why it is not `ok`.
    pub reasons: Vec<HealthReason>,
}

impl Engine {
    /// How it is, now.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut reasons = Vec::new();
        let mut add = |state, code, text: String, fix| {
            reasons.push(HealthReason {
                state,
                code,
                text,
                fix,
            });
        };
        let store = self.0.store.health();
        if let Some(why) = store.poisoned {
            let fix = "look at the disk and the log, then restart";
            add(HealthState::Failing, "store_failing", why, fix);
        }
        if let Some(why) = store.read_only {
            let fix = "free disk space, or lower retention.days; it goes on by itself";
            add(HealthState::ReadOnly, "read_only", why, fix);
        }
        if store.disk_low {
            let text = "free disk space is below the warn mark; compaction waits".to_owned();
            let fix = "free disk space, or lower retention.days";
            add(HealthState::Degraded, "disk_low", text, fix);
        }
        if store.quarantined > 0 {
            let n = store.quarantined;
            let text = format!("{n} damaged files or records were set aside in quarantine/");
            let fix = "look at the disk; remove quarantine/ when it is no longer needed";
            add(HealthState::Degraded, "quarantined", text, fix);
        }
        if store.manifest_rebuilt {
            let text =
                "the manifest was damaged and was rebuilt from the parts at this start".to_owned();
            let fix = "look at the disk; nothing else to do";
            add(HealthState::Degraded, "manifest_rebuilt", text, fix);
        }
        if !store.damaged_parts.is_empty() {
            let text = format!(
                "blocks of {} parts do not match their checksums: answers over them are marked",
                store.damaged_parts.len()
            );
            let fix = "look at the disk; restore the parts named by foursight verify from a backup";
            add(HealthState::Degraded, "damaged_parts", text, fix);
        }
        if let Some(why) = store.background {
            let text = format!("a background task failed and is tried again: {why}");
            let fix = "look at the log";
            add(HealthState::Degraded, "background", text, fix);
        }
        if let Some(fallback) = self.0.catalog.fallback() {
            add(
                HealthState::Degraded,
                "catalog_fallback",
                told(fallback),
                "check environments and keys (foursight keys list); make again what is missing",
            );
        }
        if let Some(why) = self.0.housekeeping.trouble() {
            let text = format!("the catalog could not be written: {why}");
            let fix = "look at the disk; counters and times of use are kept in memory meanwhile";
            add(HealthState::Degraded, "catalog_writes", text, fix);
        }
        if let Some(why) = self.0.issues.trouble() {
            let text = format!("counts of items could not be written: {why}");
            let fix =
                "look at the disk; they are kept in memory and in the write-ahead log meanwhile";
            add(HealthState::Degraded, "issue_writes", text, fix);
        }
        let state = reasons
            .iter()
            .map(|r: &HealthReason| r.state)
            .max()
            .unwrap_or(HealthState::Ok);
        Health { state, reasons }
    }
}

fn told(fallback: &Fallback) -> String {
    let damage = &fallback.damage;
    let what = match &fallback.set_aside {
        Some(aside) => format!("was damaged ({damage}) and lies in {}", aside.display()),
        None => format!("could not be opened ({damage})"),
    };
    match fallback.copy_age {
        Some(age) => format!(
            "the catalog {what}; its copy of {} minutes before is used",
            age.as_secs() / 60
        ),
        None => format!("the catalog {what}; there was no good copy, so it is empty"),
    }
}
