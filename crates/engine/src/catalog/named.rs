//! Questions kept under a name, for people to find again.
//!
//! The question itself is a row of `queries` like any other: whoever knows its id can read and run it by
//! Honeycomb's API, and it stays when the name is given to another question, or deleted.

use super::{Catalog, Error};
use crate::{limits, secret};
use event::EnvId;
use rusqlite::{Connection, OptionalExtension, Row};

pub(super) const TABLES: &str = "
CREATE TABLE named_queries (
  id TEXT PRIMARY KEY,
  env INTEGER NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  query_id TEXT NOT NULL REFERENCES queries (id),
  created_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  UNIQUE (env, name)
) STRICT, WITHOUT ROWID;
";

/// A question and the dataset it is asked of.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Slug; `None`: the whole environment.
    pub dataset: Option<&'a str>,
    /// Its JSON.
    pub spec: &'a str,
}

/// A question kept under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedQuery {
    /// 11 characters; the same for as long as the name is kept, whatever it is changed to.
    pub id: String,
    /// 1 to 320 characters in one line, no two alike in an environment.
    pub name: String,
    /// At most 1,023 characters.
    pub description: String,
    /// The question's own id, as Honeycomb's API has it.
    pub query_id: String,
    /// Slug; `None`: the whole environment.
    pub dataset: Option<String>,
    /// The question's JSON.
    pub spec: String,
    /// When it was saved first, nanoseconds.
    pub created_ns: i64,
    /// When it was saved or changed last, nanoseconds.
    pub changed_ns: i64,
}

/// A change of a kept question; `None` leaves a part as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamedQueryChange<'a> {
    /// See [`NamedQuery::name`].
    pub name: Option<&'a str>,
    /// See [`NamedQuery::description`].
    pub description: Option<&'a str>,
    /// Another question under the same name.
    pub question: Option<Question<'a>>,
}

const SELECT: &str =
    "SELECT n.id, n.name, n.description, n.query_id, q.dataset, q.spec, n.created_ns, n.changed_ns
     FROM named_queries n JOIN queries q ON q.id = n.query_id";

fn read(r: &Row<'_>) -> rusqlite::Result<NamedQuery> {
    Ok(NamedQuery {
        id: r.get(0)?,
        name: r.get(1)?,
        description: r.get(2)?,
        query_id: r.get(3)?,
        dataset: r.get(4)?,
        spec: r.get(5)?,
        created_ns: r.get(6)?,
        changed_ns: r.get(7)?,
    })
}

