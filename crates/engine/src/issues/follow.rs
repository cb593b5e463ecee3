//! From rows of the WAL to occurrences.

use super::Inner;
use super::columns;
use super::model::{Level, Occurrence};
use event::{EventBatch, Fixed, TableId, TableKind, Type, ValueRef};
use std::sync::Arc;

impl store::Follower for Inner {
    fn applied(&self) -> u64 {
        self.state.lock().applied
    }

    fn follows(&self, table: TableId) -> bool {
        table.kind == TableKind::Errors
    }

    fn record(&self, table: TableId, _: u64, batch: &EventBatch) {
        let rows: Vec<_> = (0..batch.rows())
            .filter_map(|row| occurrence(table, batch, row))
            .collect();
        let mut state = self.state.lock();
        for o in &rows {
            state.apply(o);
        }
    }

    fn reached(&self, sequence: u64) {
        let mut state = self.state.lock();
        state.reached = state.reached.max(sequence);
    }
}

/// The row as an occurrence; `None` when it has no fingerprint: it is none of ours.
fn occurrence(table: TableId, batch: &EventBatch, row: usize) -> Option<Occurrence> {
    let text = |key: &str| match batch.attr(key, Type::Str)?.value(row)? {
        ValueRef::Str(s) => Some(s.to_owned()),
        _ => None,
    };
    let id = match batch.attr(columns::OCCURRENCE_ID, Type::Int)?.value(row)? {
        ValueRef::Int(id) => id,
        _ => return None,
    };
    let title = match batch.fixed(Fixed::Name).and_then(|c| c.value(row)) {
        Some(ValueRef::Str(s)) => s.to_owned(),
        _ => String::new(),
    };
    Some(Occurrence {
        id,
        identity: batch.event_id(row).0,
        ts_ns: batch.ts()[row],
        env: table.env,
        dataset: Arc::from(batch.dataset(row)),
        environment: text(columns::ENVIRONMENT)?,
        fingerprint: text(columns::FINGERPRINT)?,
        title,
        level: text(columns::LEVEL)
            .and_then(|l| Level::parse(&l))
            .unwrap_or(Level::Error),
        version: text(columns::VERSION),
        framework: text(columns::FRAMEWORK).unwrap_or_else(|| "unknown".to_owned()),
        platform: text(columns::PLATFORM).unwrap_or_else(|| "unknown".to_owned()),
        language: text(columns::LANGUAGE).unwrap_or_default(),
        context: text(columns::CONTEXT),
    })
}
