//! The store: opens the directory, owns the threads.

use crate::disk::{Disk, SyncPoint};
use crate::fields::Fields;
use crate::ingest::{self, Message};
use crate::inner::{Inner, State, Status};
use crate::manifest::{self, Edit};
use crate::part::FooterCache;
use crate::seen::Seen;
use crate::wal::{WalFiles, WalWriter};
use crate::{
    Append, Clock, Done, Error, FieldStat, Follower, Health, Options, Recovery, Retention,
    Snapshot, Stats, TableStats, Tombstone, Verification, background, recovery,
};
use crossbeam_channel::{Receiver, Sender};
use event::{EnvId, TableId};
use parking_lot::{Mutex, RwLock};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// The store. Cheap to clone; the last clone dropped flushes nothing: call [`Store::close`].
#[derive(Clone)]
pub struct Store(Arc<Handle>);

struct Handle {
    inner: Arc<Inner>,
    /// `None` once closed.
    queue: RwLock<Option<Sender<Message>>>,
    /// Dropped to end the background threads.
    stop: Mutex<Option<Sender<()>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<DirLock>>,
}

/// A data directory taken for this process alone, until dropped.
pub struct DirLock(#[expect(dead_code, reason = "held, never read")] File);

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop_threads();
    }
}

impl Handle {
    fn stop_threads(&self) {
        if let Some(queue) = self.queue.write().take() {
            // Nobody listens any more: then there is nothing to stop.
            let _ = queue.send(Message::Stop);
        }
        *self.stop.lock() = None;
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

impl Store {
    /// Opens the data directory, or makes it; reads back what the last run left.
    ///
    /// # Errors
    /// `Locked`: another process has it. `NewerFormat`: a newer version wrote it; nothing is touched.
    pub fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Recovery), Error> {
        let lock = DirLock::take(disk.as_ref(), &options.data_dir)?;
        Self::open_locked(lock, options, clock, disk, None)
    }

    /// Fails when a newer version wrote the directory, which is left as it is. [`Self::open`] asks it
    /// first; who opens files of his own there asks it before.
    ///
    /// # Errors
    /// `NewerFormat`.
    pub fn refuse_newer(data_dir: &Path, disk: &dyn Disk) -> Result<(), Error> {
        manifest::refuse_newer(&data_dir.join("manifest.sqlite"))?;
        let wal = recovery::wal_files(disk, &data_dir.join("wal").join("0"))?;
        recovery::refuse_newer_wal(disk, &wal)
    }

    /// As [`Self::open`], in a directory locked before, with a follower that is told again of what it
    /// has not applied before this returns.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_locked(
        lock: DirLock,
        mut options: Options,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
        follower: Option<Arc<dyn Follower>>,
    ) -> Result<(Self, Recovery), Error> {
        let dir = options.data_dir.clone();
        Self::refuse_newer(&dir, disk.as_ref())?;
        if let Some(follower) = &follower {
            options.applied_seq = Some(follower.applied());
        }
        let wal_dir = dir.join("wal").join("0");
        let made = |path: &Path, what| {
            crate::disk::create_dirs(disk.as_ref(), &dir, path, what)
                .map_err(|e| Error::io(path.display(), &e))
        };
        made(&wal_dir, SyncPoint::WalDir)?;
        made(&dir.join("data"), SyncPoint::DataDir)?;
        let data = recovery::data_files(disk.as_ref(), &dir.join("data"))?;
        let wal = recovery::wal_files(disk.as_ref(), &wal_dir)?;
        let has_data = !data.is_empty() || !wal.is_empty();
        let opened = recovery::open_manifest(&dir, &disk, has_data)?;
        let salt = opened.manifest.wal_salt()?;
        let (kick, kicked) = crossbeam_channel::bounded(1);
        let (kick_merge, kicked_merge) = crossbeam_channel::bounded(1);
        let inner = Arc::new(Inner {
            clock,
            keys: opened.keys,
            footers: FooterCache::new(options.footer_cache_bytes),
            fields: Fields::default(),
            manifest: Mutex::new(Some(opened.manifest)),
            wal_files: Arc::new(WalFiles::new(wal)),
            seen: Mutex::new(Seen::new(options.seen_window_ms, options.seen_limit)),
            state: Mutex::new(State {
                retention: Arc::new(options.retention.clone()),
                tombstones: opened.contents.tombstones.clone().into(),
                ..State::default()
            }),
            scrubbed: Default::default(),
            flushing: Mutex::default(),
            compacting: Mutex::default(),
            status: Status::default(),
            ingest_ms: AtomicI64::new(0),
            next_seq: AtomicU64::new(1),
            applied_seq: AtomicU64::new(options.applied_seq.unwrap_or(u64::MAX)),
            follower,
            replay_floor: AtomicU64::new(0),
            queued_bytes: AtomicUsize::new(0),
            buffered_bytes: AtomicUsize::new(0),
            key_stats_written_ms: AtomicI64::new(0),
            flushes: AtomicU64::new(0),
            merges: AtomicU64::new(0),
            rows_flushed: AtomicU64::new(0),
            rows_merged: AtomicU64::new(0),
            kick,
            kick_merge,
            options,
            disk,
        });
        let (report, last_seq) = recover(&inner, opened.contents, opened.rebuild, &data, salt)?;
        let writer = WalWriter::new(
            Arc::clone(&inner.disk),
            wal_dir,
            inner.options.wal_file_bytes,
            salt,
            Arc::clone(&inner.wal_files),
            last_seq,
        );
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let (queue, queued) = crossbeam_channel::unbounded();
        let threads = start_threads(&inner, queued, [kicked, kicked_merge], &stopped, writer)?;
        let store = Self(Arc::new(Handle {
            inner,
            queue: RwLock::new(Some(queue)),
            stop: Mutex::new(Some(stop)),
            threads: Mutex::new(threads),
            lock: Mutex::new(Some(lock)),
        }));
        Ok((store, report))
    }

