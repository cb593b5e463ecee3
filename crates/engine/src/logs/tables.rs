//! Groups and streams in the catalog's file.

use super::{Group, Groups, Inner, Logs, Settings, Stream, StreamState, Written};
use crate::catalog::{Catalog, Error};
use event::EnvId;
use parking_lot::{Mutex, RwLock};
use rusqlite::{OptionalExtension as _, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "
CREATE TABLE log_groups (
  env INTEGER NOT NULL REFERENCES environments (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  class TEXT NOT NULL,
  retention_days INTEGER,
  delete_protected INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (env, slug)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX log_groups_by_name ON log_groups (env, name);

CREATE TABLE log_streams (
  env INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  first_ns INTEGER,
  last_ns INTEGER,
  ingested_ns INTEGER,
  service TEXT,
  service_environment TEXT,
  PRIMARY KEY (env, slug, name),
  FOREIGN KEY (env, slug) REFERENCES log_groups (env, slug) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE log_streams_deleted (
  env INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (env, slug, name),
  FOREIGN KEY (env, slug) REFERENCES log_groups (env, slug) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

impl Logs {
    /// Reads all groups and streams.
    pub(crate) fn load(catalog: &Catalog) -> Result<Self, Error> {
        let groups = catalog.read(|conn| {
            let mut groups = read_groups(conn)?;
            read_streams(conn, &mut groups)?;
            read_deleted(conn, &mut groups)?;
            Ok(groups)
        })?;
        let mut by_name: Groups = HashMap::new();
        for ((env, _), group) in groups {
            let of_env = by_name.entry(env).or_default();
            of_env.insert(Arc::clone(&group.name), Arc::new(group));
        }
        Ok(Self(Arc::new(Inner {
            catalog: catalog.clone(),
            groups: RwLock::new(by_name),
            changing: Mutex::default(),
            tails: super::Tails::default(),
        })))
    }
}

type BySlug = HashMap<(EnvId, String), Group>;

fn read_groups(conn: &rusqlite::Connection) -> Result<BySlug, Error> {
    let mut groups = HashMap::new();
    let mut rows = conn.prepare(
        "SELECT env, slug, name, class, retention_days, delete_protected, tags, created_ns,
                stored_bytes FROM log_groups",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let slug: String = r.get(1)?;
        let tags: String = r.get(6)?;
        let group = Group {
            name: r.get::<_, String>(2)?.into(),
            slug: slug.as_str().into(),
            created_ns: r.get(7)?,
            class: r.get::<_, String>(3)?.into(),
            settings: RwLock::new(Settings {
                retention_days: r.get(4)?,
                delete_protected: r.get(5)?,
                tags: serde_json::from_str(&tags)
                    .map_err(|e| Error::Storage(format!("tags of a log group: {e}")))?,
            }),
            streams: RwLock::default(),
            deleted: Mutex::default(),
            stored_bytes: AtomicU64::new(r.get::<_, i64>(8)?.max(0).cast_unsigned()),
            changed: AtomicBool::new(false),
        };
        groups.insert((EnvId(r.get(0)?), slug), group);
    }
    Ok(groups)
}

fn read_streams(conn: &rusqlite::Connection, groups: &mut BySlug) -> Result<(), Error> {
    let mut rows = conn.prepare(
        "SELECT env, slug, name, created_ns, first_ns, last_ns, ingested_ns, service,
                service_environment FROM log_streams",
    )?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        let Some(group) = groups.get_mut(&(EnvId(r.get(0)?), r.get(1)?)) else {
            continue;
        };
        let times: (Option<i64>, Option<i64>, Option<i64>) = (r.get(4)?, r.get(5)?, r.get(6)?);
        let written = match times {
            (Some(first_ns), Some(last_ns), Some(ingested_ns)) => Some(Written {
                first_ns,
                last_ns,
                ingested_ns,
            }),
            _ => None,
        };
        let service: Option<String> = r.get(7)?;
        let environment: Option<String> = r.get(8)?;
        let stream = Stream {
            name: r.get::<_, String>(2)?.into(),
            created_ns: r.get(3)?,
            state: Mutex::new(StreamState {
                written,
                service: service.map(|s| (s, environment)),
            }),
            changed: AtomicBool::new(false),
        };
        let streams = group.streams.get_mut();
        streams.insert(Arc::clone(&stream.name), Arc::new(stream));
    }
    Ok(())
}

fn read_deleted(conn: &rusqlite::Connection, groups: &mut BySlug) -> Result<(), Error> {
    let mut rows = conn.prepare("SELECT env, slug, name, until_ms FROM log_streams_deleted")?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        if let Some(group) = groups.get_mut(&(EnvId(r.get(0)?), r.get(1)?)) {
            group.deleted.get_mut().insert(r.get(2)?, r.get(3)?);
        }
    }
    Ok(())
}

fn tags(settings: &Settings) -> Result<String, Error> {
    serde_json::to_string(&settings.tags).map_err(|e| Error::Storage(e.to_string()))
}

pub(super) fn insert_group(catalog: &Catalog, env: EnvId, group: &Group) -> Result<(), Error> {
    let settings = group.settings.read().clone();
    let tags = tags(&settings)?;
    catalog.change(|tx| {
        tx.execute(
            "INSERT INTO log_groups (env, slug, name, class, delete_protected, tags, created_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                env.0,
                &*group.slug,
                &*group.name,
                &*group.class,
                settings.delete_protected,
                tags,
                group.created_ns
            ],
        )?;
        Ok(())
    })
}

pub(super) fn update_group(
    catalog: &Catalog,
    env: EnvId,
    group: &Group,
    settings: &Settings,
) -> Result<(), Error> {
    let tags = tags(settings)?;
    catalog.change(|tx| {
        let found: Option<i64> = tx
            .query_row(
                "UPDATE log_groups SET retention_days = ?3, delete_protected = ?4, tags = ?5
                 WHERE env = ?1 AND slug = ?2 RETURNING 1",
                params![
                    env.0,
                    &*group.slug,
                    settings.retention_days,
                    settings.delete_protected,
                    tags
                ],
                |r| r.get(0),
            )
            .optional()?;
        found.map(|_| ()).ok_or(Error::NotFound("log group"))
    })
}

pub(super) fn delete_group(catalog: &Catalog, env: EnvId, slug: &str) -> Result<(), Error> {
    catalog.change(|tx| {
        tx.execute(
            "DELETE FROM log_groups WHERE env = ?1 AND slug = ?2",
            params![env.0, slug],
        )?;
        Ok(())
    })
}

pub(super) fn insert_stream(
    catalog: &Catalog,
    env: EnvId,
    group: &Group,
    name: &str,
    now: i64,
) -> Result<(), Error> {
    catalog.change(|tx| {
        tx.execute(
            "INSERT INTO log_streams (env, slug, name, created_ns) VALUES (?1, ?2, ?3, ?4)",
            params![env.0, &*group.slug, name, now],
        )?;
        Ok(())
    })
}

pub(super) fn delete_stream(
    catalog: &Catalog,
    env: EnvId,
    slug: &str,
    name: &str,
    until_ms: i64,
) -> Result<(), Error> {
    catalog.change(|tx| {
        tx.execute(
            "DELETE FROM log_streams WHERE env = ?1 AND slug = ?2 AND name = ?3",
            params![env.0, slug, name],
        )?;
        tx.execute(
            "INSERT OR REPLACE INTO log_streams_deleted (env, slug, name, until_ms)
             VALUES (?1, ?2, ?3, ?4)",
            params![env.0, slug, name, until_ms],
        )?;
        Ok(())
    })
}

/// Writes what changed in memory since the last time.
pub(super) fn save(catalog: &Catalog, groups: &RwLock<Groups>) -> Result<(), Error> {
    let mut changed: Vec<(EnvId, Arc<Group>, Vec<Arc<Stream>>)> = Vec::new();
    for (env, of_env) in groups.read().iter() {
        for group in of_env.values() {
            if !group.changed.swap(false, Ordering::Relaxed) {
                continue;
            }
            let streams = group.streams.read();
            let streams = streams
                .values()
                .filter(|s| s.changed.swap(false, Ordering::Relaxed));
            changed.push((*env, Arc::clone(group), streams.cloned().collect()));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let saved = catalog.change(|tx| {
        for (env, group, streams) in &changed {
            tx.execute(
                "UPDATE log_groups SET stored_bytes = ?3 WHERE env = ?1 AND slug = ?2",
                params![
                    env.0,
                    &*group.slug,
                    group.stored_bytes.load(Ordering::Relaxed).cast_signed()
                ],
            )?;
            for stream in streams {
                let state = stream.state.lock().clone();
                let (service, environment) = state.service.unzip();
                tx.execute(
                    "UPDATE log_streams SET first_ns = ?4, last_ns = ?5, ingested_ns = ?6,
                            service = ?7, service_environment = ?8
                     WHERE env = ?1 AND slug = ?2 AND name = ?3",
                    params![
                        env.0,
                        &*group.slug,
                        &*stream.name,
                        state.written.map(|w| w.first_ns),
                        state.written.map(|w| w.last_ns),
                        state.written.map(|w| w.ingested_ns),
                        service,
                        environment.flatten()
                    ],
                )?;
            }
        }
        Ok(())
    });
    saved.inspect_err(|_| {
        for (_, group, streams) in &changed {
            group.changed.store(true, Ordering::Relaxed);
            for stream in streams {
                stream.changed.store(true, Ordering::Relaxed);
            }
        }
    })
}

/// Forgets deletions whose lines are all gone.
pub(super) fn forget_deleted(
    catalog: &Catalog,
    env: EnvId,
    slug: &str,
    before_ms: i64,
) -> Result<(), Error> {
    catalog.change(|tx| {
        tx.execute(
            "DELETE FROM log_streams_deleted WHERE env = ?1 AND slug = ?2 AND until_ms < ?3",
            params![env.0, slug, before_ms],
        )?;
        Ok(())
    })
}
