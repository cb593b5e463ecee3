//! Keys: made or brought, hashed at rest, revoked for ever.

use super::{Catalog, Error, State};
use crate::admit::{Permission, Permissions, dev};
use crate::{limits, secret};
use event::EnvId;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use subtle::ConstantTimeEq;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Sends events.
    Ingest,
    /// Does what it is permitted.
    Configuration,
    /// Belongs to a person.
    Personal,
    /// An id and a secret that signs requests.
    Signing,
    /// Access token of one project: its only dataset.
    Project,
}

impl KeyKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ingest,
        Self::Configuration,
        Self::Personal,
        Self::Signing,
        Self::Project,
    ];

    /// Its name in the catalog and in our own API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Configuration => "configuration",
            Self::Personal => "personal",
            Self::Signing => "signing",
            Self::Project => "project",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }

    /// What a key of this kind may do unless told otherwise.
    #[must_use]
    pub fn default_permissions(self) -> Permissions {
        match self {
            Self::Ingest => Permissions::of(&[Permission::SendEvents, Permission::CreateDatasets]),
            // One pair of id and secret serves SDKs, command line and console habits alike.
            Self::Signing | Self::Configuration | Self::Personal => Permissions::all(),
            // As a server's SDK needs it: a token in a page is public and gets less.
            Self::Project => Permissions::of(&[Permission::SendEvents]),
        }
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its environment.
    pub env: EnvId,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// `None`: those of its kind.
    pub permissions: Option<Permissions>,
    /// Slugs of the only datasets it may use; `None`: all.
    pub datasets: Option<Vec<String>>,
    /// A secret the user has already, in any shape; `None`: one is made.
    pub secret: Option<String>,
    /// For [`KeyKind::Signing`] with a secret of the user's: its id.
    pub signing_id: Option<String>,
}

impl NewKey {
    /// A key with a secret of ours and its kind's permissions.
    #[must_use]
    pub fn new(env: EnvId, kind: KeyKind, name: &str) -> Self {
        Self {
            env,
            kind,
            name: name.to_owned(),
            permissions: None,
            datasets: None,
            secret: None,
            signing_id: None,
        }
    }
}

/// A key as it is listed: never its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// 26 lower-case characters, rising with time.
    pub id: String,
    /// Its environment.
    pub env: EnvId,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// First characters of the secret (of the id, for a signing key), and `…`.
    pub prefix: Arc<str>,
    /// The id a signing key is sent with.
    pub signing_id: Option<String>,
    /// What it may do.
    pub permissions: Permissions,
    /// Slugs of the only datasets it may use.
    pub datasets: Option<Vec<String>>,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// When it was admitted last, nanoseconds.
    pub last_used_ns: Option<i64>,
    /// Since when it is refused, nanoseconds.
    pub revoked_ns: Option<i64>,
}

impl KeyInfo {
    /// Whether it may be used for the dataset.
    #[must_use]
    pub fn may_use(&self, slug: &str) -> bool {
        self.datasets
            .as_ref()
            .is_none_or(|only| only.iter().any(|d| d == slug))
    }
}

/// A key just made: the only time its secret is shown.
#[derive(Clone)]
pub struct MadeKey {
    /// The key.
    pub info: KeyInfo,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for MadeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeKey").field("info", &self.info).finish()
    }
}

/// A key in memory. `0` in the two times stands for never.
#[derive(Debug)]
pub(crate) struct KeyRecord {
    pub(crate) info: KeyInfo,
    hash: [u8; 32],
    sealed: Option<Vec<u8>>,
    /// Fixed by `--dev`, not in the file.
    is_fixed: bool,
    last_used_ns: AtomicI64,
    saved_use_ns: AtomicI64,
    revoked_ns: AtomicI64,
}

impl KeyRecord {
    fn new(info: KeyInfo, hash: [u8; 32], sealed: Option<Vec<u8>>, is_fixed: bool) -> Self {
        Self {
            last_used_ns: AtomicI64::new(info.last_used_ns.unwrap_or(0)),
            saved_use_ns: AtomicI64::new(info.last_used_ns.unwrap_or(0)),
            revoked_ns: AtomicI64::new(info.revoked_ns.unwrap_or(0)),
            info,
            hash,
            sealed,
            is_fixed,
        }
    }

