//! Groups: named expressions over traces. Which traces are in one is found when asked.
//!
//! Source of the limits: AWS X-Ray API reference, `CreateGroup`.

use super::rules::check_length;
use super::{EnvSampling, Sampling, Tags, of_json, to_json};
use crate::catalog::Error;
use crate::limits;
use event::EnvId;
use rusqlite::Connection;
use std::collections::HashMap;

/// Name of the group that is always there and holds every trace.
pub const DEFAULT_GROUP: &str = "Default";

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// 1 to 32 characters; names differ by case.
    pub name: String,
    /// Tells apart groups that bore the same name one after the other; empty for the default group.
    pub id: String,
    /// Which traces; empty: all.
    pub expression: String,
    /// Whether insights are wanted. Kept and told; nothing looks for them yet.
    pub insights: bool,
    /// Whether notifications of insights are wanted.
    pub notifications: bool,
    /// Labels.
    pub tags: Tags,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// When it was changed last, nanoseconds.
    pub modified_ns: i64,
}

/// A group to be made. Its expression has been compiled by whoever calls.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of `Group`")]
pub struct NewGroup {
    pub name: String,
    pub expression: String,
    pub insights: bool,
    pub notifications: bool,
    pub tags: Tags,
}

/// A change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of `Group`")]
pub struct GroupUpdate {
    pub expression: Option<String>,
    pub insights: Option<bool>,
    pub notifications: Option<bool>,
    pub tags: Option<Tags>,
}

impl Group {
    fn default_group() -> Self {
        Self {
            name: DEFAULT_GROUP.to_owned(),
            id: String::new(),
            expression: String::new(),
            insights: false,
            notifications: false,
            tags: Tags::new(),
            created_ns: 0,
            modified_ns: 0,
        }
    }
}

pub(super) fn load(
    conn: &Connection,
    state: &mut HashMap<EnvId, EnvSampling>,
) -> Result<(), Error> {
    let mut rows = conn.prepare(
        "SELECT env, name, id, expression, insights, notifications, tags, created_ns, modified_ns
         FROM trace_groups",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let group = Group {
            name: r.get(1)?,
            id: r.get(2)?,
            expression: r.get(3)?,
            insights: r.get(4)?,
            notifications: r.get(5)?,
            tags: of_json(&r.get::<_, String>(6)?)?,
            created_ns: r.get(7)?,
            modified_ns: r.get(8)?,
        };
        let env = state.entry(EnvId(r.get(0)?)).or_default();
        env.groups.insert(group.name.clone(), group);
    }
    Ok(())
}

impl Sampling {
    /// The groups of an environment by name, the default one first.
    #[must_use]
    pub fn groups(&self, env: EnvId) -> Vec<Group> {
        let mut out = vec![Group::default_group()];
        if let Some(kept) = self.state.read().get(&env) {
            out.extend(kept.groups.values().cloned());
        }
        out
    }

    /// The group of that name.
    #[must_use]
    pub fn group(&self, env: EnvId, name: &str) -> Option<Group> {
        self.groups(env).into_iter().find(|g| g.name == name)
    }

    /// Makes a group.
    ///
    /// # Errors
    /// [`Error::Invalid`] name, [`Error::Taken`], [`Error::Limit`].
    pub fn create_group(&self, env: EnvId, new: NewGroup, now: i64) -> Result<Group, Error> {
        check_length("groupName", &new.name, 1, 32)?;
        check_notifications(new.insights, new.notifications)?;
        let mut state = self.state.write();
        let kept = state.entry(env).or_default();
        if new.name == DEFAULT_GROUP || kept.groups.contains_key(&new.name) {
            return Err(Error::Taken(format!(
                "a group named {} already exists",
                new.name
            )));
        }
        if kept.groups.len() >= limits::TRACE_GROUPS {
            return Err(Error::Limit {
                what: "groups in an environment",
                limit: limits::TRACE_GROUPS,
            });
        }
        let group = Group {
            id: ulid::Ulid::generate().to_string(),
            name: new.name,
            expression: new.expression,
            insights: new.insights,
            notifications: new.notifications,
            tags: new.tags,
            created_ns: now,
            modified_ns: now,
        };
        self.keep_group(env, &group)?;
        kept.groups.insert(group.name.clone(), group.clone());
        Ok(group)
    }

    /// Changes a group.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Error::Protected`] for the default group.
    pub fn update_group(
        &self,
        env: EnvId,
        name: &str,
        update: GroupUpdate,
        now: i64,
    ) -> Result<Group, Error> {
        if name == DEFAULT_GROUP {
            return Err(Error::Protected("the group Default"));
        }
        let mut state = self.state.write();
        let kept = state.entry(env).or_default();
        let mut group = kept
            .groups
            .get(name)
            .cloned()
            .ok_or(Error::NotFound("group"))?;
        group.expression = update.expression.unwrap_or(group.expression);
        group.insights = update.insights.unwrap_or(group.insights);
        group.notifications = update.notifications.unwrap_or(group.notifications);
        group.tags = update.tags.unwrap_or(group.tags);
        group.modified_ns = now;
        check_notifications(group.insights, group.notifications)?;
        self.keep_group(env, &group)?;
        kept.groups.insert(name.to_owned(), group.clone());
        Ok(group)
    }

    /// Deletes a group.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`] for the default group.
    pub fn delete_group(&self, env: EnvId, name: &str) -> Result<(), Error> {
        if name == DEFAULT_GROUP {
            return Err(Error::Protected("the group Default"));
        }
        let mut state = self.state.write();
        let kept = state.entry(env).or_default();
        if !kept.groups.contains_key(name) {
            return Err(Error::NotFound("group"));
        }
        self.catalog.change(|tx| {
            tx.execute(
                "DELETE FROM trace_groups WHERE env = ?1 AND name = ?2",
                rusqlite::params![env.0, name],
            )?;
            Ok(())
        })?;
        kept.groups.remove(name);
        Ok(())
    }

    fn keep_group(&self, env: EnvId, group: &Group) -> Result<(), Error> {
        let tags = to_json(&group.tags)?;
        self.catalog.change(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO trace_groups
                 (env, name, id, expression, insights, notifications, tags, created_ns, modified_ns)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                rusqlite::params![
                    env.0,
                    group.name,
                    group.id,
                    group.expression,
                    group.insights,
                    group.notifications,
                    tags,
                    group.created_ns,
                    group.modified_ns
                ],
            )?;
            Ok(())
        })
    }
}

fn check_notifications(insights: bool, notifications: bool) -> Result<(), Error> {
    match notifications && !insights {
        true => Err(Error::Invalid(
            "NotificationsEnabled needs InsightsEnabled".into(),
        )),
        false => Ok(()),
    }
}
