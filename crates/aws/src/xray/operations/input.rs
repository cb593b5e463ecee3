//! What several operations read and write alike: times, tags, resource names, refusals of the catalog.

use crate::wire::{ACCOUNT, Call, Fail};
use crate::xray::document::decimal;
use engine::catalog;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A refusal of what was asked.
pub(crate) fn invalid(text: impl Into<String>) -> Fail {
    Fail::new("InvalidRequestException", text)
}

/// A refusal of the catalog, in the vendor's codes.
pub(crate) fn of_catalog(error: catalog::Error) -> Fail {
    use catalog::Error as E;
    match error {
        E::NotFound(what) => invalid(format!("There is no {what} of that name")),
        E::Taken(why) | E::Invalid(why) => invalid(why),
        E::Limit { what, limit } if what.contains("rules") => Fail::new(
            "RuleLimitExceededException",
            format!("at most {limit} {what}"),
        ),
        E::Limit { what, limit } => invalid(format!("at most {limit} {what}")),
        E::Protected(what) => invalid(format!("{what} is always there: it cannot be deleted")),
        E::NewerFormat { .. } | E::Storage(_) => {
            tracing::error!(%error, "the catalog failed");
            Fail::new("ServiceUnavailable", "the settings could not be written")
                .status(http::StatusCode::SERVICE_UNAVAILABLE)
                .reason(engine::Reason::StoreFailing)
        }
    }
}

/// A time as requests write it: a number of seconds since 1970, or ISO 8601.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Time(Value);

impl Time {
    /// Nanoseconds.
    pub(crate) fn nanos(&self, field: &str) -> Result<i64, Fail> {
        let read = match &self.0 {
            Value::Number(n) => decimal::nanos(&n.to_string()),
            Value::String(s) => s
                .parse::<jiff::Timestamp>()
                .ok()
                .and_then(|t| i64::try_from(t.as_nanosecond()).ok())
                .or_else(|| decimal::nanos(s)),
            _ => None,
        };
        read.ok_or_else(|| invalid(format!("{field} is no time: {}", self.0)))
    }
}

/// Nanoseconds as the seconds that answers write.
#[expect(clippy::cast_precision_loss, reason = "answers write doubles")]
pub(crate) fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// The range of a request.
pub(crate) fn range(start: Option<&Time>, end: Option<&Time>) -> Result<(i64, i64), Fail> {
    let need = |time: Option<&Time>, field: &str| match time {
        Some(time) => time.nanos(field),
        None => Err(invalid(format!("{field} is required"))),
    };
    let (start, end) = (need(start, "StartTime")?, need(end, "EndTime")?);
    if start >= end {
        return Err(invalid("StartTime must be before EndTime"));
    }
    Ok((start, end))
}

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// Most tags of a resource.
const TAGS: usize = 50;

/// Checks tags and adds them to what there is.
pub(crate) fn add_tags(
    mut kept: BTreeMap<String, String>,
    new: Vec<Tag>,
    arn: &str,
) -> Result<BTreeMap<String, String>, Fail> {
    for tag in new {
        let (key, value) = (tag.key.chars().count(), tag.value.chars().count());
        if key == 0 || key > 128 || value > 256 {
            return Err(invalid(
                "a tag's key has 1 to 128 characters, its value at most 256",
            ));
        }
        if tag.key.starts_with("aws:") {
            return Err(invalid(format!(
                "the tag key {} begins with aws:, which is reserved",
                tag.key
            )));
        }
        kept.insert(tag.key, tag.value);
    }
    if kept.len() > TAGS {
        return Err(Fail::new(
            "TooManyTagsException",
            format!("a resource has at most {TAGS} tags"),
        )
        .with("ResourceName", arn));
    }
    Ok(kept)
}

pub(crate) fn tags_json(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter()
        .map(|(k, v)| json!({"Key": k, "Value": v}))
        .collect()
}

/// The name of a rule as a resource.
pub(crate) fn rule_arn(call: &Call, name: &str) -> String {
    format!(
        "arn:aws:xray:{}:{ACCOUNT}:sampling-rule/{name}",
        call.region
    )
}

/// The name of a group as a resource.
pub(crate) fn group_arn(call: &Call, group: &engine::sampling::Group) -> String {
    let id = match group.id.as_str() {
        "" => String::new(),
        id => format!("/{id}"),
    };
    format!(
        "arn:aws:xray:{}:{ACCOUNT}:group/{}{id}",
        call.region, group.name
    )
}

/// What a resource name means.
pub(crate) enum Resource<'a> {
    Rule(&'a str),
    /// Name and id.
    Group(&'a str, &'a str),
}

/// Reads a resource name; region and account are not looked at.
pub(crate) fn resource(arn: &str) -> Option<Resource<'_>> {
    let rest = arn.strip_prefix("arn:aws:xray:")?;
    let resource = rest.splitn(3, ':').nth(2)?;
    if let Some(name) = resource.strip_prefix("sampling-rule/") {
        return Some(Resource::Rule(name));
    }
    let group = resource.strip_prefix("group/")?;
    // A group's name may hold a slash, its id does not.
    Some(match group.rsplit_once('/') {
        Some((name, id)) => Resource::Group(name, id),
        None => Resource::Group(group, ""),
    })
}

/// A rule's name, given by name or resource name: by exactly one.
pub(crate) fn rule_name(name: Option<&str>, arn: Option<&str>) -> Result<String, Fail> {
    match (name, arn) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(arn)) => match resource(arn) {
            Some(Resource::Rule(name)) => Ok(name.to_owned()),
            _ => Err(invalid(format!("{arn} is no sampling rule"))),
        },
        (Some(_), Some(_)) => Err(invalid("give RuleName or RuleARN, not both")),
        (None, None) => Err(invalid("RuleName or RuleARN is required")),
    }
}

/// A group, given by name or resource name.
pub(crate) fn find_group(
    call: &Call,
    name: Option<&str>,
    arn: Option<&str>,
) -> Result<engine::sampling::Group, Fail> {
    let sampling = call.engine.sampling();
    let env = call.grant.env();
    let found = match (name, arn) {
        (Some(name), None) => sampling.group(env, name),
        (None, Some(arn)) => match resource(arn) {
            Some(Resource::Group(name, id)) => sampling.group(env, name).filter(|g| g.id == id),
            _ => None,
        },
        (Some(_), Some(_)) => return Err(invalid("give GroupName or GroupARN, not both")),
        (None, None) => return Err(invalid("GroupName or GroupARN is required")),
    };
    found.ok_or_else(|| {
        invalid(format!(
            "There is no group {}",
            name.or(arn).unwrap_or_default()
        ))
    })
}