    /// What stands for a key where a protocol has none: it may send, and make the dataset it sends to.
    pub(crate) fn keyless(env: EnvId) -> Self {
        let info = KeyInfo {
            id: format!("keyless-{}", env.0),
            env,
            kind: KeyKind::Ingest,
            name: "sent without a key".to_owned(),
            prefix: "(no key)".into(),
            signing_id: None,
            permissions: KeyKind::Ingest.default_permissions(),
            datasets: None,
            created_ns: 0,
            last_used_ns: None,
            revoked_ns: None,
        };
        Self::new(info, [0; 32], None, true)
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked_ns.load(Ordering::Acquire) != 0
    }

    pub(crate) fn touch(&self, now: i64) {
        self.last_used_ns.fetch_max(now, Ordering::Relaxed);
    }

    fn current(&self) -> KeyInfo {
        let time = |t: &AtomicI64| Some(t.load(Ordering::Acquire)).filter(|t| *t != 0);
        KeyInfo {
            last_used_ns: time(&self.last_used_ns),
            revoked_ns: time(&self.revoked_ns),
            ..self.info.clone()
        }
    }
}

fn bucket(hash: &[u8; 32]) -> [u8; 8] {
    std::array::from_fn(|i| hash[i])
}

impl State {
    fn insert_key(&mut self, record: KeyRecord) -> Arc<KeyRecord> {
        let record = Arc::new(record);
        match &record.info.signing_id {
            Some(id) => {
                self.by_signing_id.insert(id.clone(), Arc::clone(&record));
            }
            None => self
                .by_hash
                .entry(bucket(&record.hash))
                .or_default()
                .push(Arc::clone(&record)),
        }
        self.keys
            .insert(record.info.id.clone(), Arc::clone(&record));
        record
    }

    fn key_of_hash(&self, hash: &[u8; 32]) -> Option<&Arc<KeyRecord>> {
        let candidates = self.by_hash.get(&bucket(hash))?;
        candidates.iter().find(|k| k.hash.ct_eq(hash).into())
    }
}

pub(super) fn load(conn: &Connection, state: &mut State) -> Result<(), Error> {
    let mut rows = conn.prepare(
        "SELECT id, env, kind, name, prefix, hash, signing_id, sealed_secret, permissions, datasets,
                created_ns, last_used_ns, revoked_ns FROM keys",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let kind: String = r.get(2)?;
        let Some(kind) = KeyKind::parse(&kind) else {
            tracing::warn!(kind, "a key of an unknown kind is left out");
            continue;
        };
        let prefix: String = r.get(4)?;
        let permissions: String = r.get(8)?;
        let datasets: Option<String> = r.get(9)?;
        let datasets = datasets
            .map(|d| serde_json::from_str(&d))
            .transpose()
            .map_err(|e| Error::Storage(format!("datasets of a key: {e}")))?;
        let info = KeyInfo {
            id: r.get(0)?,
            env: EnvId(r.get(1)?),
            kind,
            name: r.get(3)?,
            prefix: prefix.into(),
            signing_id: r.get(6)?,
            permissions: Permissions::from_names(permissions.split(' ')),
            datasets,
            created_ns: r.get(10)?,
            last_used_ns: r.get(11)?,
            revoked_ns: r.get(12)?,
        };
        let record = KeyRecord::new(info, r.get(5)?, r.get(7)?, false);
        state.insert_key(record);
    }
    Ok(())
}

impl Catalog {
    /// The key of that secret, revoked ones too. Looks up its SHA-256 and compares in constant time.
    pub(crate) fn key_of_secret(&self, secret: &str) -> Option<Arc<KeyRecord>> {
        let hash = secret::hash(secret);
        self.0.state.read().key_of_hash(&hash).cloned()
    }

    /// The signing key of that id, and its secret.
    pub(crate) fn signing_key(&self, signing_id: &str) -> Option<(Arc<KeyRecord>, String)> {
        let record = self.0.state.read().by_signing_id.get(signing_id).cloned()?;
        let secret = self.0.sealer.open(record.sealed.as_deref()?, signing_id);
        if secret.is_none() {
            tracing::error!(
                key = record.info.id,
                "its secret cannot be read: was master.key replaced?"
            );
        }
        Some((record, secret?))
    }

