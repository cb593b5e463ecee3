//! Datasets: made on arrival, named by users, found by slug.

use super::{Catalog, Error, State};
use crate::limits;
use event::EnvId;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// What gave a dataset its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatasetKind {
    /// A service's name.
    Service,
    /// A name in the address events were sent to, or chosen by hand.
    Events,
    /// Log records of no service.
    UnknownLogSource,
    /// Metrics of no named dataset.
    UnknownMetrics,
    /// Segments and subsegments of the environment's tracing daemon: one dataset for all.
    Segments,
    /// A log group.
    LogGroup,
    /// A project that takes occurrences.
    Project,
}

/// Names of one family are told apart among themselves; the same name in two families is two
/// datasets (mapping.md §1: a team instruments twice, and a service must not count each request twice).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Family {
    Named,
    Segments,
    LogGroup,
    Project,
}

impl DatasetKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Service,
        Self::Events,
        Self::UnknownLogSource,
        Self::UnknownMetrics,
        Self::Segments,
        Self::LogGroup,
        Self::Project,
    ];

    /// Its name in the catalog and in our own API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Events => "events",
            Self::UnknownLogSource => "unknown_log_source",
            Self::UnknownMetrics => "unknown_metrics",
            Self::Segments => "segments",
            Self::LogGroup => "log_group",
            Self::Project => "project",
        }
    }

    fn family(self) -> Family {
        match self {
            Self::Service | Self::Events | Self::UnknownLogSource | Self::UnknownMetrics => {
                Family::Named
            }
            Self::Segments => Family::Segments,
            Self::LogGroup => Family::LogGroup,
            Self::Project => Family::Project,
        }
    }

    /// What its slugs begin with (mapping.md §1).
    fn slug_prefix(self) -> &'static str {
        match self {
            Self::LogGroup => "logs-",
            Self::Project => "rollbar-",
            _ => "",
        }
    }

    /// How a name is looked up: names of log groups and projects differ by case, the others do not.
    fn name_key(self, name: &str) -> (Family, String) {
        let family = self.family();
        match family {
            Family::LogGroup | Family::Project => (family, name.to_owned()),
            Family::Named | Family::Segments => (family, name.to_lowercase()),
        }
    }

    /// Longest name, bytes. Names of log groups: CloudWatch Logs API, CreateLogGroup.
    fn name_bytes(self) -> usize {
        match self {
            Self::LogGroup => 512,
            _ => limits::NAME_BYTES,
        }
    }

    /// Most datasets of its family in an environment, and what they are called.
    fn limit(self) -> (usize, &'static str) {
        match self.family() {
            Family::LogGroup => (
                limits::LOG_GROUPS_PER_ENVIRONMENT,
                "log groups in an environment",
            ),
            _ => (
                limits::DATASETS_PER_ENVIRONMENT,
                "datasets in an environment",
            ),
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInfo {
    /// In rows, addresses and questions.
    pub slug: Arc<str>,
    /// As first seen.
    pub name: String,
    /// What gave it its name.
    pub kind: DatasetKind,
    /// What people wrote about it.
    pub description: String,
    /// Levels of objects in events that become dotted names, 0 to 10.
    pub expand_json_depth: u8,
    /// Whether it cannot be deleted.
    pub delete_protected: bool,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// When rows were stored in it last, nanoseconds.
    pub last_written_ns: Option<i64>,
    /// Rows stored in it so far, those since expired too.
    pub rows: u64,
}

/// A change of a dataset's settings; `None` leaves a setting as it is.
#[derive(Clone, Debug, Default)]
pub struct DatasetUpdate {
    /// At most 1,024 bytes.
    pub description: Option<String>,
    /// 0 to 10.
    pub expand_json_depth: Option<u8>,
    /// Protects from deletion.
    pub delete_protected: Option<bool>,
}

struct Record {
    info: DatasetInfo,
    last_written_ns: AtomicI64,
    rows: AtomicU64,
    changed: AtomicBool,
}

impl Record {
    fn new(info: DatasetInfo) -> Self {
        Self {
            last_written_ns: AtomicI64::new(info.last_written_ns.unwrap_or(0)),
            rows: AtomicU64::new(info.rows),
            changed: AtomicBool::new(false),
            info,
        }
    }

    fn current(&self) -> DatasetInfo {
        DatasetInfo {
            last_written_ns: Some(self.last_written_ns.load(Ordering::Relaxed)).filter(|t| *t != 0),
            rows: self.rows.load(Ordering::Relaxed),
            ..self.info.clone()
        }
    }
}

/// The datasets of one environment.
#[derive(Default)]
pub(super) struct EnvDatasets {
    by_slug: HashMap<Arc<str>, Arc<Record>>,
    /// By [`DatasetKind::name_key`]. Services, logs and events of one name share a dataset.
    by_name: HashMap<(Family, String), Arc<Record>>,
}

impl EnvDatasets {
    fn insert(&mut self, record: Record) -> Arc<Record> {
        let record = Arc::new(record);
        self.by_slug
            .insert(Arc::clone(&record.info.slug), Arc::clone(&record));
        let key = record.info.kind.name_key(&record.info.name);
        self.by_name.insert(key, Arc::clone(&record));
        record
    }

    /// How many datasets of the family there are. Counted only when one is made.
    fn of_family(&self, family: Family) -> usize {
        let all = self.by_slug.values();
        all.filter(|r| r.info.kind.family() == family).count()
    }

    fn find(&self, name: &str, kind: DatasetKind) -> Option<&Arc<Record>> {
        // Names are mostly sent as they stand: try before allocating.
        self.by_slug
            .get(name)
            .filter(|r| {
                r.info.kind.family() == kind.family()
                    && (kind == DatasetKind::Events || r.info.name == name)
            })
            .or_else(|| self.by_name.get(&kind.name_key(name)))
            .or_else(|| match kind {
                // A name in an address may be the slug of another spelling.
                DatasetKind::Events => self.by_slug.get(slugify(name).as_str()),
                _ => None,
            })
    }
}

/// Lower-case; runs outside `[a-z0-9._]` become `-`.
pub(super) fn slugify(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' | '.' | '_' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug
}

pub(super) fn load(conn: &Connection, state: &mut State) -> Result<(), Error> {
    let mut rows = conn.prepare(
        "SELECT env, slug, name, kind, description, expand_json_depth, delete_protected,
                created_ns, last_written_ns, rows_stored FROM datasets",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let slug: String = r.get(1)?;
        let kind: String = r.get(3)?;
        let info = DatasetInfo {
            slug: slug.into(),
            name: r.get(2)?,
            kind: DatasetKind::parse(&kind).unwrap_or(DatasetKind::Events),
            description: r.get(4)?,
            expand_json_depth: r.get(5)?,
            delete_protected: r.get(6)?,
            created_ns: r.get(7)?,
            last_written_ns: r.get(8)?,
            rows: r.get::<_, i64>(9)?.max(0).cast_unsigned(),
        };
        let env = EnvId(r.get(0)?);
        state
            .datasets
            .entry(env)
            .or_default()
            .insert(Record::new(info));
    }
    Ok(())
}

impl Catalog {
    /// The environment's datasets, by slug.
    #[must_use]
    pub fn datasets(&self, env: EnvId) -> Vec<DatasetInfo> {
        let state = self.0.state.read();
        let Some(datasets) = state.datasets.get(&env) else {
            return Vec::new();
        };
        let mut out: Vec<_> = datasets.by_slug.values().map(|r| r.current()).collect();
        drop(state);
        out.sort_by(|a, b| a.slug.cmp(&b.slug));
        out
    }

    /// The dataset of that slug.
    #[must_use]
    pub fn dataset(&self, env: EnvId, slug: &str) -> Option<DatasetInfo> {
        let state = self.0.state.read();
        let record = state.datasets.get(&env)?.by_slug.get(slug)?;
        Some(record.current())
    }

    /// The dataset that `name` means, if there is one.
    #[must_use]
    pub fn find_dataset(&self, env: EnvId, name: &str, kind: DatasetKind) -> Option<DatasetInfo> {
        let state = self.0.state.read();
        let record = state.datasets.get(&env)?.find(name.trim(), kind)?;
        Some(record.current())
    }

    /// The slug of the dataset that `name` means.
    pub(crate) fn find_slug(&self, env: EnvId, name: &str, kind: DatasetKind) -> Option<Arc<str>> {
        let state = self.0.state.read();
        let record = state.datasets.get(&env)?.find(name.trim(), kind)?;
        Some(Arc::clone(&record.info.slug))
    }

    /// Makes the dataset, unless `name` means one already; `true` when it was made. A slug in use
    /// by another name gets `-2`, `-3`, …
    ///
    /// # Errors
    /// [`Error::Invalid`] name, [`Error::Limit`], [`Error::NotFound`] environment.
    pub fn create_dataset(
        &self,
        env: EnvId,
        name: &str,
        kind: DatasetKind,
        now: i64,
    ) -> Result<(DatasetInfo, bool), Error> {
        let name = name.trim();
        let base = format!("{}{}", kind.slug_prefix(), slugify(name));
        if name.is_empty() || name.len() > kind.name_bytes() || base == "__all__" {
            return Err(Error::Invalid(
                "a dataset's name has 1 to 255 bytes (a log group's 512) and is not __all__".into(),
            ));
        }
        let conn = self.0.conn.lock();
        let mut state = self.0.state.write();
        if !state.environments.contains_key(&env) {
            return Err(Error::NotFound("environment"));
        }
        let datasets = state.datasets.entry(env).or_default();
        if let Some(found) = datasets.find(name, kind) {
            return Ok((found.current(), false));
        }
        let (limit, what) = kind.limit();
        let family = kind.family();
        if datasets.of_family(family) >= limit {
            return Err(Error::Limit { what, limit });
        }
        let slug = (1..)
            .map(|n| match n {
                1 => base.clone(),
                n => format!("{base}-{n}"),
            })
            .find(|s| !datasets.by_slug.contains_key(s.as_str()))
            .unwrap_or(base);
        conn.execute(
            "INSERT INTO datasets (env, slug, name, kind, created_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
            rusqlite::params![env.0, slug, name, kind.as_str(), now],
        )?;
        let record = datasets.insert(Record::new(DatasetInfo {
            slug: slug.into(),
            name: name.to_owned(),
            kind,
            description: String::new(),
            expand_json_depth: 0,
            delete_protected: true,
            created_ns: now,
            last_written_ns: None,
            rows: 0,
        }));
        Ok((record.current(), true))
    }

    /// Changes settings.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`].
    pub fn update_dataset(
        &self,
        env: EnvId,
        slug: &str,
        update: DatasetUpdate,
    ) -> Result<DatasetInfo, Error> {
        if update.description.as_ref().is_some_and(|d| d.len() > 1_024) {
            return Err(Error::Invalid(
                "a description has at most 1,024 bytes".into(),
            ));
        }
        if update.expand_json_depth.is_some_and(|d| d > 10) {
            return Err(Error::Invalid("expand_json_depth is 0 to 10".into()));
        }
        let conn = self.0.conn.lock();
        let mut state = self.0.state.write();
        let datasets = state
            .datasets
            .get_mut(&env)
            .ok_or(Error::NotFound("dataset"))?;
        let old = datasets
            .by_slug
            .get(slug)
            .ok_or(Error::NotFound("dataset"))?;
        let mut info = old.current();
        info.description = update.description.unwrap_or(info.description);
        info.expand_json_depth = update.expand_json_depth.unwrap_or(info.expand_json_depth);
        info.delete_protected = update.delete_protected.unwrap_or(info.delete_protected);
        conn.execute(
            "UPDATE datasets SET description = ?3, expand_json_depth = ?4, delete_protected = ?5
             WHERE env = ?1 AND slug = ?2",
            rusqlite::params![
                env.0,
                slug,
                info.description,
                info.expand_json_depth,
                info.delete_protected
            ],
        )?;
        let record = Record::new(info.clone());
        record.changed.store(true, Ordering::Relaxed);
        datasets.insert(record);
        Ok(info)
    }

    /// Takes a dataset out of the catalog, and remembers that it was there. Its rows are the store's
    /// business.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`].
    pub(crate) fn delete_dataset(&self, env: EnvId, slug: &str, now: i64) -> Result<(), Error> {
        let mut conn = self.0.conn.lock();
        let mut state = self.0.state.write();
        let datasets = state
            .datasets
            .get_mut(&env)
            .ok_or(Error::NotFound("dataset"))?;
        let record = datasets
            .by_slug
            .get(slug)
            .cloned()
            .ok_or(Error::NotFound("dataset"))?;
        if record.info.delete_protected {
            return Err(Error::Protected("the dataset"));
        }
        let tx = conn.transaction()?;
        let of = rusqlite::params![env.0, slug];
        tx.execute("DELETE FROM datasets WHERE env = ?1 AND slug = ?2", of)?;
        tx.execute("DELETE FROM columns WHERE env = ?1 AND dataset = ?2", of)?;
        tx.execute(
            "INSERT OR REPLACE INTO deleted_datasets (env, slug, deleted_ns) VALUES (?1, ?2, ?3)",
            rusqlite::params![env.0, slug, now],
        )?;
        tx.commit()?;
        datasets.by_slug.remove(slug);
        let key = record.info.kind.name_key(&record.info.name);
        datasets.by_name.remove(&key);
        Ok(())
    }

    /// Datasets that were deleted and not made again.
    pub(crate) fn deleted_datasets(&self) -> Result<Vec<(EnvId, String)>, Error> {
        let conn = self.0.conn.lock();
        let mut rows = conn.prepare(
            "SELECT env, slug FROM deleted_datasets AS gone WHERE NOT EXISTS (
               SELECT 1 FROM datasets WHERE env = gone.env AND slug = gone.slug)",
        )?;
        let found = rows.query_map([], |r| Ok((EnvId(r.get(0)?), r.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Counts rows stored in a dataset. In memory; written by [`Self::save_writes`].
    pub(crate) fn written(&self, env: EnvId, slug: &str, rows: u64, now: i64) {
        let state = self.0.state.read();
        let record = state.datasets.get(&env).and_then(|d| d.by_slug.get(slug));
        if let Some(record) = record {
            record.last_written_ns.fetch_max(now, Ordering::Relaxed);
            record.rows.fetch_add(rows, Ordering::Relaxed);
            record.changed.store(true, Ordering::Relaxed);
        }
    }

    /// Writes when, and how much, datasets were written.
    pub(crate) fn save_writes(&self) -> Result<(), Error> {
        let changed: Vec<(EnvId, Arc<Record>)> = {
            let state = self.0.state.read();
            let all = state
                .datasets
                .iter()
                .flat_map(|(env, d)| d.by_slug.values().map(move |r| (*env, r)));
            all.filter(|(_, r)| r.changed.swap(false, Ordering::Relaxed))
                .map(|(env, r)| (env, Arc::clone(r)))
                .collect()
        };
        if changed.is_empty() {
            return Ok(());
        }
        let save = || -> Result<(), Error> {
            let mut conn = self.0.conn.lock();
            let tx = conn.transaction()?;
            for (env, record) in &changed {
                let now = record.current();
                tx.execute(
                    "UPDATE datasets SET last_written_ns = ?3, rows_stored = ?4
                     WHERE env = ?1 AND slug = ?2",
                    rusqlite::params![
                        env.0,
                        &*now.slug,
                        now.last_written_ns,
                        now.rows.cast_signed()
                    ],
                )?;
            }
            Ok(tx.commit()?)
        };
        save().inspect_err(|_| {
            for (_, record) in &changed {
                record.changed.store(true, Ordering::Relaxed);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::slugify;

    #[test]
    fn slugs_keep_letters_digits_dots_and_underscores() {
        for (name, slug) in [
            ("backend-flask", "backend-flask"),
            ("My  App!", "my-app-"),
            ("unknown_log_source", "unknown_log_source"),
            ("api/v2.Orders", "api-v2.orders"),
            ("日本", "-"),
        ] {
            assert_eq!(slugify(name), slug);
        }
    }
}
