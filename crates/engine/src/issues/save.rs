//! Issues in the catalog's file: read at the start, written behind.

use super::model::{
    Deploy, DeployStatus, HOURS, HistoryEntry, Issue, Level, Project, RateLimit, Seen, Status,
    hour_of,
};
use super::state::{Pending, State};
use super::{Inner, Of};
use crate::catalog::{Catalog, Error};
use event::EnvId;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "
CREATE TABLE projects (
  id INTEGER PRIMARY KEY,
  env INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  name TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  UNIQUE (env, dataset)
) STRICT;

CREATE TABLE issues (
  id INTEGER PRIMARY KEY,
  project INTEGER NOT NULL,
  env INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  counter INTEGER NOT NULL,
  environment TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  level INTEGER NOT NULL,
  total INTEGER NOT NULL,
  ever INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  first_ns INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,
  activating_id INTEGER NOT NULL,
  activating_ns INTEGER NOT NULL,
  title TEXT NOT NULL,
  rest TEXT NOT NULL,
  UNIQUE (project, environment, fingerprint),
  UNIQUE (project, counter)
) STRICT;

CREATE TABLE issue_hours (
  issue INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (issue, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE occurrences (
  id INTEGER PRIMARY KEY,
  identity BLOB NOT NULL UNIQUE,
  issue INTEGER NOT NULL,
  ts_ns INTEGER NOT NULL
) STRICT;

CREATE INDEX occurrences_by_issue ON occurrences (issue, id);

CREATE TABLE issue_history (
  issue INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  actor TEXT NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX issue_history_by_issue ON issue_history (issue, at_ns);

CREATE TABLE deploys (
  id INTEGER PRIMARY KEY,
  project INTEGER NOT NULL,
  environment TEXT NOT NULL,
  revision TEXT NOT NULL,
  status TEXT NOT NULL,
  local_username TEXT,
  username TEXT,
  comment TEXT,
  started_ns INTEGER NOT NULL,
  finished_ns INTEGER
) STRICT;

CREATE TABLE token_limits (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  window_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The setting that says up to which sequence of the WAL the tables go.
const APPLIED: &str = "issues_applied_seq";

/// Fields of an issue that no statement asks for: one column of JSON, so that a new one needs no new
/// format.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Rest {
    title_locked: bool,
    level_locked: bool,
    latest_title: String,
    framework: String,
    platform: String,
    language: String,
    context: Option<String>,
    resolved_ns: Option<i64>,
    muted_ns: Option<i64>,
    resolved_in: Option<String>,
    first_version: Option<String>,
    last_version: Option<String>,
    assigned_user: Option<i64>,
    owner: Option<String>,
    snoozed_until_ns: Option<i64>,
    changed_by: Option<String>,
}

/// Reads everything.
pub(super) fn load(conn: &Connection) -> Result<State, Error> {
    let mut state = State::default();
    let applied: Option<Vec<u8>> = conn
        .query_row(
            "SELECT value FROM settings WHERE name = ?1",
            [APPLIED],
            |r| r.get(0),
        )
        .optional()?;
    if let Some(bytes) = applied
        && let Ok(bytes) = bytes.try_into()
    {
        state.applied = u64::from_le_bytes(bytes);
        state.reached = state.applied;
    }
    let mut rows = conn.prepare("SELECT id, env, dataset, name, created_ns FROM projects")?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let dataset: String = r.get(2)?;
        state.restore_project(Project {
            id: r.get(0)?,
            env: EnvId(r.get(1)?),
            dataset: dataset.into(),
            name: r.get(3)?,
            created_ns: r.get(4)?,
        });
    }
    let mut rows = conn.prepare(
        "SELECT id, project, env, dataset, counter, environment, fingerprint, status, level, total,
                ever, first_id, first_ns, last_id, last_ns, activating_id, activating_ns, title, rest
         FROM issues",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        state.restore_issue(issue(r)?);
    }
    let mut rows =
        conn.prepare("SELECT issue, hour, count FROM issue_hours ORDER BY issue, hour")?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        state.restore_hour(r.get(0)?, r.get(1)?, r.get(2)?);
    }
    let mut rows = conn.prepare(
        "SELECT id, project, environment, revision, status, local_username, username, comment,
                started_ns, finished_ns FROM deploys ORDER BY id",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let status: String = r.get(4)?;
        state.restore_deploy(Deploy {
            id: r.get(0)?,
            project: r.get(1)?,
            environment: r.get(2)?,
            revision: r.get(3)?,
            status: DeployStatus::parse(&status).unwrap_or(DeployStatus::Succeeded),
            local_username: r.get(5)?,
            username: r.get(6)?,
            comment: r.get(7)?,
            started_ns: r.get(8)?,
            finished_ns: r.get(9)?,
        });
    }
    let mut rows = conn.prepare("SELECT key, count, window_s FROM token_limits")?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let limit = RateLimit {
            count: r.get(1)?,
            window_s: r.get(2)?,
        };
        state.limits.insert(r.get(0)?, limit);
    }
    Ok(state)
}

