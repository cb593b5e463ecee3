//! Groups: create, describe, delete; retention; tags (cloudwatch.md §5.1, 5.3, 5.4, 5.9, 5.12).

use super::check::{self, Checks, invalid};
use super::{place, wire};
use crate::wire::{Call, Fail, Reply};
use engine::logs::{GroupInfo, NewGroup};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Classes there are; the class is kept and shown, and restricts nothing.
const CLASSES: [&str; 4] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];
/// How long a group may keep its lines, days.
const RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];
/// Most labels of a group.
const TAGS_LIMIT: usize = 50;
/// Most groups of a page.
const PAGE: i64 = 50;

pub(super) fn create(call: &Call) -> Result<Reply, Fail> {
    let input: wire::CreateLogGroup = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    if name.to_ascii_lowercase().starts_with("aws/") {
        return Err(invalid(
            "Log groups starting with AWS/ are reserved for AWS.",
        ));
    }
    let mut checks = Checks::default();
    checks.one_of("logGroupClass", input.log_group_class.as_deref(), &CLASSES);
    let tags = input.tags.unwrap_or_default();
    check_tags(&mut checks, &tags);
    checks.finish()?;
    if input.kms_key_id.is_some() {
        return Err(Fail::new(
            "InvalidOperationException",
            "kmsKeyId is not built: lines are not encrypted with keys of yours",
        )
        .reason(engine::Reason::Unsupported));
    }
    let new = NewGroup {
        name,
        class: input.log_group_class.unwrap_or_else(|| "STANDARD".into()),
        delete_protected: input.deletion_protection_enabled.unwrap_or(false),
        tags,
    };
    let made = call
        .engine
        .logs()
        .create_group(call.grant.env(), new, call.engine.now());
    made.map_err(|e| check::of_catalog(&e, "The specified log group already exists"))?;
    Ok(Reply::Empty)
}

pub(super) fn delete(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Named = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    check::group(call, &name)?;
    let deleted = call.engine.delete_log_group(call.grant.env(), &name);
    deleted.map_err(|e| check::of_catalog(&e, ""))?;
    Ok(Reply::Empty)
}

pub(super) fn describe(call: &Call) -> Result<Reply, Fail> {
    let input: wire::DescribeLogGroups = call.input()?;
    let mut checks = Checks::default();
    checks.range("limit", input.limit, 1, PAGE);
    checks.one_of("logGroupClass", input.log_group_class.as_deref(), &CLASSES);
    let identifiers = input.log_group_identifiers.unwrap_or_default();
    checks.length("[…]", "logGroupIdentifiers", identifiers.len(), 0, 50);
    checks.finish()?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let prefix = input.log_group_name_prefix.unwrap_or_default();
    let pattern = input.log_group_name_pattern.unwrap_or_default();
    let names: Vec<&str> = identifiers.iter().map(|i| check::name_of(i)).collect();
    let question = format!(
        "groups\n{prefix}\n{pattern}\n{:?}\n{names:?}",
        input.log_group_class
    );
    let now = call.engine.now();
    let after = match &input.next_token {
        Some(token) => Some(place::position(now, &question, token)?),
        None => None,
    };
    let limit = usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or(1);
    let class = input.log_group_class.as_deref();
    let mut found: Vec<GroupInfo> = call
        .engine
        .logs()
        .groups(call.grant.env(), &prefix)
        .into_iter()
        .filter(|g| {
            after.as_deref().is_none_or(|a| &*g.name > a)
                && g.name.contains(&pattern)
                && class.is_none_or(|c| *g.class == *c)
                && (names.is_empty() || names.contains(&&*g.name))
                && call.grant.key().may_use(&g.slug)
        })
        .take(limit + 1)
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let mut answer = json!({
        "logGroups": found.iter().map(|g| render(&call.region, g)).collect::<Vec<_>>(),
    });
    if let (true, Some(last)) = (more, found.last()) {
        answer["nextToken"] = place::token(now, &question, &last.name).into();
    }
    Ok(Reply::Json(answer))
}

fn render(region: &str, group: &GroupInfo) -> Value {
    let arn = check::group_arn(region, &group.name);
    let mut out = json!({
        "logGroupName": &*group.name,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "creationTime": group.created_ns / place::MS,
        "metricFilterCount": 0,
        "storedBytes": group.stored_bytes,
        "logGroupClass": &*group.class,
        "deletionProtectionEnabled": group.delete_protected,
    });
    if let Some(days) = group.retention_days {
        out["retentionInDays"] = days.into();
    }
    out
}

pub(super) fn put_retention(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Retention = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    let mut checks = Checks::default();
    let days = checks.required("retentionInDays", input.retention_in_days);
    let known = days
        .and_then(|d| u32::try_from(d).ok())
        .filter(|d| RETENTIONS.contains(d));
    if let (Some(days), None) = (days, known) {
        let set: Vec<String> = RETENTIONS.iter().map(u32::to_string).collect();
        let rule = format!("satisfy enum value set: [{}]", set.join(", "));
        checks.fail(&days.to_string(), "retentionInDays", &rule);
    }
    checks.finish()?;
    set_retention(call, &name, known)
}

