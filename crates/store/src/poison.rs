//! Records that cannot be written into a part: set aside, so that the rest is (reliability.md §2).
//!
//! A table is flushed whole, so one record at which the writing panics, or fails for what the record
//! is, would keep all others in memory and in the WAL for ever. After two tries each record is tried
//! alone; those that fail are copied into the quarantine, and the flush goes on without them. Failures
//! of the disk are nobody's fault here: they are told, and tried again later.

use crate::Error;
use crate::disk;
use crate::flush::Job;
use crate::ingest;
use crate::inner::Inner;
use crate::publish::NewPart;
use crate::snapshot::BufferedBatch;
use crate::wal::format;
use crate::wal::reader::{self, Found};
use event::{EventBatch, TableId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How often a flush is tried before a record is blamed.
const TRIES: u32 = 2;

impl Inner {
    /// Writes a job's parts. Batches that cannot be written leave the job, their records safe in the
    /// quarantine.
    pub(crate) fn write_or_set_aside(&self, job: &mut Job) -> Result<Vec<NewPart>, Error> {
        let mut tries = 1;
        loop {
            match self.try_job(job) {
                Err(Error::Damaged(why)) if tries < TRIES => {
                    tracing::warn!(why, "flush failed: tried again");
                    tries += 1;
                }
                Err(Error::Damaged(why)) => {
                    self.blame(job, &why)?;
                    return self.try_job(job);
                }
                outcome => return outcome,
            }
        }
    }

    /// Nothing is left behind of a failure. A panic counts as damage: nothing is published yet, so
    /// nothing is half done.
    fn try_job(&self, job: &Job) -> Result<Vec<NewPart>, Error> {
        let mut parts = Vec::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.write_job(job, &mut parts)))
            .unwrap_or_else(|_| Err(Error::Damaged("the writing panicked".into())));
        if outcome.is_err() {
            self.discard(&parts);
        }
        outcome.map(|()| parts)
    }

    /// Finds the records that fail alone, and takes them out of the job.
    fn blame(&self, job: &mut Job, why: &str) -> Result<(), Error> {
        let mut good = Vec::new();
        let mut bad = Vec::new();
        for batch in std::mem::take(&mut job.batches) {
            for record in self.records_of(job, batch)? {
                let alone = Job::new(job.table, vec![record], job.tombstones.clone());
                let tried = self.try_job(&alone);
                let list = match tried {
                    Ok(parts) => {
                        self.discard(&parts);
                        &mut good
                    }
                    Err(Error::Damaged(_)) => &mut bad,
                    Err(e) => return Err(e),
                };
                list.extend(alone.batches);
            }
        }
        if bad.is_empty() {
            return Err(Error::Damaged(format!(
                "{why}; each record alone can be written"
            )));
        }
        for record in &bad {
            self.set_record_aside(job.table, record)?;
        }
        job.batches = good;
        Ok(())
    }

    /// A batch if it can be written, else the records it was merged from.
    fn records_of(
        &self,
        job: &Job,
        batch: Arc<BufferedBatch>,
    ) -> Result<Vec<Arc<BufferedBatch>>, Error> {
        let (first, last) = batch.sequences;
        if first == last {
            return Ok(vec![batch]);
        }
        let whole = Job::new(job.table, vec![Arc::clone(&batch)], job.tombstones.clone());
        match self.try_job(&whole) {
            Ok(parts) => {
                self.discard(&parts);
                return Ok(vec![batch]);
            }
            Err(Error::Damaged(_)) => {}
            Err(e) => return Err(e),
        }
        let records = self.read_back(job.table, (first, last))?;
        let rows: usize = records.iter().map(|r| r.batch.rows()).sum();
        // The log has them until this flush is done; should it not, they are set aside together.
        Ok(if rows == batch.batch.rows() {
            records
        } else {
            vec![batch]
        })
    }

    /// A table's records from the WAL.
    fn read_back(
        &self,
        table: TableId,
        (first, last): (u64, u64),
    ) -> Result<Vec<Arc<BufferedBatch>>, Error> {
        let salt = match self.manifest.lock().as_ref() {
            Some(manifest) => manifest.wal_salt()?,
            None => return Err(Error::Closed),
        };
        let mut out = Vec::new();
        for file in self.wal_files.list() {
            let bytes = disk::read(self.disk.as_ref(), &file.path)
                .map_err(|e| Error::io(file.path.display(), &e))?;
            for found in reader::scan(&bytes, salt).found {
                let Found::Group { first_seq, records } = found else {
                    continue;
                };
                let group = bytes.get(records).unwrap_or_default();
                for (record, sequence) in format::records(group).flatten().zip(first_seq..) {
                    if record.table != table || !(first..=last).contains(&sequence) {
                        continue;
                    }
                    if let Ok(batch) = EventBatch::decode(record.batch) {
                        let batch = ingest::buffered(batch, sequence, record.ingest_ms);
                        out.push(Arc::new(batch));
                    }
                }
            }
        }
        Ok(out)
    }

    /// Copies a record into the quarantine, as the payload of a WAL record (`docs/formats/wal.md`).
    fn set_record_aside(&self, table: TableId, record: &BufferedBatch) -> Result<(), Error> {
        let encoded = catch_unwind(AssertUnwindSafe(|| record.batch.encode()))
            .map_err(|_| Error::Damaged("a record can be neither written nor copied".into()))?;
        let (sequence, rows) = (record.sequences.0, record.batch.rows());
        let name = format!("record-{sequence:020}-{}.bin", table.to_u32());
        if self.set_aside(&name, &encoded)? {
            self.status.health.lock().quarantined += 1;
        }
        tracing::error!(
            sequence,
            rows,
            "a record cannot be written into a part: set aside in quarantine/{name}"
        );
        Ok(())
    }
}