    /// Hands a batch to the writer thread. `done` is called after `fdatasync` returned and the rows
    /// are in the buffer, in order of sequence. Never blocks on the disk.
    pub fn append(&self, append: Append, done: Done) {
        match &*self.0.queue.read() {
            Some(queue) => self.0.inner.enqueue(queue, append, done),
            None => done(Err(Error::Closed)),
        }
    }

    /// Whether a batch would be taken now. When buffers or WAL are at their limit this also wakes the
    /// flush, so that asking again in a moment makes sense.
    ///
    /// # Errors
    /// What [`Self::append`] would answer at once.
    pub fn room(&self) -> Result<(), Error> {
        self.0.inner.admit()
    }

    /// All rows of a table, each exactly once, as of now. Takes one short lock.
    #[must_use]
    pub fn snapshot(&self, table: TableId) -> Snapshot {
        self.0.inner.snapshot(table)
    }

    /// The tables that have rows, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<TableId> {
        self.0.inner.state.lock().tables.keys().copied().collect()
    }

    /// Every key seen in the environment's datasets, with types in order of appearance.
    #[must_use]
    pub fn fields(&self, env: EnvId) -> Vec<FieldStat> {
        self.0.inner.fields.list(env)
    }

    /// Notes that a question used these keys, so that they get columns of their own.
    pub fn note_queried(&self, env: EnvId, keys: &[&str]) {
        let inner = &self.0.inner;
        inner.fields.note_queried(env, keys, inner.clock.now());
    }

    /// The keys of an environment that always get columns of their own. Replaces the last call's.
    pub fn pin(&self, env: EnvId, keys: &[&str]) {
        self.0.inner.fields.pin(env, keys);
    }

    /// Writes every buffered row of every table into parts. Blocks until they are published.
    ///
    /// # Errors
    /// `ReadOnly` when the disk is full, `Poisoned` after a failed sync.
    pub fn flush(&self) -> Result<(), Error> {
        self.0.inner.flush(&self.tables())
    }

    /// Changes how long rows are kept; queries go by it at once.
    pub fn set_retention(&self, retention: Retention) {
        self.0.inner.state.lock().retention = Arc::new(retention);
    }

    /// Deletes the rows a dataset has now: gone for readers at once, from disk within 7 days. Rows
    /// that come afterwards under the same name stay.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn delete(&self, env: EnvId, dataset: &str) -> Result<Tombstone, Error> {
        self.0.inner.delete(env, dataset)
    }

    /// A receipt time, milliseconds: every batch so far has at most it, those from now on have more.
    #[must_use]
    pub fn receipt_mark(&self) -> i64 {
        self.0.inner.receipt_mark()
    }

    /// Merges what is due, and with `all` also what is not. Blocks.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn compact(&self, all: bool) -> Result<(), Error> {
        self.0.inner.compact(all)
    }

    /// Tells up to which sequence another owner has applied the records: the WAL is kept above it.
    /// Only with [`Options::applied_seq`]; never goes back.
    pub fn set_applied(&self, sequence: u64) {
        if self.0.inner.options.applied_seq.is_some() {
            self.0
                .inner
                .applied_seq
                .fetch_max(sequence, Ordering::SeqCst);
        }
    }

    /// Calls back once, when a failed write or sync ends all writing: the process should then exit
    /// and be started again. Called at once when that has happened.
    pub fn on_poisoned(&self, callback: Box<dyn FnOnce(&str) + Send>) {
        self.0.inner.status.on_poisoned(callback);
    }

    /// Checks every part and WAL file: checksums, footers, row counts, order, trace indexes.
    ///
    /// # Errors
    /// When the disk cannot be read; what is wrong with the data is in the report.
    pub fn verify(&self) -> Result<Verification, Error> {
        self.0.inner.verify()
    }

    /// Reads every part again that was not read whole for six days, block by block against its
    /// checksums; damaged ones are named in the health. The background does one each ten seconds.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn scrub(&self) -> Result<(), Error> {
        while self.0.inner.scrub_next()? {}
        Ok(())
    }

    /// Looks at the free room now: below the mark batches are refused, above they are taken again.
    /// The background does it every second.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn check_disk(&self) -> Result<(), Error> {
        self.0.inner.check_disk()
    }

    /// What it holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let inner = &self.0.inner;
        let state = inner.state.lock();
        let tables = state
            .tables
            .iter()
            .map(|(table, t)| TableStats {
                table: *table,
                parts: t.parts.len(),
                part_rows: t.parts.iter().map(|p| p.rows).sum(),
                part_bytes: t.parts.iter().map(|p| p.bytes).sum(),
                batches: t.batches.len(),
                buffered_rows: t.rows as u64,
                buffered_bytes: t.bytes as u64,
            })
            .collect();
        let parts_leaving = state.leaving.len();
        drop(state);
        Stats {
            tables,
            wal_bytes: inner.wal_files.bytes(),
            next_sequence: inner.next_seq.load(Ordering::SeqCst),
            flushes: inner.flushes.load(Ordering::Relaxed),
            merges: inner.merges.load(Ordering::Relaxed),
            rows_flushed: inner.rows_flushed.load(Ordering::Relaxed),
            rows_merged: inner.rows_merged.load(Ordering::Relaxed),
            parts_leaving,
        }
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        let inner = &self.0.inner;
        let mut health = inner.status.health.lock().clone();
        let state = inner.state.lock();
        for part in state.tables.values().flat_map(|t| t.parts.iter()) {
            if part.file.is_damaged() {
                health.damaged_parts.push(part.id.clone());
            }
        }
        health
    }

    /// Stops taking batches, flushes, ends all threads and lets go of the directory. Snapshots
    /// taken before stay readable.
    ///
    /// # Errors
    /// As [`Self::flush`]; the WAL then holds what was not flushed.
    pub fn close(&self) -> Result<(), Error> {
        if self.0.queue.read().is_none() {
            return Ok(());
        }
        self.0.stop_threads();
        self.0
            .inner
            .key_stats_written_ms
            .store(0, Ordering::Relaxed);
        let flushed = self.flush();
        *self.0.inner.manifest.lock() = None;
        *self.0.lock.lock() = None;
        flushed
    }
}