    /// All keys, newest first, revoked ones and those fixed by `--dev` too.
    #[must_use]
    pub fn keys(&self, env: Option<EnvId>) -> Vec<KeyInfo> {
        let state = self.0.state.read();
        let mut keys: Vec<_> = state
            .keys
            .values()
            .filter(|k| env.is_none_or(|e| k.info.env == e))
            .map(|k| k.current())
            .collect();
        drop(state);
        keys.sort_by(|a, b| b.id.cmp(&a.id));
        keys
    }

    /// The key with that secret, whatever its state: `whoami`.
    #[must_use]
    pub fn whois(&self, secret: &str) -> Option<KeyInfo> {
        self.key_of_secret(secret).map(|k| k.current())
    }

    /// Makes a key; what is kept of its secret is a hash, and for a signing key the secret sealed
    /// under `master.key`.
    ///
    /// # Errors
    /// [`Error::Taken`] secret, [`Error::NotFound`] environment, [`Error::Invalid`]: a secret of
    /// fewer than 8 characters, with spaces, or one that `--dev` has fixed.
    pub fn create_key(&self, new: NewKey, now: i64) -> Result<MadeKey, Error> {
        let (signing_id, secret) = credential(&new)?;
        let id = ulid::Ulid::generate().to_string().to_ascii_lowercase();
        self.insert(new, id, signing_id, secret, now, false)
    }

    /// Holds the fixed keys of `--dev` in memory only: the file never knows them.
    pub(crate) fn hold_dev_keys(
        &self,
        env: EnvId,
        project_dataset: &str,
        now: i64,
    ) -> Result<(), Error> {
        let fixed = [
            ("dev-ingest", KeyKind::Ingest, dev::INGEST_KEY, None),
            (
                "dev-configuration",
                KeyKind::Configuration,
                dev::CONFIGURATION_KEY,
                None,
            ),
            (
                "dev-signing",
                KeyKind::Signing,
                dev::SIGNING_SECRET,
                Some(dev::SIGNING_KEY_ID),
            ),
            ("dev-project", KeyKind::Project, dev::PROJECT_TOKEN, None),
        ];
        for (id, kind, secret, signing_id) in fixed {
            let mut new = NewKey::new(env, kind, "fixed by --dev");
            if kind == KeyKind::Project {
                new.datasets = Some(vec![project_dataset.to_owned()]);
                new.permissions = Some(Permissions::of_project());
            }
            self.insert(
                new,
                id.to_owned(),
                signing_id.map(str::to_owned),
                secret.to_owned(),
                now,
                true,
            )?;
        }
        Ok(())
    }

