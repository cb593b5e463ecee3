//! From a batch to an acknowledged one.

use crate::Error;
use crate::admit::Grant;
use crate::limits;
use event::{EventBatch, TableId};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;
use tokio::sync::oneshot;

/// What an acknowledged batch came to. Its rows are on disk and every question asked from now on
/// sees them.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Rows stored now.
    pub stored: u64,
    /// Rows that an identical delivery stored before.
    pub merged: u64,
}

impl std::ops::AddAssign for Receipt {
    fn add_assign(&mut self, o: Self) {
        self.stored += o.stored;
        self.merged += o.merged;
    }
}

impl Grant {
    /// The identity of a request (reliability.md §4): a keyed hash of the credential and the decoded
    /// body. The hash's key is random and differs from install to install, so nobody can make a body
    /// that passes for another. Costs about 0.5 ms per MiB.
    #[must_use]
    pub fn identity(&self, body: &[u8]) -> [u8; 16] {
        let (k0, k1) = self.engine.0.identity_key;
        let mut hasher = SipHasher13::new_with_keys(k0, k1);
        let id = self.record.info.id.as_bytes();
        hasher.write(&(id.len() as u64).to_le_bytes());
        hasher.write(id);
        hasher.write(body);
        hasher.finish128().as_bytes()
    }

    /// Keeps a batch: `Ok` means on disk and queryable. `identity`: see [`Self::identity`]; a batch
    /// whose identity was stored in the last 15 minutes is merged, and one whose twin is under way
    /// waits for that one's outcome.
    ///
    /// # Errors
    /// See [`Error`]; after an overload a write under way may still land.
    pub async fn ingest(
        &self,
        batch: EventBatch,
        identity: Option<[u8; 16]>,
    ) -> Result<Receipt, Error> {
        let rows = batch.rows() as u64;
        if rows == 0 {
            return Ok(Receipt::default());
        }
        let written = rows_by_dataset(&batch);
        let kind = batch.kind();
        let append = store::Append {
            table: TableId {
                env: self.env(),
                kind,
            },
            batch,
            // One request may fill several tables: each part of it is told apart.
            identity: identity.map(|mut id| {
                id[0] ^= kind as u8;
                id
            }),
        };
        let (done, outcome) = oneshot::channel();
        self.engine.0.store.append(
            append,
            Box::new(move |result| {
                // The asker may have left; the rows are kept all the same.
                let _ = done.send(result);
            }),
        );
        let appended = match tokio::time::timeout(limits::INGEST_WAIT, outcome).await {
            Ok(Ok(result)) => result?,
            Ok(Err(_)) => return Err(Error::Failing("the store ended".into())),
            Err(_) => return Err(Error::overload()),
        };
        if appended.merged {
            return Ok(Receipt {
                stored: 0,
                merged: rows,
            });
        }
        let now = self.engine.now();
        for (dataset, rows) in written {
            self.engine
                .0
                .catalog
                .written(self.env(), &dataset, rows, now);
        }
        Ok(Receipt {
            stored: rows,
            merged: 0,
        })
    }
}

/// Rows of each dataset in the batch.
fn rows_by_dataset(batch: &EventBatch) -> Vec<(Box<str>, u64)> {
    let datasets = batch.datasets();
    if let [only] = datasets[..] {
        return vec![(only.into(), batch.rows() as u64)];
    }
    let mut rows: Vec<(Box<str>, u64)> = datasets.into_iter().map(|d| (d.into(), 0)).collect();
    for row in 0..batch.rows() {
        // Sorted by `datasets`.
        if let Ok(i) = rows.binary_search_by(|(d, _)| (**d).cmp(batch.dataset(row))) {
            rows[i].1 += 1;
        }
    }
    rows
}
