//! Reads single rows whole, and says how far around a request to look.

use crate::predicate::Predicate;
use crate::scan::{Ask, Table};
use crate::trace::TraceRow;
use crate::whole;
use crate::{Error, ScanStats};
use event::{EventId, TableKind};
use hashbrown::HashSet;

/// Rows around a request that are worth looking at for the sake of clocks and coincidences, about.
const ROWS_AROUND: f64 = 60_000.0;
/// Farthest and nearest it is looked, nanoseconds. Occurrences arrive some seconds late.
const FARTHEST_NS: i64 = 10_000_000_000;
const NEAREST_NS: i64 = 1_500_000_000;

/// The row of that identity and time, in any of the tables.
pub(crate) async fn at(
    tables: &[Table],
    ts: i64,
    event_id: EventId,
    stats: &mut ScanStats,
) -> Result<Option<TraceRow>, Error> {
    let wanted: HashSet<(i64, EventId)> = std::iter::once((ts, event_id)).collect();
    let ask = Ask {
        range: (ts, ts.saturating_add(1)),
        dataset: None,
        filter: Predicate::always(),
        outputs: Vec::new(),
        usage_mode: false,
        push_down: true,
    };
    for table in tables.iter().filter(|t| t.kind != TableKind::Metrics) {
        let buffered = whole::of_buffer(table, ask.clone(), stats).await?;
        if let Some(row) = buffered.into_iter().find(|r| r.event_id == event_id) {
            return Ok(Some(TraceRow::of(row)));
        }
        for part in &table.snapshot.parts {
            if part.ts_min <= ts && ts <= part.ts_max {
                let found = whole::of_part(table, part, ask.clone(), Some(&wanted), stats).await?;
                if let Some(row) = found.into_iter().next() {
                    return Ok(Some(TraceRow::of(row)));
                }
            }
        }
    }
    Ok(None)
}

/// How far around `times` to look, nanoseconds: far enough to learn from, near enough to be quick.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "an estimate, clamped"
)]
pub(super) fn margin(tables: &[Table], times: (i64, i64)) -> i64 {
    let far = (
        times.0.saturating_sub(FARTHEST_NS),
        times.1.saturating_add(FARTHEST_NS),
    );
    let share = |(oldest, newest): (i64, i64), rows: f64| {
        let inside = (newest.min(far.1) - oldest.max(far.0)).max(0) as f64;
        let all = (newest - oldest).max(1) as f64;
        if newest < far.0 || oldest > far.1 {
            0.0
        } else {
            rows * (inside / all).clamp(0.0, 1.0)
        }
    };
    let rows: f64 = tables
        .iter()
        .filter(|t| t.kind != TableKind::Metrics)
        .map(|t| {
            let parts = t.snapshot.parts.iter();
            let parts: f64 = parts
                .map(|p| share((p.ts_min, p.ts_max), p.rows as f64))
                .sum();
            let batches = t.snapshot.batches.iter();
            let batches: f64 = batches
                .map(|b| share(b.ts_range, b.batch.rows() as f64))
                .sum();
            parts + batches
        })
        .sum();
    let fit = FARTHEST_NS as f64 * (ROWS_AROUND / rows.max(1.0));
    (fit as i64).clamp(NEAREST_NS, FARTHEST_NS)
}
