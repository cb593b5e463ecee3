//! Log groups and streams: names, times, retention, tags.
//!
//! A group is a dataset ([`crate::DatasetKind::LogGroup`]) with settings of its own; a stream is a
//! name within a group, and a field of its rows ([`STREAM_FIELD`]). All of it is in memory; what people
//! set up is in the catalog before a call returns, and when streams were written is saved now and then
//! ([`Logs::save`]) and read again from what the store replays.

mod rows;
mod tables;
mod tail;

pub use tail::{TailBatch, TailEvent};

pub(crate) use tables::TABLES;

use crate::catalog::{Catalog, DatasetKind, Error};
use crate::{Engine, limits};
use event::EnvId;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tail::Tails;

/// The field that holds a line's group (mapping.md §5).
pub const GROUP_FIELD: &str = "aws.log.group.name";
/// The field that holds a line's stream (mapping.md §5).
pub const STREAM_FIELD: &str = "aws.log.stream.name";

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub name: Arc<str>,
    /// The slug of its dataset.
    pub slug: Arc<str>,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// Its class, as its maker called it.
    pub class: Arc<str>,
    /// How long its lines are kept, days; none: as long as everything else.
    pub retention_days: Option<u32>,
    /// Whether it cannot be deleted.
    pub delete_protected: bool,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Bytes of all lines taken, those since expired too.
    pub stored_bytes: u64,
}

/// A stream of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Its name.
    pub name: Arc<str>,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// What was written to it, once something was.
    pub written: Option<Written>,
    /// The service its writer named, and that service's environment.
    pub service: Option<(String, Option<String>)>,
}

/// When a stream was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The earliest line's time, nanoseconds.
    pub first_ns: i64,
    /// The latest line's time, nanoseconds.
    pub last_ns: i64,
    /// When lines were taken last, nanoseconds.
    pub ingested_ns: i64,
}

/// A group to be made.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Whether it cannot be deleted.
    pub delete_protected: bool,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

/// The groups. Cheap to clone.
#[derive(Clone)]
pub struct Logs(Arc<Inner>);

/// By environment, then by name.
type Groups = HashMap<EnvId, BTreeMap<Arc<str>, Arc<Group>>>;

struct Inner {
    catalog: Catalog,
    groups: RwLock<Groups>,
    /// Held while groups or streams are made or deleted, so that two callers do not make one twice.
    changing: Mutex<()>,
    tails: Tails,
}

struct Group {
    name: Arc<str>,
    slug: Arc<str>,
    created_ns: i64,
    class: Arc<str>,
    settings: RwLock<Settings>,
    streams: RwLock<BTreeMap<Arc<str>, Arc<Stream>>>,
    /// Deleted streams, whose lines taken up to that time (ms) are hidden.
    deleted: Mutex<BTreeMap<String, i64>>,
    stored_bytes: AtomicU64,
    changed: AtomicBool,
}

#[derive(Clone, Default)]
struct Settings {
    retention_days: Option<u32>,
    delete_protected: bool,
    tags: BTreeMap<String, String>,
}

struct Stream {
    name: Arc<str>,
    created_ns: i64,
    state: Mutex<StreamState>,
    changed: AtomicBool,
}

#[derive(Clone, Default)]
struct StreamState {
    written: Option<Written>,
    service: Option<(String, Option<String>)>,
}

impl Group {
    fn info(&self) -> GroupInfo {
        let settings = self.settings.read().clone();
        GroupInfo {
            name: Arc::clone(&self.name),
            slug: Arc::clone(&self.slug),
            created_ns: self.created_ns,
            class: Arc::clone(&self.class),
            retention_days: settings.retention_days,
            delete_protected: settings.delete_protected,
            tags: settings.tags,
            stored_bytes: self.stored_bytes.load(Ordering::Relaxed),
        }
    }
}

impl Stream {
    fn info(&self) -> StreamInfo {
        let state = self.state.lock().clone();
        StreamInfo {
            name: Arc::clone(&self.name),
            created_ns: self.created_ns,
            written: state.written,
            service: state.service,
        }
    }
}

