//! The writer thread: group commit.
//!
//! Takes everything queued, writes it as one group, syncs, pushes the batches to their tables'
//! lists, then calls back. There is no timer: while a sync runs, the next group gathers.

use crate::inner::Inner;
use crate::snapshot::BufferedBatch;
use crate::wal::WalWriter;
use crate::wal::format::GroupBuilder;
use crate::{Append, Appended, Done, Error};
use crossbeam_channel::{Receiver, Sender};
use event::{EventBatch, TableId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A group closes at this size; a single larger batch is a group of its own.
const GROUP_BYTES: usize = 1 << 20;
/// A group closes at this many waiters.
const GROUP_WAITERS: usize = 256;

/// A batch on its way to the writer.
pub(crate) struct Request {
    table: TableId,
    batch: EventBatch,
    /// The batch as the WAL keeps it; made on the caller's thread, where there are many.
    encoded: Vec<u8>,
    identity: Option<[u8; 16]>,
    /// What it counts for while queued, bytes.
    bytes: usize,
    done: Done,
}

pub(crate) enum Message {
    Append(Box<Request>),
    /// Ends the thread once everything before it is done.
    Stop,
}

impl Inner {
    /// Queues a batch, or refuses it at once.
    pub(crate) fn enqueue(&self, queue: &Sender<Message>, append: Append, done: Done) {
        if let Err(e) = self.admit() {
            return done(Err(e));
        }
        let Append {
            table,
            batch,
            identity,
        } = append;
        let encoded = batch.encode();
        let bytes = batch.memory_bytes() + encoded.len();
        self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let request = Box::new(Request {
            table,
            batch,
            encoded,
            identity,
            bytes,
            done,
        });
        if let Err(e) = queue.send(Message::Append(request)) {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            if let Message::Append(request) = e.into_inner() {
                (request.done)(Err(Error::Closed));
            }
        }
    }

    /// Whether there is room for one more batch.
    pub(crate) fn admit(&self) -> Result<(), Error> {
        self.status.writable()?;
        let buffered = self.buffered_bytes.load(Ordering::Relaxed);
        let used = (buffered + self.queued_bytes.load(Ordering::Relaxed)) as u64;
        let limit = self.options.buffer_bytes_limit as u64;
        let wal_used = self.wal_files.bytes();
        let wal_limit = self.options.wal_bytes_limit;
        for (used_bytes, limit_bytes) in [(used, limit), (wal_used, wal_limit)] {
            if used_bytes >= limit_bytes {
                // The background may be asleep.
                let _ = self.kick.try_send(());
                return Err(Error::AtCapacity {
                    used_bytes,
                    limit_bytes,
                });
            }
        }
        Ok(())
    }
}

/// The thread's body. Ends with [`Message::Stop`], or when the store is gone.
pub(crate) fn run(inner: &Inner, queue: &Receiver<Message>, mut wal: WalWriter) {
    let mut group = GroupBuilder::default();
    while let Ok(Message::Append(first)) = queue.recv() {
        let mut bytes = first.encoded.len();
        let mut requests = vec![*first];
        let mut stop = false;
        while bytes < GROUP_BYTES && requests.len() < GROUP_WAITERS {
            match queue.try_recv() {
                Ok(Message::Append(next)) => {
                    bytes += next.encoded.len();
                    requests.push(*next);
                }
                Ok(Message::Stop) => {
                    stop = true;
                    break;
                }
                Err(_) => break,
            }
        }
        commit(inner, &mut wal, &mut group, requests);
        if stop {
            break;
        }
    }
    // Whoever came after the stop, or whose queue ended, is told.
    while let Ok(message) = queue.try_recv() {
        if let Message::Append(request) = message {
            inner
                .queued_bytes
                .fetch_sub(request.bytes, Ordering::Relaxed);
            (request.done)(Err(Error::Closed));
        }
    }
}

/// Writes one group and acknowledges it.
fn commit(inner: &Inner, wal: &mut WalWriter, group: &mut GroupBuilder, requests: Vec<Request>) {
    let queued: usize = requests.iter().map(|r| r.bytes).sum();
    let ingest_ms = inner.next_ingest_ms();
    let first_seq = inner.next_seq.load(Ordering::SeqCst);
    let mut next_seq = first_seq;
    let mut pending: Vec<Pending> = Vec::with_capacity(requests.len());
    let mut dones: Vec<(Done, Appended)> = Vec::with_capacity(requests.len());
    group.clear();
    let mut seen = inner.seen.lock();
    for request in requests {
        let Request {
            table,
            batch,
            encoded,
            identity,
            done,
            ..
        } = request;
        let repeat = identity.and_then(|id| seen.find(&id, ingest_ms));
        if let Some(sequence) = repeat {
            // One that repeats a request of this very group waits for its outcome with it.
            let merged = true;
            dones.push((done, Appended { sequence, merged }));
            continue;
        }
        let sequence = next_seq;
        next_seq += 1;
        group.push(table, ingest_ms, identity.as_ref(), &encoded);
        if let Some(identity) = identity {
            seen.insert(identity, sequence, ingest_ms);
        }
        pending.push(Pending {
            table,
            batch,
            sequence,
        });
        let merged = false;
        dones.push((done, Appended { sequence, merged }));
    }
    drop(seen);
    let outcome = if pending.is_empty() {
        inner.status.alive()
    } else {
        // Used up whatever happens: a sequence never stands for two records.
        inner.next_seq.store(next_seq, Ordering::SeqCst);
        store(inner, wal, group, first_seq, pending, ingest_ms)
    };
    inner.queued_bytes.fetch_sub(queued, Ordering::Relaxed);
    if outcome.is_err() {
        inner.seen.lock().forget_from(first_seq);
    }
    for (done, appended) in dones {
        match &outcome {
            // A repeat of what was stored before this group has its answer whatever becomes of it.
            Err(e) if appended.sequence >= first_seq => done(Err(e.clone())),
            _ => done(Ok(appended)),
        }
    }
}

struct Pending {
    table: TableId,
    batch: EventBatch,
    sequence: u64,
}

fn store(
    inner: &Inner,
    wal: &mut WalWriter,
    group: &mut GroupBuilder,
    first_seq: u64,
    pending: Vec<Pending>,
    ingest_ms: i64,
) -> Result<(), Error> {
    inner.status.alive()?;
    let last_seq = first_seq + pending.len() as u64 - 1;
    let bytes = group.finish(first_seq, wal.salt());
    wal.append(bytes, first_seq, last_seq)
        .inspect_err(|e| match e {
            Error::ReadOnly(why) => inner.status.set_read_only(Some(why.clone())),
            e => inner.status.poison(&e.to_string()),
        })?;
    let buffered: Vec<_> = pending
        .into_iter()
        .map(|p| (p.table, buffered(p.batch, p.sequence, ingest_ms)))
        .collect();
    if let Some(follower) = &inner.follower {
        for (table, b) in buffered.iter().filter(|(t, _)| follower.follows(*t)) {
            follower.record(*table, b.sequences.0, &b.batch);
        }
        follower.reached(last_seq);
    }
    inner.push(buffered, ingest_ms);
    Ok(())
}

/// A batch as the buffer keeps it, with what the store fills in.
pub(crate) fn buffered(mut batch: EventBatch, sequence: u64, ingest_ms: i64) -> BufferedBatch {
    batch.set_ingest_ts(ingest_ms);
    batch.fill_event_ids(sequence);
    BufferedBatch {
        sequences: (sequence, sequence),
        ts_range: batch.ts_range().unwrap_or((0, 0)),
        bytes: batch.memory_bytes(),
        batch,
    }
}

impl Inner {
    /// Makes batches visible, in order of sequence.
    pub(crate) fn push(&self, batches: Vec<(TableId, BufferedBatch)>, ingest_ms: i64) {
        let at = ingest_ms.saturating_mul(1_000_000);
        let now = self.clock.now();
        for (table, b) in &batches {
            self.fields.note(table.env, &b.batch, at);
        }
        let mut due = false;
        let mut state = self.state.lock();
        for (table, batch) in batches {
            if batch.batch.is_empty() {
                continue;
            }
            self.buffered_bytes
                .fetch_add(batch.bytes, Ordering::Relaxed);
            let t = state.tables.entry(table).or_default();
            t.push(Arc::new(batch), now);
            due |= t.rows >= self.options.flush_rows || t.bytes >= self.options.flush_bytes;
        }
        drop(state);
        due |= self.buffer_is_filling();
        due |= self.wal_files.bytes() >= self.options.wal_flush_bytes;
        if due {
            // Full: a wake-up is under way already.
            let _ = self.kick.try_send(());
        }
    }
}
