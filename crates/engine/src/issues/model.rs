//! The nouns: project, issue, deploy, and the life-cycle of an issue.

use event::EnvId;
use std::sync::Arc;

/// Nanoseconds of an hour.
const HOUR_NS: i64 = 3_600_000_000_000;

/// Hours of counts kept in memory: thirty days.
pub(super) const HOURS: usize = 720;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words say what they are")]
pub enum Level {
    Debug = 10,
    Info = 20,
    Warning = 30,
    Error = 40,
    Critical = 50,
}

impl Level {
    /// All of them, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Debug,
        Self::Info,
        Self::Warning,
        Self::Error,
        Self::Critical,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// From its word or its number, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|l| l.as_str() == text || (*l as u8).to_string() == text)
    }
}

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words say what they are")]
pub enum Status {
    Active = 1,
    Resolved = 2,
    Muted = 3,
    Archived = 4,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Resolved, Self::Muted, Self::Archived];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Resolved => "resolved",
            Self::Muted => "muted",
            Self::Archived => "archived",
        }
    }

    /// From its word or its number, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text || (*s as u8).to_string() == text)
    }
}

/// What takes occurrences: a named dataset of one environment, with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Unique on this server.
    pub id: i64,
    /// Its environment.
    pub env: EnvId,
    /// Slug of its dataset.
    pub dataset: Arc<str>,
    /// What people call it.
    pub name: String,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
}

/// How often a token may post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls per window; 0: without limit.
    pub count: u32,
    /// Seconds of a window; 0: without limit.
    pub window_s: u32,
}

/// Which occurrence, of which issue, when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub id: i64,
    /// Number of its issue.
    pub issue: i64,
    /// Its time, nanoseconds.
    pub ts_ns: i64,
    /// Identity of its row.
    pub identity: [u8; 16],
}

/// Whose occurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of one issue.
    Issue(i64),
    /// Of all issues of a project.
    Project(i64),
}

/// One row of the table `errors`, as far as this room reads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Occurrence {
    pub id: i64,
    pub identity: [u8; 16],
    pub ts_ns: i64,
    pub env: EnvId,
    pub dataset: Arc<str>,
    pub environment: String,
    pub fingerprint: String,
    pub title: String,
    pub level: Level,
    pub version: Option<String>,
    pub framework: String,
    pub platform: String,
    pub language: String,
    pub context: Option<String>,
}

/// Like occurrences of one project and one of the sender's environments.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// Unique on this server.
    pub id: i64,
    /// Number of its project.
    pub project: i64,
    /// Our environment.
    pub env: EnvId,
    /// Slug of the project's dataset.
    pub dataset: Arc<str>,
    /// Small number, unique in its project.
    pub counter: i64,
    /// The sender's environment.
    pub environment: String,
    /// Engine and hash, as in the rows.
    pub fingerprint: String,
    /// Of the first occurrence, or as people wrote it.
    pub title: String,
    /// Whether people wrote it.
    pub title_locked: bool,
    /// Of the latest occurrence: beside a title that is old.
    pub latest_title: String,
    /// Of the first occurrence, or as people set it.
    pub level: Level,
    /// Whether people set it.
    pub level_locked: bool,
    /// Where it stands.
    pub status: Status,
    /// Of the first occurrence.
    pub framework: String,
    /// Of the first occurrence.
    pub platform: String,
    /// Of the first occurrence.
    pub language: String,
    /// Where in the application, of the latest occurrence.
    pub context: Option<String>,
    /// The first and the latest occurrence, and the one that made it active last: number and time.
    pub first: (i64, i64),
    /// See `first`.
    pub last: (i64, i64),
    /// See `first`.
    pub activating: (i64, i64),
    /// When it was resolved last, nanoseconds.
    pub resolved_ns: Option<i64>,
    /// When it was muted last, nanoseconds.
    pub muted_ns: Option<i64>,
    /// In which version it is said to be resolved.
    pub resolved_in: Option<String>,
    /// Version of the first and of the latest occurrence.
    pub first_version: Option<String>,
    /// See `first_version`.
    pub last_version: Option<String>,
    /// Occurrences since it was activated last.
    pub total: u64,
    /// Occurrences ever.
    pub ever: u64,
    /// Number of the user it is given to.
    pub assigned_user: Option<i64>,
    /// Name of whom it is given to.
    pub owner: Option<String>,
    /// Until when nobody is told about it, nanoseconds; the greatest number: for ever.
    pub snoozed_until_ns: Option<i64>,
    /// Who changed it last.
    pub changed_by: Option<String>,
    /// Counts by hour since 1970, oldest first, of the last thirty days.
    pub hours: Vec<(u32, u32)>,
}