impl StreamState {
    fn wrote(&mut self, new: Written) {
        let old = self.written.unwrap_or(new);
        self.written = Some(Written {
            first_ns: old.first_ns.min(new.first_ns),
            last_ns: old.last_ns.max(new.last_ns),
            ingested_ns: old.ingested_ns.max(new.ingested_ns),
        });
    }
}

impl Logs {
    /// The groups of an environment whose names begin with `prefix`, by name.
    #[must_use]
    pub fn groups(&self, env: EnvId, prefix: &str) -> Vec<GroupInfo> {
        let all = self.0.groups.read();
        let Some(groups) = all.get(&env) else {
            return Vec::new();
        };
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let from = groups.range::<str, _>(from);
        from.take_while(|(name, _)| name.starts_with(prefix))
            .map(|(_, g)| g.info())
            .collect()
    }

    /// The group of that name.
    #[must_use]
    pub fn group(&self, env: EnvId, name: &str) -> Option<GroupInfo> {
        Some(self.find(env, name).ok()?.info())
    }

    fn find(&self, env: EnvId, name: &str) -> Result<Arc<Group>, Error> {
        let all = self.0.groups.read();
        let group = all.get(&env).and_then(|g| g.get(name));
        group.cloned().ok_or(Error::NotFound("log group"))
    }

    /// Makes a group, and its dataset.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Limit`], [`Error::Invalid`] name.
    pub fn create_group(&self, env: EnvId, new: NewGroup, now: i64) -> Result<GroupInfo, Error> {
        let _changing = self.0.changing.lock();
        if self.find(env, &new.name).is_ok() {
            return Err(Error::Taken("the log group exists".into()));
        }
        let catalog = &self.0.catalog;
        let (dataset, _) = catalog.create_dataset(env, &new.name, DatasetKind::LogGroup, now)?;
        let group = Group {
            name: new.name.into(),
            slug: dataset.slug,
            created_ns: now,
            class: new.class.into(),
            settings: RwLock::new(Settings {
                retention_days: None,
                delete_protected: new.delete_protected,
                tags: new.tags,
            }),
            streams: RwLock::default(),
            deleted: Mutex::default(),
            stored_bytes: AtomicU64::new(0),
            changed: AtomicBool::new(false),
        };
        tables::insert_group(catalog, env, &group)?;
        let info = group.info();
        let mut all = self.0.groups.write();
        let groups = all.entry(env).or_default();
        groups.insert(Arc::clone(&group.name), Arc::new(group));
        Ok(info)
    }

    /// Changes how long a group's lines are kept, days; none: as long as everything else. The store
    /// goes by it once it is told ([`Engine::set_log_retention`] does both).
    fn set_retention(&self, env: EnvId, name: &str, days: Option<u32>) -> Result<(), Error> {
        let group = self.find(env, name)?;
        let mut settings = group.settings.write();
        let changed = Settings {
            retention_days: days,
            ..settings.clone()
        };
        tables::update_group(&self.0.catalog, env, &group, &changed)?;
        *settings = changed;
        Ok(())
    }

    /// Changes a group's labels: `change` is given those it has.
    ///
    /// # Errors
    /// [`Error::NotFound`]; what `change` returns.
    pub fn change_tags(
        &self,
        env: EnvId,
        name: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let group = self.find(env, name)?;
        let mut settings = group.settings.write();
        let mut changed = settings.clone();
        change(&mut changed.tags)?;
        tables::update_group(&self.0.catalog, env, &group, &changed)?;
        *settings = changed;
        Ok(())
    }

    /// Makes a stream.
    ///
    /// # Errors
    /// [`Error::NotFound`] group, [`Error::Taken`], [`Error::Limit`].
    pub fn create_stream(
        &self,
        env: EnvId,
        group: &str,
        name: &str,
        now: i64,
    ) -> Result<(), Error> {
        let _changing = self.0.changing.lock();
        let group = self.find(env, group)?;
        let streams = group.streams.read();
        if streams.contains_key(name) {
            return Err(Error::Taken("the log stream exists".into()));
        }
        if streams.len() >= limits::STREAMS_PER_GROUP {
            return Err(Error::Limit {
                what: "streams in a log group",
                limit: limits::STREAMS_PER_GROUP,
            });
        }
        drop(streams);
        tables::insert_stream(&self.0.catalog, env, &group, name, now)?;
        let stream = Stream {
            name: name.into(),
            created_ns: now,
            state: Mutex::default(),
            changed: AtomicBool::new(false),
        };
        let mut streams = group.streams.write();
        streams.insert(Arc::clone(&stream.name), Arc::new(stream));
        Ok(())
    }

