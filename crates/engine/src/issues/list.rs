//! Which issues a list shows, in which order.

use super::model::{Issue, Level, Status};
use event::EnvId;
use std::cmp::Reverse;
use std::sync::Arc;

/// To whom issues are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Somebody.
    Anyone,
    /// Nobody.
    Nobody,
    /// One, by number.
    User(i64),
    /// One, by name.
    Owner(String),
}

/// Order of a list; the most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssueSort {
    /// Latest occurrence.
    #[default]
    Last,
    /// First occurrence.
    First,
    /// Occurrences since activation.
    Total,
    /// Level, then latest occurrence.
    Level,
    /// Number of the latest occurrence: what the vendor's clients page by.
    Id,
}

/// Which issues a list shows. Empty lists let everything pass.
#[derive(Clone, Debug)]
pub struct IssueFilter {
    /// Our environment.
    pub env: EnvId,
    /// One project.
    pub project: Option<i64>,
    /// Where they stand.
    pub statuses: Vec<Status>,
    /// How bad.
    pub levels: Vec<Level>,
    /// At least as bad.
    pub level_min: Option<Level>,
    /// The sender's environments.
    pub environments: Vec<String>,
    /// Frameworks.
    pub frameworks: Vec<String>,
    /// Numbers.
    pub ids: Vec<i64>,
    /// Small number.
    pub counter: Option<i64>,
    /// Words that all stand in the title, in any case.
    pub words: Vec<String>,
    /// Words of which none stands in the title.
    pub not_words: Vec<String>,
    /// Beginning of the context.
    pub context: Option<String>,
    /// Version of the latest occurrence.
    pub version: Option<String>,
    /// Fingerprint, without its engine.
    pub fingerprint: Option<String>,
    /// To whom.
    pub assigned: Option<Assigned>,
    /// Snoozed at that time, or not.
    pub snoozed: Option<(bool, i64)>,
    /// First and latest occurrence at or after these times.
    pub first_since_ns: Option<i64>,
    /// See `first_since_ns`.
    pub last_since_ns: Option<i64>,
    /// More occurrences than this.
    pub total_above: Option<u64>,
    /// Order.
    pub sort: IssueSort,
    /// How many are passed over.
    pub offset: usize,
    /// Most that are listed.
    pub limit: usize,
}

impl IssueFilter {
    /// All issues of an environment, a hundred of them.
    #[must_use]
    pub fn new(env: EnvId) -> Self {
        Self {
            env,
            project: None,
            statuses: Vec::new(),
            levels: Vec::new(),
            level_min: None,
            environments: Vec::new(),
            frameworks: Vec::new(),
            ids: Vec::new(),
            counter: None,
            words: Vec::new(),
            not_words: Vec::new(),
            context: None,
            version: None,
            fingerprint: None,
            assigned: None,
            snoozed: None,
            first_since_ns: None,
            last_since_ns: None,
            total_above: None,
            sort: IssueSort::default(),
            offset: 0,
            limit: 100,
        }
    }

    /// Whether the issue passes.
    #[must_use]
    pub fn passes(&self, i: &Issue) -> bool {
        fn among<T: PartialEq>(list: &[T], value: &T) -> bool {
            list.is_empty() || list.contains(value)
        }
        self.env == i.env
            && self.project.is_none_or(|p| p == i.project)
            && among(&self.statuses, &i.status)
            && among(&self.levels, &i.level)
            && self.level_min.is_none_or(|l| i.level >= l)
            && among(&self.environments, &i.environment)
            && among(&self.frameworks, &i.framework)
            && among(&self.ids, &i.id)
            && self.counter.is_none_or(|c| c == i.counter)
            && self
                .snoozed
                .is_none_or(|(want, now)| i.is_snoozed(now) == want)
            && self.first_since_ns.is_none_or(|t| i.first.1 >= t)
            && self.last_since_ns.is_none_or(|t| i.last.1 >= t)
            && self.total_above.is_none_or(|n| i.total > n)
            && self.fingerprint.as_deref().is_none_or(|f| f == i.hash())
            && self.version.is_none() | (self.version == i.last_version)
            && self
                .context
                .as_deref()
                .is_none_or(|c| i.context.as_deref().is_some_and(|own| own.starts_with(c)))
            && self.assigned.as_ref().is_none_or(|a| is_assigned(i, a))
            && self.has_words(i)
    }

    fn has_words(&self, i: &Issue) -> bool {
        if self.words.is_empty() && self.not_words.is_empty() {
            return true;
        }
        let title = i.title.to_lowercase();
        self.words.iter().all(|w| title.contains(&w.to_lowercase()))
            && !self
                .not_words
                .iter()
                .any(|w| title.contains(&w.to_lowercase()))
    }

    /// One page of what passes, in order, and how many there are.
    pub(super) fn page(&self, mut all: Vec<Arc<Issue>>) -> (Vec<Arc<Issue>>, usize) {
        let n = all.len();
        match self.sort {
            IssueSort::Last => all.sort_by_key(|i| Reverse((i.last.1, i.id))),
            IssueSort::First => all.sort_by_key(|i| Reverse((i.first.1, i.id))),
            IssueSort::Total => all.sort_by_key(|i| Reverse((i.total, i.last.1, i.id))),
            IssueSort::Level => all.sort_by_key(|i| Reverse((i.level, i.last.1, i.id))),
            IssueSort::Id => all.sort_by_key(|i| Reverse((i.last.0, i.id))),
        }
        let page = all.into_iter().skip(self.offset).take(self.limit).collect();
        (page, n)
    }
}

fn is_assigned(i: &Issue, to: &Assigned) -> bool {
    let somebody = i.assigned_user.is_some() || i.owner.is_some();
    match to {
        Assigned::Anyone => somebody,
        Assigned::Nobody => !somebody,
        Assigned::User(id) => i.assigned_user == Some(*id),
        Assigned::Owner(name) => i.owner.as_ref() == Some(name),
    }
}