fn issue(r: &Row<'_>) -> Result<Issue, Error> {
    let dataset: String = r.get(3)?;
    let (status, level): (u8, u8) = (r.get(7)?, r.get(8)?);
    let rest: String = r.get(18)?;
    let rest: Rest = serde_json::from_str(&rest)
        .map_err(|e| Error::Storage(format!("fields of an issue: {e}")))?;
    let count = |n: i64| n.max(0).cast_unsigned();
    Ok(Issue {
        id: r.get(0)?,
        project: r.get(1)?,
        env: EnvId(r.get(2)?),
        dataset: dataset.into(),
        counter: r.get(4)?,
        environment: r.get(5)?,
        fingerprint: r.get(6)?,
        status: Status::parse(&status.to_string()).unwrap_or(Status::Active),
        level: Level::parse(&level.to_string()).unwrap_or(Level::Error),
        total: count(r.get(9)?),
        ever: count(r.get(10)?),
        first: (r.get(11)?, r.get(12)?),
        last: (r.get(13)?, r.get(14)?),
        activating: (r.get(15)?, r.get(16)?),
        title: r.get(17)?,
        title_locked: rest.title_locked,
        level_locked: rest.level_locked,
        latest_title: rest.latest_title,
        framework: rest.framework,
        platform: rest.platform,
        language: rest.language,
        context: rest.context,
        resolved_ns: rest.resolved_ns,
        muted_ns: rest.muted_ns,
        resolved_in: rest.resolved_in,
        first_version: rest.first_version,
        last_version: rest.last_version,
        assigned_user: rest.assigned_user,
        owner: rest.owner,
        snoozed_until_ns: rest.snoozed_until_ns,
        changed_by: rest.changed_by,
        hours: Vec::new(),
    })
}

/// Of `SELECT id, issue, ts_ns, identity FROM occurrences`.
pub(super) fn seen(r: &Row<'_>) -> rusqlite::Result<Seen> {
    Ok(Seen {
        id: r.get(0)?,
        issue: r.get(1)?,
        ts_ns: r.get(2)?,
        identity: r.get(3)?,
    })
}