/// Reads back what the last run left. Returns the greatest sequence acknowledged.
fn recover(
    inner: &Inner,
    mut contents: crate::manifest::Contents,
    rebuild: Option<String>,
    data: &[recovery::DataFile],
    salt: u32,
) -> Result<(Recovery, u64), Error> {
    inner.step("recovery.begin")?;
    let mut report = Recovery::default();
    if rebuild.is_some() {
        contents = inner.rebuild(data, &mut report.quarantined)?;
        inner.commit(&Edit {
            add: contents.parts.clone(),
            skips: contents.skips.clone(),
            rebuilt: true,
            ..Edit::default()
        })?;
    }
    for tombstone in &contents.tombstones {
        inner
            .ingest_ms
            .fetch_max(tombstone.created_ms + 1, Ordering::SeqCst);
    }
    inner.adopt_parts(&contents, data, &mut report)?;
    if rebuild.is_none() {
        inner.sweep(data, &mut report)?;
    }
    {
        let mut seen = inner.seen.lock();
        contents.seen.iter().for_each(|s| seen.restore(&s.entries));
    }
    inner.fields.restore(
        std::mem::take(&mut contents.key_stats),
        std::mem::take(&mut contents.key_queries),
    );
    inner.keep_reserve();
    let replayed = inner.replay(&contents, salt, &mut report)?;
    let files = inner.wal_files.list();
    let last_seq = [
        replayed,
        contents.marks.iter().map(|m| m.1).max().unwrap_or(0),
        contents
            .parts
            .iter()
            .map(|p| p.facts.seq.1)
            .max()
            .unwrap_or(0),
    ]
    .into_iter()
    .max()
    .unwrap_or(0);
    // Also above files begun and never written: their name must not be given again.
    let begun = files.last().map_or(0, |f| f.first_seq);
    inner
        .next_seq
        .store(last_seq.max(begun) + 1, Ordering::SeqCst);
    if let Some(follower) = &inner.follower {
        follower.reached(last_seq);
    }
    let mut health = inner.status.health.lock();
    health.manifest_rebuilt = rebuild.is_some();
    health.quarantined = inner
        .disk
        .list(&inner.quarantine_dir())
        .map_or(0, |entries| {
            let whole = entries.iter().filter(|e| !e.name.ends_with(".tmp"));
            whole.count() as u64
        });
    drop(health);
    report.manifest_rebuilt = rebuild;
    Ok((report, last_seq))
}

