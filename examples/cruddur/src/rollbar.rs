//! Rollbar: an item for every request that failed.

use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where items go.
#[derive(Clone, Debug)]
pub struct Rollbar {
    /// Base address with its slash, e.g. `http://127.0.0.1:8080/api/1/`.
    pub endpoint: String,
    /// The project's access token.
    pub token: String,
}

/// What failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) class: &'static str,
    pub(crate) message: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) function: &'static str,
}

/// The request it failed in.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) route: String,
    pub(crate) handle: String,
    pub(crate) request: Value,
}

/// Reports one; a collector that is away loses it, as it does for every app.
pub(crate) async fn report(client: reqwest::Client, rollbar: Rollbar, failed: Failed) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let Failure {
        class,
        message,
        file,
        line,
        function,
    } = failed.failure;
    let item = json!({"access_token": rollbar.token, "data": {
        "environment": "demo",
        "level": "error",
        "timestamp": now.map_or(0, |d| d.as_secs()),
        "language": "rust",
        "framework": "axum",
        "code_version": env!("CARGO_PKG_VERSION"),
        "context": failed.route,
        "body": {"trace": {
            "frames": [{"filename": file, "lineno": line, "method": function}],
            "exception": {"class": class, "message": message},
        }},
        "request": failed.request,
        "person": {"id": failed.handle},
        "server": {"host": "cruddur", "pid": std::process::id()},
        "notifier": {"name": "cruddur", "version": env!("CARGO_PKG_VERSION")},
    }});
    let sent = client
        .post(format!("{}item/", rollbar.endpoint))
        .timeout(Duration::from_secs(5))
        .header("x-rollbar-access-token", &rollbar.token)
        .json(&item)
        .send();
    drop(sent.await);
}