    /// The stream of that name.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the group, or the stream.
    pub fn stream(&self, env: EnvId, group: &str, name: &str) -> Result<StreamInfo, Error> {
        let group = self.find(env, group)?;
        let streams = group.streams.read();
        let stream = streams.get(name).ok_or(Error::NotFound("log stream"))?;
        Ok(stream.info())
    }

    /// The streams of a group whose names begin with `prefix` and come after `after`, by name, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`Error::NotFound`] group.
    pub fn streams(
        &self,
        env: EnvId,
        group: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamInfo>, Error> {
        let group = self.find(env, group)?;
        let streams = group.streams.read();
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let from = streams.range::<str, _>((from, Bound::Unbounded));
        let with_prefix = from.take_while(|(name, _)| name.starts_with(prefix));
        Ok(with_prefix.take(limit).map(|(_, s)| s.info()).collect())
    }

    /// As [`Self::streams`], backwards: those that come before `before`.
    ///
    /// # Errors
    /// [`Error::NotFound`] group.
    pub fn streams_backwards(
        &self,
        env: EnvId,
        group: &str,
        prefix: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamInfo>, Error> {
        let group = self.find(env, group)?;
        let streams = group.streams.read();
        let to = before.map_or(Bound::Unbounded, Bound::Excluded);
        // A prefix's names end where no name begins with it any more.
        let found = streams
            .range::<str, _>((Bound::Unbounded, to))
            .rev()
            .skip_while(|(name, _)| !name.starts_with(prefix) && &***name > prefix)
            .take_while(|(name, _)| name.starts_with(prefix));
        Ok(found.take(limit).map(|(_, s)| s.info()).collect())
    }

    /// Every stream of a group, those written last first; never written ones come last, by name.
    ///
    /// # Errors
    /// [`Error::NotFound`] group.
    pub fn streams_by_last_line(&self, env: EnvId, group: &str) -> Result<Vec<StreamInfo>, Error> {
        let group = self.find(env, group)?;
        let mut out: Vec<_> = group.streams.read().values().map(|s| s.info()).collect();
        out.sort_by_key(|s| std::cmp::Reverse(s.written.map(|w| w.last_ns)));
        Ok(out)
    }

    /// Notes lines stored in a stream. In memory; saved by [`Self::save`].
    pub fn wrote(
        &self,
        env: EnvId,
        group: &str,
        stream: &str,
        written: Written,
        bytes: u64,
        service: Option<(String, Option<String>)>,
    ) {
        let Ok(group) = self.find(env, group) else {
            return;
        };
        group.stored_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(stream) = group.streams.read().get(stream) {
            let mut state = stream.state.lock();
            state.wrote(written);
            if service.is_some() {
                state.service = service;
            }
            stream.changed.store(true, Ordering::Relaxed);
        }
        // Last: who saves looks at the group first.
        group.changed.store(true, Ordering::Relaxed);
    }

    /// Retention of groups that have their own: (environment, slug, days).
    fn retention(&self) -> Vec<(EnvId, String, u32)> {
        let all = self.0.groups.read();
        let mut out = Vec::new();
        for (env, groups) in all.iter() {
            for group in groups.values() {
                if let Some(days) = group.settings.read().retention_days {
                    out.push((*env, group.slug.to_string(), days));
                }
            }
        }
        out
    }

    /// Writes what changed since the last time: when streams were written, how much groups hold.
    pub(crate) fn save(&self) -> Result<(), Error> {
        tables::save(&self.0.catalog, &self.0.groups)
    }

    /// Takes a group and its streams out of the catalog.
    fn remove_group(&self, env: EnvId, name: &str) -> Result<(), Error> {
        let _changing = self.0.changing.lock();
        let group = self.find(env, name)?;
        tables::delete_group(&self.0.catalog, env, &group.slug)?;
        if let Some(groups) = self.0.groups.write().get_mut(&env) {
            groups.remove(name);
        }
        Ok(())
    }
}

impl Engine {
    /// Log groups and streams.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.0.logs
    }

    /// Changes how long a group's lines are kept, days; none: as long as everything else. Questions
    /// asked from now on go by it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn set_log_retention(
        &self,
        env: EnvId,
        group: &str,
        days: Option<u32>,
    ) -> Result<(), Error> {
        self.0.logs.set_retention(env, group, days)?;
        self.apply_log_retention();
        Ok(())
    }