    fn insert(
        &self,
        new: NewKey,
        id: String,
        signing_id: Option<String>,
        secret: String,
        now: i64,
        is_fixed: bool,
    ) -> Result<MadeKey, Error> {
        // The hash of a signing key covers its id, so that it is never taken for a plain secret.
        let (hash, prefix, sealed) = match &signing_id {
            Some(sid) => (
                secret::hash(&format!("{sid}\n{secret}")),
                secret::shown_prefix(sid),
                Some(self.0.sealer.seal(&secret, sid)?),
            ),
            None => (secret::hash(&secret), secret::shown_prefix(&secret), None),
        };
        let info = KeyInfo {
            id,
            env: new.env,
            kind: new.kind,
            name: event::builder::cut_text(new.name.trim(), limits::NAME_BYTES)
                .0
                .to_owned(),
            prefix: prefix.into(),
            signing_id,
            permissions: new
                .permissions
                .unwrap_or_else(|| new.kind.default_permissions()),
            datasets: new.datasets,
            created_ns: now,
            last_used_ns: None,
            revoked_ns: None,
        };
        let conn = self.0.conn.lock();
        let mut state = self.0.state.write();
        if !state.environments.contains_key(&info.env) {
            return Err(Error::NotFound("environment"));
        }
        let is_known_id = info
            .signing_id
            .as_ref()
            .is_some_and(|s| state.by_signing_id.contains_key(s));
        if is_known_id || state.key_of_hash(&hash).is_some() {
            return Err(Error::Taken(
                "this key is in use, or was and is revoked; each key belongs to one environment"
                    .into(),
            ));
        }
        if !is_fixed {
            let datasets = info
                .datasets
                .as_ref()
                .map(|d| serde_json::Value::from(d.clone()).to_string());
            conn.execute(
                "INSERT INTO keys (id, env, kind, name, prefix, hash, signing_id, sealed_secret,
                                   permissions, datasets, created_ns)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                rusqlite::params![
                    info.id,
                    info.env.0,
                    info.kind.as_str(),
                    info.name,
                    &*info.prefix,
                    hash,
                    info.signing_id,
                    sealed,
                    info.permissions.names().join(" "),
                    datasets,
                    now
                ],
            )?;
        }
        state.insert_key(KeyRecord::new(info.clone(), hash, sealed, is_fixed));
        Ok(MadeKey { info, secret })
    }

    /// Revokes a key: from now on it is refused. Revoking twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for one fixed by `--dev`.
    pub fn revoke_key(&self, id: &str, now: i64) -> Result<KeyInfo, Error> {
        let conn = self.0.conn.lock();
        let record = self.0.state.read().keys.get(id).cloned();
        let record = record.ok_or(Error::NotFound("key"))?;
        if record.is_fixed {
            return Err(Error::Invalid("the keys of --dev are fixed".into()));
        }
        if !record.is_revoked() {
            conn.execute(
                "UPDATE keys SET revoked_ns = ?2 WHERE id = ?1",
                rusqlite::params![id, now],
            )?;
            record.revoked_ns.store(now.max(1), Ordering::Release);
        }
        Ok(record.current())
    }

    /// Writes when keys were used last.
    pub(crate) fn save_key_uses(&self) -> Result<(), Error> {
        let used: Vec<_> = {
            let state = self.0.state.read();
            let changed = state.keys.values().filter(|k| {
                !k.is_fixed
                    && k.last_used_ns.load(Ordering::Relaxed)
                        != k.saved_use_ns.load(Ordering::Relaxed)
            });
            changed.cloned().collect()
        };
        if used.is_empty() {
            return Ok(());
        }
        let mut conn = self.0.conn.lock();
        let tx = conn.transaction()?;
        let mut saved = Vec::with_capacity(used.len());
        for key in &used {
            let at = key.last_used_ns.load(Ordering::Relaxed);
            tx.execute(
                "UPDATE keys SET last_used_ns = ?2 WHERE id = ?1",
                rusqlite::params![key.info.id, at],
            )?;
            saved.push(at);
        }
        tx.commit()?;
        for (key, at) in used.iter().zip(saved) {
            key.saved_use_ns.store(at, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Id and secret of a key to be made: the user's, or new ones.
fn credential(new: &NewKey) -> Result<(Option<String>, String), Error> {
    let brought = match &new.secret {
        Some(s) => Some(checked(s)?),
        None => None,
    };
    match (new.kind, brought) {
        (KeyKind::Signing, None) => {
            let (id, secret) = secret::make_signing()?;
            Ok((Some(id), secret))
        }
        (KeyKind::Signing, Some(secret)) => {
            let id = new.signing_id.as_deref().ok_or_else(|| {
                Error::Invalid("a signing key needs its id beside its secret".into())
            })?;
            Ok((Some(checked(id)?), secret))
        }
        (_, Some(secret)) => Ok((None, secret)),
        (KeyKind::Ingest, None) => Ok((None, secret::make("fs_in_")?)),
        (KeyKind::Configuration, None) => Ok((None, secret::make("fs_cfg_")?)),
        (KeyKind::Personal, None) => Ok((None, secret::make("fs_pat_")?)),
        (KeyKind::Project, None) => Ok((None, secret::make_project_token()?)),
    }
}

fn checked(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if dev::is_dev(text) {
        return Err(Error::Invalid(
            "this is a fixed key of --dev; it is refused outside --dev, always".into(),
        ));
    }
    let plain = text.bytes().all(|b| b.is_ascii_graphic());
    if !plain || !(8..=512).contains(&text.len()) {
        return Err(Error::Invalid(
            "a key has 8 to 512 printable characters and no spaces".into(),
        ));
    }
    Ok(text.to_owned())
}
