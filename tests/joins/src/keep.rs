//! A store with a world's rows, and the truth in a file beside it.

use crate::truth::{self, Entry};
use crate::world::{Setting, T0};
use crate::{telemetry, world};
use event::{EnvId, TableId};
use query::Querier;
use std::path::PathBuf;
use std::sync::Arc;
use store::disk::RealDisk;
use store::{Append, Clock, Options, Store};

/// The environment the rows belong to.
pub const ENV: EnvId = EnvId(5);

struct Still(i64);

impl Clock for Still {
    fn now(&self) -> i64 {
        self.0
    }
}

/// The store and its questions.
pub struct Kept {
    /// Answers.
    pub querier: Querier,
    truth: PathBuf,
    _dir: tempfile::TempDir,
}

impl Kept {
    /// Makes a world and keeps what its sources tell, in parts.
    ///
    /// # Panics
    /// When the store refuses something.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        let requests = world::requests(setting);
        let (batches, entries) = telemetry::rows(setting, &requests);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let truth = dir.path().join("truth.json");
        truth::write(&truth, &entries);
        let options = Options {
            background: false,
            reserve_bytes: 0,
            ..Options::new(dir.path().join("data"))
        };
        let now = T0 + 600_000_000_000;
        let (store, _) = Store::open(options, Arc::new(Still(now)), Arc::new(RealDisk))
            .expect("the store opens");
        for batch in batches {
            let (send, receive) = std::sync::mpsc::channel();
            let kind = batch.kind();
            let append = Append {
                table: TableId { env: ENV, kind },
                batch,
                identity: None,
            };
            store.append(append, Box::new(move |r| drop(send.send(r))));
            receive
                .recv()
                .expect("an outcome")
                .expect("the batch is kept");
        }
        store.flush().expect("a flush");
        Self {
            querier: Querier::new(store, Arc::new(Still(now)), 2),
            truth,
            _dir: dir,
        }
    }

    /// Which row is of which request.
    #[must_use]
    pub fn truth(&self) -> Vec<Entry> {
        truth::read(&self.truth)
    }
}
