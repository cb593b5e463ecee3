//! What people say about columns. Which columns there are, the store knows.

use super::{Catalog, Error};
use crate::secret;
use event::EnvId;
use rusqlite::{OptionalExtension, Row};

/// A column as described by people, or made before data came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub key: String,
    /// `string`, `float`, `integer`, `boolean`, `histogram`: told, not enforced.
    pub ty: String,
    /// What it means.
    pub description: String,
    /// Left out of lists.
    pub hidden: bool,
    /// Deleted by hand; shown again when new data brings it.
    pub deleted: bool,
    /// When it was made, nanoseconds.
    pub created_ns: i64,
    /// When it was changed last, nanoseconds.
    pub updated_ns: i64,
}

/// What a column is described as.
#[derive(Clone, Debug)]
pub struct ColumnUpdate {
    /// See [`ColumnInfo::ty`].
    pub ty: String,
    /// See [`ColumnInfo::description`].
    pub description: String,
    /// See [`ColumnInfo::hidden`].
    pub hidden: bool,
    /// See [`ColumnInfo::deleted`].
    pub deleted: bool,
}

impl ColumnInfo {
    /// The id of a column: follows from dataset and name, so it is the same for ever.
    #[must_use]
    pub fn id_of(dataset: &str, key: &str) -> String {
        secret::id_of(&[dataset, key])
    }
}

const FIELDS: &str = "key, type, description, hidden, deleted, created_ns, updated_ns";

fn read(r: &Row<'_>) -> rusqlite::Result<ColumnInfo> {
    Ok(ColumnInfo {
        key: r.get(0)?,
        ty: r.get(1)?,
        description: r.get(2)?,
        hidden: r.get(3)?,
        deleted: r.get(4)?,
        created_ns: r.get(5)?,
        updated_ns: r.get(6)?,
    })
}

impl Catalog {
    /// What is said about the dataset's columns.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn columns(&self, env: EnvId, dataset: &str) -> Result<Vec<ColumnInfo>, Error> {
        let conn = self.0.conn.lock();
        let sql = format!("SELECT {FIELDS} FROM columns WHERE env = ?1 AND dataset = ?2");
        let mut rows = conn.prepare_cached(&sql)?;
        let found = rows.query_map(rusqlite::params![env.0, dataset], read)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// What is said about one column.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn column(
        &self,
        env: EnvId,
        dataset: &str,
        key: &str,
    ) -> Result<Option<ColumnInfo>, Error> {
        let conn = self.0.conn.lock();
        let sql =
            format!("SELECT {FIELDS} FROM columns WHERE env = ?1 AND dataset = ?2 AND key = ?3");
        let mut rows = conn.prepare_cached(&sql)?;
        Ok(rows
            .query_row(rusqlite::params![env.0, dataset, key], read)
            .optional()?)
    }

    /// Says something about a column, made when nothing was said before.
    ///
    /// # Errors
    /// [`Error::Invalid`] name or description.
    pub fn describe_column(
        &self,
        env: EnvId,
        dataset: &str,
        key: &str,
        update: &ColumnUpdate,
        now: i64,
    ) -> Result<ColumnInfo, Error> {
        if key.is_empty() || key.len() > crate::limits::NAME_BYTES {
            return Err(Error::Invalid("a column's name has 1 to 255 bytes".into()));
        }
        if update.description.len() > 255 {
            return Err(Error::Invalid("a description has at most 255 bytes".into()));
        }
        let conn = self.0.conn.lock();
        let sql = format!(
            "INSERT INTO columns (env, dataset, key, type, description, hidden, deleted,
                                  created_ns, updated_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
             ON CONFLICT (env, dataset, key) DO UPDATE SET
               type = excluded.type, description = excluded.description,
               hidden = excluded.hidden, deleted = excluded.deleted,
               updated_ns = excluded.updated_ns
             RETURNING {FIELDS}"
        );
        Ok(conn.prepare_cached(&sql)?.query_row(
            rusqlite::params![
                env.0,
                dataset,
                key,
                update.ty,
                update.description,
                update.hidden,
                update.deleted,
                now
            ],
            read,
        )?)
    }
}
