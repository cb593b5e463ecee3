//! Sampling rules: their shape, what they may hold, and the rule every environment has.
//!
//! Source of the limits: AWS X-Ray API reference, `SamplingRule`, `SamplingRuleUpdate`.

use super::{EnvSampling, Sampling, Tags, of_json, to_json};
use crate::catalog::Error;
use crate::limits;
use event::EnvId;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Name of the rule that is always there and decides last.
pub const DEFAULT_RULE: &str = "Default";
/// Its priority: below every rule of a user.
const DEFAULT_PRIORITY: u32 = 10_000;

/// A sampling rule. Text fields are patterns with `*` and `?`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// 1 to 32 characters, unique in its environment.
    pub name: String,
    /// What the traced service runs on.
    pub resource_arn: String,
    /// 1 to 9999, the smallest decides first.
    pub priority: u32,
    /// Share of requests sampled beyond the reservoir, 0 to 1.
    pub fixed_rate: f64,
    /// Requests a second sampled before the share counts, over all clients together.
    pub reservoir_size: u32,
    /// Name of the service.
    pub service_name: String,
    /// Kind of the service.
    pub service_type: String,
    /// Host header.
    pub host: String,
    /// HTTP method.
    pub http_method: String,
    /// Path of the URL.
    pub url_path: String,
    /// Version of the rule's form; 1.
    pub version: u32,
    /// Attributes the request must have, at most 5.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A rule as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRecord {
    /// The rule.
    pub rule: Rule,
    /// Labels.
    pub tags: Tags,
    /// When it was made; 0 for the rule that is always there.
    pub created_ns: i64,
    /// When it was changed last; 0 likewise.
    pub modified_ns: i64,
}

/// A change of a rule; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of `Rule`")]
pub struct RuleUpdate {
    pub name: String,
    pub resource_arn: Option<String>,
    pub priority: Option<u32>,
    pub fixed_rate: Option<f64>,
    pub reservoir_size: Option<u32>,
    pub service_name: Option<String>,
    pub service_type: Option<String>,
    pub host: Option<String>,
    pub http_method: Option<String>,
    pub url_path: Option<String>,
    pub attributes: Option<BTreeMap<String, String>>,
}

impl Rule {
    /// The rule that is always there: one a second and 5 % of the rest, for everything.
    #[must_use]
    pub fn default_rule() -> Self {
        let any = || "*".to_owned();
        Self {
            name: DEFAULT_RULE.to_owned(),
            resource_arn: any(),
            priority: DEFAULT_PRIORITY,
            fixed_rate: 0.05,
            reservoir_size: 1,
            service_name: any(),
            service_type: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            version: 1,
            attributes: BTreeMap::new(),
        }
    }

    /// Checks every field of a user's rule.
    ///
    /// # Errors
    /// [`Error::Invalid`]: which field, its value, and what it must be.
    pub fn check(&self) -> Result<(), Error> {
        let texts = [
            ("ruleName", &self.name, 1, 32),
            ("resourceARN", &self.resource_arn, 1, 500),
            ("serviceName", &self.service_name, 0, 64),
            ("serviceType", &self.service_type, 0, 64),
            ("host", &self.host, 0, 64),
            ("HTTPMethod", &self.http_method, 0, 10),
            ("URLPath", &self.url_path, 0, 128),
        ];
        for (field, text, least, most) in texts {
            check_length(field, text, least, most)?;
        }
        check_that(
            (1..=9_999).contains(&self.priority),
            "priority",
            &self.priority,
            "Member must have value between 1 and 9999",
        )?;
        check_that(
            (0.0..=1.0).contains(&self.fixed_rate),
            "fixedRate",
            &self.fixed_rate,
            "Member must have value between 0 and 1",
        )?;
        check_that(
            self.version == 1,
            "version",
            &self.version,
            "Member must have value 1",
        )?;
        check_that(
            self.attributes.len() <= 5,
            "attributes",
            &format_args!("{} entries", self.attributes.len()),
            "Member must have length less than or equal to 5",
        )?;
        for (key, value) in &self.attributes {
            check_length("attributes.key", key, 1, 32)?;
            check_length("attributes.value", value, 1, 32)?;
        }
        Ok(())
    }

