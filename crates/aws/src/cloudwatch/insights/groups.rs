//! Which log groups a query is about.

use crate::cloudwatch::check::{invalid, name_of, not_found};
use crate::wire::{ACCOUNT, Fail, Service};
use engine::query::pipeline::Source;
use engine::{Engine, Grant, Reason};

/// Most groups of a query by name (cloudwatch.md §7.7).
const GROUPS_LIMIT: usize = 50;

/// The groups of the one selector that is given.
pub(super) fn one_selector(
    name: Option<String>,
    names: Option<Vec<String>>,
    identifiers: Option<Vec<String>>,
) -> Result<Vec<String>, Fail> {
    let given = [name.map(|n| vec![n]), names, identifiers];
    let mut given = given.into_iter().flatten();
    let (Some(list), None) = (given.next(), given.next()) else {
        return Err(invalid(
            "exactly one of logGroupName, logGroupNames and logGroupIdentifiers is needed",
        ));
    };
    let mut out: Vec<String> = Vec::new();
    for group in list.iter().map(|g| name_of(g)) {
        if !out.iter().any(|o| o == group) {
            out.push(group.to_owned());
        }
    }
    if out.is_empty() || out.len() > GROUPS_LIMIT {
        return Err(invalid(format!(
            "a query is about 1 to {GROUPS_LIMIT} log groups"
        )));
    }
    Ok(out)
}

/// The rows of these groups.
pub(super) fn sources(
    engine: &Engine,
    grant: &Grant,
    names: &[String],
) -> Result<Vec<Source>, Fail> {
    names
        .iter()
        .map(|name| {
            let Some(group) = engine.logs().group(grant.env(), name) else {
                return Err(not_found(&format!(
                    "Log group '{name}' does not exist for account ID '{ACCOUNT}'"
                )));
            };
            if !grant.key().may_use(&group.slug) {
                let reason = Reason::DatasetNotAllowed;
                return Err(Fail::of_reason(Service::Logs, reason, None));
            }
            Ok(Source {
                dataset: group.slug.to_string(),
                label: format!("{ACCOUNT}:{name}"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_selector_is_needed_and_groups_count_once() {
        let some = |s: &str| Some(s.to_owned());
        let list = |l: &[&str]| Some(l.iter().map(|s| (*s).to_owned()).collect());
        assert_eq!(one_selector(some("a"), None, None).unwrap(), ["a"]);
        let twice = list(&["a", "arn:aws:logs:x:0:log-group:a:*", "b"]);
        assert_eq!(one_selector(None, None, twice).unwrap(), ["a", "b"]);
        assert!(one_selector(None, None, None).is_err());
        assert!(one_selector(some("a"), list(&["b"]), None).is_err());
        assert!(one_selector(None, list(&[]), None).is_err());
        let many: Vec<String> = (0..51).map(|i| i.to_string()).collect();
        assert!(one_selector(None, Some(many), None).is_err());
    }
}
