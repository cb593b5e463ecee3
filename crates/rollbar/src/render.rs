//! Ours → the vendor's objects. Pure.

use crate::json::Json;
use engine::issues::{Deploy, Issue, Project, RateLimit, Seen};
use engine::{KeyInfo, Permission};
use serde_json::{Value, json};

/// Seconds since 1970.
pub(crate) fn seconds(ns: i64) -> i64 {
    ns.div_euclid(1_000_000_000)
}

/// An item (rollbar.md §5.1): status, level, platform and framework as words.
pub(crate) fn item(i: &Issue, now: i64) -> Value {
    json!({
        "id": i.id,
        "counter": i.counter,
        "project_id": i.project,
        "environment": i.environment,
        "platform": i.platform,
        "framework": i.framework,
        "hash": i.hash(),
        "title": i.title,
        "title_lock": u8::from(i.title_locked),
        "level": i.level.as_str(),
        "level_lock": u8::from(i.level_locked),
        "status": i.status.as_str(),
        "first_occurrence_id": i.first.0,
        "first_occurrence_timestamp": seconds(i.first.1),
        "last_occurrence_id": i.last.0,
        "last_occurrence_timestamp": seconds(i.last.1),
        "activating_occurrence_id": i.activating.0,
        "last_activated_timestamp": seconds(i.activating.1),
        "last_resolved_timestamp": i.resolved_ns.map(seconds),
        "last_muted_timestamp": i.muted_ns.map(seconds),
        "resolved_in_version": i.resolved_in,
        "total_occurrences": i.total,
        "unique_occurrences": null,
        "assigned_user_id": i.assigned_user,
        "assigned_team_id": null,
        "is_snoozed": i.is_snoozed(now),
        "last_modified_by": null,
        "group_item_id": null,
        "group_status": 0,
        "controlling_id": i.id,
        "public_item_id": null,
        "integrations_data": null,
    })
}

/// An occurrence with its payload; `raw` is what is stored, `None` when its row is gone.
pub(crate) fn instance(seen: &Seen, project: i64, raw: Option<&str>) -> Value {
    let mut data = raw
        .and_then(|raw| Json::parse(raw.as_bytes()).ok())
        .map_or(Value::Null, |j| j.to_value());
    let version = ["code_version", "server.code_version", "server.sha"]
        .iter()
        .find_map(|path| {
            let pointer = format!("/{}", path.replace('.', "/"));
            data.pointer(&pointer).filter(|v| !v.is_null()).cloned()
        });
    if let Value::Object(members) = &mut data {
        let customer = members.get("timestamp").cloned().unwrap_or(Value::Null);
        let metadata = members.entry("metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("customer_timestamp".into(), customer);
            metadata.insert("timestamp_ms".into(), (seen.ts_ns / 1_000_000).into());
        }
    }
    json!({
        "id": seen.id,
        "project_id": project,
        "item_id": seen.issue,
        "timestamp": seconds(seen.ts_ns),
        "version": version,
        "billable": 1,
        "data": data,
    })
}

/// A deploy.
pub(crate) fn deploy(d: &Deploy, now: i64) -> Value {
    json!({
        "id": d.id,
        "project_id": d.project,
        "environment": d.environment,
        "revision": d.revision,
        "status": d.status_at(now).as_str(),
        "start_time": seconds(d.started_ns),
        "finish_time": d.finished_ns.map(seconds),
        "user_id": null,
        "rollbar_name": d.username,
        "local_username": d.local_username,
        "comment": d.comment,
    })
}

/// A project; the environment it belongs to is its account.
pub(crate) fn project(p: &Project) -> Value {
    json!({
        "id": p.id,
        "account_id": p.env.0,
        "name": p.name,
        "status": "enabled",
        "date_created": seconds(p.created_ns),
        "date_modified": seconds(p.created_ns),
        "settings_data": {"grouping": {"auto_upgrade": false, "recent_versions": [engine::issues::grouping::VERSION]}},
    })
}

/// The vendor's names of scopes.
pub(crate) const SCOPES: [(&str, Permission); 4] = [
    ("post_server_item", Permission::SendEvents),
    ("post_client_item", Permission::SendClientEvents),
    ("read", Permission::RunQueries),
    ("write", Permission::ManageSettings),
];

/// An access token. Its text is known only when it is made; afterwards its beginning stands there.
pub(crate) fn token(key: &KeyInfo, text: &str, project: i64, limit: RateLimit) -> Value {
    let scopes: Vec<&str> = SCOPES
        .iter()
        .filter(|(_, p)| key.permissions.has(*p))
        .map(|(name, _)| *name)
        .collect();
    let or_null = |n: u32| if n == 0 { Value::Null } else { n.into() };
    json!({
        "project_id": project,
        "access_token": text,
        "name": key.name,
        "status": if key.revoked_ns.is_some() { "disabled" } else { "enabled" },
        "scopes": scopes,
        "rate_limit_window_size": or_null(limit.window_s),
        "rate_limit_window_count": or_null(limit.count),
        "cur_rate_limit_window_count": null,
        "cur_rate_limit_window_start": null,
        "date_created": seconds(key.created_ns),
        "date_modified": seconds(key.revoked_ns.unwrap_or(key.created_ns)),
    })
}
