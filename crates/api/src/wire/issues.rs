//! Projects, issues and their occurrences.

use super::Nanos;
use super::arrivals::ArrivalReason;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What takes occurrences.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Number.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Slug of its dataset.
    pub dataset: String,
    /// When it was made.
    pub created_ns: Nanos,
    /// Issues in all; 0: it still waits for its first.
    pub issues: u64,
    /// Occurrences in all.
    pub occurrences: u64,
    /// When the last occurrence came; null when none has.
    pub last_ns: Option<Nanos>,
    /// First characters of the tokens that may post to it.
    pub token_prefixes: Vec<String>,
}

/// The projects of an environment, and what was refused meanwhile.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Projects {
    /// Oldest first.
    pub projects: Vec<Project>,
    /// Deliveries of occurrences that were refused in the last five minutes, under whatever token: for a
    /// project that still waits.
    pub refused: Vec<RefusedDelivery>,
}

/// Occurrences refused of one sender, for one reason, in the last five minutes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedDelivery {
    /// How many.
    pub items: u64,
    /// When the last of them came.
    pub last_ns: Nanos,
    /// Address of the sender.
    pub sender: String,
    /// What the sender calls itself.
    pub user_agent: Option<String>,
    /// First characters of the token.
    pub key_prefix: Option<String>,
    /// Slug of the environment the token belongs to; null: nobody knows it.
    pub env: Option<String>,
    /// Why, and what to do.
    pub reason: ArrivalReason,
    /// All of it in one sentence.
    pub text: String,
}

/// A project to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its name.
    pub name: String,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say what they are")]
pub enum IssueLevel {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say what they are")]
pub enum IssueStatus {
    Active,
    Resolved,
    Muted,
    Archived,
}

/// Which issues are listed. Lists are separated by commas.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct IssuesFilter {
    /// Number of a project; absent: all.
    pub project: Option<i64>,
    /// `active` `resolved` `muted` `archived`; absent: all.
    pub status: Option<String>,
    /// `debug` `info` `warning` `error` `critical`; absent: all.
    pub level: Option<String>,
    /// Environments of the senders; absent: all.
    pub environment: Option<String>,
    /// Frameworks; absent: all.
    pub framework: Option<String>,
    /// Name of the owner; `nobody`: those without one.
    pub owner: Option<String>,
    /// Version of the latest occurrence.
    pub version: Option<String>,
    /// Words that stand in the title, or `#` and a number.
    pub q: Option<String>,
    /// Latest occurrence within so many seconds.
    pub within_s: Option<u64>,
    /// `last` (default) `first` `count` `level`.
    pub sort: Option<String>,
    /// From 1 on.
    pub page: Option<usize>,
    /// Most issues, 1 to 500; absent: 50.
    pub limit: Option<usize>,
}

/// Like occurrences.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// Unique on this server.
    pub id: i64,
    /// Small number, unique in its project: `#12`.
    pub counter: i64,
    /// Number of its project.
    pub project: i64,
    /// Name of its project.
    pub project_name: String,
    /// Slug of the project's dataset.
    pub dataset: String,
    /// Environment of the sender.
    pub environment: String,
    /// Title.
    pub title: String,
    /// Title of the latest occurrence, when it differs.
    pub latest_title: Option<String>,
    /// Where in the application the latest happened.
    pub context: Option<String>,
    /// How bad.
    pub level: IssueLevel,
    /// Where it stands.
    pub status: IssueStatus,
    /// In which version it is resolved.
    pub resolved_in_version: Option<String>,
    /// Whether it was resolved and came back.
    pub reactivated: bool,
    /// Framework of the first occurrence.
    pub framework: String,
    /// Language of the first occurrence.
    pub language: String,
    /// Occurrences since it was activated.
    pub total: u64,
    /// Occurrences ever.
    pub ever: u64,
    /// Occurrences of the last 24 hours, hour by hour, the last one is now.
    pub sparkline: Vec<u32>,
    /// Distinct users of the last 24 hours; null when not asked.
    pub users_24h: Option<u64>,
    /// Time of the first occurrence.
    pub first_ns: Nanos,
    /// Time of the latest occurrence.
    pub last_ns: Nanos,
    /// Version of the first occurrence.
    pub first_version: Option<String>,
    /// Version of the latest occurrence.
    pub last_version: Option<String>,
    /// Number of the latest occurrence.
    pub last_occurrence: i64,
    /// Name of its owner.
    pub owner: Option<String>,
    /// Until when nobody is told about it; null: told.
    pub snoozed_until_ns: Option<Nanos>,
    /// What it is grouped by, with the engine's version.
    pub fingerprint: String,
}

/// One page of issues.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Issues {
    /// The issues.
    pub issues: Vec<Issue>,
    /// How many pass in all.
    pub total: u64,
    /// Environments of senders seen in the environment's issues.
    pub environments: Vec<String>,
    /// Owners seen.
    pub owners: Vec<String>,
}

/// What happened to an issue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssueEvent {
    /// When.
    pub at_ns: Nanos,
    /// Who: `owner`, `system`, a token.
    pub actor: String,
    /// `first_seen` `deploy` `resolved` `reactivated` `reopened` `muted` `archived` `level` `title`
    /// `assigned` `snoozed` `unsnoozed`.
    pub what: String,
    /// To what.
    pub detail: String,
}

