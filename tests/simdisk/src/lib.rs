//! A disk whose power can be cut.
//!
//! It works on a real directory, so that Parquet readers, memory maps and SQLite see plain files,
//! and keeps beside it what a power cut may take back: writes since a file's last sync, sector by
//! sector, and directory entries since the directory's last sync, one by one. [`SimDisk::restart`]
//! rewrites the directory to one of the states that the cut could have left, chosen by seed.
//!
//! SQLite's own durability is taken as given: its commits are whole and durable when they return, and
//! so are the names of its files. The store announces each with a step before and after, so a cut falls
//! on one side of it.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test's disk: it ends where it cannot go on, and files are small"
)]

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use store::disk::{Disk, Entry, ReadFile, RealDisk, STEPS, Space, SyncPoint, WriteFile};

const SECTOR: usize = 512;

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// The operation at which the power goes, counted from 1.
    pub cut_at: Option<u64>,
    /// A sync that says it worked and did nothing.
    pub ignore: Option<SyncPoint>,
    /// Operations that fail with an error, by what they are and from which one on.
    pub fail: Option<(&'static str, u64, io::ErrorKind)>,
    /// Free room to report.
    pub free: Option<u64>,
}

/// The disk. See the crate's description.
#[derive(Debug)]
pub struct SimDisk(Arc<Mutex<Sim>>);

#[derive(Debug, Default)]
struct Sim {
    plan: Plan,
    operations: u64,
    failures_seen: u64,
    dead: bool,
    /// What each operation was.
    log: Vec<String>,
    files: HashMap<u64, FileState>,
    next_id: u64,
    names: HashMap<PathBuf, u64>,
    dirs: BTreeMap<PathBuf, DirState>,
}

/// A file's bytes as of its last sync, and what was written since.
#[derive(Clone, Debug, Default)]
struct FileState {
    durable: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

/// Entries of a directory as of its last sync, for the names touched since, and what was done.
#[derive(Clone, Debug, Default)]
struct DirState {
    before: BTreeMap<PathBuf, Option<Node>>,
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    File(u64),
    Dir,
}

#[derive(Clone, Debug)]
enum Change {
    Set(PathBuf, Node),
    Rename(PathBuf, PathBuf, u64),
    Gone(PathBuf),
}

fn off() -> io::Error {
    io::Error::other("the power is off")
}

impl Sim {
    /// Counts an operation. `Err` when the power is off; the operation at which it goes is still
    /// `Ok(true)`: it may have been done.
    fn tick(&mut self, what: &str, path: &Path) -> io::Result<bool> {
        if self.dead {
            return Err(off());
        }
        self.operations += 1;
        self.log.push(format!("{what} {}", path.display()));
        if let Some((failing, from, kind)) = self.plan.fail
            && what == failing
        {
            self.failures_seen += 1;
            if self.failures_seen >= from {
                return Err(kind.into());
            }
        }
        let last = self.plan.cut_at == Some(self.operations);
        self.dead = last;
        Ok(last)
    }

    fn id_of(&mut self, path: &Path) -> u64 {
        if let Some(id) = self.names.get(path) {
            return *id;
        }
        // From before the start: all of it is durable.
        let id = self.new_file(fs::read(path).unwrap_or_default());
        self.names.insert(path.to_owned(), id);
        id
    }

    fn new_file(&mut self, durable: Vec<u8>) -> u64 {
        self.next_id += 1;
        let state = FileState {
            durable,
            pending: Vec::new(),
        };
        self.files.insert(self.next_id, state);
        self.next_id
    }

    fn node(&mut self, path: &Path) -> Option<Node> {
        match fs::metadata(path) {
            Ok(m) if m.is_dir() => Some(Node::Dir),
            Ok(_) => Some(Node::File(self.id_of(path))),
            Err(_) => None,
        }
    }

    /// Notes what `path` was before its directory is changed.
    fn touch(&mut self, path: &Path) {
        let dir = path.parent().unwrap().to_owned();
        if !self
            .dirs
            .get(&dir)
            .is_some_and(|d| d.before.contains_key(path))
        {
            let node = self.node(path);
            let state = self.dirs.entry(dir).or_default();
            state.before.insert(path.to_owned(), node);
        }
    }

    /// A commit of the manifest returned: SQLite has synced the names of its files.
    fn committed(&mut self) {
        let is_manifest = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("manifest.sqlite")
        };
        for state in self.dirs.values_mut() {
            state.before.retain(|path, _| !is_manifest(path));
        }
    }

    fn change(&mut self, dir: &Path, change: Change) {
        self.dirs
            .entry(dir.to_owned())
            .or_default()
            .changes
            .push(change);
    }
}

