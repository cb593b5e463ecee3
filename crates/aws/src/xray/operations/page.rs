//! Pages of lists that are short: a token says where to go on; the last page has none.

use super::input::invalid;
use crate::wire::Fail;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Entries of a page.
const ENTRIES: usize = 100;

/// Input of operations that take nothing but a token.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TokenOnly {
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

/// One page of `list` under `member`.
pub(crate) fn page(member: &str, list: Vec<Value>, token: Option<&str>) -> Result<Value, Fail> {
    let from = match token.filter(|t| !t.is_empty()) {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|n| n.parse::<usize>().ok())
            .ok_or_else(|| invalid("NextToken is none of ours"))?,
    };
    let more = list.len() > from.saturating_add(ENTRIES);
    let page: Vec<Value> = list.into_iter().skip(from).take(ENTRIES).collect();
    let mut out = Map::new();
    out.insert(member.to_owned(), page.into());
    if more {
        out.insert(
            "NextToken".into(),
            format!("after-{}", from + ENTRIES).into(),
        );
    }
    Ok(out.into())
}