/// A change by people; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Where it stands.
    pub status: Option<Status>,
    /// With [`Status::Resolved`]: in which version.
    pub resolved_in: Option<String>,
    /// How bad.
    pub level: Option<Level>,
    /// 1 to 255 characters.
    pub title: Option<String>,
    /// To whom, by number; `Some(None)`: nobody.
    pub assigned_user: Option<Option<i64>>,
    /// To whom, by name; `Some(None)`: nobody.
    pub owner: Option<Option<String>>,
    /// Until when nobody is told; `Some(None)`: told again.
    pub snoozed_until_ns: Option<Option<i64>>,
}

/// What happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Which.
    pub issue: i64,
    /// When, nanoseconds.
    pub at_ns: i64,
    /// Who: a token's name, `owner`, `system`.
    pub actor: String,
    /// `resolved` `reactivated` `reopened` `muted` `archived` `level` `title` `assigned` `snoozed` `unsnoozed`.
    pub what: String,
    /// To what.
    pub detail: String,
}

/// How a deploy went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say what they are")]
pub enum DeployStatus {
    Started,
    Succeeded,
    Failed,
    TimedOut,
}

impl DeployStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Started, Self::Succeeded, Self::Failed, Self::TimedOut];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }

    /// From its word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A deploy to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeploy {
    /// Number of the project.
    pub project: i64,
    /// The sender's environment.
    pub environment: String,
    /// What was deployed.
    pub revision: String,
    /// How it went.
    pub status: DeployStatus,
    /// Who, as the sender's machine knows him.
    pub local_username: Option<String>,
    /// Who, as the vendor knows him.
    pub username: Option<String>,
    /// Words about it.
    pub comment: Option<String>,
}

/// A deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// Unique on this server.
    pub id: i64,
    /// Number of the project.
    pub project: i64,
    /// The sender's environment.
    pub environment: String,
    /// What was deployed.
    pub revision: String,
    /// How it went.
    pub status: DeployStatus,
    /// See [`NewDeploy`].
    pub local_username: Option<String>,
    /// See [`NewDeploy`].
    pub username: Option<String>,
    /// See [`NewDeploy`].
    pub comment: Option<String>,
    /// When it was noted, nanoseconds.
    pub started_ns: i64,
    /// When it was over, nanoseconds.
    pub finished_ns: Option<i64>,
}

impl Deploy {
    /// How it stands at `now`: one that nobody ended within half an hour has timed out.
    #[must_use]
    pub fn status_at(&self, now: i64) -> DeployStatus {
        let late = now.saturating_sub(self.started_ns) > HOUR_NS / 2;
        match self.status {
            DeployStatus::Started if late => DeployStatus::TimedOut,
            status => status,
        }
    }
}

/// The hour of a time, since 1970.
#[must_use]
pub fn hour_of(ts_ns: i64) -> u32 {
    u32::try_from(ts_ns.max(0) / HOUR_NS).unwrap_or(u32::MAX)
}

impl Issue {
    /// The first occurrence makes it.
    pub(super) fn new(id: i64, project: i64, counter: i64, o: &Occurrence) -> Self {
        Self {
            id,
            project,
            env: o.env,
            dataset: Arc::clone(&o.dataset),
            counter,
            environment: o.environment.clone(),
            fingerprint: o.fingerprint.clone(),
            title: o.title.clone(),
            title_locked: false,
            latest_title: o.title.clone(),
            level: o.level,
            level_locked: false,
            status: Status::Active,
            framework: o.framework.clone(),
            platform: o.platform.clone(),
            language: o.language.clone(),
            context: o.context.clone(),
            first: (o.id, o.ts_ns),
            last: (o.id, o.ts_ns),
            activating: (o.id, o.ts_ns),
            resolved_ns: None,
            muted_ns: None,
            resolved_in: None,
            first_version: o.version.clone(),
            last_version: o.version.clone(),
            total: 0,
            ever: 0,
            assigned_user: None,
            owner: None,
            snoozed_until_ns: None,
            changed_by: None,
            hours: Vec::new(),
        }
    }

