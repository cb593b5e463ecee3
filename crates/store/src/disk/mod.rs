//! What the store asks of a disk: passed in, so that tests can cut the power.
//!
//! Every operation that changes what a crash leaves behind goes through [`Disk`]. SQLite is the one
//! exception: it opens its own file, and the store announces each of its commits with
//! [`Disk::step`], so that a simulated disk can stop before or after one.

mod real;

pub use real::RealDisk;

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

macro_rules! sync_points {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Every sync of the data directory's files, each call by what it keeps. A test takes out one
        /// after another and must see that it is missed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum SyncPoint {
            $($(#[doc = $doc])+ $name,)+
        }

        impl SyncPoint {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

sync_points! {
    /// The names of the data directory and of those above it that were missing, before anything in it counts.
    RootDir,
    /// A group in the WAL, before it is acknowledged.
    WalGroup,
    /// A new WAL file's name, before the first group in it is acknowledged.
    WalName,
    /// The names of the WAL's directories, before anything in them counts.
    WalDir,
    /// The name of the parts' directory, likewise.
    DataDir,
    /// A part's bytes, before its name.
    PartBytes,
    /// A part's name, before the manifest lists it.
    PartName,
    /// The names of the directories a part lies in, likewise.
    PartDir,
    /// What was set aside of the WAL, before the WAL file goes.
    QuarantineBytes,
    /// Its name, likewise.
    QuarantineName,
    /// The name of the directory it lies in, likewise.
    QuarantineDir,
    /// The new name of a part that cannot be read, before a manifest without it is there.
    PartAsideName,
    /// The name of the directory it lies in, likewise.
    PartAsideDir,
    /// The new name of a damaged manifest, before there is another.
    ManifestAsideName,
    /// The name of the directory it lies in, likewise.
    ManifestAsideDir,
    /// The bytes of a file that only its owner reads, before its name.
    PrivateBytes,
    /// Its name, before what it holds is used.
    PrivateName,
    /// The bytes of the catalog's copy, before it replaces the one before.
    CatalogCopyBytes,
    /// Its name, before the copy is told to be made.
    CatalogCopyName,
    /// The new name of a damaged catalog, before there is another.
    CatalogAsideName,
    /// The name of the directory it lies in, likewise.
    CatalogAsideDir,
    /// The bytes of the catalog as its copy has it, before its name.
    CatalogRestoredBytes,
    /// Its name, and that the damaged one lies elsewhere, before it is changed.
    CatalogRestoredName,
}

/// Every name that [`Disk::step`] is called with: a test ends the process at each of them.
pub const STEPS: [&str; 21] = [
    "flush.begin",
    "flush.swapped",
    "join.begin",
    "manifest.commit",
    "manifest.committed",
    "manifest.create",
    "merge.begin",
    "merge.swapped",
    "part.begin",
    "part.rename",
    "part.slice",
    "part.sync_dir",
    "part.synced",
    "part.unlink",
    "quarantine.copied",
    "recovery.begin",
    "recovery.sweep",
    "retention.drop",
    "retention.dropped",
    "tix.rebuild",
    "wal.remove",
];

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Its last component.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size of a file, bytes.
    pub bytes: u64,
}

/// Room on the file system, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Free for this process.
    pub free: u64,
    /// In all.
    pub total: u64,
}

/// A file being written.
pub trait WriteFile: Send {
    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// As the operating system says; some of the bytes may have been written.
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Reserves room up to `bytes`; the file then has that size and reads as zeros.
    ///
    /// # Errors
    /// `StorageFull` when there is no room. A file system that cannot reserve is no error.
    fn reserve(&mut self, bytes: u64) -> io::Result<()>;

    /// Makes everything written so far survive a power cut (`fdatasync`). `what` names the sync for
    /// tests that take it out.
    ///
    /// # Errors
    /// What was written may be lost, and a second call proves nothing: never retry.
    fn sync(&mut self, what: SyncPoint) -> io::Result<()>;
}

/// A file being read. Offsets are from its beginning.
pub trait ReadFile: Send + Sync + Debug {
    /// Fills `bytes` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` past the end.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Its size, bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn size(&self) -> io::Result<u64>;
}

/// A file system.
pub trait Disk: Send + Sync + Debug + 'static {
    /// Makes a file, empty; one that is there is emptied.
    ///
    /// # Errors
    /// As the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Makes a file that only its owner may read, empty.
    ///
    /// # Errors
    /// `AlreadyExists`: one is there, whoever made it.
    fn create_private(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file to read.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>>;

    /// Gives a file another name on the same disk, replacing what has it.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory if it is empty.
    ///
    /// # Errors
    /// As the operating system says; also when it is not empty.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes one directory; says whether it was missing.
    ///
    /// # Errors
    /// As the operating system says.
    fn create_dir(&self, path: &Path) -> io::Result<bool>;

    /// Makes the bytes of a file that something else wrote survive a power cut. `what` as for
    /// [`WriteFile::sync`].
    ///
    /// # Errors
    /// As [`WriteFile::sync`].
    fn sync_file(&self, path: &Path, what: SyncPoint) -> io::Result<()>;

    /// Makes the entries of a directory survive a power cut. `what` as for [`WriteFile::sync`].
    ///
    /// # Errors
    /// As [`WriteFile::sync`].
    fn sync_dir(&self, path: &Path, what: SyncPoint) -> io::Result<()>;

    /// The entries of a directory, by name; none when it is missing.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Room where `path` lies.
    ///
    /// # Errors
    /// As the operating system says.
    fn space(&self, path: &Path) -> io::Result<Space>;

    /// Called before each step of flush, compaction, retention and recovery, and around each
    /// commit of the manifest, with a name out of [`STEPS`]: a place for tests to fail or to end the
    /// process.
    ///
    /// # Errors
    /// None, on a real disk.
    fn step(&self, name: &'static str) -> io::Result<()>;
}

/// Reads a whole file.
///
/// # Errors
/// As [`Disk::open`] and [`ReadFile::read_exact_at`].
pub fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let size = usize::try_from(file.size()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Copies a file, synced; its name is not.
///
/// # Errors
/// As [`Disk::open`], [`Disk::create`] and [`WriteFile::sync`].
pub fn copy(disk: &dyn Disk, from: &Path, to: &Path, what: SyncPoint) -> io::Result<()> {
    let source = disk.open(from)?;
    let size = source.size()?;
    let mut copy = disk.create(to)?;
    let mut block = vec![0; 1 << 20];
    let mut at = 0;
    while at < size {
        let rest = usize::try_from(size - at).unwrap_or(usize::MAX);
        block.truncate(rest);
        source.read_exact_at(&mut block, at)?;
        copy.write_all_at(&block, at)?;
        at += block.len() as u64;
    }
    copy.sync(what)
}

/// Makes `path` below `root` with every missing directory between, each synced into its parent.
/// `what` as for [`WriteFile::sync`].
///
/// # Errors
/// As [`Disk::create_dir`] and [`Disk::sync_dir`].
pub fn create_dirs(disk: &dyn Disk, root: &Path, path: &Path, what: SyncPoint) -> io::Result<()> {
    let below = path.strip_prefix(root).map_err(io::Error::other)?;
    let mut at = root.to_owned();
    for name in below.components() {
        let parent = at.clone();
        at.push(name);
        if disk.create_dir(&at)? {
            disk.sync_dir(&parent, what)?;
        }
    }
    Ok(())
}

/// Makes the data directory with those above it that are missing, each synced into its parent: at a first start all that is
/// acknowledged hangs by these names.
///
/// # Errors
/// As [`create_dirs`].
pub fn create_root(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let there = path.ancestors().find(|a| a.is_dir());
    create_dirs(
        disk,
        there.unwrap_or(Path::new("/")),
        &path,
        SyncPoint::RootDir,
    )
}

/// Whether the disk, a quota or a size limit is exhausted: a state, not an accident.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
