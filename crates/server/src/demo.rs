//! `foursight demo`: the server with --dev, and the demo app Cruddur with its traffic, in one process.

use crate::cli::DemoFlags;
use crate::listen::{self, IfTaken};
use crate::logs;
use crate::serve::{self, End, Server};
use crate::settings::{Settings, Wish};
use std::process::ExitCode;

/// Requests of the demo's traffic: after a minute the heatmap is full.
const REQUESTS_PER_SECOND: f64 = 30.0;

/// Runs `foursight demo`.
pub(crate) fn run(flags: &DemoFlags) -> anyhow::Result<ExitCode> {
    let mut serve_flags = flags.serve.clone();
    serve_flags.dev = true;
    let settings = Settings::resolve(&serve_flags)?;
    logs::start(settings.log_format, &settings.log_level)?;
    let app = Wish {
        what: "the demo app",
        moved_by: "--app (FOURSIGHT_DEMO_APP)",
        address: flags
            .app
            .clone()
            .unwrap_or_else(|| "127.0.0.1:4567".to_owned()),
    };
    serve::runtime()?.block_on(demo(flags, settings, &app))
}

async fn demo(flags: &DemoFlags, settings: Settings, app: &Wish) -> anyhow::Result<ExitCode> {
    let app = listen::bind(app, IfTaken::TakeFree)?;
    let server = Server::start(settings, IfTaken::TakeFree)?;
    let seed = flags.seed.unwrap_or_else(rand::random);
    let cruddur = cruddur::start(cruddur::Config {
        otlp_endpoint: format!("http://{}", server.otlp_http),
        key: engine::dev::INGEST_KEY.to_owned(),
        xray: Some(server.xray),
        logs: Some(cruddur::Logs {
            endpoint: format!("http://{}", server.http),
            key_id: engine::dev::SIGNING_KEY_ID.to_owned(),
            secret: engine::dev::SIGNING_SECRET.to_owned(),
            region: "us-east-1".to_owned(),
        }),
        rollbar: Some(cruddur::Rollbar {
            endpoint: format!("http://{}/api/1/", server.http),
            token: engine::dev::PROJECT_TOKEN.to_owned(),
        }),
        listener: app.listener,
        seed,
        requests_per_second: REQUESTS_PER_SECOND,
    })
    .await?;
    let truth = serde_json::to_value(cruddur.truth())?;
    tracing::info!("Cruddur listens on http://{}", cruddur.address());
    tracing::info!("demo truth {truth}");
    server.announce(Some(truth))?;
    let url = format!(
        "http://{}/e/{}/explore?t=-10m",
        server.http,
        engine::dev::ENVIRONMENT
    );
    serve::print(&url);
    if !flags.no_open {
        open_browser(&url);
    }
    let end = tokio::select! {
        end = serve::wait_for_end(&server) => end,
        () = over(flags.run_for) => End::Asked,
    };
    cruddur.stop().await;
    server.stop(end).await
}

async fn over(after: Option<std::time::Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => std::future::pending().await,
    }
}

/// Opens the user's browser, where there is one; the address is printed anyway.
fn open_browser(url: &str) {
    use std::io::IsTerminal as _;
    let has_screen = cfg!(target_os = "macos")
        || std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if !has_screen || !std::io::stdout().is_terminal() {
        return;
    }
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(opener)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if let Err(error) = started {
        tracing::debug!(%error, "no browser was opened");
    }
}
