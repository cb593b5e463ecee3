//! Issues: like occurrences under one fingerprint, with a life-cycle, and exact counts.
//!
//! **What it is.** An occurrence is a row of the table `errors`, in the dataset of its *project*. The row
//! carries a fingerprint ([`grouping`]); which *issue* that is stands here. An issue belongs to one
//! project and one of the sender's own environments.
//!
//! **How counts stay exact.** The room follows the WAL ([`store::Follower`]): it hears of every acknowledged
//! row once, in order, applies it to the issues in memory, and now and then writes the changed ones with
//! the sequence they go up to in one transaction. After a crash the store tells it again of the rows
//! above that sequence, and of no other. What people change (a status, a title) is written at once, with
//! all counts so far in the same transaction, so that a replay meets each change in its place.
//!
//! **What it does not know.** Any vendor's payload: protocols hand in a [`grouping::Report`] and name
//! the fields of [`columns`].
//!
//! Reading order: [`model`], [`grouping`], `state`, `follow`, `save`, [`Issues`].

pub mod columns;
mod follow;
pub mod grouping;
mod list;
pub mod model;
mod save;
mod state;

pub use list::{Assigned, IssueFilter, IssueSort};
pub use model::{
    Change, Deploy, DeployStatus, HistoryEntry, Issue, Level, NewDeploy, Of, Project, RateLimit,
    Seen, Status,
};
pub(crate) use save::TABLES;

use crate::Error;
use crate::catalog::{self, Catalog, DatasetKind};
use event::EnvId;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};
use state::State;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often changed issues are written.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// Numbers of occurrences taken from the catalog at once.
const BLOCK: i64 = 10_000;

/// The issues of all environments. Cheap to clone.
#[derive(Clone)]
pub struct Issues(Arc<Inner>);

pub(crate) struct Inner {
    catalog: Catalog,
    state: Mutex<State>,
    /// Held while the file is written; taken before `state`.
    saving: Mutex<()>,
    /// Reads the file without waiting for those who write it.
    reader: Mutex<Connection>,
    numbers: Mutex<Numbers>,
    trouble: Mutex<Option<String>>,
    thread: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

/// Numbers given to occurrences: taken in blocks, so that a crash skips some and repeats none.
struct Numbers {
    next: i64,
    end: i64,
}

impl Issues {
    /// Reads what the catalog holds.
    pub(crate) fn open(catalog: Catalog) -> Result<Self, catalog::Error> {
        let state = catalog.read(save::load)?;
        let reader = Connection::open_with_flags(
            catalog.path(),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        reader.busy_timeout(Duration::from_secs(5))?;
        Ok(Self(Arc::new(Inner {
            catalog,
            state: Mutex::new(state),
            saving: Mutex::default(),
            reader: Mutex::new(reader),
            numbers: Mutex::new(Numbers { next: 0, end: 0 }),
            trouble: Mutex::default(),
            thread: Mutex::default(),
        })))
    }

    /// What hears the store's records.
    pub(crate) fn follower(&self) -> Arc<dyn store::Follower> {
        Arc::clone(&self.0) as Arc<dyn store::Follower>
    }

    /// Writes changed issues in the background, and lets the store forget what they hold.
    pub(crate) fn start(&self, store: store::Store) -> std::io::Result<()> {
        let (stop, stopped) = mpsc::channel::<()>();
        let inner = Arc::clone(&self.0);
        let thread = std::thread::Builder::new()
            .name("issues".into())
            .spawn(move || {
                loop {
                    let is_last = match stopped.recv_timeout(SAVE_EVERY) {
                        Err(RecvTimeoutError::Timeout) => false,
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
                    };
                    match inner.save(is_last) {
                        Ok(applied) => {
                            store.set_applied(applied);
                            *inner.trouble.lock() = None;
                        }
                        Err(e) => {
                            tracing::error!(error = %e, "issues could not be written");
                            *inner.trouble.lock() = Some(e.to_string());
                        }
                    }
                    if is_last {
                        return;
                    }
                }
            })?;
        *self.0.thread.lock() = Some((stop, thread));
        Ok(())
    }

    /// Writes everything once more and ends the thread.
    pub(crate) fn stop(&self) {
        let Some((stop, thread)) = self.0.thread.lock().take() else {
            return;
        };
        // Already ended is ended.
        let _ = stop.send(());
        if thread.join().is_err() {
            tracing::error!("the thread of issues panicked");
        }
    }

    /// Why the last write failed, if it did.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.0.trouble.lock().clone()
    }

