//! What bodies of the management API say, as plain functions of their bytes.
//!
//! Source: rollbar.md §5.

use crate::error::Fail;
use crate::render::SCOPES;
use crate::wire;
use engine::Permission;
use engine::issues::{Change, DeployStatus, Level, NewDeploy, RateLimit, Status};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Members of a body, be it JSON or a form.
pub(crate) fn members(
    content_type: Option<&str>,
    bytes: &[u8],
) -> Result<Map<String, Value>, Fail> {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    match first {
        None => Ok(Map::new()),
        Some(b'{') => serde_json::from_slice(bytes).map_err(|e| {
            Fail::new(
                StatusCode::BAD_REQUEST,
                format!("the body is no valid JSON: {e}"),
            )
        }),
        Some(b'[') => Err(Fail::new(StatusCode::BAD_REQUEST, "the body is an object")),
        Some(_) => {
            let fields = wire::fields(content_type, bytes);
            let text = |v: Vec<u8>| Value::String(String::from_utf8_lossy(&v).into_owned());
            Ok(fields.into_iter().map(|(k, v)| (k, text(v))).collect())
        }
    }
}

/// Text of a member, a number's too.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A whole number of a member.
pub(crate) fn int(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// Changes of an item, and what of them is echoed. `now`: nanoseconds since 1970.
pub(crate) fn change(members: &Map<String, Value>, now: i64) -> Result<(Change, Value), Fail> {
    let mut change = Change::default();
    let mut echo = json!({});
    let is_true = |v: &Value| matches!(v, Value::Bool(true)) || v.as_str() == Some("true");
    for (name, value) in members {
        match name.as_str() {
            "status" => {
                let status = text(Some(value)).and_then(|s| Status::parse(&s));
                let status = status.ok_or_else(|| {
                    Fail::invalid("status is active, resolved, muted or archived")
                })?;
                change.status = Some(status);
            }
            "resolved_in_version" => {
                let version = text(Some(value)).filter(|v| v.chars().count() <= 40);
                let version = version
                    .ok_or_else(|| Fail::invalid("resolved_in_version has 1 to 40 characters"))?;
                change.resolved_in = Some(version);
            }
            "level" => {
                let level = text(Some(value)).and_then(|l| Level::parse(&l));
                change.level = Some(level.ok_or_else(|| {
                    Fail::invalid("level is critical, error, warning, info or debug")
                })?);
            }
            "title" => {
                let title = text(Some(value)).filter(|t| t.chars().count() <= 255);
                change.title =
                    Some(title.ok_or_else(|| Fail::invalid("title has 1 to 255 characters"))?);
            }
            "assigned_user_id" => {
                change.assigned_user = Some(match value {
                    Value::Null => None,
                    other => Some(
                        int(other)
                            .ok_or_else(|| Fail::invalid("assigned_user_id is a number or null"))?,
                    ),
                });
            }
            "snooze_enabled" | "snoozed" => {
                if !is_true(value) {
                    change.snoozed_until_ns = Some(None);
                } else {
                    change.snoozed_until_ns.get_or_insert(Some(i64::MAX));
                }
            }
            "snooze_expiration_in_seconds" => {
                let seconds = int(value).filter(|s| (1..=10 * 366 * 86_400).contains(s));
                let seconds = seconds.ok_or_else(|| {
                    Fail::invalid("snooze_expiration_in_seconds is a number above 0")
                })?;
                change.snoozed_until_ns = Some(Some(now + seconds * 1_000_000_000));
            }
            other => return Err(Fail::not_built(&format!("changing {other}"))),
        }
        echo[name] = value.clone();
    }
    if change.resolved_in.is_some() && change.status != Some(Status::Resolved) {
        return Err(Fail::invalid(
            "resolved_in_version goes with status resolved",
        ));
    }
    if members.is_empty() {
        return Err(Fail::new(StatusCode::BAD_REQUEST, "nothing to change"));
    }
    Ok((change, echo))
}

/// The name of a new project.
pub(crate) fn project_name(members: &Map<String, Value>) -> Result<String, Fail> {
    let name = text(members.get("name")).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " _-.,".contains(c);
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    if !starts || name.chars().count() > 32 || !name.chars().all(is_plain) {
        return Err(Fail::invalid(
            "name begins with a letter and has at most 32 letters, digits, spaces, _ - . and commas",
        ));
    }
    Ok(name)
}

/// Name, permissions and rate limit of a new token.
pub(crate) fn new_token(
    members: &Map<String, Value>,
) -> Result<(String, Vec<Permission>, RateLimit), Fail> {
    let name = text(members.get("name")).ok_or_else(|| Fail::invalid("name is missing"))?;
    let mut permissions = Vec::new();
    let scopes = members.get("scopes").and_then(Value::as_array);
    for scope in scopes.ok_or_else(|| Fail::invalid("scopes is a list"))? {
        let found = SCOPES.iter().find(|(name, _)| scope.as_str() == Some(name));
        let found = found.ok_or_else(|| {
            Fail::invalid("scopes are post_server_item, post_client_item, read and write")
        })?;
        permissions.push(found.1);
    }
    if permissions.is_empty() {
        return Err(Fail::invalid("scopes is empty"));
    }
    let limit = limit_of(members)?.unwrap_or_default();
    Ok((name, permissions, limit))
}

/// The token a call is about: of the path, else of the body.
pub(crate) fn token_named(
    named: Option<&str>,
    members: &Map<String, Value>,
) -> Result<String, Fail> {
    named
        .map(str::to_owned)
        .or_else(|| text(members.get("access_token")))
        .ok_or_else(|| Fail::invalid("access_token is missing"))
}

/// Rate limit of a token, when one is told.
pub(crate) fn limit_of(members: &Map<String, Value>) -> Result<Option<RateLimit>, Fail> {
    let number = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(0)),
        Some(v) => match int(v).map(u32::try_from) {
            Some(Ok(n)) => Ok(Some(n)),
            _ => Err(Fail::invalid(format!("{name} is a number from 0 on"))),
        },
    };
    let count = number("rate_limit_window_count")?;
    let window_s = number("rate_limit_window_size")?;
    Ok(match (count, window_s) {
        (None, None) => None,
        (count, window_s) => Some(RateLimit {
            count: count.unwrap_or(0),
            window_s: window_s.unwrap_or(0),
        }),
    })
}

