//! Opening: configuration, first environment, first keys, owner token.

use crate::arrivals::Arrivals;
use crate::catalog::{self, Catalog, KeyKind, NewKey};
use crate::housekeeping::{Forget, Housekeeping};
use crate::ingest::IdentityHasher;
use crate::sampling::Sampling;
use crate::{Engine, Inner, Issues, OpenError, dev, intake, limits, secret};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::disk::{Disk, RealDisk};

/// How the engine is set up.
#[derive(Clone)]
pub struct Config {
    /// Everything lies here; made when missing.
    pub data_dir: PathBuf,
    /// Fixed keys, no owner token; for loopback only, which the server sees to.
    pub dev: bool,
    /// Days rows are kept by event time; 0: for ever.
    pub retention_days: u32,
    /// Bytes of all parts on disk, above which the oldest go; `None`: no limit.
    pub retention_max_bytes: Option<u64>,
    /// Bytes of bodies under way, all protocols together.
    pub inflight_bytes: usize,
    /// Bytes of rows in memory before they are flushed; `None`: the store's default.
    pub buffer_bytes: Option<usize>,
    /// Keys to be there from the start, from a configuration file or variables.
    pub initial_keys: Vec<InitialKey>,
    /// Slug of the environment that takes what comes without a key; `None`: the first made.
    pub keyless_environment: Option<String>,
    /// Threads that answer questions.
    pub query_threads: usize,
}

impl Config {
    /// The defaults, for a data directory.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            dev: false,
            retention_days: 60,
            retention_max_bytes: None,
            inflight_bytes: limits::INFLIGHT_BYTES_MIN,
            buffer_bytes: None,
            initial_keys: Vec::new(),
            keyless_environment: None,
            query_threads: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

/// A key from configuration: made at the start when it is not there, with its environment. Once
/// revoked it stays revoked.
#[derive(Clone)]
pub struct InitialKey {
    /// Name of its environment.
    pub environment: String,
    /// What it is for.
    pub kind: KeyKind,
    /// The secret, in any shape.
    pub secret: String,
    /// The id of a signing key.
    pub signing_id: Option<String>,
    /// The project of a project's token; `None`: the one named as the environment.
    pub project: Option<String>,
}

impl Engine {
    /// Opens the data directory.
    ///
    /// # Errors
    /// Another process has it, it cannot be written, a newer version wrote it, or a configured key
    /// cannot be taken.
    pub fn open(config: Config, clock: Arc<dyn store::Clock>) -> Result<Self, OpenError> {
        let mut options = store::Options::new(&config.data_dir);
        options.retention.default_days = config.retention_days;
        options.retention.max_bytes = config.retention_max_bytes;
        if let Some(bytes) = config.buffer_bytes {
            options.buffer_bytes_limit = bytes;
        }
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        // The lock on the directory guards the catalog too, so it comes first; issues follow the WAL,
        // so they come before the store reads it back.
        let lock = store::DirLock::take(disk.as_ref(), &config.data_dir)?;
        // Opening either brings it up, reads back, sweeps and writes.
        Catalog::refuse_newer(&config.data_dir)?;
        store::Store::refuse_newer(&config.data_dir, disk.as_ref())?;
        let catalog = Catalog::open_on(Arc::clone(&disk), &config.data_dir)?;
        let issues = Issues::open(catalog.clone())?;
        let (store, recovery) = store::Store::open_locked(
            lock,
            options,
            Arc::clone(&clock),
            disk,
            Some(issues.follower()),
        )?;
        match Self::open_rest(config, clock, store.clone(), recovery, catalog, issues) {
            Ok(engine) => Ok(engine),
            Err(e) => {
                if let Err(closing) = store.close() {
                    tracing::warn!(error = %closing, "the store did not close cleanly");
                }
                Err(e)
            }
        }
    }