    /// The project of that name, made when there is none; its dataset with it.
    ///
    /// # Errors
    /// As [`Catalog::create_dataset`].
    pub fn ensure_project(
        &self,
        env: EnvId,
        name: &str,
        now: i64,
    ) -> Result<Arc<Project>, catalog::Error> {
        let (dataset, _) = self
            .0
            .catalog
            .create_dataset(env, name, DatasetKind::Project, now)?;
        self.0.change(|state, pending| {
            let known = state.project_of(env, &dataset.slug);
            Ok(known.unwrap_or_else(|| {
                let project = state.add_project(env, &dataset.slug, &dataset.name, now);
                pending.projects.push(Arc::clone(&project));
                project
            }))
        })
    }

    /// The projects of an environment, oldest first.
    #[must_use]
    pub fn projects(&self, env: EnvId) -> Vec<Arc<Project>> {
        let state = self.0.state.lock();
        let mut out: Vec<_> = state.projects().filter(|p| p.env == env).cloned().collect();
        out.sort_by_key(|p| p.id);
        out
    }

    /// The project of that number.
    #[must_use]
    pub fn project(&self, env: EnvId, id: i64) -> Option<Arc<Project>> {
        let state = self.0.state.lock();
        state
            .projects()
            .find(|p| p.env == env && p.id == id)
            .cloned()
    }

    /// The project whose occurrences lie in the dataset.
    #[must_use]
    pub fn project_of(&self, env: EnvId, dataset: &str) -> Option<Arc<Project>> {
        self.0.state.lock().project_of(env, dataset)
    }

    /// A number for an occurrence, never given before.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn next_occurrence(&self) -> Result<i64, Error> {
        const SETTING: &str = "next_occurrence";
        let mut numbers = self.0.numbers.lock();
        if numbers.next >= numbers.end {
            let failed = |e: catalog::Error| Error::Failing(format!("numbers of occurrences: {e}"));
            let bytes = self.0.catalog.setting(SETTING).map_err(failed)?;
            let next = bytes
                .and_then(|b| b.try_into().ok().map(i64::from_le_bytes))
                .unwrap_or(1);
            let end = next + BLOCK;
            self.0
                .catalog
                .set_setting(SETTING, &end.to_le_bytes())
                .map_err(failed)?;
            *numbers = Numbers { next, end };
        }
        numbers.next += 1;
        Ok(numbers.next - 1)
    }

    /// The identity of an occurrence: its project and the number its sender gave it.
    #[must_use]
    pub fn identity(env: EnvId, dataset: &str, uuid: &str) -> [u8; 16] {
        let mut hasher = Sha256::new();
        hasher.update(env.0.to_le_bytes());
        hasher.update((dataset.len() as u64).to_le_bytes());
        hasher.update(dataset);
        for b in uuid.bytes().filter(|b| *b != b'-') {
            hasher.update([b.to_ascii_lowercase()]);
        }
        let digest = hasher.finalize();
        std::array::from_fn(|i| digest[i])
    }