impl Catalog {
    /// The environment's kept questions, changed last first.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn named_queries(&self, env: EnvId) -> Result<Vec<NamedQuery>, Error> {
        self.read(|conn| {
            let sql = format!("{SELECT} WHERE n.env = ?1 ORDER BY n.changed_ns DESC, n.name");
            let mut rows = conn.prepare_cached(&sql)?;
            let found = rows.query_map([env.0], read)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps a question under a name.
    ///
    /// # Errors
    /// [`Error::Invalid`] name, description or question; [`Error::Taken`] name; [`Error::Limit`].
    pub fn save_named_query(
        &self,
        env: EnvId,
        name: &str,
        description: &str,
        question: Question<'_>,
        now: i64,
    ) -> Result<NamedQuery, Error> {
        let name = checked_name(name)?;
        let description = checked_description(description)?;
        let id = secret::make_id()?;
        self.change(|tx| {
            is_free(tx, env, name, "")?;
            let sql = "SELECT COUNT(*) FROM named_queries WHERE env = ?1";
            let count: i64 = tx.query_row(sql, [env.0], |r| r.get(0))?;
            let limit = limits::NAMED_QUERIES_PER_ENVIRONMENT;
            if usize::try_from(count).is_ok_and(|n| n >= limit) {
                return Err(Error::Limit {
                    what: "saved queries in an environment",
                    limit,
                });
            }
            let query_id = keep(tx, env, question, now)?;
            tx.execute(
                "INSERT INTO named_queries (id, env, name, description, query_id, created_ns, changed_ns)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                rusqlite::params![id, env.0, name, description, query_id, now],
            )?;
            find(tx, env, &id)
        })
    }

    /// Changes a kept question.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] name, description or question; [`Error::Taken`] name.
    pub fn change_named_query(
        &self,
        env: EnvId,
        id: &str,
        change: NamedQueryChange<'_>,
        now: i64,
    ) -> Result<NamedQuery, Error> {
        self.change(|tx| {
            let old = find(tx, env, id)?;
            let name = match change.name {
                Some(name) => checked_name(name)?,
                None => &old.name,
            };
            let description = match change.description {
                Some(description) => checked_description(description)?,
                None => &old.description,
            };
            is_free(tx, env, name, id)?;
            let query_id = match change.question {
                Some(question) => keep(tx, env, question, now)?,
                None => old.query_id.clone(),
            };
            tx.execute(
                "UPDATE named_queries SET name = ?3, description = ?4, query_id = ?5, changed_ns = ?6
                 WHERE id = ?1 AND env = ?2",
                rusqlite::params![id, env.0, name, description, query_id, now],
            )?;
            find(tx, env, id)
        })
    }

    /// Forgets a kept question. Links to it lead where they led.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_named_query(&self, env: EnvId, id: &str) -> Result<(), Error> {
        self.change(|tx| {
            let sql = "DELETE FROM named_queries WHERE id = ?1 AND env = ?2";
            match tx.execute(sql, rusqlite::params![id, env.0])? {
                0 => Err(Error::NotFound("saved query")),
                _ => Ok(()),
            }
        })
    }
}

fn find(conn: &Connection, env: EnvId, id: &str) -> Result<NamedQuery, Error> {
    let sql = format!("{SELECT} WHERE n.id = ?1 AND n.env = ?2");
    let found = conn.query_row(&sql, rusqlite::params![id, env.0], read);
    found.optional()?.ok_or(Error::NotFound("saved query"))
}

/// Fails when another than `own` has the name.
fn is_free(conn: &Connection, env: EnvId, name: &str, own: &str) -> Result<(), Error> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM named_queries WHERE env = ?1 AND name = ?2 AND id <> ?3)";
    match conn.query_row(sql, rusqlite::params![env.0, name, own], |r| r.get(0))? {
        true => Err(Error::Taken(format!(
            "a saved query is named `{name}` already"
        ))),
        false => Ok(()),
    }
}

/// Writes the question beside those of Honeycomb's API; returns its id.
fn keep(conn: &Connection, env: EnvId, question: Question<'_>, now: i64) -> Result<String, Error> {
    if question.spec.len() > limits::NAMED_QUERY_BYTES {
        return Err(Error::Invalid(format!(
            "the query has {} bytes; a saved one has at most {}",
            question.spec.len(),
            limits::NAMED_QUERY_BYTES
        )));
    }
    let id = secret::make_id()?;
    conn.execute(
        "INSERT INTO queries (id, env, dataset, spec, created_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
        rusqlite::params![id, env.0, question.dataset, question.spec, now],
    )?;
    Ok(id)
}

fn checked_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    let limit = limits::NAMED_QUERY_NAME_CHARS;
    let length = name.chars().count();
    // A name that shows nothing cannot be clicked.
    if !name.chars().any(event::shown::is_visible) || length > limit {
        return Err(Error::Invalid(format!(
            "the name of a saved query has 1 to {limit} characters, not {length}"
        )));
    }
    if name.contains(char::is_control) {
        return Err(Error::Invalid(
            "the name of a saved query is one line without control characters".into(),
        ));
    }
    Ok(name)
}

fn checked_description(description: &str) -> Result<&str, Error> {
    let description = description.trim();
    let limit = limits::NAMED_QUERY_DESCRIPTION_CHARS;
    let length = description.chars().count();
    if length > limit {
        return Err(Error::Invalid(format!(
            "the description of a saved query has at most {limit} characters, not {length}"
        )));
    }
    if description.contains(|c: char| c.is_control() && c != '\n') {
        return Err(Error::Invalid(
            "the description of a saved query has no control characters but line ends".into(),
        ));
    }
    Ok(description)
}

#[cfg(test)]
mod tests;
