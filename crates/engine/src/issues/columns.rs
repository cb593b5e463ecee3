//! Names of the fields of an occurrence that this room reads (mapping.md §6).

/// Number we gave the occurrence.
pub const OCCURRENCE_ID: &str = "rollbar.occurrence_id";
/// Number its sender gave it.
pub const UUID: &str = "rollbar.uuid";
/// Engine and hash, e.g. `g1:5c1f…`; `custom:` before one the sender chose.
pub const FINGERPRINT: &str = "rollbar.fingerprint";
/// The sender's own environment.
pub const ENVIRONMENT: &str = "deployment.environment.name";
/// `critical` `error` `warning` `info` `debug`.
pub const LEVEL: &str = "severity";
/// Version of the code.
pub const VERSION: &str = "service.version";
/// Framework.
pub const FRAMEWORK: &str = "rollbar.framework";
/// Platform.
pub const PLATFORM: &str = "rollbar.platform";
/// Language.
pub const LANGUAGE: &str = "rollbar.language";
/// Where in the application.
pub const CONTEXT: &str = "http.route";