    /// Tells the store how long each group's lines are kept.
    pub(crate) fn apply_log_retention(&self) {
        self.0.store.set_retention(store::Retention {
            default_days: self.0.config.retention_days,
            by_dataset: self.0.logs.retention(),
            max_bytes: None,
        });
    }

    /// Deletes a stream and its lines: gone for every question that starts afterwards; from disk with
    /// their retention. Lines sent to a stream made again under the name stay.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_log_stream(&self, env: EnvId, group: &str, name: &str) -> Result<(), Error> {
        let logs = &self.0.logs;
        let _changing = logs.0.changing.lock();
        let group = logs.find(env, group)?;
        if !group.streams.read().contains_key(name) {
            return Err(Error::NotFound("log stream"));
        }
        let until_ms = self.0.store.receipt_mark();
        tables::delete_stream(&logs.0.catalog, env, &group.slug, name, until_ms)?;
        group.streams.write().remove(name);
        group.deleted.lock().insert(name.to_owned(), until_ms);
        self.hide_deleted_streams(env);
        Ok(())
    }

    /// Tells those who answer questions which lines are hidden.
    fn hide_deleted_streams(&self, env: EnvId) {
        let mut hidden = Vec::new();
        if let Some(groups) = self.0.logs.0.groups.read().get(&env) {
            for group in groups.values() {
                for (name, until_ms) in group.deleted.lock().iter() {
                    hidden.push(query::Hidden {
                        dataset: (GROUP_FIELD.to_owned(), group.name.to_string()),
                        part: (STREAM_FIELD.to_owned(), name.clone()),
                        until_ms: *until_ms,
                    });
                }
            }
        }
        self.0.querier.hide(env, &hidden);
    }

    /// At the start: hides what was deleted, and forgets deletions of lines that have expired.
    pub(crate) fn restore_deleted_streams(&self) -> Result<(), Error> {
        let now_ms = self.now() / 1_000_000;
        let all = self.0.logs.0.groups.read().clone();
        for (env, groups) in all {
            for group in groups.values() {
                let own = group.settings.read().retention_days;
                let days = own.unwrap_or(self.0.config.retention_days);
                // Lines may be dated ahead of their receipt.
                let before_ms = now_ms - (i64::from(days) + 1) * 86_400_000;
                let mut deleted = group.deleted.lock();
                if days > 0 && deleted.values().any(|until| *until < before_ms) {
                    tables::forget_deleted(&self.0.catalog, env, &group.slug, before_ms)?;
                    deleted.retain(|_, until| *until >= before_ms);
                }
            }
            self.hide_deleted_streams(env);
        }
        Ok(())
    }

    /// Deletes a group, its streams and its lines: gone for every question that starts afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`], or the store cannot write now.
    pub fn delete_log_group(&self, env: EnvId, name: &str) -> Result<(), Error> {
        let group = self.0.logs.find(env, name)?;
        if group.settings.read().delete_protected {
            return Err(Error::Protected("the log group"));
        }
        // The dataset's own protection is for those who delete datasets.
        let slug = Arc::clone(&group.slug);
        let open = crate::DatasetUpdate {
            delete_protected: Some(false),
            ..Default::default()
        };
        match self.0.catalog.update_dataset(env, &slug, open) {
            Ok(_) => self.delete_dataset(env, &slug)?,
            // Deleted as a dataset before.
            Err(Error::NotFound(_)) => self.0.logs.remove_group(env, name)?,
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// What stands beside a dataset that is deleted: its group, if it was one.
    pub(crate) fn forget_log_group(&self, env: EnvId, name: &str) -> Result<(), Error> {
        match self.0.logs.remove_group(env, name) {
            Ok(()) => {
                self.apply_log_retention();
                self.hide_deleted_streams(env);
                Ok(())
            }
            Err(Error::NotFound(_)) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests;
