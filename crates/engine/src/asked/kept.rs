//! What the catalog keeps of questions.

use super::{Asked, KEPT_NS, State, as_found};
use crate::catalog::{Catalog, Error};
use crate::limits;
use event::EnvId;
use rusqlite::{OptionalExtension, Row};

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "
CREATE TABLE asked (
  env INTEGER NOT NULL REFERENCES environments (id),
  id TEXT NOT NULL,
  text TEXT NOT NULL,
  about TEXT NOT NULL,
  start_ns INTEGER NOT NULL,
  end_ns INTEGER NOT NULL,
  state TEXT NOT NULL,
  asked_ns INTEGER NOT NULL,
  ended_ns INTEGER,
  bytes INTEGER NOT NULL DEFAULT 0,
  why TEXT,
  answer BLOB,
  PRIMARY KEY (env, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_by_age ON asked (env, asked_ns);
";

const COLUMNS: &str = "id, text, about, start_ns, end_ns, state, asked_ns, ended_ns, bytes, why";

fn read(r: &Row<'_>) -> rusqlite::Result<Asked> {
    let (about, state): (String, String) = (r.get(2)?, r.get(5)?);
    let state = State::ALL.into_iter().find(|s| s.as_str() == state);
    Ok(as_found(Asked {
        id: r.get(0)?,
        text: r.get(1)?,
        about: serde_json::from_str(&about).unwrap_or_default(),
        range: (r.get(3)?, r.get(4)?),
        state: state.unwrap_or(State::Failed),
        asked_ns: r.get(6)?,
        ended_ns: r.get(7)?,
        bytes: r.get::<_, i64>(8)?.max(0).cast_unsigned(),
        why: r.get(9)?,
        answer: None,
    }))
}

/// Notes that a question is asked; what is older than a week goes.
pub(super) fn begin(catalog: &Catalog, env: EnvId, asked: &Asked) -> Result<(), Error> {
    let about = serde_json::to_string(&asked.about).map_err(|e| Error::Storage(e.to_string()))?;
    catalog.change(|tx| {
        tx.execute(
            "DELETE FROM asked WHERE asked_ns < ?1",
            [asked.asked_ns.saturating_sub(KEPT_NS)],
        )?;
        tx.execute(
            "INSERT INTO asked (env, id, text, about, start_ns, end_ns, state, asked_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            rusqlite::params![
                env.0,
                asked.id,
                asked.text,
                about,
                asked.range.0,
                asked.range.1,
                asked.state.as_str(),
                asked.asked_ns
            ],
        )?;
        Ok(())
    })
}

/// Keeps what became of a question, its answer packed; the oldest answers go when all together exceed
/// their limit.
pub(super) fn end(catalog: &Catalog, env: EnvId, asked: &Asked) -> Result<(), Error> {
    let packed = asked
        .answer
        .as_ref()
        .map(|a| zstd::encode_all(a.as_bytes(), 1))
        .transpose()?;
    catalog.change(|tx| {
        tx.execute(
            "UPDATE asked SET state = ?3, ended_ns = ?4, bytes = ?5, why = ?6, answer = ?7
             WHERE env = ?1 AND id = ?2",
            rusqlite::params![
                env.0,
                asked.id,
                asked.state.as_str(),
                asked.ended_ns,
                i64::try_from(asked.bytes).unwrap_or(i64::MAX),
                asked.why,
                packed
            ],
        )?;
        tx.execute(
            "DELETE FROM asked WHERE (env, id) IN (
               SELECT env, id FROM (
                 SELECT env, id, SUM(LENGTH(answer)) OVER (ORDER BY asked_ns DESC, id) AS bytes
                 FROM asked WHERE answer IS NOT NULL)
               WHERE bytes > ?1)",
            [limits::RESULT_BYTES],
        )?;
        Ok(())
    })
}

/// The question of that id, with its answer, unless it is older than a week.
pub(super) fn one(
    catalog: &Catalog,
    env: EnvId,
    id: &str,
    now: i64,
) -> Result<Option<Asked>, Error> {
    let found = catalog.read(|conn| {
        let sql = format!(
            "SELECT {COLUMNS}, answer FROM asked WHERE env = ?1 AND id = ?2 AND asked_ns >= ?3"
        );
        let oldest = now.saturating_sub(KEPT_NS);
        let found = conn.query_row(&sql, rusqlite::params![env.0, id, oldest], |r| {
            Ok((read(r)?, r.get::<_, Option<Vec<u8>>>(10)?))
        });
        Ok(found.optional()?)
    })?;
    let Some((mut asked, packed)) = found else {
        return Ok(None);
    };
    if let Some(packed) = packed {
        let text = String::from_utf8(zstd::decode_all(&packed[..])?);
        asked.answer = Some(text.map_err(|e| Error::Storage(e.to_string()))?);
    }
    Ok(Some(asked))
}

/// Questions of an environment, the latest first.
pub(super) fn list(
    catalog: &Catalog,
    env: EnvId,
    now: i64,
    limit: usize,
) -> Result<Vec<Asked>, Error> {
    catalog.read(|conn| {
        let sql = format!(
            "SELECT {COLUMNS} FROM asked WHERE env = ?1 AND asked_ns >= ?2
             ORDER BY asked_ns DESC, id LIMIT ?3"
        );
        let oldest = now.saturating_sub(KEPT_NS);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = conn.prepare(&sql)?;
        let rows = rows.query_map(rusqlite::params![env.0, oldest, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}