    fn change(&mut self, update: RuleUpdate) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut self.resource_arn, update.resource_arn);
        set(&mut self.priority, update.priority);
        set(&mut self.fixed_rate, update.fixed_rate);
        set(&mut self.reservoir_size, update.reservoir_size);
        set(&mut self.service_name, update.service_name);
        set(&mut self.service_type, update.service_type);
        set(&mut self.host, update.host);
        set(&mut self.http_method, update.http_method);
        set(&mut self.url_path, update.url_path);
        set(&mut self.attributes, update.attributes);
    }
}

pub(super) fn check_length(
    field: &str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), Error> {
    let n = text.chars().count();
    let must = if n < least {
        format!("Member must have length greater than or equal to {least}")
    } else {
        format!("Member must have length less than or equal to {most}")
    };
    check_that((least..=most).contains(&n), field, &text, &must)
}

fn check_that(
    holds: bool,
    field: &str,
    value: &dyn std::fmt::Display,
    must: &str,
) -> Result<(), Error> {
    match holds {
        true => Ok(()),
        false => Err(Error::Invalid(format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {must}"
        ))),
    }
}

impl RuleUpdate {
    /// Whether it touches what the rule that is always there keeps for ever.
    fn is_more_than_rate(&self) -> bool {
        self.resource_arn.as_deref().is_some_and(|r| r != "*")
            || self.priority.is_some_and(|p| p != DEFAULT_PRIORITY)
            || [
                &self.service_name,
                &self.service_type,
                &self.host,
                &self.http_method,
                &self.url_path,
            ]
            .into_iter()
            .flatten()
            .any(|t| t != "*")
            || self.attributes.as_ref().is_some_and(|a| !a.is_empty())
    }
}

pub(super) fn load(
    conn: &Connection,
    state: &mut HashMap<EnvId, EnvSampling>,
) -> Result<(), Error> {
    let mut rows =
        conn.prepare("SELECT env, name, rule, tags, created_ns, modified_ns FROM sampling_rules")?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let record = RuleRecord {
            rule: of_json(&r.get::<_, String>(2)?)?,
            tags: of_json(&r.get::<_, String>(3)?)?,
            created_ns: r.get(4)?,
            modified_ns: r.get(5)?,
        };
        let env = state.entry(EnvId(r.get(0)?)).or_default();
        env.rules.insert(r.get(1)?, record);
    }
    Ok(())
}

impl Sampling {
    /// The rules of an environment in the order they decide: by priority, then name; the one that is
    /// always there last.
    #[must_use]
    pub fn rules(&self, env: EnvId) -> Vec<RuleRecord> {
        let state = self.state.read();
        let kept = state.get(&env);
        let mut out: Vec<RuleRecord> = kept
            .map(|e| e.rules.values().cloned().collect())
            .unwrap_or_default();
        drop(state);
        if !out.iter().any(|r| r.rule.name == DEFAULT_RULE) {
            out.push(RuleRecord {
                rule: Rule::default_rule(),
                tags: Tags::new(),
                created_ns: 0,
                modified_ns: 0,
            });
        }
        out.sort_by(|a, b| (a.rule.priority, &a.rule.name).cmp(&(b.rule.priority, &b.rule.name)));
        out
    }

    /// The rule of that name.
    #[must_use]
    pub fn rule(&self, env: EnvId, name: &str) -> Option<RuleRecord> {
        self.rules(env).into_iter().find(|r| r.rule.name == name)
    }

