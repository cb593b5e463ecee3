//! What streams hold, read again from rows: when they were written is saved now and then only, so
//! after a crash what the store replayed tells the rest.

use super::{Logs, STREAM_FIELD, Written};
use event::{EventBatch, Fixed, TableId, TableKind, Type, ValueRef};
use std::sync::atomic::Ordering;

impl Logs {
    /// Takes the times of every buffered row into account: saying the same twice changes nothing.
    pub(crate) fn recall(&self, store: &store::Store) {
        let all = self.0.groups.read();
        for (env, groups) in all.iter() {
            let table = TableId {
                env: *env,
                kind: TableKind::Logs,
            };
            let by_slug: std::collections::HashMap<&str, _> =
                groups.values().map(|g| (&*g.slug, g)).collect();
            for buffered in &store.snapshot(table).batches {
                for_each_line(&buffered.batch, |dataset, stream, written| {
                    let Some(group) = by_slug.get(dataset) else {
                        return;
                    };
                    if let Some(stream) = group.streams.read().get(stream) {
                        stream.state.lock().wrote(written);
                        stream.changed.store(true, Ordering::Relaxed);
                        group.changed.store(true, Ordering::Relaxed);
                    }
                });
            }
        }
    }
}

fn for_each_line(batch: &EventBatch, mut f: impl FnMut(&str, &str, Written)) {
    let Some(streams) = batch.attr(STREAM_FIELD, Type::Str) else {
        return;
    };
    let ingested = batch.fixed(Fixed::IngestTs);
    for (row, ts) in batch.ts().iter().enumerate() {
        let Some(ValueRef::Str(stream)) = streams.value(row) else {
            continue;
        };
        let ingested_ms = match ingested.and_then(|c| c.value(row)) {
            Some(ValueRef::Int(ms)) => ms,
            _ => ts / 1_000_000,
        };
        let written = Written {
            first_ns: *ts,
            last_ns: *ts,
            ingested_ns: ingested_ms.saturating_mul(1_000_000),
        };
        f(batch.dataset(row), stream, written);
    }
}
