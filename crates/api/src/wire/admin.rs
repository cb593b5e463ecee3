//! Session, environments, datasets, keys, links, health.

use super::Nanos;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a client needs to know first. Answered without a token, then without names.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Whether the server runs with `--dev`: loopback only, no login, fixed keys.
    pub dev: bool,
    /// Whether requests need the owner token.
    pub token_required: bool,
    /// Whether this request was allowed in.
    pub authorized: bool,
    /// Version of the server.
    pub version: String,
    /// Server's clock.
    pub now_ns: Nanos,
    /// All environments, oldest first; empty when not allowed in.
    pub environments: Vec<Environment>,
    /// Addresses listened on; null when not allowed in.
    pub listen: Option<Listen>,
    /// Health of the server.
    pub health: Health,
    /// The fixed keys of `--dev`; null otherwise.
    pub dev_keys: Option<DevKeys>,
}

/// Addresses listened on, `host:port`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Listen {
    /// UI, own API and every protocol over HTTP.
    pub http: String,
    /// OTLP over gRPC.
    pub otlp_grpc: Option<String>,
    /// OTLP over HTTP.
    pub otlp_http: Option<String>,
    /// X-Ray's daemon, UDP and TCP.
    pub xray: Option<String>,
}

/// The fixed keys of `--dev`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DevKeys {
    /// For sending.
    pub ingest: String,
    /// For sending and asking by Honeycomb's API.
    pub configuration: String,
    /// Id of the signing key (`AWS_ACCESS_KEY_ID`).
    pub signing_id: String,
    /// Its secret (`AWS_SECRET_ACCESS_KEY`).
    pub signing_secret: String,
    /// Token of the project `dev`.
    pub project_token: String,
}

/// Health of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The worst of the reasons.
    pub state: HealthState,
    /// Why it is not `ok`.
    pub reasons: Vec<HealthReason>,
}

/// States of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// All is well.
    Ok,
    /// It works, but something needs a look.
    Degraded,
    /// Questions are answered, nothing is taken.
    ReadOnly,
    /// It cannot go on.
    Failing,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthReason {
    /// Stable name.
    pub code: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub fix: String,
}

/// An environment: data and keys apart from all others.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// Name in addresses.
    pub slug: String,
    /// Name as given.
    pub name: String,
    /// Its colour: `blue` `green` `gold` `red` `purple`, or one of these as `lightBlue` ….
    pub color: String,
    /// When it was made.
    pub created_ns: Nanos,
}

/// All environments, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Environments {
    /// The environments.
    pub environments: Vec<Environment>,
}

/// An environment to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnvironment {
    /// Its name; the slug is made from it.
    pub name: String,
    /// Its colour: `blue` `green` `gold` `red` `purple`, or one of these as `lightBlue` …; absent: the
    /// first one not in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A named set of rows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Dataset {
    /// Name in addresses and questions.
    pub slug: String,
    /// Name as sent.
    pub name: String,
    /// What brought it: `service`, `events`, …
    pub kind: String,
    /// When its first row came.
    pub created_ns: Nanos,
    /// When its last row came; null when none has.
    pub last_written_ns: Option<Nanos>,
    /// Rows taken since it was made.
    pub rows: u64,
}

/// The datasets of an environment, by slug.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Datasets {
    /// The datasets.
    pub datasets: Vec<Dataset>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub kind: KeyKind,
    /// What it is for, as given.
    pub name: String,
    /// First characters of the secret; of the id, for a signing key.
    pub prefix: String,
    /// The id a signing key is sent with: no secret. Null for other kinds.
    pub signing_id: Option<String>,
    /// What it may do.
    pub permissions: Vec<String>,
    /// Slugs of the only datasets it may use; null: all.
    pub datasets: Option<Vec<String>>,
    /// When it was made.
    pub created_ns: Nanos,
    /// When it was last used; null when never.
    pub last_used_ns: Option<Nanos>,
    /// When it was revoked; null while it works.
    pub revoked_ns: Option<Nanos>,
    /// How much came with it; only where keys are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<KeyUsage>,
}

/// How much came with a key. Keys of an environment whose prefixes are the same are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyUsage {
    /// Items taken, stored or known from before, since the server's directory was made.
    pub taken: u64,
    /// Items taken on each of the last seven days (UTC), today last. Counted in memory.
    pub days: Vec<u64>,
    /// Since when the days are counted: when the server started.
    pub days_since_ns: Nanos,
}

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Sends data.
    Ingest,
    /// Sends data and uses Honeycomb's API.
    Configuration,
    /// Belongs to a person.
    Personal,
    /// An id and a secret that sign requests.
    Signing,
    /// Access token of one project that takes occurrences.
    Project,
}

/// The keys of an environment, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<Key>,
}

/// A key to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it will be for.
    pub kind: KeyKind,
    /// A name to know it by.
    #[serde(default)]
    pub name: String,
    /// Slugs of the only datasets it may use; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasets: Option<Vec<String>>,
    /// For `project`: the name of the project, made when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// For `project`: `post_server_item` `post_client_item` `read` `write`; absent: the first alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// A secret of the user's own, so that no client need change its key; absent: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// For a signing key with a secret of the user's own: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_id: Option<String>,
}

/// A key just made: the only time its secret is told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyMade {
    /// The key.
    pub key: Key,
    /// Its secret.
    pub secret: String,
}

/// To whom a key belongs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WhoAmI {
    /// Its environment.
    pub environment: Environment,
    /// The key.
    pub key: Key,
}

/// A place in the UI to be kept under a short link.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Slug of the environment.
    pub env: String,
    /// Path and search of the place, beginning with `/`; at most 16 KiB.
    pub path: String,
}

/// A short link; it never expires.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// `/l/<id>` opens it.
    pub id: String,
    /// Slug of the environment.
    pub env: String,
    /// The place.
    pub path: String,
}
