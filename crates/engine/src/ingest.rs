//! From a batch to an acknowledged one.

use crate::Error;
use crate::admit::Grant;
use crate::limits;
use event::{EventBatch, TableId};
use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often a batch that waits for room looks again: a flush frees room in tens of milliseconds.
const ROOM_POLL: Duration = Duration::from_millis(5);

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

/// Hashes requests under random keys that differ from install to install.
pub(crate) struct IdentityHasher {
    key: [u8; 16],
    secret: [u8; 192],
}

impl IdentityHasher {
    /// From the install's key, from which the longer secret is derived.
    pub(crate) fn new(key: [u8; 16]) -> Self {
        let mut secret = [0u8; 192];
        for (i, block) in (0u8..).zip(secret.chunks_mut(32)) {
            let mut hasher = Sha256::new();
            hasher.update(key);
            hasher.update([i]);
            block.copy_from_slice(&hasher.finalize());
        }
        Self { key, secret }
    }

    fn of(&self, credential: &str, body: &[u8]) -> [u8; 16] {
        let digest = xxhash_rust::xxh3::xxh3_128_with_secret(body, &self.secret);
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(&digest.to_le_bytes());
        hasher.write(&(body.len() as u64).to_le_bytes());
        hasher.write(credential.as_bytes());
        hasher.finish128().as_bytes()
    }
}

impl Grant {
    /// The identity of a request (reliability.md §4): a keyed hash of the credential and the decoded
    /// body.
    ///
    /// The body goes through XXH3 with a secret of this install at the speed of memory, and its
    /// digest with the credential through SipHash. XXH3 alone is no cryptographic hash; but its secret
    /// and its digests never leave us, so nobody can look for two bodies that collide, and whoever
    /// holds the same key gains nothing else by it.
    #[must_use]
    pub fn identity(&self, body: &[u8]) -> [u8; 16] {
        self.engine.0.identity.of(&self.record.info.id, body)
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
        // A moment's wait for a flush is the sender's brake; being told to retry costs it the body again.
        let deadline = Instant::now() + limits::INGEST_WAIT;
        while let Err(full @ store::Error::AtCapacity { .. }) = self.engine.0.store.room() {
            if Instant::now() >= deadline {
                return Err(full.into());
            }
            tokio::time::sleep(ROOM_POLL).await;
        }
        let (done, outcome) = oneshot::channel();
        self.engine.0.store.append(
            append,
            Box::new(move |result| {
                // The asker may have left; the rows are kept all the same.
                let _ = done.send(result);
            }),
        );
        let appended = match tokio::time::timeout_at(deadline, outcome).await {
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

#[cfg(test)]
mod tests {
    use super::IdentityHasher;

    #[test]
    fn identities_differ_by_install_credential_and_body() {
        let a = IdentityHasher::new([1; 16]);
        let b = IdentityHasher::new([2; 16]);
        let body = vec![7u8; 1_000];
        assert_eq!(
            a.of("k", &body),
            IdentityHasher::new([1; 16]).of("k", &body)
        );
        let mut other = body.clone();
        other[999] = 8;
        let all = [
            a.of("k", &body),
            b.of("k", &body),
            a.of("l", &body),
            a.of("k", &other),
            a.of("k", &body[..999]),
            a.of("k", b""),
        ];
        for (i, x) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|y| y != x));
        }
    }
}
