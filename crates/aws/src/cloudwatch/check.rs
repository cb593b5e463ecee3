//! Judging what clients send, with the vendor's own words for what is wrong (cloudwatch.md §2.1, §4).

use super::place;
use crate::wire::{ACCOUNT, Call, Fail};
use engine::Reason;
use engine::catalog::Error;
use engine::logs::GroupInfo;

/// Longest name of a group or a stream, characters.
const NAME_LIMIT: usize = 512;

/// What is wrong with a call's members, gathered: all are told at once.
#[derive(Debug, Default)]
pub(super) struct Checks(Vec<String>);

impl Checks {
    /// How many rules are broken so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A value that breaks a rule; `rule` follows "Member must".
    pub(super) fn fail(&mut self, value: &str, member: &str, rule: &str) {
        self.0.push(format!(
            "Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
        ));
    }

    /// A member that has to be there.
    pub(super) fn required<T>(&mut self, member: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0.push(format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ));
        }
        value
    }

    /// A number within bounds.
    pub(super) fn range(&mut self, member: &str, value: Option<i64>, from: i64, to: i64) {
        match value {
            Some(v) if v > to => {
                self.fail(
                    &v.to_string(),
                    member,
                    &format!("have value less than or equal to {to}"),
                );
            }
            Some(v) if v < from => {
                let rule = format!("have value greater than or equal to {from}");
                self.fail(&v.to_string(), member, &rule);
            }
            _ => {}
        }
    }

    /// How many elements a list has, or characters a text.
    pub(super) fn length(&mut self, shown: &str, member: &str, n: usize, from: usize, to: usize) {
        if n > to {
            self.fail(
                shown,
                member,
                &format!("have length less than or equal to {to}"),
            );
        } else if n < from {
            let rule = format!("have length greater than or equal to {from}");
            self.fail(shown, member, &rule);
        }
    }

    /// One of a set of words.
    pub(super) fn one_of(&mut self, member: &str, value: Option<&str>, words: &[&str]) {
        if let Some(value) = value.filter(|v| !words.contains(v)) {
            let rule = format!("satisfy enum value set: [{}]", words.join(", "));
            self.fail(value, member, &rule);
        }
    }

    /// The call can go on, or is refused with all that is wrong.
    pub(super) fn finish(self) -> Result<(), Fail> {
        let n = self.0.len();
        match n {
            0 => Ok(()),
            1 => Err(invalid(format!(
                "1 validation error detected: {}",
                self.0[0]
            ))),
            _ => Err(invalid(format!(
                "{n} validation errors detected: {}",
                self.0.join("; ")
            ))),
        }
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Fail {
    Fail::new("InvalidParameterException", message)
}

/// A group's name, as one may be given.
pub(super) fn group_name(name: Option<String>) -> Result<String, Fail> {
    const PATTERN: &str = r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
    let mut checks = Checks::default();
    let Some(name) = checks.required("logGroupName", name) else {
        checks.finish()?;
        return Err(invalid("logGroupName is missing"));
    };
    too_long(&name)?;
    checks.length(&name, "logGroupName", name.chars().count(), 1, NAME_LIMIT);
    let known = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
    if !name.chars().all(known) {
        checks.fail(&name, "logGroupName", PATTERN);
    }
    checks.finish()?;
    Ok(name)
}

/// A stream's name, as one may be given.
pub(super) fn stream_name(name: Option<String>) -> Result<String, Fail> {
    let mut checks = Checks::default();
    let Some(name) = checks.required("logStreamName", name) else {
        checks.finish()?;
        return Err(invalid("logStreamName is missing"));
    };
    too_long(&name)?;
    checks.length(&name, "logStreamName", name.chars().count(), 1, NAME_LIMIT);
    if name.contains([':', '*']) {
        checks.fail(
            &name,
            "logStreamName",
            "satisfy regular expression pattern: [^:*]*",
        );
    }
    checks.finish()?;
    Ok(name)
}

fn too_long(name: &str) -> Result<(), Fail> {
    if name.chars().count() > NAME_LIMIT {
        return Err(invalid(format!(
            "Invalid LogGroup or LogStream, both must have length less than or equal to {NAME_LIMIT}."
        )));
    }
    Ok(())
}

/// The name that a name or an ARN means; an ARN may end with `:*` or `:`.
pub(super) fn name_of(identifier: &str) -> &str {
    match identifier.strip_prefix("arn:") {
        None => identifier,
        Some(arn) => arn.split(':').nth(5).unwrap_or_default(),
    }
}

/// The one group that a call names, by name or by identifier.
pub(super) fn one_group(name: Option<String>, identifier: Option<String>) -> Result<String, Fail> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(invalid(
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        )),
        (None, Some(identifier)) => group_name(Some(name_of(&identifier).to_owned())),
        (None, None) => Err(invalid(
            "Either logGroupName or logGroupIdentifier is required.",
        )),
        (name, None) => group_name(name),
    }
}

/// A group of the caller's environment.
pub(super) fn group(call: &Call, name: &str) -> Result<GroupInfo, Fail> {
    let found = call.engine.logs().group(call.grant.env(), name);
    let group = found.ok_or_else(no_group)?;
    if !call.grant.key().may_use(&group.slug) {
        return Err(Fail::of_reason(
            call.service,
            Reason::DatasetNotAllowed,
            None,
        ));
    }
    Ok(group)
}

pub(super) fn no_group() -> Fail {
    not_found("The specified log group does not exist.")
}

pub(super) fn no_stream() -> Fail {
    not_found("The specified log stream does not exist.")
}

pub(super) fn not_found(message: &str) -> Fail {
    Fail::new("ResourceNotFoundException", message).reason(Reason::NotFound)
}

pub(super) fn bad_token() -> Fail {
    invalid("The specified nextToken is invalid.")
}

/// What the catalog refuses, in the vendor's words. `exists`: what is there already.
pub(super) fn of_catalog(error: &Error, exists: &str) -> Fail {
    match error {
        Error::NotFound("log stream") => no_stream(),
        Error::NotFound(_) => no_group(),
        Error::Taken(_) => Fail::new("ResourceAlreadyExistsException", exists),
        Error::Limit { .. } => Fail::new("LimitExceededException", error.to_string()),
        Error::Protected(_) => Fail::new("ValidationException", error.to_string()),
        Error::Invalid(why) => invalid(why.clone()),
        Error::Storage(_) | Error::NewerFormat { .. } => {
            tracing::error!(%error, "the catalog could not be changed");
            Fail::new(
                "ServiceUnavailableException",
                "The change could not be written",
            )
            .status(http::StatusCode::INTERNAL_SERVER_ERROR)
            .reason(Reason::StoreFailing)
        }
    }
}

/// The ARN of a group, without `:*`.
pub(super) fn group_arn(region: &str, name: &str) -> String {
    format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}")
}

/// Milliseconds as the half-open range of nanoseconds that questions take.
pub(super) fn range(from_ms: Option<i64>, to_ms: Option<i64>) -> (i64, i64) {
    let from = from_ms.map_or(i64::MIN, |ms| ms.saturating_mul(place::MS));
    let to = to_ms.map_or(i64::MAX, |ms| ms.saturating_mul(place::MS));
    (from, to)
}
