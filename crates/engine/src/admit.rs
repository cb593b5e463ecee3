//! Who may do what: deny by default.
//!
//! A secret is looked up by its SHA-256 and compared in constant time. Nothing here knows where a
//! protocol carries it, nor how a refusal looks on the wire.

use crate::Engine;
use crate::arrivals::{Outcome, Reason};
use crate::catalog::{DatasetKind, EnvironmentInfo, KeyInfo, KeyRecord};
use event::{EnvId, RowPolicy};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// The fixed credentials of `--dev` (design.md §5). Outside `--dev` they are refused, always.
pub mod dev {
    /// Slug and name of the one environment.
    pub const ENVIRONMENT: &str = "dev";
    /// Sends events and makes datasets.
    pub const INGEST_KEY: &str = "fsdev_ingest_key_000000";
    /// May do what a configuration key may.
    pub const CONFIGURATION_KEY: &str = "fsdevconfigkey00000000";
    /// Id of the signing key.
    pub const SIGNING_KEY_ID: &str = "AKIAFOURSIGHTDEV0000";
    /// Secret of the signing key.
    pub const SIGNING_SECRET: &str = "foursight/dev/secret/not/for/production";
    /// Name of the one project.
    pub const PROJECT: &str = "dev";
    /// Token of the project `dev`.
    pub const PROJECT_TOKEN: &str = "f045000000000000000000000000dev0";

    /// Whether `text` is one of them.
    #[must_use]
    pub fn is_dev(text: &str) -> bool {
        [
            INGEST_KEY,
            CONFIGURATION_KEY,
            SIGNING_KEY_ID,
            SIGNING_SECRET,
            PROJECT_TOKEN,
        ]
        .contains(&text)
    }
}

/// The language a delivery came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// OTLP over HTTP.
    OtlpHttp,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// The Events API.
    Events,
    /// Questions and settings.
    Api,
    /// Segments over the signed API.
    Xray,
    /// Segments over the daemon's own ports, without a credential.
    XrayDaemon,
    /// Log events over the signed API.
    Logs,
    /// Occurrences.
    Rollbar,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OtlpHttp,
        Self::OtlpGrpc,
        Self::Events,
        Self::Api,
        Self::Xray,
        Self::XrayDaemon,
        Self::Logs,
        Self::Rollbar,
    ];

    /// The name shown in Arrivals and kept in the catalog.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtlpHttp => "otlp/http",
            Self::OtlpGrpc => "otlp/grpc",
            Self::Events => "events",
            Self::Api => "api",
            Self::Xray => "xray",
            Self::XrayDaemon => "xray/daemon",
            Self::Logs => "logs",
            Self::Rollbar => "rollbar",
        }
    }

    /// The protocol of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

/// One thing that reached us: what is known before it is read.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its language.
    pub protocol: Protocol,
    /// Who sent it.
    pub sender: IpAddr,
    /// What the sender calls itself.
    pub user_agent: Option<String>,
    /// `traces`, `logs`, `metrics`, `events`, …
    pub signal: Option<&'static str>,
    /// Size as sent, bytes.
    pub wire_bytes: u64,
}

/// What a key may be allowed, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Permission {
    /// Write events, spans, logs, metrics.
    SendEvents = 0,
    /// Make a dataset by sending to a new name.
    CreateDatasets = 1,
    /// Ask questions.
    RunQueries = 2,
    /// Describe, hide and delete columns; settings of datasets.
    ManageColumns = 3,
    /// Nothing beyond a valid key.
    Identify = 4,
    /// Make, change and delete what an environment is set up with: groups, rules, items.
    ManageSettings = 5,
    /// Write what clients report: browsers and phones. A key with this alone may be public.
    SendClientEvents = 6,
}

impl Permission {
    /// Those that are granted one by one ([`Self::Identify`] comes with every key).
    pub const ALL: [Self; 6] = [
        Self::SendEvents,
        Self::CreateDatasets,
        Self::RunQueries,
        Self::ManageColumns,
        Self::ManageSettings,
        Self::SendClientEvents,
    ];