    /// When a rule was made, changed or deleted last; when the environment has none of its own, when
    /// it was asked first counts as never: 0.
    #[must_use]
    pub fn rules_changed_ns(&self, env: EnvId) -> i64 {
        self.state
            .read()
            .get(&env)
            .map_or(0, |e| e.rules_changed_ns)
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// [`Error::Invalid`] field, [`Error::Taken`] name, [`Error::Limit`].
    pub fn create_rule(
        &self,
        env: EnvId,
        rule: Rule,
        tags: Tags,
        now: i64,
    ) -> Result<RuleRecord, Error> {
        if rule.name == DEFAULT_RULE {
            return Err(Error::Taken(format!(
                "the sampling rule {DEFAULT_RULE} is always there: update it"
            )));
        }
        rule.check()?;
        let mut state = self.state.write();
        let kept = state.entry(env).or_default();
        if kept.rules.contains_key(&rule.name) {
            return Err(Error::Taken(format!(
                "a sampling rule named {} already exists",
                rule.name
            )));
        }
        let own = kept.rules.keys().filter(|n| *n != DEFAULT_RULE).count();
        if own >= limits::SAMPLING_RULES {
            return Err(Error::Limit {
                what: "sampling rules in an environment",
                limit: limits::SAMPLING_RULES,
            });
        }
        let record = RuleRecord {
            rule,
            tags,
            created_ns: now,
            modified_ns: now,
        };
        self.keep_rule(env, &record, now)?;
        kept.rules_changed_ns = now;
        kept.rules.insert(record.rule.name.clone(), record.clone());
        Ok(record)
    }

    /// Changes a rule.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`]; of the rule that is always there, only rate and
    /// reservoir can be changed.
    pub fn update_rule(
        &self,
        env: EnvId,
        update: RuleUpdate,
        now: i64,
    ) -> Result<RuleRecord, Error> {
        let is_default = update.name == DEFAULT_RULE;
        if is_default && update.is_more_than_rate() {
            return Err(Error::Invalid(format!(
                "only FixedRate and ReservoirSize of the rule {DEFAULT_RULE} can be changed"
            )));
        }
        let mut record = self
            .rule(env, &update.name)
            .ok_or(Error::NotFound("sampling rule"))?;
        record.rule.change(update);
        let mut checked = record.rule.clone();
        if is_default {
            checked.priority = 1;
        }
        checked.check()?;
        record.modified_ns = now;
        self.put_rule(env, record, now)
    }

    /// Replaces the labels of a rule.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn tag_rule(&self, env: EnvId, name: &str, tags: Tags, now: i64) -> Result<(), Error> {
        let mut record = self
            .rule(env, name)
            .ok_or(Error::NotFound("sampling rule"))?;
        record.tags = tags;
        // Labels decide nothing: clients need not fetch the rules again.
        let changed = self.rules_changed_ns(env);
        self.put_rule(env, record, if changed == 0 { now } else { changed })
            .map(drop)
    }

    fn put_rule(&self, env: EnvId, record: RuleRecord, changed: i64) -> Result<RuleRecord, Error> {
        let mut state = self.state.write();
        self.keep_rule(env, &record, changed)?;
        let kept = state.entry(env).or_default();
        kept.rules_changed_ns = changed;
        kept.rules.insert(record.rule.name.clone(), record.clone());
        Ok(record)
    }

    fn keep_rule(&self, env: EnvId, record: &RuleRecord, changed: i64) -> Result<(), Error> {
        let (rule, tags) = (to_json(&record.rule)?, to_json(&record.tags)?);
        self.catalog.change(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO sampling_rules (env, name, rule, tags, created_ns, modified_ns)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                rusqlite::params![
                    env.0,
                    record.rule.name,
                    rule,
                    tags,
                    record.created_ns,
                    record.modified_ns
                ],
            )?;
            note_change(tx, env, changed)
        })
    }

    /// Deletes a rule and returns it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Protected`] for the rule that is always there.
    pub fn delete_rule(&self, env: EnvId, name: &str, now: i64) -> Result<RuleRecord, Error> {
        if name == DEFAULT_RULE {
            return Err(Error::Protected("the sampling rule Default"));
        }
        let mut state = self.state.write();
        let kept = state.entry(env).or_default();
        if !kept.rules.contains_key(name) {
            return Err(Error::NotFound("sampling rule"));
        }
        self.catalog.change(|tx| {
            tx.execute(
                "DELETE FROM sampling_rules WHERE env = ?1 AND name = ?2",
                rusqlite::params![env.0, name],
            )?;
            note_change(tx, env, now)
        })?;
        kept.rules_changed_ns = now;
        kept.rules
            .remove(name)
            .ok_or(Error::NotFound("sampling rule"))
    }
}

fn note_change(tx: &rusqlite::Transaction<'_>, env: EnvId, now: i64) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO rule_changes (env, changed_ns) VALUES (?1, ?2)
         ON CONFLICT (env) DO UPDATE SET changed_ns = excluded.changed_ns",
        rusqlite::params![env.0, now],
    )?;
    Ok(())
}
