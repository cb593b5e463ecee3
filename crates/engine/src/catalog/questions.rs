//! Saved questions, their stored answers, short links, and the counters of Arrivals.

use super::{Catalog, Error};
use crate::admit::Protocol;
use crate::arrivals::{CounterKey, Counts};
use crate::{limits, secret};
use event::EnvId;
use rusqlite::OptionalExtension;
use std::collections::HashMap;

/// A question as saved: immutable, never deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuery {
    /// 11 characters.
    pub id: String,
    /// Slug; `None`: the whole environment.
    pub dataset: Option<String>,
    /// The question's JSON, as it was posted.
    pub spec: String,
}

/// A run of a saved question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResult {
    /// 11 characters.
    pub id: String,
    /// Slug; `None`: the whole environment.
    pub dataset: Option<String>,
    /// The question.
    pub query_id: String,
    /// How it is to be answered, JSON of the surface that asked.
    pub options: String,
    /// The answer, JSON of the surface that asked; `None` while it runs.
    pub answer: Option<String>,
    /// When it was asked, nanoseconds.
    pub created_ns: i64,
}

impl Catalog {
    /// Saves a question; returns its id.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn save_query(
        &self,
        env: EnvId,
        dataset: Option<&str>,
        spec: &str,
        now: i64,
    ) -> Result<String, Error> {
        let id = secret::make_id()?;
        self.0.conn.lock().execute(
            "INSERT INTO queries (id, env, dataset, spec, created_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
            rusqlite::params![id, env.0, dataset, spec, now],
        )?;
        Ok(id)
    }

    /// The question with that id, in that environment.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn query(&self, env: EnvId, id: &str) -> Result<Option<SavedQuery>, Error> {
        let conn = self.0.conn.lock();
        let found = conn.query_row(
            "SELECT id, dataset, spec FROM queries WHERE id = ?1 AND env = ?2",
            rusqlite::params![id, env.0],
            |r| {
                Ok(SavedQuery {
                    id: r.get(0)?,
                    dataset: r.get(1)?,
                    spec: r.get(2)?,
                })
            },
        );
        Ok(found.optional()?)
    }

    /// Notes that a question was asked; returns the id its answer will have.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn begin_result(
        &self,
        env: EnvId,
        dataset: Option<&str>,
        query_id: &str,
        options: &str,
        now: i64,
    ) -> Result<String, Error> {
        let id = secret::make_id()?;
        self.0.conn.lock().execute(
            "INSERT INTO query_results (id, env, dataset, query_id, options, created_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![id, env.0, dataset, query_id, options, now],
        )?;
        Ok(id)
    }

    /// Keeps the answer, packed. The oldest answers go when all together exceed 256 MiB.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn finish_result(&self, env: EnvId, id: &str, answer: &str) -> Result<(), Error> {
        let packed = zstd::encode_all(answer.as_bytes(), 1)?;
        let mut conn = self.0.conn.lock();
        let tx = conn.transaction()?;
        tx.execute(
            "UPDATE query_results SET answer = ?3 WHERE id = ?1 AND env = ?2",
            rusqlite::params![id, env.0, packed],
        )?;
        tx.execute(
            "DELETE FROM query_results WHERE id IN (
               SELECT id FROM (
                 SELECT id, SUM(LENGTH(answer)) OVER (ORDER BY created_ns DESC, id) AS bytes
                 FROM query_results WHERE answer IS NOT NULL)
               WHERE bytes > ?1)",
            [limits::RESULT_BYTES],
        )?;
        Ok(tx.commit()?)
    }

    /// The run with that id, in that environment.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn result(&self, env: EnvId, id: &str) -> Result<Option<StoredResult>, Error> {
        let conn = self.0.conn.lock();
        let found = conn
            .query_row(
                "SELECT id, dataset, query_id, options, answer, created_ns FROM query_results
                 WHERE id = ?1 AND env = ?2",
                rusqlite::params![id, env.0],
                |r| {
                    let packed: Option<Vec<u8>> = r.get(4)?;
                    let stored = StoredResult {
                        id: r.get(0)?,
                        dataset: r.get(1)?,
                        query_id: r.get(2)?,
                        options: r.get(3)?,
                        answer: None,
                        created_ns: r.get(5)?,
                    };
                    Ok((stored, packed))
                },
            )
            .optional()?;
        drop(conn);
        let Some((mut stored, packed)) = found else {
            return Ok(None);
        };
        if let Some(packed) = packed {
            let text = String::from_utf8(zstd::decode_all(&packed[..])?)
                .map_err(|e| Error::Storage(e.to_string()))?;
            stored.answer = Some(text);
        }
        Ok(Some(stored))
    }

    /// A short id for a path of ours; the same path gets the same id. Links never expire.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no path of ours, or over 16 KiB.
    pub fn create_link(&self, env: EnvId, path: &str, now: i64) -> Result<String, Error> {
        let is_ours = path.starts_with('/') && !path.starts_with("//");
        let is_plain = !path.contains(['\\', '\r', '\n', '\t']);
        if !is_ours || !is_plain || path.len() > 16 << 10 {
            return Err(Error::Invalid(
                "a link leads to a path of this server, at most 16 KiB long".into(),
            ));
        }
        let id = secret::make_id()?;
        Ok(self.0.conn.lock().query_row(
            "INSERT INTO links (id, env, path, created_ns) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (env, path) DO UPDATE SET path = excluded.path RETURNING id",
            rusqlite::params![id, env.0, path, now],
            |r| r.get(0),
        )?)
    }

    /// Where a short link leads: environment and path.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn link(&self, id: &str) -> Result<Option<(EnvId, String)>, Error> {
        let conn = self.0.conn.lock();
        let found = conn.query_row("SELECT env, path FROM links WHERE id = ?1", [id], |r| {
            Ok((EnvId(r.get(0)?), r.get(1)?))
        });
        Ok(found.optional()?)
    }

    /// The counters of Arrivals as last written.
    pub(crate) fn load_counters(&self) -> Result<HashMap<CounterKey, Counts>, Error> {
        let conn = self.0.conn.lock();
        let mut rows = conn.prepare(
            "SELECT env, key_prefix, protocol, deliveries, received, stored, refused, dropped,
                    merged, wire_bytes FROM arrival_counters",
        )?;
        let mut rows = rows.query([])?;
        let mut out = HashMap::new();
        while let Some(r) = rows.next()? {
            let Some(protocol) = Protocol::parse(&r.get::<_, String>(2)?) else {
                continue;
            };
            // Environment 0 and the empty prefix stand for none.
            let key = CounterKey {
                env: Some(EnvId(r.get(0)?)).filter(|e| e.0 != 0),
                key_prefix: Some(r.get::<_, String>(1)?)
                    .filter(|p| !p.is_empty())
                    .map(Into::into),
                protocol,
            };
            let n = |i: usize| r.get::<_, i64>(i).map(|n| n.max(0).cast_unsigned());
            let counts = Counts {
                deliveries: n(3)?,
                received: n(4)?,
                stored: n(5)?,
                refused: n(6)?,
                dropped: n(7)?,
                merged: n(8)?,
                wire_bytes: n(9)?,
            };
            out.insert(key, counts);
        }
        Ok(out)
    }

    /// Writes counters, all in one transaction: their sums stay conserved whenever we stop.
    pub(crate) fn save_counters(&self, changed: &[(CounterKey, Counts)]) -> Result<(), Error> {
        if changed.is_empty() {
            return Ok(());
        }
        let mut conn = self.0.conn.lock();
        let tx = conn.transaction()?;
        {
            let mut put = tx.prepare_cached(
                "INSERT OR REPLACE INTO arrival_counters
                   (env, key_prefix, protocol, deliveries, received, stored, refused, dropped,
                    merged, wire_bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            for (key, c) in changed {
                put.execute(rusqlite::params![
                    key.env.map_or(0, |e| e.0),
                    key.key_prefix.as_deref().unwrap_or(""),
                    key.protocol.as_str(),
                    c.deliveries.cast_signed(),
                    c.received.cast_signed(),
                    c.stored.cast_signed(),
                    c.refused.cast_signed(),
                    c.dropped.cast_signed(),
                    c.merged.cast_signed(),
                    c.wire_bytes.cast_signed()
                ])?;
            }
        }
        Ok(tx.commit()?)
    }
}