    /// The occurrence of that identity, if it was stored within the retention. One indexed look into the
    /// file: belongs on a thread that may wait.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn seen(&self, identity: &[u8; 16]) -> Result<Option<Seen>, catalog::Error> {
        if let Some(seen) = self.0.state.lock().unsaved(identity) {
            return Ok(Some(seen));
        }
        let reader = self.0.reader.lock();
        Ok(reader
            .prepare_cached(
                "SELECT id, issue, ts_ns, identity FROM occurrences WHERE identity = ?1",
            )?
            .query_row([identity], save::seen)
            .optional()?)
    }

    /// The occurrence of that number, if it was stored within the retention.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn seen_as(&self, id: i64) -> Result<Option<Seen>, catalog::Error> {
        if let Some(seen) = self.0.state.lock().unsaved_as(id) {
            return Ok(Some(seen));
        }
        let reader = self.0.reader.lock();
        Ok(reader
            .prepare_cached("SELECT id, issue, ts_ns, identity FROM occurrences WHERE id = ?1")?
            .query_row([id], save::seen)
            .optional()?)
    }

    /// Occurrences, the greatest number first: those below `before`, `offset` of them passed over. Reads
    /// the file, after what is in memory alone was written to it: belongs on a thread that may wait.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn occurrences(
        &self,
        of: Of,
        before: Option<i64>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Seen>, catalog::Error> {
        self.0.save(false)?;
        save::occurrences(&self.0.reader.lock(), of, before, offset, limit)
    }

    /// The occurrence of an issue with the next greater number. As [`Self::occurrences`].
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn next_occurrence_of(
        &self,
        issue: i64,
        after: i64,
    ) -> Result<Option<i64>, catalog::Error> {
        self.0.save(false)?;
        let reader = self.0.reader.lock();
        let sql = "SELECT min(id) FROM occurrences WHERE issue = ?1 AND id > ?2";
        Ok(reader
            .prepare_cached(sql)?
            .query_row([issue, after], |r| r.get(0))?)
    }

    /// The issue of that number.
    #[must_use]
    pub fn issue(&self, env: EnvId, id: i64) -> Option<Arc<Issue>> {
        self.0.state.lock().issue(id).filter(|i| i.env == env)
    }

    /// The issue that a project shows under that number.
    #[must_use]
    pub fn issue_by_counter(&self, project: i64, counter: i64) -> Option<Arc<Issue>> {
        self.0.state.lock().by_counter(project, counter)
    }

    /// Issues that pass, and how many there are in all.
    #[must_use]
    pub fn list(&self, filter: &IssueFilter) -> (Vec<Arc<Issue>>, usize) {
        let passing = {
            let state = self.0.state.lock();
            let all = state.issues().filter(|i| filter.passes(i));
            all.cloned().collect::<Vec<_>>()
        };
        filter.page(passing)
    }

    /// Changes an issue; returns it as it is now.
    ///
    /// # Errors
    /// [`catalog::Error::NotFound`], or the catalog cannot be written; then nothing is changed.
    pub fn change(
        &self,
        id: i64,
        change: &Change,
        actor: &str,
        now: i64,
    ) -> Result<Arc<Issue>, catalog::Error> {
        self.0.change(|state, pending| {
            let found = state.issue(id).ok_or(catalog::Error::NotFound("item"))?;
            let mut issue = (*found).clone();
            let entries = issue.change(change, actor, now);
            pending.history.extend(entries);
            pending.issues_before.push(found);
            let issue = Arc::new(issue);
            state.replace(Arc::clone(&issue));
            pending.issues.push(Arc::clone(&issue));
            Ok(issue)
        })
    }

    /// What happened to an issue, latest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn history(&self, id: i64) -> Result<Vec<HistoryEntry>, catalog::Error> {
        self.0.save(true)?;
        save::history(&self.0.reader.lock(), id)
    }

    /// How often a token may post; by default without limit.
    #[must_use]
    pub fn rate_limit(&self, key: &str) -> RateLimit {
        self.0
            .state
            .lock()
            .limits
            .get(key)
            .copied()
            .unwrap_or_default()
    }

    /// Sets how often a token may post.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn set_rate_limit(&self, key: &str, limit: RateLimit) -> Result<(), catalog::Error> {
        self.0.catalog.change(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO token_limits (key, count, window_s) VALUES (?1, ?2, ?3)",
                rusqlite::params![key, limit.count, limit.window_s],
            )?;
            Ok(())
        })?;
        self.0.state.lock().limits.insert(key.to_owned(), limit);
        Ok(())
    }

    /// Notes a deploy.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn add_deploy(&self, new: NewDeploy, now: i64) -> Result<Arc<Deploy>, catalog::Error> {
        self.0.change(|state, pending| {
            let deploy = state.add_deploy(new, now);
            pending.deploys.push(Arc::clone(&deploy));
            Ok(deploy)
        })
    }

    /// Changes how a deploy went.
    ///
    /// # Errors
    /// [`catalog::Error::NotFound`], or the catalog cannot be written.
    pub fn change_deploy(
        &self,
        project: i64,
        id: i64,
        status: Option<DeployStatus>,
        comment: Option<String>,
        now: i64,
    ) -> Result<Arc<Deploy>, catalog::Error> {
        self.0.change(|state, pending| {
            let found = state
                .deploy(project, id)
                .ok_or(catalog::Error::NotFound("deploy"))?;
            let mut deploy = (*found).clone();
            if let Some(status) = status {
                deploy.finished_ns = (status != DeployStatus::Started).then_some(now);
                deploy.status = status;
            }
            if comment.is_some() {
                deploy.comment = comment;
            }
            let deploy = Arc::new(deploy);
            state.replace_deploy(Arc::clone(&deploy));
            pending.deploys_before.push(found);
            pending.deploys.push(Arc::clone(&deploy));
            Ok(deploy)
        })
    }

    /// The deploy of that number.
    #[must_use]
    pub fn deploy(&self, project: i64, id: i64) -> Option<Arc<Deploy>> {
        self.0.state.lock().deploy(project, id)
    }

    /// The deploys of a project, newest first.
    #[must_use]
    pub fn deploys(&self, project: i64) -> Vec<Arc<Deploy>> {
        let state = self.0.state.lock();
        let own = state.deploys().iter().filter(|d| d.project == project);
        own.rev().cloned().collect()
    }

    /// Forgets which occurrences were stored before `oldest_ns`: their rows are gone. Returns how many.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub(crate) fn forget_before(&self, oldest_ns: i64) -> Result<usize, catalog::Error> {
        save::forget_before(&self.0.catalog, oldest_ns)
    }
}

#[cfg(test)]
mod tests;
