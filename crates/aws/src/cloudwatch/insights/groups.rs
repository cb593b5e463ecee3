//! Which log groups a query is about.

use super::operations::{invalid, not_found};
use crate::wire::{ACCOUNT, Fail};
use engine::query::pipeline::Source;
use engine::{DatasetKind, Engine, Grant, Reason};

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
    for group in list.iter().map(|g| group_name(g)) {
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

/// The name in a name or an ARN, with or without the end that stands for all streams
/// (cloudwatch.md §4).
pub(super) fn group_name(identifier: &str) -> &str {
    let Some(rest) = identifier.strip_prefix("arn:") else {
        return identifier;
    };
    let name = rest.split_once(":log-group:").map_or(rest, |(_, n)| n);
    name.strip_suffix(":*")
        .or_else(|| name.strip_suffix(':'))
        .unwrap_or(name)
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
            let found = engine
                .catalog()
                .find_dataset(grant.env(), name, DatasetKind::LogGroup);
            let Some(info) = found else {
                return Err(not_found(format!(
                    "Log group '{name}' does not exist for account ID '{ACCOUNT}'"
                )));
            };
            if !grant.key().may_use(&info.slug) {
                let reason = Reason::DatasetNotAllowed;
                return Err(Fail::new("AccessDeniedException", reason.text()).reason(reason));
            }
            Ok(Source {
                dataset: info.slug.to_string(),
                label: format!("{ACCOUNT}:{}", info.name),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_alone_or_in_arns() {
        let arn = "arn:aws:logs:eu-west-1:000000000000:log-group:/a/b";
        for identifier in [arn.to_owned(), format!("{arn}:*"), format!("{arn}:")] {
            assert_eq!(group_name(&identifier), "/a/b");
        }
        assert_eq!(group_name("arn-of-mine"), "arn-of-mine");
    }

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
