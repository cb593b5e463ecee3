//! Environments: who shares keys, datasets and questions.

use super::datasets::slugify;
use super::{Catalog, Error, State};
use crate::limits;
use event::EnvId;
use rusqlite::Connection;
use std::sync::Arc;

/// The colours an environment can have, in the order they are given to new ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "colours")]
pub enum Color {
    #[default]
    Blue,
    Green,
    Gold,
    Red,
    Purple,
    LightBlue,
    LightGreen,
    LightGold,
    LightRed,
    LightPurple,
}

impl Color {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Blue,
        Self::Green,
        Self::Gold,
        Self::Red,
        Self::Purple,
        Self::LightBlue,
        Self::LightGreen,
        Self::LightGold,
        Self::LightRed,
        Self::LightPurple,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Gold => "gold",
            Self::Red => "red",
            Self::Purple => "purple",
            Self::LightBlue => "lightBlue",
            Self::LightGreen => "lightGreen",
            Self::LightGold => "lightGold",
            Self::LightRed => "lightRed",
            Self::LightPurple => "lightPurple",
        }
    }

    /// The colour of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentInfo {
    /// Its number, never used again.
    pub id: EnvId,
    /// As its maker wrote it.
    pub name: String,
    /// In addresses.
    pub slug: String,
    /// Tells environments apart at a glance.
    pub color: Color,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
}

pub(super) fn load(conn: &Connection, state: &mut State) -> Result<(), Error> {
    let mut rows = conn.prepare("SELECT id, name, slug, color, created_ns FROM environments")?;
    let found = rows.query_map([], |r| {
        Ok(EnvironmentInfo {
            id: EnvId(r.get(0)?),
            name: r.get(1)?,
            slug: r.get(2)?,
            color: Color::parse(&r.get::<_, String>(3)?).unwrap_or_default(),
            created_ns: r.get(4)?,
        })
    })?;
    for env in found {
        let env = env?;
        state.environments.insert(env.id, Arc::new(env));
    }
    Ok(())
}

impl Catalog {
    /// All environments, oldest first.
    #[must_use]
    pub fn environments(&self) -> Vec<Arc<EnvironmentInfo>> {
        self.0.state.read().environments.values().cloned().collect()
    }

    /// The environment with that number.
    #[must_use]
    pub fn environment(&self, id: EnvId) -> Option<Arc<EnvironmentInfo>> {
        self.0.state.read().environments.get(&id).cloned()
    }

    /// The environment with that slug.
    #[must_use]
    pub fn environment_by_slug(&self, slug: &str) -> Option<Arc<EnvironmentInfo>> {
        let state = self.0.state.read();
        state
            .environments
            .values()
            .find(|e| e.slug == slug)
            .cloned()
    }

    /// Makes an environment; without a colour it gets the first one not in use.
    ///
    /// # Errors
    /// [`Error::Invalid`] name, [`Error::Taken`] name or slug, [`Error::Limit`].
    pub fn create_environment(
        &self,
        name: &str,
        color: Option<Color>,
        now: i64,
    ) -> Result<Arc<EnvironmentInfo>, Error> {
        let name = name.trim();
        let slug = env_slug(name);
        if name.is_empty()
            || name.len() > limits::NAME_BYTES
            || !slug.bytes().any(|b| b.is_ascii_alphanumeric())
        {
            return Err(Error::Invalid(
                "an environment's name has 1 to 255 bytes, a letter or digit among them".into(),
            ));
        }
        let conn = self.0.conn.lock();
        let mut state = self.0.state.write();
        let taken = |e: &EnvironmentInfo| e.slug == slug || e.name == name;
        if let Some(old) = state.environments.values().find(|e| taken(e)) {
            return Err(Error::Taken(format!("the environment {} exists", old.slug)));
        }
        if state.environments.len() >= limits::ENVIRONMENTS {
            return Err(Error::Limit {
                what: "environments",
                limit: limits::ENVIRONMENTS,
            });
        }
        let unused = Color::ALL
            .into_iter()
            .find(|c| state.environments.values().all(|e| e.color != *c));
        let color = color.or(unused).unwrap_or_default();
        let id: u32 = conn.query_row(
            "INSERT INTO environments (name, slug, color, created_ns) VALUES (?1, ?2, ?3, ?4)
             RETURNING id",
            rusqlite::params![name, slug, color.as_str(), now],
            |r| r.get(0),
        )?;
        let env = Arc::new(EnvironmentInfo {
            id: EnvId(id),
            name: name.to_owned(),
            slug,
            color,
            created_ns: now,
        });
        state.environments.insert(env.id, Arc::clone(&env));
        Ok(env)
    }

    /// The environment of that name or slug, made when missing.
    ///
    /// # Errors
    /// As [`Self::create_environment`].
    pub fn ensure_environment(&self, name: &str, now: i64) -> Result<Arc<EnvironmentInfo>, Error> {
        let name = name.trim();
        let known = {
            let state = self.0.state.read();
            let all = state.environments.values();
            let mut found = all.filter(|e| e.name == name || e.slug == env_slug(name));
            found.next().cloned()
        };
        match known {
            Some(env) => Ok(env),
            None => self.create_environment(name, None, now),
        }
    }

    /// Makes an environment of a number that has rows and no entry.
    pub(crate) fn recover_environment(&self, id: EnvId, now: i64) -> Result<(), Error> {
        let name = format!("recovered-{}", id.0);
        let env = EnvironmentInfo {
            id,
            slug: name.clone(),
            name,
            color: Color::default(),
            created_ns: now,
        };
        let conn = self.0.conn.lock();
        conn.execute(
            "INSERT INTO environments (id, name, slug, color, created_ns)
             VALUES (?1, ?2, ?2, ?3, ?4)",
            rusqlite::params![id.0, env.name, env.color.as_str(), now],
        )?;
        self.0.state.write().environments.insert(id, Arc::new(env));
        Ok(())
    }
}

/// As a dataset's, but it begins and ends in a letter, digit or `_`: it is an argument of commands, where a `-` in front is
/// an option, and a folder of addresses, where `..` is the one above.
fn env_slug(name: &str) -> String {
    slugify(name).trim_matches(['-', '.']).to_owned()
}
