//! `foursight serve`: opens the data directory, listens, and stops cleanly.

use crate::astray::Place;
use crate::cli::ServeFlags;
use crate::connection::{self, Crowd};
use crate::forward::Forward;
use crate::listen::{self, Bound, BoundBoth, IfTaken};
use crate::metrics::Gauges;
use crate::routes::{self, Own};
use crate::settings::Settings;
use crate::{cli, logs, ports};
use anyhow::Context as _;
use api::guard::AllowedHosts;
use engine::{Engine, HealthState, OpenError, Protocol, Reason, SystemClock};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The file in the data directory by which commands find the server that has it open.
pub(crate) const SERVER_FILE: &str = "server.json";

/// How long requests may go on after a stop was asked for (reliability.md P12).
const DRAIN: Duration = Duration::from_secs(30);

/// How the process ends when nothing more can be written: the supervisor restarts it, and what was
/// acknowledged is read back (reliability.md §2; 74 is `EX_IOERR`).
const EXIT_IO: u8 = 74;

/// Runs `foursight serve`.
pub(crate) fn run(flags: &ServeFlags) -> anyhow::Result<ExitCode> {
    let settings = Settings::resolve(flags)?;
    logs::start(settings.log_format, &settings.log_level)?;
    runtime()?.block_on(async {
        let server = Server::start(settings, IfTaken::Refuse)?;
        server.announce(None)?;
        let end = wait_for_end(&server).await;
        server.stop(end).await
    })
}

/// The runtime of sockets and ingest; questions run on threads of their own.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("foursight-io")
        .build()
        .context("starting threads")
}

/// Why the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// SIGTERM, Ctrl-C, or the time given is over.
    Asked,
    /// A sync failed: nothing more can be written.
    Failing,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) http: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
    otlp_grpc: SocketAddr,
    pub(crate) xray: SocketAddr,
    settings: Settings,
    closing: watch::Sender<bool>,
    listeners: JoinSet<()>,
    forward: Option<Forward>,
}

impl Server {
    /// Opens the data directory and listens. Everything a start should tell is logged.
    ///
    /// # Errors
    /// One line with the way out.
    pub(crate) fn start(settings: Settings, if_taken: IfTaken) -> anyhow::Result<Self> {
        for name in &settings.unknown_variables {
            tracing::warn!(
                "the variable {name} is none of ours and is ignored; docs/config.md lists them"
            );
        }
        let http = listen::bind(&settings.http, if_taken)?;
        let otlp_grpc = listen::bind(&settings.otlp_grpc, if_taken)?;
        let otlp_http = listen::bind(&settings.otlp_http, if_taken)?;
        let xray = listen::bind_both(&settings.xray, if_taken)?;
        if let Some(path) = &settings.ready_file {
            remove(path)?;
        }
        let engine = open(&settings)?;
        let (closing, closed) = watch::channel(false);
        let forward = settings.xray_forward.clone().map(Forward::start);
        let forward = forward.transpose().context("starting a thread")?;
        let mut server = Self {
            engine,
            http: http.address,
            otlp_grpc: otlp_grpc.address,
            otlp_http: otlp_http.address,
            xray: xray.tcp.address,
            settings,
            closing,
            listeners: JoinSet::new(),
            forward,
        };
        server.listen(http, otlp_grpc, otlp_http, xray, &closed)?;
        server.tell();
        Ok(server)
    }

