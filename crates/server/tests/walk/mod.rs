//! The walkthrough as a list of checks: what a team does, what must be seen, and by which SDK.

mod aws;
pub(crate) mod cloudwatch;
mod heatmap;
pub(crate) mod honeycomb;
mod keys;
pub(crate) mod report;
pub(crate) mod rollbar;
pub(crate) mod stage;
pub(crate) mod story;
pub(crate) mod xray;

use stage::Stage;

/// The SDKs in the team's app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sdk {
    OpenTelemetry,
    Xray,
    Watchtower,
    Rollbar,
}

impl Sdk {
    pub(crate) const ALL: [Self; 4] = [
        Self::OpenTelemetry,
        Self::Xray,
        Self::Watchtower,
        Self::Rollbar,
    ];
}

/// One row of a table of the walkthrough.
pub(crate) struct Check {
    /// Section and row.
    pub(crate) id: &'static str,
    /// What the team does, or has.
    pub(crate) does: &'static str,
    /// What must be seen.
    pub(crate) shows: &'static str,
    /// Without any one of these the row is red.
    pub(crate) needs: &'static [Sdk],
    /// Looks. What was seen is told either way.
    pub(crate) look: fn(&Stage) -> anyhow::Result<String>,
}

/// A row looked at.
pub(crate) struct Seen {
    pub(crate) check: &'static Check,
    pub(crate) result: Result<String, String>,
}

/// Every row, in the walkthrough's order.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    honeycomb::CHECKS
        .iter()
        .chain(xray::CHECKS)
        .chain(cloudwatch::CHECKS)
        .chain(rollbar::CHECKS)
        .chain(story::CHECKS)
}

/// Looks at every row.
pub(crate) fn look(stage: &Stage) -> Vec<Seen> {
    all()
        .map(|check| Seen {
            check,
            result: (check.look)(stage).map_err(|e| format!("{e:#}")),
        })
        .collect()
}
