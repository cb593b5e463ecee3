//! Groups and sampling rules: what is asked to be sampled, and how reservoirs are shared among clients.
//!
//! Rules and groups are people's settings: they lie in the catalog and in memory, so that asking for
//! them costs no SQL. Reservoirs and statistics live in memory alone: clients report every ten seconds,
//! so after a restart they are whole again within one interval.
//!
//! A group is named by an expression of the language its protocol speaks. That language is the
//! protocol's: it is made known here once ([`Sampling::learn`]), and whoever has an expression asks it
//! to be compiled ([`Sampling::compile`]).

mod groups;
mod reservoir;
mod rules;

pub use groups::{DEFAULT_GROUP, Group, GroupUpdate, NewGroup};
pub use reservoir::{Client, Report, ReportRefused, RuleStatistics, Target, Window};
pub use rules::{DEFAULT_RULE, Rule, RuleRecord, RuleUpdate};

use crate::catalog::{Catalog, Error};
use event::EnvId;
use parking_lot::{Mutex, RwLock};
use query::calls::TraceCalls;
use query::spec::{Combination, Filter};
use reservoir::Reservoirs;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// Tables of the catalog that belong to this room. `rule`, `tags` are JSON; `rule_changes` remembers
/// when the rules of an environment changed last, deletions too.
pub(crate) const TABLES: &str = "
CREATE TABLE sampling_rules (
  env INTEGER NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  rule TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  PRIMARY KEY (env, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_groups (
  env INTEGER NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  expression TEXT NOT NULL,
  insights INTEGER NOT NULL,
  notifications INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  PRIMARY KEY (env, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_changes (
  env INTEGER PRIMARY KEY REFERENCES environments (id),
  changed_ns INTEGER NOT NULL
) STRICT;
";

/// Labels people put on a rule or a group.
pub type Tags = BTreeMap<String, String>;

/// An expression that names traces, ready to be asked. Cheap to clone.
#[derive(Clone)]
pub struct Compiled {
    /// Whether a trace is meant.
    pub matches: Arc<dyn Fn(&TraceCalls) -> bool + Send + Sync>,
    /// What some row of every such trace passes: spares reading others ([`query::calls::CallsAsk`]).
    pub sieve: Option<(Vec<Filter>, Combination)>,
}

/// The language in which groups are named.
pub trait FilterLanguage: Send + Sync {
    /// Reads an expression; names of other groups in it are looked up among `groups`.
    ///
    /// # Errors
    /// What is wrong and where, for people.
    fn compile(&self, expression: &str, groups: &[Group]) -> Result<Compiled, String>;

    /// Names in the expression that a trace would have to hold literally: for the hint why nothing
    /// matches. Empty when the expression cannot be read.
    fn service_names(&self, expression: &str) -> Vec<String>;
}

/// Rules, groups and reservoirs of all environments.
pub struct Sampling {
    catalog: Catalog,
    state: RwLock<HashMap<EnvId, EnvSampling>>,
    reservoirs: Mutex<HashMap<EnvId, Reservoirs>>,
    language: OnceLock<Arc<dyn FilterLanguage>>,
}

/// What one environment has set up.
#[derive(Default)]
struct EnvSampling {
    /// Without the rule everyone has, unless it was changed.
    rules: BTreeMap<String, RuleRecord>,
    groups: BTreeMap<String, Group>,
    rules_changed_ns: i64,
}

impl Sampling {
    pub(crate) fn open(catalog: Catalog) -> Result<Self, Error> {
        let state = catalog.read(load)?;
        Ok(Self {
            catalog,
            state: RwLock::new(state),
            reservoirs: Mutex::default(),
            language: OnceLock::new(),
        })
    }

    /// Makes the language of groups known. The first one stays.
    pub fn learn(&self, language: Arc<dyn FilterLanguage>) {
        // Several routers may speak the same one.
        let _ = self.language.set(language);
    }

    /// Reads an expression in the language of groups, over the groups of `env`.
    ///
    /// # Errors
    /// What is wrong with it and where; or that no protocol with such a language is served.
    pub fn compile(&self, env: EnvId, expression: &str) -> Result<Compiled, String> {
        let language = self
            .language
            .get()
            .ok_or("no protocol with a language of groups is served")?;
        language.compile(expression, &self.groups(env))
    }

    /// Service names that an expression asks for literally.
    #[must_use]
    pub fn service_names(&self, expression: &str) -> Vec<String> {
        self.language
            .get()
            .map(|l| l.service_names(expression))
            .unwrap_or_default()
    }
}

fn load(conn: &Connection) -> Result<HashMap<EnvId, EnvSampling>, Error> {
    let mut state: HashMap<EnvId, EnvSampling> = HashMap::new();
    rules::load(conn, &mut state)?;
    groups::load(conn, &mut state)?;
    let mut changes = conn.prepare("SELECT env, changed_ns FROM rule_changes")?;
    let mut changes = changes.query([])?;
    while let Some(r) = changes.next()? {
        state.entry(EnvId(r.get(0)?)).or_default().rules_changed_ns = r.get(1)?;
    }
    Ok(state)
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Storage(e.to_string()))
}

fn of_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::Storage(format!("catalog: {e}")))
}

#[cfg(test)]
mod tests;