fn short(members: &Map<String, Value>, name: &str, limit: usize) -> Result<Option<String>, Fail> {
    match text(members.get(name)) {
        Some(t) if t.chars().count() > limit => Err(Fail::invalid(format!(
            "{name} has at most {limit} characters"
        ))),
        other => Ok(other),
    }
}

fn status(members: &Map<String, Value>) -> Result<Option<DeployStatus>, Fail> {
    let Some(name) = text(members.get("status")) else {
        return Ok(None);
    };
    let status = DeployStatus::parse(&name);
    Ok(Some(status.ok_or_else(|| {
        Fail::invalid("status is started, succeeded, failed or timed_out")
    })?))
}

/// A deploy to be noted.
pub(crate) fn new_deploy(project: i64, members: &Map<String, Value>) -> Result<NewDeploy, Fail> {
    let revision = match short(members, "revision", 255)? {
        Some(revision) => Some(revision),
        None => short(members, "head_long", 255)?,
    };
    Ok(NewDeploy {
        project,
        environment: short(members, "environment", 255)?
            .ok_or_else(|| Fail::invalid("environment is missing"))?,
        revision: revision.ok_or_else(|| Fail::invalid("revision is missing"))?,
        status: status(members)?.unwrap_or(DeployStatus::Succeeded),
        local_username: short(members, "local_username", 255)?,
        username: short(members, "rollbar_username", 255)?,
        comment: short(members, "comment", 64 << 10)?,
    })
}

/// What is new of a deploy: its status, words about it.
pub(crate) fn deploy_change(
    members: &Map<String, Value>,
) -> Result<(Option<DeployStatus>, Option<String>), Fail> {
    let status = status(members)?;
    let comment = short(members, "comment", 64 << 10)?;
    if status.is_none() && comment.is_none() {
        return Err(Fail::new(StatusCode::BAD_REQUEST, "nothing to change"));
    }
    Ok((status, comment))
}