fn start_threads(
    inner: &Arc<Inner>,
    queued: Receiver<Message>,
    [kicked, kicked_merge]: [Receiver<()>; 2],
    stopped: &Receiver<()>,
    writer: WalWriter,
) -> Result<Vec<JoinHandle<()>>, Error> {
    let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|e| Error::io("thread", &e))
    };
    let of_writer = Arc::clone(inner);
    let mut threads = vec![spawn(
        "store-wal",
        Box::new(move || {
            let run = || ingest::run(&of_writer, &queued, writer);
            // Whether the group under way is on disk is unknown then.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                of_writer.status.poison("the writer thread panicked");
            }
        }),
    )?];
    if inner.options.background {
        let (of_flusher, flush_stopped) = (Arc::clone(inner), stopped.clone());
        threads.push(spawn(
            "store-flush",
            Box::new(move || background::run_flush(&of_flusher, &kicked, &flush_stopped)),
        )?);
        let (of_merger, merge_stopped) = (Arc::clone(inner), stopped.clone());
        threads.push(spawn(
            "store-merge",
            Box::new(move || background::run_merge(&of_merger, &kicked_merge, &merge_stopped)),
        )?);
    }
    Ok(threads)
}

impl DirLock {
    /// Takes the directory, made when missing. The file in it says who has it.
    ///
    /// # Errors
    /// `Locked`: another process has it.
    pub fn take(disk: &dyn Disk, dir: &Path) -> Result<Self, Error> {
        crate::disk::create_root(disk, dir).map_err(|e| Error::io(dir.display(), &e))?;
        lock(dir).map(Self)
    }
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("LOCK");
    let failed = |e: std::io::Error| Error::io(path.display(), &e);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The words are a courtesy: the lock is what counts.
            let _ = file.read_to_string(&mut holder);
            return Err(Error::Locked(format!(
                "the data directory {} is in use by {}",
                dir.display(),
                holder.trim()
            )));
        }
        Err(std::fs::TryLockError::Error(e)) => return Err(failed(e)),
    }
    let host = rustix::system::uname();
    let words = format!(
        "process {} on {}\n",
        std::process::id(),
        host.nodename().to_string_lossy()
    );
    file.set_len(0).map_err(failed)?;
    file.write_all(words.as_bytes()).map_err(failed)?;
    Ok(file)
}