/// An issue with its past.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssueDetail {
    /// The issue.
    pub issue: Issue,
    /// Occurrences by hour of the last thirty days, hours without any left out, oldest first: start and
    /// count.
    pub hours: Vec<HourCount>,
    /// What happened, latest first; deploys of its environment among it.
    pub timeline: Vec<IssueEvent>,
}

/// Occurrences of one hour.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HourCount {
    /// Start of the hour.
    pub start_ns: Nanos,
    /// How many.
    pub count: u32,
}

/// A change; absent fields stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueChange {
    /// Where it stands.
    #[serde(default)]
    pub status: Option<IssueStatus>,
    /// With `resolved`: in which version.
    #[serde(default)]
    pub resolved_in_version: Option<String>,
    /// How bad.
    #[serde(default)]
    pub level: Option<IssueLevel>,
    /// 1 to 255 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// Name of the owner; empty: nobody.
    #[serde(default)]
    pub owner: Option<String>,
    /// For so many seconds nobody is told; 0: told again.
    #[serde(default)]
    pub snooze_s: Option<u64>,
}

/// Which occurrences are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OccurrencesFilter {
    /// Only those with a smaller number.
    pub before: Option<i64>,
    /// Most occurrences, 1 to 1,000; absent: 50.
    pub limit: Option<usize>,
}

/// An occurrence in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OccurrenceRef {
    /// Number.
    pub id: i64,
    /// Time.
    pub ts_ns: Nanos,
    /// Identity of its row.
    pub event_id: String,
}

/// Occurrences, the greatest number first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Occurrences {
    /// The occurrences.
    pub occurrences: Vec<OccurrenceRef>,
}

/// One exception of a chain, or the stack of a message.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ExceptionTrace {
    /// Class.
    pub class: String,
    /// Message.
    pub message: Option<String>,
    /// What the caller said about it.
    pub description: Option<String>,
    /// Most recent call last.
    pub frames: Vec<StackFrame>,
}

/// One frame.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct StackFrame {
    /// File as reported.
    pub file: String,
    /// Line.
    pub line: Option<i64>,
    /// Column.
    pub column: Option<i64>,
    /// Function or method.
    pub function: Option<String>,
    /// Class of the method.
    pub class: Option<String>,
    /// Whether it is the application's own.
    pub in_app: bool,
    /// The line itself.
    pub code: Option<String>,
    /// Lines before it.
    pub before: Vec<String>,
    /// Lines after it.
    pub after: Vec<String>,
    /// Arguments by name, values as text.
    pub args: Vec<NamedText>,
    /// Local variables, values as text.
    pub locals: Vec<NamedText>,
}

/// A name and a value as text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NamedText {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// An entry of what happened before.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TelemetryEntry {
    /// When, by the sender's clock.
    pub ts_ns: Option<Nanos>,
    /// `log` `network` `dom` `navigation` `connectivity` `error` `manual`.
    pub kind: String,
    /// Its level.
    pub level: String,
    /// In words.
    pub text: String,
    /// All of it, JSON text.
    pub body: String,
}

/// One occurrence, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Occurrence {
    /// Number.
    pub id: i64,
    /// Number of its issue.
    pub issue: i64,
    /// Time: when it was received.
    pub ts_ns: Nanos,
    /// Time by the sender's clock.
    pub sent_ns: Option<Nanos>,
    /// Identity of its row.
    pub event_id: String,
    /// Number its sender gave it.
    pub uuid: Option<String>,
    /// The occurrence before it, of the same issue.
    pub previous: Option<i64>,
    /// The occurrence after it.
    pub next: Option<i64>,
    /// Title.
    pub title: String,
    /// The chain of exceptions, the outermost first; empty: a message.
    pub traces: Vec<ExceptionTrace>,
    /// Text of a message.
    pub message: Option<String>,
    /// Which order of frames its language's people read: `most_recent_last` or `most_recent_first`.
    pub frame_order: String,
    /// The request: URL, method, headers, parameters, address.
    pub request: Vec<NamedText>,
    /// The person.
    pub person: Vec<NamedText>,
    /// The server.
    pub server: Vec<NamedText>,
    /// Free fields.
    pub custom: Vec<NamedText>,
    /// What happened before, oldest first.
    pub telemetry: Vec<TelemetryEntry>,
    /// Its trace, when it carries one.
    pub trace_id: Option<String>,
    /// The span in which it happened, or the caller's.
    pub span_id: Option<String>,
    /// SDK, name and version.
    pub notifier: Option<String>,
    /// Environment, version, level, language, framework, platform, context.
    pub facts: Vec<NamedText>,
    /// Why it is grouped as it is, in words.
    pub grouped_by: String,
    /// What was hashed, line by line.
    pub grouping_parts: Vec<String>,
    /// Paths of what was masked before it was stored.
    pub scrubbed: Vec<String>,
    /// The payload as stored, JSON text; null: its row is gone.
    pub raw: Option<String>,
}