impl SimDisk {
    /// A disk over the real directories it is asked about, with what will go wrong.
    #[must_use]
    pub fn new(plan: Plan) -> Arc<Self> {
        Arc::new(Self(Arc::new(Mutex::new(Sim {
            plan,
            ..Sim::default()
        }))))
    }

    /// Operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.lock().unwrap().operations
    }

    /// What the operations were, in order.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.0.lock().unwrap().log.clone()
    }

    /// Free room to report from now on; `None`: the real one.
    pub fn set_free(&self, free: Option<u64>) {
        self.0.lock().unwrap().plan.free = free;
    }

    /// Operations of that kind fail from now on.
    pub fn fail_from_now(&self, what: &'static str, kind: io::ErrorKind) {
        let mut sim = self.0.lock().unwrap();
        sim.failures_seen = 0;
        sim.plan.fail = Some((what, 1, kind));
    }

    /// They work again.
    pub fn stop_failing(&self) {
        self.0.lock().unwrap().plan.fail = None;
    }

    /// Ends everything now.
    pub fn cut(&self) {
        self.0.lock().unwrap().dead = true;
    }

    /// Leaves the directory as a kill would: everything done is there.
    pub fn kill(&self) {
        self.cut();
    }

    /// Rewrites the directory to a state that the power cut could have left.
    pub fn restart(&self, seed: u64) {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut sim = self.0.lock().unwrap();
        sim.dead = true;
        let mut ids: Vec<u64> = sim.files.keys().copied().collect();
        ids.sort_unstable();
        let survived: HashMap<u64, Vec<u8>> = ids
            .into_iter()
            .map(|id| (id, sim.files[&id].survivor(&mut rng)))
            .collect();
        for (path, id) in &sim.names {
            // Another content than was written here is SQLite's, who synced it.
            if fs::read(path).is_ok_and(|now| now == sim.files[id].written()) {
                fs::write(path, &survived[id]).unwrap();
            }
        }
        // Parents sort before children: what a lost directory held is lost with it.
        for (dir, state) in &sim.dirs {
            if !dir.exists() {
                continue;
            }
            let mut entries = state.before.clone();
            for change in &state.changes {
                if rng.random_bool(0.5) {
                    change.apply(&mut entries);
                }
            }
            for (path, node) in entries {
                match node {
                    None if path.is_dir() => fs::remove_dir_all(&path).unwrap(),
                    None if path.exists() => fs::remove_file(&path).unwrap(),
                    None => {}
                    Some(Node::Dir) => fs::create_dir_all(&path).unwrap(),
                    Some(Node::File(id)) => fs::write(&path, &survived[&id]).unwrap(),
                }
            }
        }
    }
}

impl Change {
    fn apply(&self, entries: &mut BTreeMap<PathBuf, Option<Node>>) {
        match self {
            Self::Set(path, node) => drop(entries.insert(path.clone(), Some(*node))),
            Self::Gone(path) => drop(entries.insert(path.clone(), None)),
            Self::Rename(from, to, id) => {
                // From another directory: there the name goes when that one is synced.
                if from.parent() == to.parent() {
                    entries.insert(from.clone(), None);
                }
                entries.insert(to.clone(), Some(Node::File(*id)));
            }
        }
    }
}

impl FileState {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.pending.push((offset, bytes.to_vec()));
    }

    fn apply(into: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
        if into.len() < offset + bytes.len() {
            into.resize(offset + bytes.len(), 0);
        }
        into[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Its bytes when no power cut comes.
    fn written(&self) -> Vec<u8> {
        let mut out = self.durable.clone();
        for (offset, bytes) in &self.pending {
            Self::apply(&mut out, *offset, bytes);
        }
        out
    }

    fn sync(&mut self) {
        for (offset, bytes) in std::mem::take(&mut self.pending) {
            Self::apply(&mut self.durable, offset, &bytes);
        }
    }

    /// Each unsynced sector is there or not.
    fn survivor(&self, rng: &mut SmallRng) -> Vec<u8> {
        let mut out = self.durable.clone();
        // Often nothing unsynced survives, or all of it: the extremes are states too.
        let keep = [0.0, 0.5, 0.9, 1.0][rng.random_range(0..4)];
        for (offset, bytes) in &self.pending {
            let mut at = 0;
            while at < bytes.len() {
                let end = ((offset + at) / SECTOR * SECTOR + SECTOR - offset).min(bytes.len());
                if rng.random_bool(keep) {
                    Self::apply(&mut out, offset + at, &bytes[at..end]);
                }
                at = end;
            }
        }
        out
    }
}

struct Writing {
    sim: Arc<Mutex<Sim>>,
    path: PathBuf,
    id: u64,
    file: fs::File,
}

impl WriteFile for Writing {
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut sim = self.sim.lock().unwrap();
        let last = sim.tick("write", &self.path)?;
        let file = sim.files.get_mut(&self.id).unwrap();
        file.write(offset as usize, bytes);
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, offset)?;
        if last { Err(off()) } else { Ok(()) }
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let mut sim = self.sim.lock().unwrap();
        if sim.tick("reserve", &self.path)? {
            return Err(off());
        }
        let zeros = vec![0; bytes as usize];
        sim.files.get_mut(&self.id).unwrap().write(0, &zeros);
        self.file.set_len(bytes)
    }

    fn sync(&mut self, what: SyncPoint) -> io::Result<()> {
        let mut sim = self.sim.lock().unwrap();
        if sim.tick("sync", &self.path)? {
            return Err(off());
        }
        if sim.plan.ignore != Some(what) {
            sim.files.get_mut(&self.id).unwrap().sync();
        }
        Ok(())
    }
}

