//! What clients send, member by member (cloudwatch.md §5). Members that are missing or null are
//! `None`; unknown ones are ignored.

use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// `CreateLogGroup`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateLogGroup {
    /// Required.
    pub log_group_name: Option<String>,
    /// Not built: refused.
    pub kms_key_id: Option<String>,
    /// Labels.
    pub tags: Option<BTreeMap<String, String>>,
    /// Kept and shown; it restricts nothing.
    pub log_group_class: Option<String>,
    /// Whether it cannot be deleted.
    pub deletion_protection_enabled: Option<bool>,
}

/// A group and a stream, or a group alone.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Named {
    /// The group.
    pub log_group_name: Option<String>,
    /// The stream.
    pub log_stream_name: Option<String>,
}

/// `DescribeLogGroups`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeLogGroups {
    /// Names begin so.
    pub log_group_name_prefix: Option<String>,
    /// Names hold this.
    pub log_group_name_pattern: Option<String>,
    /// Of this class.
    pub log_group_class: Option<String>,
    /// These, by name or ARN.
    pub log_group_identifiers: Option<Vec<String>>,
    /// 1 to 50.
    pub limit: Option<i64>,
    /// Where the page before ended.
    pub next_token: Option<String>,
}

/// `DescribeLogStreams`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeLogStreams {
    /// The group, by name …
    pub log_group_name: Option<String>,
    /// … or by ARN.
    pub log_group_identifier: Option<String>,
    /// Names begin so.
    pub log_stream_name_prefix: Option<String>,
    /// `LogStreamName` or `LastEventTime`.
    pub order_by: Option<String>,
    /// Last first.
    pub descending: Option<bool>,
    /// 1 to 50.
    pub limit: Option<i64>,
    /// Where the page before ended.
    pub next_token: Option<String>,
}

/// `PutRetentionPolicy`, `DeleteRetentionPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// The group.
    pub log_group_name: Option<String>,
    /// One of a fixed set.
    pub retention_in_days: Option<i64>,
}

/// `TagResource`, `UntagResource`, `ListTagsForResource`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagResource {
    /// ARN of a group.
    pub resource_arn: Option<String>,
    /// To be set.
    pub tags: Option<BTreeMap<String, String>>,
    /// To be removed.
    pub tag_keys: Option<Vec<String>>,
}

/// `TagLogGroup`, `UntagLogGroup`, `ListTagsLogGroup`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TagLogGroup {
    /// The group.
    #[serde(rename = "logGroupName")]
    pub log_group_name: Option<String>,
    /// To be set, or their names to be removed.
    pub tags: Option<serde_json::Value>,
}

/// `PutLogEvents`, read in place.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PutLogEvents<'a> {
    /// The group.
    pub log_group_name: Option<String>,
    /// The stream.
    pub log_stream_name: Option<String>,
    /// The lines.
    #[serde(borrow)]
    pub log_events: Option<Vec<InputLogEvent<'a>>>,
    /// What wrote them.
    pub entity: Option<Entity>,
}

/// One line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InputLogEvent<'a> {
    /// Milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// The text.
    #[serde(borrow)]
    pub message: Option<Cow<'a, str>>,
}

/// What wrote lines.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entity {
    /// `Type`, `Name`, `Environment` …
    pub key_attributes: Option<BTreeMap<String, String>>,
    /// Others.
    pub attributes: Option<BTreeMap<String, String>>,
}

/// `GetLogEvents`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetLogEvents {
    /// The group, by name …
    pub log_group_name: Option<String>,
    /// … or by ARN.
    pub log_group_identifier: Option<String>,
    /// The stream.
    pub log_stream_name: Option<String>,
    /// First millisecond.
    pub start_time: Option<i64>,
    /// First millisecond beyond.
    pub end_time: Option<i64>,
    /// 1 to 10,000.
    pub limit: Option<i64>,
    /// Earliest page first.
    pub start_from_head: Option<bool>,
    /// Where the page before ended.
    pub next_token: Option<String>,
}

/// `FilterLogEvents`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterLogEvents {
    /// The group, by name …
    pub log_group_name: Option<String>,
    /// … or by ARN.
    pub log_group_identifier: Option<String>,
    /// These streams.
    pub log_stream_names: Option<Vec<String>>,
    /// Streams whose names begin so.
    pub log_stream_name_prefix: Option<String>,
    /// First millisecond.
    pub start_time: Option<i64>,
    /// Last millisecond.
    pub end_time: Option<i64>,
    /// Which lines.
    pub filter_pattern: Option<String>,
    /// 1 to 10,000.
    pub limit: Option<i64>,
    /// Earliest first.
    pub start_from_head: Option<bool>,
    /// Where the page before ended.
    pub next_token: Option<String>,
}

/// `StartLiveTail`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StartLiveTail {
    /// Groups by ARN or name, 1 to 10.
    pub log_group_identifiers: Option<Vec<String>>,
    /// These streams.
    pub log_stream_names: Option<Vec<String>>,
    /// Streams whose names begin so.
    pub log_stream_name_prefixes: Option<Vec<String>>,
    /// Which lines.
    pub log_event_filter_pattern: Option<String>,
}