/// Occurrences of an issue, or of a whole project, the greatest number first.
pub(super) fn occurrences(
    conn: &Connection,
    of: Of,
    before: Option<i64>,
    offset: usize,
    limit: usize,
) -> Result<Vec<Seen>, Error> {
    let (sql, id) = match of {
        Of::Issue(id) => (
            "SELECT id, issue, ts_ns, identity FROM occurrences WHERE issue = ?1 AND id < ?2
             ORDER BY id DESC LIMIT ?3 OFFSET ?4",
            id,
        ),
        Of::Project(id) => (
            "SELECT o.id, o.issue, o.ts_ns, o.identity FROM occurrences o
             JOIN issues i ON i.id = o.issue WHERE i.project = ?1 AND o.id < ?2
             ORDER BY o.id DESC LIMIT ?3 OFFSET ?4",
            id,
        ),
    };
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let params = rusqlite::params![
        id,
        before.unwrap_or(i64::MAX),
        number(limit),
        number(offset)
    ];
    let mut rows = conn.prepare_cached(sql)?;
    let rows = rows.query_map(params, seen)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What happened to an issue, latest first.
pub(super) fn history(conn: &Connection, issue: i64) -> Result<Vec<HistoryEntry>, Error> {
    let mut rows = conn.prepare_cached(
        "SELECT at_ns, actor, what, detail FROM issue_history WHERE issue = ?1
         ORDER BY at_ns DESC, rowid DESC LIMIT 500",
    )?;
    let rows = rows.query_map([issue], |r| {
        Ok(HistoryEntry {
            issue,
            at_ns: r.get(0)?,
            actor: r.get(1)?,
            what: r.get(2)?,
            detail: r.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Inner {
    /// Writes what changed, if something did, and with `all` the mark alone too. Returns the sequence up
    /// to which the store may forget: with nothing to write that is all there was. The mark in the file
    /// then lags, but between it and here lies no record that would be counted again.
    pub(super) fn save(&self, all: bool) -> Result<u64, Error> {
        let _saving = self.saving.lock();
        let (pending, reached) = {
            let mut state = self.state.lock();
            let is_behind = state.applied < state.reached;
            if !(state.is_changed() || all && is_behind) {
                state.applied = state.applied.max(state.reached);
                return Ok(state.applied);
            }
            state.take()
        };
        let written = self
            .catalog
            .change(|tx| write(tx, &pending, &pending.hours, &hours_of(&pending), reached));
        let mut state = self.state.lock();
        match written {
            Ok(()) => {
                state.written(reached);
                Ok(reached)
            }
            Err(e) => {
                state.put_back(pending);
                Err(e)
            }
        }
    }

    /// A change by people: with everything counted so far, in one transaction. Records wait meanwhile,
    /// so that a replay meets the change in its place.
    pub(super) fn change<R>(
        &self,
        change: impl FnOnce(&mut State, &mut Pending) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let _saving = self.saving.lock();
        let mut state = self.state.lock();
        let (pending, reached) = state.take();
        let mut own = Pending::default();
        let done = match change(&mut state, &mut own) {
            Ok(done) if !own.is_empty() => done,
            // Refused, or there was nothing to do.
            other => {
                state.put_back(pending);
                return other;
            }
        };
        // Changed issues as they are now come after themselves as they were.
        let written = self.catalog.change(|tx| {
            write(tx, &pending, &pending.hours, &hours_of(&pending), reached)?;
            write(tx, &own, &[], &[], reached)
        });
        match written {
            Ok(()) => {
                state.written(reached);
                Ok(done)
            }
            Err(e) => {
                state.undo(own);
                state.put_back(pending);
                Err(e)
            }
        }
    }
}

/// The counts of the touched hours.
fn hours_of(pending: &Pending) -> Vec<u32> {
    let count = |(issue, hour): &(i64, u32)| {
        let issue = pending.issues.iter().find(|i| i.id == *issue)?;
        let i = issue.hours.binary_search_by_key(hour, |h| h.0).ok()?;
        Some(issue.hours[i].1)
    };
    pending
        .hours
        .iter()
        .map(|h| count(h).unwrap_or(0))
        .collect()
}

fn write(
    tx: &Transaction<'_>,
    pending: &Pending,
    touched: &[(i64, u32)],
    counts: &[u32],
    reached: u64,
) -> Result<(), Error> {
    for p in &pending.projects {
        tx.prepare_cached(
            "INSERT INTO projects (id, env, dataset, name, created_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(rusqlite::params![
            p.id,
            p.env.0,
            &*p.dataset,
            p.name,
            p.created_ns
        ])?;
    }
    for issue in &pending.issues {
        write_issue(tx, issue)?;
    }
    for ((issue, hour), count) in touched.iter().zip(counts).filter(|(_, count)| **count > 0) {
        tx.prepare_cached(
            "INSERT INTO issue_hours (issue, hour, count) VALUES (?1, ?2, ?3)
             ON CONFLICT (issue, hour) DO UPDATE SET count = excluded.count",
        )?
        .execute(rusqlite::params![issue, hour, count])?;
    }
    for (identity, seen) in &pending.occurrences {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO occurrences (id, identity, issue, ts_ns) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(rusqlite::params![seen.id, identity, seen.issue, seen.ts_ns])?;
    }
    for h in &pending.history {
        tx.prepare_cached(
            "INSERT INTO issue_history (issue, at_ns, actor, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(rusqlite::params![h.issue, h.at_ns, h.actor, h.what, h.detail])?;
    }
    for d in &pending.deploys {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO deploys (id, project, environment, revision, status,
               local_username, username, comment, started_ns, finished_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(rusqlite::params![
            d.id,
            d.project,
            d.environment,
            d.revision,
            d.status.as_str(),
            d.local_username,
            d.username,
            d.comment,
            d.started_ns,
            d.finished_ns
        ])?;
    }
    tx.prepare_cached(
        "INSERT INTO settings (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute(rusqlite::params![APPLIED, reached.to_le_bytes()])?;
    Ok(())
}

fn write_issue(tx: &Transaction<'_>, i: &Issue) -> Result<(), Error> {
    let rest = Rest {
        title_locked: i.title_locked,
        level_locked: i.level_locked,
        latest_title: i.latest_title.clone(),
        framework: i.framework.clone(),
        platform: i.platform.clone(),
        language: i.language.clone(),
        context: i.context.clone(),
        resolved_ns: i.resolved_ns,
        muted_ns: i.muted_ns,
        resolved_in: i.resolved_in.clone(),
        first_version: i.first_version.clone(),
        last_version: i.last_version.clone(),
        assigned_user: i.assigned_user,
        owner: i.owner.clone(),
        snoozed_until_ns: i.snoozed_until_ns,
        changed_by: i.changed_by.clone(),
    };
    let rest = serde_json::to_string(&rest)
        .map_err(|e| Error::Storage(format!("fields of an issue: {e}")))?;
    tx.prepare_cached(
        "INSERT INTO issues (id, project, env, dataset, counter, environment, fingerprint, status,
           level, total, ever, first_id, first_ns, last_id, last_ns, activating_id, activating_ns,
           title, rest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, level = excluded.level,
           total = excluded.total, ever = excluded.ever, first_id = excluded.first_id,
           first_ns = excluded.first_ns, last_id = excluded.last_id, last_ns = excluded.last_ns,
           activating_id = excluded.activating_id, activating_ns = excluded.activating_ns,
           title = excluded.title, rest = excluded.rest",
    )?
    .execute(rusqlite::params![
        i.id,
        i.project,
        i.env.0,
        &*i.dataset,
        i.counter,
        i.environment,
        i.fingerprint,
        i.status as u8,
        i.level as u8,
        i.total.cast_signed(),
        i.ever.cast_signed(),
        i.first.0,
        i.first.1,
        i.last.0,
        i.last.1,
        i.activating.0,
        i.activating.1,
        i.title,
        rest
    ])?;
    Ok(())
}

/// Occurrences taken out in one transaction.
const FORGET_AT_ONCE: i64 = 20_000;

/// Numbers rise with time, so the oldest come first.
pub(super) fn forget_before(catalog: &Catalog, oldest_ns: i64) -> Result<usize, Error> {
    let first: Option<i64> = catalog.read(|conn| {
        Ok(conn
            .query_row(
                "SELECT ts_ns FROM occurrences ORDER BY id LIMIT 1",
                [],
                |r| r.get(0),
            )
            .optional()?)
    })?;
    if first.is_none_or(|ts| ts >= oldest_ns) {
        return Ok(0);
    }
    catalog.change(|tx| {
        let hours = i64::try_from(HOURS).unwrap_or(i64::MAX);
        tx.execute(
            "DELETE FROM issue_hours WHERE hour < ?1",
            [i64::from(hour_of(oldest_ns)).min(i64::from(u32::MAX)) - hours],
        )?;
        Ok(tx.execute(
            "DELETE FROM occurrences WHERE id IN (SELECT id FROM occurrences ORDER BY id LIMIT ?1) AND ts_ns < ?2",
            rusqlite::params![FORGET_AT_ONCE, oldest_ns],
        )?)
    })
}