impl SimDisk {
    fn make(&self, path: &Path, options: &mut fs::OpenOptions) -> io::Result<Box<dyn WriteFile>> {
        let mut sim = self.0.lock().unwrap();
        let last = sim.tick("create", path)?;
        sim.touch(path);
        let id = sim.new_file(Vec::new());
        sim.names.insert(path.to_owned(), id);
        sim.change(
            path.parent().unwrap(),
            Change::Set(path.to_owned(), Node::File(id)),
        );
        let file = options.write(true).open(path)?;
        if last {
            return Err(off());
        }
        Ok(Box::new(Writing {
            sim: Arc::clone(&self.0),
            path: path.to_owned(),
            id,
            file,
        }))
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.make(path, fs::File::options().create(true).truncate(true))
    }

    fn create_private(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.make(path, fs::File::options().create_new(true).mode(0o600))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        RealDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        let last = sim.tick("rename", to)?;
        sim.touch(from);
        if !from.exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        sim.touch(to);
        let id = sim.id_of(from);
        sim.names.remove(from);
        sim.names.insert(to.to_owned(), id);
        let change = Change::Rename(from.to_owned(), to.to_owned(), id);
        sim.change(to.parent().unwrap(), change);
        fs::rename(from, to)?;
        if last { Err(off()) } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        let last = sim.tick("remove", path)?;
        if path.exists() {
            sim.touch(path);
            sim.names.remove(path);
            sim.change(path.parent().unwrap(), Change::Gone(path.to_owned()));
        }
        fs::remove_file(path)?;
        if last { Err(off()) } else { Ok(()) }
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.tick("remove_dir", path)?;
        fs::remove_dir(path)?;
        // Empty: whether its name comes back makes no difference to anyone.
        sim.dirs.remove(path);
        Ok(())
    }

    fn create_dir(&self, path: &Path) -> io::Result<bool> {
        let mut sim = self.0.lock().unwrap();
        if path.is_dir() {
            return Ok(false);
        }
        let last = sim.tick("create_dir", path)?;
        sim.touch(path);
        sim.change(
            path.parent().unwrap(),
            Change::Set(path.to_owned(), Node::Dir),
        );
        fs::create_dir(path)?;
        if last { Err(off()) } else { Ok(true) }
    }

    fn sync_file(&self, path: &Path, what: SyncPoint) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        if sim.tick("sync", path)? {
            return Err(off());
        }
        // Written by somebody else, so all of it is new.
        let id = sim.new_file(Vec::new());
        sim.names.insert(path.to_owned(), id);
        let ignored = sim.plan.ignore == Some(what);
        let file = sim.files.get_mut(&id).unwrap();
        file.write(0, &fs::read(path)?);
        if !ignored {
            file.sync();
        }
        Ok(())
    }

    fn sync_dir(&self, path: &Path, what: SyncPoint) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        if sim.tick("sync_dir", path)? {
            return Err(off());
        }
        if sim.plan.ignore != Some(what) {
            sim.dirs.remove(path);
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(path)
    }

    fn space(&self, _: &Path) -> io::Result<Space> {
        let total = 100 << 30;
        let free = self.0.lock().unwrap().plan.free.unwrap_or(total);
        Ok(Space { free, total })
    }

    fn step(&self, name: &'static str) -> io::Result<()> {
        assert!(STEPS.contains(&name), "{name} is not in the list of steps");
        let mut sim = self.0.lock().unwrap();
        if name == "manifest.committed" && !sim.dead {
            sim.committed();
        }
        if sim.tick(name, Path::new(""))? {
            return Err(off());
        }
        Ok(())
    }
}