    /// Its name in the catalog and in our own API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendEvents => "send_events",
            Self::CreateDatasets => "create_datasets",
            Self::RunQueries => "run_queries",
            Self::ManageColumns => "manage_columns",
            Self::ManageSettings => "manage_settings",
            Self::SendClientEvents => "send_client_events",
            Self::Identify => "identify",
        }
    }

    /// The permission of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// Those listed.
    #[must_use]
    pub fn of(list: &[Permission]) -> Self {
        Self(list.iter().fold(0, |bits, p| bits | 1 << *p as u8))
    }

    /// Every one.
    #[must_use]
    pub fn all() -> Self {
        Self::of(&Permission::ALL)
    }

    /// What a project's token may do at most: send, read, write.
    #[must_use]
    pub fn of_project() -> Self {
        Self::of(&[
            Permission::SendEvents,
            Permission::SendClientEvents,
            Permission::RunQueries,
            Permission::ManageSettings,
        ])
    }

    /// Whether `p` is among them.
    #[must_use]
    pub fn has(self, p: Permission) -> bool {
        p == Permission::Identify || self.0 & (1 << p as u8) != 0
    }

    /// Names, in a fixed order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL
            .into_iter()
            .filter(|p| self.has(*p))
            .map(Permission::as_str)
            .collect()
    }

    /// Reads names; unknown ones are left out: what is not known is not allowed.
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let list: Vec<_> = names.into_iter().filter_map(Permission::parse).collect();
        Self::of(&list)
    }
}

/// A refusal, with what Arrivals needs to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    key_prefix: Option<Arc<str>>,
    env: Option<EnvId>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, key_prefix: Option<Arc<str>>, env: Option<EnvId>) -> Self {
        Self {
            reason,
            key_prefix,
            env,
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The first characters of the secret, never all of it.
    #[must_use]
    pub fn key_prefix(&self) -> Option<&str> {
        self.key_prefix.as_deref()
    }

    /// The environment, when the key is known.
    #[must_use]
    pub fn env(&self) -> Option<EnvId> {
        self.env
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.text())
    }
}

impl std::error::Error for Refusal {}

/// A checked credential: what its holder may do, and where. Cheap to clone.
#[derive(Clone)]
pub struct Grant {
    pub(crate) engine: Engine,
    pub(crate) record: Arc<KeyRecord>,
    pub(crate) environment: Arc<EnvironmentInfo>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("key", &self.record.info.prefix)
            .field("environment", &self.environment.slug)
            .finish()
    }
}

impl Grant {
    /// The environment's number.
    #[must_use]
    pub fn env(&self) -> EnvId {
        self.environment.id
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &EnvironmentInfo {
        &self.environment
    }

    /// The key; its times are those of when it was loaded.
    #[must_use]
    pub fn key(&self) -> &KeyInfo {
        &self.record.info
    }

    /// Which event times are taken: now, and the retention.
    #[must_use]
    pub fn policy(&self) -> RowPolicy {
        self.engine.row_policy()
    }

    /// Checks a further permission.
    ///
    /// # Errors
    /// [`Reason::ScopeMissing`].
    pub fn need(&self, permission: Permission) -> Result<(), Refusal> {
        if self.record.info.permissions.has(permission) {
            return Ok(());
        }
        Err(self.refusal(match permission {
            Permission::CreateDatasets => Reason::MayNotCreateDataset,
            _ => Reason::ScopeMissing,
        }))
    }

    /// The slug of the dataset `name`, found or made. A new one is in the catalog, synced, before
    /// this returns; found ones cost a look into memory.
    ///
    /// # Errors
    /// The key may not create datasets or is restricted to others, the name cannot be one, or the
    /// environment has its 500.
    pub fn dataset(&self, name: &str, kind: DatasetKind) -> Result<Arc<str>, Refusal> {
        let catalog = &self.engine.0.catalog;
        if let Some(found) = catalog.find_slug(self.env(), name, kind) {
            return match self.record.info.may_use(&found) {
                true => Ok(found),
                false => Err(self.refusal(Reason::DatasetNotAllowed)),
            };
        }
        if self.record.info.datasets.is_some() {
            return Err(self.refusal(Reason::DatasetNotAllowed));
        }
        self.need(Permission::CreateDatasets)?;
        match catalog.create_dataset(self.env(), name, kind, self.engine.now()) {
            Ok((info, _)) => Ok(info.slug),
            Err(e) => {
                let reason = match e {
                    crate::catalog::Error::Limit { .. } => Reason::TooManyDatasets,
                    crate::catalog::Error::Invalid(_) => Reason::BadDatasetName,
                    other => {
                        tracing::error!(error = %other, "a dataset could not be registered");
                        Reason::StoreFailing
                    }
                };
                Err(self.refusal(reason))
            }
        }
    }

    /// The settings of a dataset of this environment.
    #[must_use]
    pub fn dataset_info(&self, slug: &str) -> Option<crate::DatasetInfo> {
        self.engine.0.catalog.dataset(self.env(), slug)
    }

    /// A refusal of this grant's holder.
    #[must_use]
    pub fn refusal(&self, reason: Reason) -> Refusal {
        Refusal::new(
            reason,
            Some(Arc::clone(&self.record.info.prefix)),
            Some(self.env()),
        )
    }

    /// Notes a delivery made under this grant.
    pub fn note(&self, delivery: &Delivery, outcome: Outcome) {
        self.engine.arrivals().note(
            delivery,
            Some(&self.record.info.prefix),
            Some(self.env()),
            outcome,
        );
    }
}

impl Engine {
    /// Checks a secret; deny by default. On `Err` the caller notes the arrival
    /// ([`Engine::note_refusal`]) and renders its vendor's body.
    ///
    /// # Errors
    /// Missing, unknown, revoked, a `--dev` credential outside `--dev`, or without the permission.
    pub fn admit(
        &self,
        delivery: &Delivery,
        secret: Option<&str>,
        need: Permission,
    ) -> Result<Grant, Refusal> {
        let Some(secret) = secret.map(str::trim).filter(|s| !s.is_empty()) else {
            return Err(Refusal::new(Reason::MissingKey, None, None));
        };
        let prefix = || Some(Arc::from(crate::secret::shown_prefix(secret)));
        if !self.0.config.dev && dev::is_dev(secret) {
            return Err(Refusal::new(Reason::DevKey, prefix(), None));
        }
        let Some(record) = self.0.catalog.key_of_secret(secret) else {
            tracing::debug!(protocol = delivery.protocol.as_str(), "unknown key");
            return Err(Refusal::new(Reason::UnknownKey, prefix(), None));
        };
        self.grant(record, need)
    }