    fn open_rest(
        config: Config,
        clock: Arc<dyn store::Clock>,
        store: store::Store,
        recovery: store::Recovery,
        catalog: Catalog,
        issues: Issues,
    ) -> Result<Self, OpenError> {
        let now = clock.now();
        recover_environments(&catalog, &store, now)?;
        if recovery.manifest_rebuilt.is_some() {
            delete_again(&catalog, &store)?;
        }
        if config.dev {
            let env = catalog.ensure_environment(dev::ENVIRONMENT, now)?;
            let project = issues.ensure_project(env.id, dev::PROJECT, now)?;
            catalog.hold_dev_keys(env.id, &project.dataset, now)?;
        }
        for key in &config.initial_keys {
            ensure_key(&catalog, &issues, key, now)?;
        }
        let (owner_hash, made_token) = owner_token(&catalog, &config)?;
        let identity = IdentityHasher::new(identity_key(&catalog)?);
        let arrivals = Arrivals::new(Arc::clone(&clock), catalog.load_counters()?);
        let logs = crate::logs::Logs::load(&catalog)?;
        logs.recall(&store);
        let forget = Forget {
            issues: issues.clone(),
            clock: Arc::clone(&clock),
            days: config.retention_days,
        };
        let housekeeping =
            Housekeeping::start(catalog.clone(), arrivals.clone(), logs.clone(), forget)
                .map_err(|e| OpenError::Catalog(e.into()))?;
        issues
            .start(store.clone())
            .map_err(|e| OpenError::Catalog(e.into()))?;
        let sampling = Sampling::open(catalog.clone())?;
        let querier = query::Querier::new(
            store.clone(),
            Arc::clone(&clock),
            config.query_threads.max(1),
        );
        let engine = Self(Arc::new(Inner {
            budget: intake::Budget::new(config.inflight_bytes.max(limits::INFLIGHT_BYTES_MIN)),
            config,
            clock,
            store,
            querier,
            asked: crate::asked::Board::default(),
            catalog,
            sampling,
            arrivals,
            logs,
            identity,
            owner_hash: owner_hash.into(),
            made_token,
            recovery,
            housekeeping,
            issues,
        }));
        engine.apply_log_retention();
        engine.restore_deleted_streams()?;
        Ok(engine)
    }
}

/// Environments that have rows but are not in the catalog: it was lost with its copy. They get a
/// name, so that the rows can be found, and their numbers are not given to others.
fn recover_environments(
    catalog: &Catalog,
    store: &store::Store,
    now: i64,
) -> Result<(), catalog::Error> {
    for table in store.stats().tables {
        if catalog.environment(table.table.env).is_none() {
            catalog.recover_environment(table.table.env, now)?;
        }
    }
    Ok(())
}

/// The marks of deleted datasets were lost with the manifest: their rows came back from the parts. A
/// dataset made again under the same name keeps what is found: its new rows count more.
fn delete_again(catalog: &Catalog, store: &store::Store) -> Result<(), OpenError> {
    for (env, slug) in catalog.deleted_datasets()? {
        store.delete(env, &slug)?;
        tracing::info!(
            dataset = slug,
            "deleted again after the manifest was rebuilt"
        );
    }
    Ok(())
}

fn ensure_key(
    catalog: &Catalog,
    issues: &Issues,
    key: &InitialKey,
    now: i64,
) -> Result<(), OpenError> {
    let env = catalog.ensure_environment(&key.environment, now)?;
    let mut new = NewKey::new(env.id, key.kind, "from configuration");
    if key.kind == KeyKind::Project {
        let name = key.project.as_deref().unwrap_or(&env.name);
        let project = issues.ensure_project(env.id, name, now)?;
        new.datasets = Some(vec![project.dataset.to_string()]);
    }
    new.secret = Some(key.secret.clone());
    new.signing_id = key.signing_id.clone();
    let shown = secret::shown_prefix(key.signing_id.as_deref().unwrap_or(&key.secret));
    match catalog.create_key(new, now) {
        Ok(_) => Ok(()),
        Err(catalog::Error::Taken(_)) => {
            let elsewhere = catalog
                .whois(key.secret.trim())
                .filter(|known| known.env != env.id);
            match elsewhere {
                None => Ok(()),
                Some(_) => Err(OpenError::InitialKey(format!(
                    "the configured key {shown} of environment {} belongs to another environment",
                    env.name
                ))),
            }
        }
        Err(catalog::Error::Invalid(why)) => Err(OpenError::InitialKey(format!(
            "the configured key {shown} of environment {}: {why}",
            env.name
        ))),
        Err(e) => Err(e.into()),
    }
}

/// The hash of the owner token, and the token when it was made now. The file `setup-token` is for
/// people to read; what counts is the hash in the catalog, unless the catalog was lost.
fn owner_token(
    catalog: &Catalog,
    config: &Config,
) -> Result<([u8; 32], Option<String>), OpenError> {
    const SETTING: &str = "owner_token_sha256";
    if let Some(hash) = catalog.setting(SETTING)?
        && let Ok(hash) = hash.try_into()
    {
        return Ok((hash, None));
    }
    let path = config.data_dir.join("setup-token");
    let file = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    let (token, is_new) = match read_token(catalog.disk(), &path).map_err(file)? {
        Some(token) => (token, false),
        None => {
            let token = secret::make("fs_own_").map_err(file)?;
            secret::write_private(catalog.disk(), &path, format!("{token}\n").as_bytes())
                .map_err(file)?;
            (token, true)
        }
    };
    let hash = secret::hash(&token);
    catalog.set_setting(SETTING, &hash)?;
    Ok((hash, is_new.then_some(token)))
}

fn read_token(disk: &dyn Disk, path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => Ok(Some(text.trim().to_owned())),
        Ok(_) => {
            // Half written by a crash: nobody was told it.
            disk.remove(path)?;
            Ok(None)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// The random key of request identities: made once, so that repeats are known after a restart.
fn identity_key(catalog: &Catalog) -> Result<[u8; 16], OpenError> {
    const SETTING: &str = "identity_key";
    let stored = catalog.setting(SETTING)?.and_then(|k| k.try_into().ok());
    if let Some(key) = stored {
        return Ok(key);
    }
    let key: [u8; 16] = secret::random().map_err(catalog::Error::from)?;
    catalog.set_setting(SETTING, &key)?;
    Ok(key)
}