pub(super) fn delete_retention(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Retention = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    set_retention(call, &name, None)
}

fn set_retention(call: &Call, name: &str, days: Option<u32>) -> Result<Reply, Fail> {
    check::group(call, name)?;
    let set = call.engine.set_log_retention(call.grant.env(), name, days);
    set.map_err(|e| check::of_catalog(&e, ""))?;
    Ok(Reply::Empty)
}

fn check_tags(checks: &mut Checks, tags: &BTreeMap<String, String>) {
    let known = |t: &str| {
        t.chars()
            .all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
    };
    const RULE: &str = r"satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$";
    for (key, value) in tags {
        checks.length(key, "tags", key.chars().count(), 1, 128);
        checks.length(value, "tags", value.chars().count(), 0, 256);
        for text in [key, value].into_iter().filter(|t| !known(t)) {
            checks.fail(text, "tags", RULE);
        }
    }
}

pub(super) fn tag_resource(call: &Call) -> Result<Reply, Fail> {
    let input: wire::TagResource = call.input()?;
    let name = of_arn(input.resource_arn)?;
    let mut checks = Checks::default();
    let tags = checks.required("tags", input.tags).unwrap_or_default();
    add_tags(call, checks, &name, tags)
}

pub(super) fn untag_resource(call: &Call) -> Result<Reply, Fail> {
    let input: wire::TagResource = call.input()?;
    let name = of_arn(input.resource_arn)?;
    let mut checks = Checks::default();
    let keys = checks
        .required("tagKeys", input.tag_keys)
        .unwrap_or_default();
    checks.finish()?;
    remove_tags(call, &name, &keys)
}

pub(super) fn list_tags(call: &Call) -> Result<Reply, Fail> {
    let input: wire::TagResource = call.input()?;
    let name = of_arn(input.resource_arn)?;
    let group = check::group(call, &name)?;
    Ok(Reply::Json(json!({ "tags": group.tags })))
}

pub(super) fn tag_group(call: &Call) -> Result<Reply, Fail> {
    let input: wire::TagLogGroup = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    let mut checks = Checks::default();
    let tags = checks.required("tags", input.tags).unwrap_or_default();
    let tags = serde_json::from_value(tags).map_err(|e| Fail::serialization(e.to_string()))?;
    add_tags(call, checks, &name, tags)
}

pub(super) fn untag_group(call: &Call) -> Result<Reply, Fail> {
    let input: wire::TagLogGroup = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    let mut checks = Checks::default();
    let keys = checks.required("tags", input.tags).unwrap_or_default();
    checks.finish()?;
    let keys: Vec<String> =
        serde_json::from_value(keys).map_err(|e| Fail::serialization(e.to_string()))?;
    remove_tags(call, &name, &keys)
}

pub(super) fn list_tags_of_group(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Named = call.input()?;
    let name = check::group_name(input.log_group_name)?;
    let group = check::group(call, &name)?;
    Ok(Reply::Json(json!({ "tags": group.tags })))
}

fn of_arn(arn: Option<String>) -> Result<String, Fail> {
    let mut checks = Checks::default();
    let arn = checks.required("resourceArn", arn);
    checks.finish()?;
    let arn = arn.unwrap_or_default();
    if !arn.starts_with("arn:") || arn.split(':').nth(5) != Some("log-group") {
        return Err(invalid(format!("'{arn}' is not the ARN of a log group")));
    }
    // `arn:aws:logs:region:account:log-group:name`: behind `arn:` the name is the sixth.
    Ok(check::name_of(&arn).to_owned())
}

fn add_tags(
    call: &Call,
    mut checks: Checks,
    name: &str,
    new: BTreeMap<String, String>,
) -> Result<Reply, Fail> {
    check_tags(&mut checks, &new);
    checks.finish()?;
    check::group(call, name)?;
    let mut too_many = false;
    let changed = call
        .engine
        .logs()
        .change_tags(call.grant.env(), name, |tags| {
            tags.extend(new);
            too_many = tags.len() > TAGS_LIMIT;
            match too_many {
                true => Err(engine::catalog::Error::Invalid("too many".into())),
                false => Ok(()),
            }
        });
    if too_many {
        let message = format!("A resource can have at most {TAGS_LIMIT} tags");
        return Err(Fail::new("TooManyTagsException", message));
    }
    changed.map_err(|e| check::of_catalog(&e, ""))?;
    Ok(Reply::Empty)
}

fn remove_tags(call: &Call, name: &str, keys: &[String]) -> Result<Reply, Fail> {
    check::group(call, name)?;
    let changed = call
        .engine
        .logs()
        .change_tags(call.grant.env(), name, |tags| {
            tags.retain(|key, _| !keys.contains(key));
            Ok(())
        });
    changed.map_err(|e| check::of_catalog(&e, ""))?;
    Ok(Reply::Empty)
}