    /// Checks a signature: `verify` is given the secret of the signing key `key_id` and says
    /// whether the signature holds. An unknown id is verified against a secret nobody has, so that
    /// it takes the same time.
    ///
    /// # Errors
    /// As [`Engine::admit`]; [`Reason::BadSignature`] when `verify` says no.
    pub fn admit_signed(
        &self,
        key_id: &str,
        verify: impl FnOnce(&str) -> bool,
        need: Permission,
    ) -> Result<Grant, Refusal> {
        let prefix: Arc<str> = crate::secret::shown_prefix(key_id).into();
        if !self.0.config.dev && dev::is_dev(key_id) {
            return Err(Refusal::new(Reason::DevKey, Some(prefix), None));
        }
        let Some((record, secret)) = self.0.catalog.signing_key(key_id) else {
            let _ = verify("0000000000000000000000000000000000000000");
            return Err(Refusal::new(Reason::UnknownKey, Some(prefix), None));
        };
        let holds = verify(&secret);
        let grant = self.grant(record, need)?;
        match holds {
            true => Ok(grant),
            false => Err(grant.refusal(Reason::BadSignature)),
        }
    }

    /// Admits what carries no credential by its protocol's nature: it may send to the environment set
    /// for it, else to the first made (design.md §4.14).
    ///
    /// # Errors
    /// [`Reason::NoEnvironment`]: there is none yet, or not the one set.
    pub fn admit_keyless(&self) -> Result<Grant, Refusal> {
        let catalog = &self.0.catalog;
        let environment = match &self.0.config.keyless_environment {
            Some(slug) => catalog.environment_by_slug(slug),
            None => catalog.environments().into_iter().next(),
        };
        let Some(environment) = environment else {
            return Err(Refusal::new(Reason::NoEnvironment, None, None));
        };
        Ok(Grant {
            engine: self.clone(),
            record: Arc::new(KeyRecord::keyless(environment.id)),
            environment,
        })
    }

    fn grant(&self, record: Arc<KeyRecord>, need: Permission) -> Result<Grant, Refusal> {
        let prefix = Some(Arc::clone(&record.info.prefix));
        let env = Some(record.info.env);
        if record.is_revoked() {
            return Err(Refusal::new(Reason::RevokedKey, prefix, env));
        }
        let Some(environment) = self.0.catalog.environment(record.info.env) else {
            return Err(Refusal::new(Reason::UnknownKey, prefix, env));
        };
        record.touch(self.now());
        let grant = Grant {
            engine: self.clone(),
            record,
            environment,
        };
        grant.need(need)?;
        Ok(grant)
    }

    /// Notes a delivery refused before it was read: it counts as one item.
    pub fn note_refusal(&self, delivery: &Delivery, refusal: &Refusal) {
        self.arrivals().note(
            delivery,
            refusal.key_prefix(),
            refusal.env(),
            Outcome::refused(1, refusal.reason()),
        );
    }
}
