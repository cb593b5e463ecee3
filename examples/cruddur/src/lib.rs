//! Cruddur: a micro-blog's backend with mock data, instrumented four ways, and visitors for it.
//!
//! `foursight demo` runs it in its own process so that there is something to look at. It is an
//! ordinary app all the same: axum, the OpenTelemetry SDK with its OTLP exporter, W3C trace context
//! between the visitors' front end (`cruddur-web`) and the backend (`cruddur-backend`). The backend
//! also sends X-Ray segments, log lines to CloudWatch and items to Rollbar, where they are set up; the
//! four share no id. It knows nothing of Foursight but addresses and keys.
//!
//! A seed decides what is wrong with it ([`Truth`]): one route is slow for one user, another fails
//! now and then. Everything is really waited for; no span's time is made up.
//!
//! Reading order: [`truth`], [`routes`], `mock`, `telemetry`, `witness` (`xray`, `cloudwatch` with
//! `sigv4`, `rollbar`), `traffic`.

mod cloudwatch;
mod mock;
mod rollbar;
pub mod routes;
mod sigv4;
mod telemetry;
mod traffic;
pub mod truth;
mod witness;
mod xray;

pub use cloudwatch::Logs;
pub use rollbar::Rollbar;
pub use truth::Truth;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use telemetry::Telemetry;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use witness::Witness;

/// How to run it.
#[derive(Debug)]
pub struct Config {
    /// Base address of OTLP/HTTP, e.g. `http://127.0.0.1:4318`.
    pub otlp_endpoint: String,
    /// Sent as `x-honeycomb-team`.
    pub key: String,
    /// The X-Ray daemon, where there is one.
    pub xray: Option<SocketAddr>,
    /// CloudWatch Logs, where it is used.
    pub logs: Option<Logs>,
    /// Rollbar, where it is used.
    pub rollbar: Option<Rollbar>,
    /// Where the backend listens.
    pub listener: TcpListener,
    /// Decides what is wrong with it.
    pub seed: u64,
    /// Visits per second; the time between two varies.
    pub requests_per_second: f64,
}

/// The running app with its visitors.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    truth: Truth,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    telemetry: Arc<Telemetry>,
}

/// Starts backend and visitors.
///
/// # Errors
/// The listener cannot be used, or the exporter cannot be built.
pub async fn start(config: Config) -> io::Result<Running> {
    let truth = Truth::of_seed(config.seed);
    let address = config.listener.local_addr()?;
    config.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(config.listener)?;
    let (endpoint, key) = (config.otlp_endpoint, config.key);
    // The exporter's blocking client must not be built on the runtime.
    let telemetry = tokio::task::spawn_blocking(move || Telemetry::new(&endpoint, &key))
        .await
        .map_err(io::Error::other)??;
    let telemetry = Arc::new(telemetry);
    let (stop, stopped) = watch::channel(false);

    let (witness, putting) = Witness::new(config.xray, config.logs, config.rollbar)?;
    let app = routes::router(truth.clone(), telemetry.backend(), Arc::new(witness));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let mut until = stopped.clone();
    let serve = tokio::spawn(async move {
        let graceful = async move { drop(until.wait_for(|s| *s).await) };
        // Ends when told to; an accept error is retried inside.
        drop(
            axum::serve(listener, app)
                .with_graceful_shutdown(graceful)
                .await,
        );
    });
    let visitors = traffic::Visitors {
        backend: address,
        seed: config.seed,
        per_second: config.requests_per_second,
        tracer: telemetry.web(),
    };
    let visit = tokio::spawn(visitors.run(stopped));
    Ok(Running {
        address,
        truth,
        stop,
        // In this order: the witness goes with the backend, and the lines it left are put last.
        tasks: [visit, serve].into_iter().chain(putting).collect(),
        telemetry,
    })
}

impl Running {
    /// Where the backend listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is wrong with it.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Sends the visitors home, stops the backend and exports what is left.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            // A task that panicked has nothing left to stop.
            drop(task.await);
        }
        let telemetry = self.telemetry;
        drop(tokio::task::spawn_blocking(move || telemetry.shutdown()).await);
    }
}
