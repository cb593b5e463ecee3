//! What reads bytes that lay on a disk, as plain functions: for the fuzz targets, which should not
//! have to know how files are opened.

use crate::TraceHit;
use crate::part::{self, Facts};
use crate::wal::format;
use crate::wal::reader::{self, Found};
use event::{EventBatch, TraceId};

/// Reads a WAL file, and every batch in it. Returns how many records match their checksums.
///
/// # Panics
/// When what was found does not lie in the file in order.
#[must_use]
pub fn wal_file(bytes: &[u8], salt: u32) -> usize {
    let mut at = 0;
    let mut records = 0;
    for found in reader::scan(bytes, salt).found {
        let range = match &found {
            Found::Group { records, .. } => records,
            Found::Damage(range) | Found::Tail(range) => range,
        };
        assert!(
            at <= range.start && range.end <= bytes.len(),
            "{found:?} after {at}"
        );
        at = range.end;
        if let Found::Group { records: range, .. } = found {
            for record in format::records(&bytes[range]).flatten() {
                records += 1;
                // That it returns is all that is asked.
                let _ = EventBatch::decode(record.batch);
            }
        }
    }
    records
}

/// Looks a trace up in the bytes of an index.
#[must_use]
pub fn trace_index(bytes: &[u8], id: TraceId) -> TraceHit {
    part::find_trace(bytes.to_vec(), id)
}

/// The bytes of an index over these rows.
pub fn trace_index_bytes(rows: impl Iterator<Item = (TraceId, i64)>) -> Option<Vec<u8>> {
    part::tix_bytes(rows)
}

/// Whether the text is the facts of a part, which can then be asked.
#[must_use]
pub fn part_facts(json: &str) -> bool {
    let Ok(facts) = Facts::parse(json) else {
        return false;
    };
    for set in [&facts.datasets, &facts.services, &facts.overflow] {
        let _ = (set.may_contain("a"), set.list());
    }
    let _ = (facts.table().is_ok(), facts.period());
    true
}