    /// Counts an occurrence. `passes`: whether one of a resolved issue makes it active again. Returns
    /// what is to be noted.
    pub(super) fn count(
        &mut self,
        o: &Occurrence,
        passes: impl FnOnce(&Self) -> bool,
    ) -> Option<HistoryEntry> {
        let reactivates = self.status == Status::Resolved && passes(self);
        let mut note = None;
        if reactivates {
            self.status = Status::Active;
            self.total = 0;
            self.activating = (o.id, o.ts_ns);
            self.resolved_in = None;
            if !self.title_locked {
                self.title.clone_from(&o.title);
            }
            note = Some(self.entry(
                o.ts_ns,
                "system",
                "reactivated",
                o.version.as_deref().unwrap_or(""),
            ));
        }
        self.total += 1;
        self.ever += 1;
        if (o.ts_ns, o.id) >= (self.last.1, self.last.0) {
            self.last = (o.id, o.ts_ns);
            self.latest_title.clone_from(&o.title);
            self.context.clone_from(&o.context);
            self.last_version.clone_from(&o.version);
        }
        if (o.ts_ns, o.id) < (self.first.1, self.first.0) {
            self.first = (o.id, o.ts_ns);
        }
        let hour = hour_of(o.ts_ns);
        match self.hours.binary_search_by_key(&hour, |h| h.0) {
            Ok(i) => self.hours[i].1 += 1,
            Err(i) => self.hours.insert(i, (hour, 1)),
        }
        if self.hours.len() > HOURS {
            self.hours.remove(0);
        }
        note
    }

    fn entry(&self, at_ns: i64, actor: &str, what: &str, detail: &str) -> HistoryEntry {
        HistoryEntry {
            issue: self.id,
            at_ns,
            actor: actor.to_owned(),
            what: what.to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Does what people asked for; returns what is to be noted, one entry for each field that changed.
    pub(super) fn change(&mut self, change: &Change, actor: &str, now: i64) -> Vec<HistoryEntry> {
        let mut out = Vec::new();
        if let Some(status) = change.status
            && (status != self.status || change.resolved_in.is_some())
        {
            self.become_status(status, change.resolved_in.clone(), now);
            let (what, detail) = match status {
                Status::Active => ("reopened", ""),
                Status::Resolved => ("resolved", self.resolved_in.as_deref().unwrap_or("")),
                Status::Muted => ("muted", ""),
                Status::Archived => ("archived", ""),
            };
            out.push(self.entry(now, actor, what, detail));
        }
        if let Some(level) = change.level {
            self.level = level;
            self.level_locked = true;
            out.push(self.entry(now, actor, "level", level.as_str()));
        }
        if let Some(title) = &change.title {
            self.title.clone_from(title);
            self.title_locked = true;
            out.push(self.entry(now, actor, "title", title));
        }
        if let Some(user) = change.assigned_user {
            self.assigned_user = user;
            let detail = user.map_or_else(|| "nobody".to_owned(), |id| format!("user {id}"));
            out.push(self.entry(now, actor, "assigned", &detail));
        }
        if let Some(owner) = &change.owner {
            self.owner.clone_from(owner);
            let detail = owner.as_deref().unwrap_or("nobody");
            out.push(self.entry(now, actor, "assigned", detail));
        }
        if let Some(until) = change.snoozed_until_ns {
            self.snoozed_until_ns = until;
            let what = if until.is_some() {
                "snoozed"
            } else {
                "unsnoozed"
            };
            out.push(self.entry(now, actor, what, ""));
        }
        if !out.is_empty() {
            self.changed_by = Some(actor.to_owned());
        }
        out
    }

    fn become_status(&mut self, status: Status, resolved_in: Option<String>, now: i64) {
        self.resolved_in = None;
        match status {
            Status::Resolved => {
                self.resolved_ns = Some(now);
                self.resolved_in = resolved_in;
            }
            Status::Muted => self.muted_ns = Some(now),
            Status::Active if self.status == Status::Resolved => self.activating.1 = now,
            Status::Active | Status::Archived => {}
        }
        self.status = status;
    }

    /// Whether nobody is told about it at `now`.
    #[must_use]
    pub fn is_snoozed(&self, now: i64) -> bool {
        self.snoozed_until_ns.is_some_and(|until| until > now)
    }

    /// The fingerprint without its engine.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.fingerprint
            .split_once(':')
            .map_or(&*self.fingerprint, |(_, hash)| hash)
    }

    /// Counts of the last `hours` hours up to that of `now`, oldest first.
    #[must_use]
    pub fn sparkline(&self, now: i64, hours: u32) -> Vec<u32> {
        let end = hour_of(now);
        let start = end.saturating_sub(hours.saturating_sub(1));
        let mut out = vec![0; hours as usize];
        for (hour, count) in &self.hours {
            if (start..=end).contains(hour)
                && let Some(slot) = out.get_mut((hour - start) as usize)
            {
                *slot = *count;
            }
        }
        out
    }
}