    fn listen(
        &mut self,
        http: Bound,
        otlp_grpc: Bound,
        otlp_http: Bound,
        xray: BoundBoth,
        closed: &watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let forwarded = self.forward.as_ref().map(Forward::counts);
        let forwarded = forwarded.unwrap_or_default();
        let own = Own {
            engine: self.engine.clone(),
            crowd: Arc::new(Crowd::default()),
            gauges: Arc::new(Gauges::new(self.engine.now(), forwarded)),
            metrics_allow: self.settings.metrics_allow.clone().into(),
            hosts: AllowedHosts::new(self.settings.allow_hosts.iter().cloned()),
        };
        let config = api::Config {
            allow_hosts: own.hosts.clone(),
            listen: api::wire::admin::Listen {
                http: self.http.to_string(),
                otlp_grpc: Some(self.otlp_grpc.to_string()),
                otlp_http: Some(self.otlp_http.to_string()),
                xray: Some(self.xray.to_string()),
            },
            version: env!("CARGO_PKG_VERSION"),
            closing: Some(closed.clone()),
            is_owner: false,
            read_log_filter: Some(aws::cloudwatch::pattern::search),
            log_language: Some(crate::log_language::LOG_LANGUAGE),
        };
        let otlp = routes::otlp_only(own.clone());
        let mut app = aws::xray::App::new(self.engine.clone());
        if let Some(forward) = &self.forward {
            app = app.sending_on(forward.outlet());
        }
        let daemon = routes::xray_daemon(&own, app.clone());
        self.listen_udp(xray.udp, app.known(), closed.clone());
        let all = routes::everything(own.clone(), config, app);
        let listeners = [
            (http, all, Protocol::Api),
            (otlp_grpc, otlp.clone(), Protocol::OtlpGrpc),
            (otlp_http, otlp, Protocol::OtlpHttp),
            (xray.tcp, daemon, Protocol::XrayDaemon),
        ];
        for (bound, router, usual) in listeners {
            let place = Place {
                engine: self.engine.clone(),
                usual,
                reason: Reason::WrongPort,
            };
            let listener = tokio::net::TcpListener::from_std(bound.listener)?;
            let (crowd, gauges) = (Arc::clone(&own.crowd), Arc::clone(&own.gauges));
            let serving = connection::serve(listener, router, place, crowd, gauges, closed.clone());
            self.listeners.spawn(serving);
        }
        Ok(())
    }

    /// Takes datagrams until the server stops.
    fn listen_udp(
        &mut self,
        socket: std::net::UdpSocket,
        known: Arc<aws::xray::intake::Known>,
        closed: watch::Receiver<bool>,
    ) {
        let port = self.xray.port();
        let socket = aws::xray::daemon::Socket {
            socket,
            dropped: Box::new(move || ports::udp_drops(port)),
        };
        let running = aws::xray::daemon::run(self.engine.clone(), known, socket, closed);
        self.listeners.spawn(async move {
            if let Err(error) = running.await {
                tracing::error!(%error, "UDP for X-Ray's daemon does not listen");
            }
        });
    }

    /// Says where data and token lie and what listens.
    fn tell(&self) {
        let dir = self.settings.data_dir.display();
        tracing::info!("data lies in {dir}");
        let recovery = self.engine.recovery();
        if recovery.replayed_rows > 0 {
            tracing::info!(
                "{} rows were read back from the write-ahead log",
                recovery.replayed_rows
            );
        }
        for what in &recovery.quarantined {
            tracing::warn!("damaged, and set aside in {dir}/quarantine: {what}");
        }
        match (self.settings.dev, self.engine.new_owner_token()) {
            (true, _) => tracing::warn!("--dev: no login, fixed keys, loopback only"),
            (false, Some(token)) => {
                tracing::info!("owner token, made now and kept in {dir}/setup-token: {token}");
            }
            (false, None) => tracing::info!("the owner token lies in {dir}/setup-token"),
        }
        if !self.settings.dev && self.engine.catalog().environments().is_empty() {
            tracing::info!(
                "there is no environment yet: foursight environments create <name>, then foursight keys create"
            );
        }
        tracing::info!("OTLP over gRPC listens on {}", self.otlp_grpc);
        tracing::info!("OTLP over HTTP listens on http://{}", self.otlp_http);
        tracing::info!("X-Ray's daemon listens on {} (UDP and TCP)", self.xray);
        if let Some(target) = &self.settings.xray_forward {
            tracing::info!("X-Ray's segments are sent on to {}", target.name());
        }
        tracing::info!(
            "UI, API and every protocol over HTTP listen on http://{}",
            self.http
        );
    }

    /// Writes `server.json` and the file of `--ready-file`: every listener accepts.
    pub(crate) fn announce(&self, demo: Option<serde_json::Value>) -> anyhow::Result<()> {
        let mut ready = json!({
            "http": self.http.to_string(),
            "otlp_grpc": self.otlp_grpc.to_string(),
            "otlp_http": self.otlp_http.to_string(),
            "xray": self.xray.to_string(),
            "pid": std::process::id(),
        });
        if let Some(demo) = demo {
            ready["demo"] = demo;
        }
        let text = format!("{ready}\n");
        write_whole(&self.settings.data_dir.join(SERVER_FILE), &text)?;
        match &self.settings.ready_file {
            Some(path) => write_whole(path, &text),
            None => Ok(()),
        }
    }

