//! An engine in a folder of its own, and traces put into it as clients send them.

use super::App;
use super::intake::{self, Fate};
use engine::query::Scope;
use engine::query::calls::{CallsAsk, TraceCalls};
use engine::{Engine, Grant, SystemClock};
use event::{BatchBuilder, TableKind, TraceId};
use std::sync::Arc;

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) app: App,
    pub(crate) grant: Grant,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = engine::Config::new(dir.path());
        config.dev = true;
        let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
        Self {
            app: App::new(engine.clone()),
            grant: engine.admit_keyless().unwrap(),
            engine,
            _dir: dir,
        }
    }

    /// Puts documents as the daemon does, and says what became of them.
    pub(crate) async fn put(&self, documents: &[&str]) -> Vec<Fate> {
        let known = self.app.known();
        let mut built = intake::build(&known, &self.grant, documents.iter().copied()).unwrap();
        intake::keep(&known, &self.grant, &mut built, self.engine.now())
            .await
            .unwrap();
        built.fates
    }

    /// Puts rows of another source.
    pub(crate) async fn put_rows(&self, fill: impl FnOnce(&mut BatchBuilder)) {
        let mut batch = BatchBuilder::new(TableKind::Spans, self.grant.policy());
        fill(&mut batch);
        let receipt = self.grant.ingest(batch.finish(), None).await.unwrap();
        assert_eq!(receipt.merged, 0);
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope {
            env: self.grant.env(),
            dataset: None,
        }
    }

    /// Every trace of the last hour.
    pub(crate) async fn traces(&self) -> Vec<TraceCalls> {
        let now = self.engine.now();
        let ask = CallsAsk {
            range: (now - 3_600_000_000_000, now + 1),
            limit: 10_000,
            ..CallsAsk::default()
        };
        self.engine
            .querier()
            .calls(&self.scope(), ask)
            .await
            .unwrap()
            .traces
    }

    /// One trace.
    pub(crate) async fn trace(&self, id: &str) -> TraceCalls {
        let id = TraceId::parse(id).unwrap();
        let found = self.engine.querier().calls_of(self.grant.env(), vec![id]);
        found.await.unwrap().remove(0)
    }

    /// Whole seconds, some minutes ago: traces of a test begin there.
    pub(crate) fn base(&self) -> i64 {
        self.engine.now() / 1_000_000_000 - 600
    }
}
