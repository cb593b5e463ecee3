//! Inputs of the operations, exactly as sent (cloudwatch.md §5.13).

use serde::Deserialize;

/// `StartQuery`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StartQuery {
    /// One group.
    pub log_group_name: Option<String>,
    /// Several.
    pub log_group_names: Option<Vec<String>>,
    /// Several, by name or ARN.
    pub log_group_identifiers: Option<Vec<String>>,
    /// Seconds since 1970, included.
    pub start_time: Option<i64>,
    /// Seconds since 1970, included.
    pub end_time: Option<i64>,
    /// The query.
    pub query_string: Option<String>,
    /// Most rows.
    pub limit: Option<i64>,
    /// `CWLI`, `SQL` or `PPL`.
    pub query_language: Option<String>,
}

/// `GetQueryResults`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetQueryResults {
    /// Which.
    pub query_id: Option<String>,
    /// Where the page before ended.
    pub next_token: Option<String>,
    /// Most rows of the page.
    pub max_items: Option<i64>,
}

/// `StopQuery`, `ListLogGroupsForQuery`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OneQuery {
    /// Which.
    pub query_id: Option<String>,
}

/// `DescribeQueries`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeQueries {
    /// Only those about this group.
    pub log_group_name: Option<String>,
    /// Only those that stand so.
    pub status: Option<String>,
    /// Most queries of the page.
    pub max_results: Option<i64>,
    /// Where the page before ended.
    pub next_token: Option<String>,
    /// Only those in this language.
    pub query_language: Option<String>,
}

/// `GetLogRecord`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetLogRecord {
    /// The `@ptr` of a row.
    pub log_record_pointer: Option<String>,
}

/// `GetLogGroupFields`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetLogGroupFields {
    /// The group.
    pub log_group_name: Option<String>,
    /// The group, by name or ARN.
    pub log_group_identifier: Option<String>,
    /// Seconds since 1970: the middle of the time looked at.
    pub time: Option<i64>,
}