    /// Lets requests finish, then closes the engine. A clean end is 0.
    pub(crate) async fn stop(mut self, end: End) -> anyhow::Result<ExitCode> {
        if end == End::Failing {
            let health = self.engine.health();
            for reason in &health.reasons {
                tracing::error!("{}: {}; {}", reason.code(), reason.text(), reason.fix());
            }
            return Ok(ExitCode::from(EXIT_IO));
        }
        tracing::info!("stopping: requests under way may finish");
        self.closing.send_replace(true);
        let drained = tokio::time::timeout(DRAIN, async {
            while self.listeners.join_next().await.is_some() {}
        });
        tokio::select! {
            drained = drained => if drained.is_err() {
                tracing::warn!("some requests did not finish within {DRAIN:?} and are cut off");
            },
            _ = tokio::signal::ctrl_c() => tracing::warn!("asked again: requests under way are cut off"),
        }
        self.listeners.shutdown().await;
        if let Some(forward) = self.forward.take() {
            let stopped = tokio::task::spawn_blocking(move || forward.stop()).await;
            stopped.context("stopping what sends segments on")?;
        }
        let own = self.settings.data_dir.join(SERVER_FILE);
        for path in [Some(own), self.settings.ready_file.clone()]
            .into_iter()
            .flatten()
        {
            remove(&path)?;
        }
        self.engine
            .close()
            .await
            .context("closing the data directory")?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for a signal, or until nothing more can be written.
pub(crate) async fn wait_for_end(server: &Server) -> End {
    let engine = server.engine.clone();
    let failing = async move {
        let mut looks = tokio::time::interval(Duration::from_secs(1));
        loop {
            looks.tick().await;
            if engine.health().state == HealthState::Failing {
                return;
            }
        }
    };
    tokio::select! {
        () = failing => End::Failing,
        () = signal() => End::Asked,
    }
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            },
            Err(error) => tracing::warn!(%error, "SIGTERM cannot be caught"),
        }
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be caught");
        std::future::pending::<()>().await;
    }
}

/// The engine's configuration.
pub(crate) fn engine_config(settings: &Settings) -> engine::Config {
    let mut config = engine::Config::new(&settings.data_dir);
    config.dev = settings.dev;
    config.retention_days = settings.retention_days;
    config.keyless_environment = settings.xray_environment.clone();
    config.retention_max_bytes = settings.retention_max_bytes;
    config.buffer_bytes = settings.buffer_bytes;
    config.initial_keys = settings.initial_keys.clone();
    if let Some(bytes) = settings.inflight_bytes {
        config.inflight_bytes = bytes;
    }
    if let Some(threads) = settings.query_threads {
        config.query_threads = threads;
    }
    config
}

fn open(settings: &Settings) -> anyhow::Result<Engine> {
    Engine::open(engine_config(settings), Arc::new(SystemClock))
        .map_err(|e| explain(e, &settings.data_dir))
}

/// Why a data directory did not open, with the way out, in one line.
pub(crate) fn explain(error: OpenError, dir: &Path) -> anyhow::Error {
    let dir = dir.display();
    let said = error.to_string();
    // Messages of SQLite and the system may have several lines.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match error {
        OpenError::Store(store::Error::Locked(_)) => anyhow::anyhow!(
            "{said}; stop that process, or give another directory with --data-dir (FOURSIGHT_DATA_DIR)"
        ),
        OpenError::Store(store::Error::NewerFormat(_)) => {
            anyhow::anyhow!("{said}; nothing was touched: run the newer version on {dir}")
        }
        OpenError::InitialKey(_) => anyhow::anyhow!("{said}; see keys.initial in docs/config.md"),
        OpenError::Store(_) | OpenError::Catalog(_) | OpenError::File { .. } => anyhow::anyhow!(
            "the data directory {dir} cannot be used: {said}; make it writable for this user, or give another with --data-dir (FOURSIGHT_DATA_DIR)"
        ),
    }
}

/// Writes a file so that a reader finds nothing or all of it.
pub(crate) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let half = path.with_extension("half");
    std::fs::write(&half, text)
        .and_then(|()| std::fs::rename(&half, path))
        .with_context(|| format!("writing {}", path.display()))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Prints a line on stdout.
pub(crate) fn print(text: &str) {
    cli::say(0, &format!("{text}\n"));
}
