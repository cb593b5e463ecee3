//! Two services of AWS over their own protocols: CloudWatch Logs and X-Ray.
//!
//! **What it is.** [`root`] answers `POST /`, where the operation stands in a header (`X-Amz-Target`);
//! X-Ray's operations have paths of their own. Both share [`wire`]: SigV4 is verified always, there is
//! no lenient mode. Of a third service, `sts`, there is what clients ask to make ARNs: who they are.
//!
//! **What it refuses.** What is not built is refused by name: `UnknownOperationException`. CloudWatch
//! metrics are not built, nor is more of the query protocol (`Action=` in a form) than that.
//!
//! **Source.** The public API models (Logs 2014-03-28, X-Ray 2016-04-12), recorded answers and the
//! clients' own source: `cloudwatch.md` and `xray.md` of the specifications restate them.
//!
//! **What it does not know.** Where rows are kept and how questions are planned.
//!
//! Reading order: [`wire`], [`cloudwatch`], [`xray`]; [`decoders`] is for the fuzz targets.

pub mod cloudwatch;
pub mod decoders;
pub mod root;
mod sts;
pub mod wire;
pub mod xray;

pub use root::root;

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    /// Where everything goes.
    pub engine: engine::Engine,
    /// Turns true when the server stops: answers without an end then end.
    pub closing: Option<tokio::sync::watch::Receiver<bool>>,
}

impl App {
    /// Waits until the server stops.
    pub(crate) async fn closing(&self) {
        let stopped = match self.closing.clone() {
            Some(mut closing) => closing.wait_for(|c| *c).await.is_ok(),
            None => false,
        };
        if !stopped {
            std::future::pending::<()>().await;
        }
    }
}
