//! Reads traces from parts and buffer: first which there are, then their rows.

use super::assemble::assemble_rows;
use super::{CallsAsk, CallsRead, Document, TimeOf, TraceCalls};
use crate::Error;
use crate::answer::ScanStats;
use crate::predicate::Predicate;
use crate::relational::MARGIN_NS;
use crate::run::Control;
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::spec::{Combination, Filter, FilterOp};
use crate::whole::{self, Whole, of_traces};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use event::{EventId, Fixed, SpanId, TableKind, TraceId};
use hashbrown::HashMap;
use store::FieldStat;

/// Traces put together at first; how many rows they have says how many are next.
const TOGETHER_FIRST: usize = 256;
/// Rows put together at a time, about: bounds what is held in memory, as whole rows are. Their row groups are
/// decoded anew each time, so that few at a time make a map of many traces slow.
const ROWS_TOGETHER: usize = 24_000;
/// Traces put together at a time, at most.
const TOGETHER_LIMIT: usize = 2_048;
/// Traces that a question tells apart.
const TRACES_LIMIT: usize = 500_000;
/// How long before its range a trace that a question about arrivals finds may have begun.
const ARRIVAL_MARGIN_NS: i64 = 3_600_000_000_000;

/// Whether a row is a span, not an event or a link of one.
pub(super) fn is_span() -> [Filter; 3] {
    let is = |column: &str, op| Filter {
        column: column.to_owned(),
        op,
        value: None,
    };
    [
        is("trace.trace_id", FilterOp::Exists),
        is("trace.span_id", FilterOp::Exists),
        is(event::field::META_ANNOTATION_TYPE, FilterOp::DoesNotExist),
    ]
}

fn spans(tables: &[Table]) -> Vec<Table> {
    tables
        .iter()
        .filter(|t| t.kind == TableKind::Spans)
        .cloned()
        .collect()
}

pub(super) async fn calls(
    tables: &[Table],
    known: &[FieldStat],
    dataset: Option<&str>,
    ask: &CallsAsk,
    now: i64,
    control: &Control,
) -> Result<CallsRead, Error> {
    let tables = spans(tables);
    let found = candidates(&tables, known, dataset, ask, control).await?;
    let mut out = CallsRead::default();
    let mut rest = found.as_slice();
    let mut together = TOGETHER_FIRST;
    while !rest.is_empty() && out.looked_at < ask.limit && !control.timed_out() {
        let n = rest.len().min(together).min(ask.limit - out.looked_at);
        let (these, after) = rest.split_at(n);
        let ids: Vec<TraceId> = these.iter().map(|(_, id)| *id).collect();
        let mut traces = of_spans(&tables, &ids, now).await?;
        let calls: usize = traces.iter().map(|t| t.calls.len()).sum();
        together = next_together(together, n, calls);
        if ask.time == TimeOf::Arrival {
            receipts(&tables, &mut traces).await?;
        }
        out.looked_at += n;
        out.traces
            .extend(traces.into_iter().filter(|t| is_in(t, ask)));
        rest = after;
        out.next = (!rest.is_empty()).then(|| these[n - 1]);
    }
    if out.looked_at == 0 && !rest.is_empty() {
        return Err(Error::LimitExceeded(
            "no trace could be read within the time a question may take".into(),
        ));
    }
    Ok(out)
}

/// How many traces are read together after `traces` had so many calls in all: at most twice as many as
/// before, as the next ones may be longer.
pub(super) fn next_together(before: usize, traces: usize, calls: usize) -> usize {
    let limit = before.saturating_mul(2).min(TOGETHER_LIMIT);
    (ROWS_TOGETHER.saturating_mul(traces) / calls.max(1)).clamp(1, limit)
}

fn is_in(trace: &TraceCalls, ask: &CallsAsk) -> bool {
    let range = ask.range.0..ask.range.1;
    match ask.time {
        TimeOf::Start => range.contains(&trace.start_ns),
        TimeOf::Arrival => {
            let ns = trace.received_ms.saturating_mul(1_000_000);
            range.contains(&ns)
        }
        TimeOf::SegmentEnd => trace
            .segments()
            .any(|i| !trace.calls[i].in_progress() && range.contains(&trace.calls[i].end_ns())),
    }
}

/// Traces with a row that passes, by their first such row, newest first.
async fn candidates(
    tables: &[Table],
    known: &[FieldStat],
    dataset: Option<&str>,
    ask: &CallsAsk,
    control: &Control,
) -> Result<Vec<(i64, TraceId)>, Error> {
    let (before, after) = match (ask.time, &ask.sieve) {
        // The row that begins a trace lies in the range itself.
        (TimeOf::Start, None) => (0, 0),
        (TimeOf::Start, Some(_)) => (0, MARGIN_NS),
        (TimeOf::Arrival, _) => (ARRIVAL_MARGIN_NS, MARGIN_NS),
        (TimeOf::SegmentEnd, _) => (MARGIN_NS, 0),
    };
    let mut filter = vec![Predicate::of_filters(&is_span(), Combination::And)?];
    if let Some((filters, combination)) = &ask.sieve {
        filter.push(Predicate::of_filters(filters, *combination)?);
    }
    let asked = Ask {
        range: (
            ask.range.0.saturating_sub(before),
            ask.range.1.saturating_add(after),
        ),
        dataset: dataset.map(str::to_owned),
        filter: Predicate::All(filter),
        outputs: vec![Output::Fixed(Fixed::TraceId), Output::Ts],
        usage_mode: false,
        push_down: false,
    };
    let mut first: HashMap<TraceId, i64, ahash::RandomState> = HashMap::default();
    let scan = Scan::new(tables, asked, known)?;
    for unit in 0..scan.units() {
        if control.timed_out() {
            return Err(Error::LimitExceeded(
                "the range holds more traces than can be found in the time a question may take; narrow it"
                    .into(),
            ));
        }
        let mut each = |batch: Batch| {
            let ts = batch.columns[1].as_primitive::<Int64Type>();
            for row in 0..batch.rows {
                if let Some(id) = id(&batch.columns[0], row).map(TraceId) {
                    let at = ts.value(row);
                    let entry = first.entry(id).or_insert(at);
                    *entry = at.min(*entry);
                }
            }
            Ok(true)
        };
        scan.read(unit, &mut each).await?;
        if first.len() > TRACES_LIMIT {
            return Err(Error::LimitExceeded(format!(
                "the range holds more than {TRACES_LIMIT} traces; narrow it"
            )));
        }
    }
    let mut found: Vec<(i64, TraceId)> = first.into_iter().map(|(id, at)| (at, id)).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(last) = ask.after {
        // Answers go on after it: older, or of the same time and a smaller id.
        found.retain(|c| *c < last);
    }
    Ok(found)
}

pub(super) async fn of_ids(
    tables: &[Table],
    ids: &[TraceId],
    now: i64,
) -> Result<Vec<TraceCalls>, Error> {
    let tables = spans(tables);
    let mut out = of_spans(&tables, ids, now).await?;
    receipts(&tables, &mut out).await?;
    Ok(out)
}

async fn of_spans(tables: &[Table], ids: &[TraceId], now: i64) -> Result<Vec<TraceCalls>, Error> {
    let mut rows: HashMap<TraceId, Vec<Whole>> = HashMap::new();
    let mut keep = |list: Vec<Whole>| {
        for row in list {
            if let Some(id) = row.trace_id {
                rows.entry(id).or_default().push(row);
            }
        }
    };
    let mut stats = ScanStats::default();
    for table in tables {
        let all = (i64::MIN, i64::MAX);
        keep(whole::of_buffer(table, ask_ids(ids, all, Vec::new()), &mut stats).await?);
        for part in &table.snapshot.parts {
            if let Some(range) = where_in(part, ids) {
                let ask = ask_ids(ids, range, Vec::new());
                keep(whole::of_part(table, part, ask, None, &mut stats).await?);
            }
        }
    }
    Ok(ids
        .iter()
        .filter_map(|id| Some(assemble_rows(*id, rows.remove(id)?, now)))
        .filter(|t| !t.calls.is_empty())
        .collect())
}

/// The times in a part at which some of the traces lie, half open.
fn where_in(part: &store::part::Part, ids: &[TraceId]) -> Option<(i64, i64)> {
    let mut range: Option<(i64, i64)> = None;
    for id in ids {
        let hit = match part.trace(*id) {
            store::TraceHit::Absent => continue,
            store::TraceHit::Range(from, to) => (from, to),
            store::TraceHit::Unknown => (part.ts_min, part.ts_max),
        };
        range = Some(range.map_or(hit, |r| (r.0.min(hit.0), r.1.max(hit.1))));
    }
    range.map(|(from, to)| (from, to.saturating_add(1)))
}

fn ask_ids(ids: &[TraceId], range: (i64, i64), outputs: Vec<Output>) -> Ask {
    Ask {
        range,
        dataset: None,
        filter: of_traces(ids.iter().copied()),
        outputs,
        usage_mode: false,
        push_down: false,
    }
}

fn id<const N: usize>(array: &ArrayRef, row: usize) -> Option<[u8; N]> {
    let a = array.as_fixed_size_binary_opt()?;
    a.is_valid(row).then(|| a.value(row).try_into().ok())?
}

/// Reads fixed columns of the rows of some traces, wherever they lie.
async fn columns(
    tables: &[Table],
    ids: &[TraceId],
    fixed: &[Fixed],
    mut each_row: impl FnMut(&Batch, usize) + Send,
) -> Result<(), Error> {
    let outputs: Vec<Output> = fixed.iter().map(|f| Output::Fixed(*f)).collect();
    for table in tables {
        let mut pieces = vec![(whole::only_buffer(table), (i64::MIN, i64::MAX))];
        for part in &table.snapshot.parts {
            if let Some(range) = where_in(part, ids) {
                pieces.push((whole::only_part(table, part), range));
            }
        }
        for (piece, range) in pieces {
            let scan = Scan::new(&[piece], ask_ids(ids, range, outputs.clone()), &[])?;
            let mut each = |batch: Batch| {
                (0..batch.rows).for_each(|row| each_row(&batch, row));
                Ok(true)
            };
            for unit in 0..scan.units() {
                scan.read(unit, &mut each).await?;
            }
        }
    }
    Ok(())
}

/// When something of each trace arrived last.
async fn receipts(tables: &[Table], traces: &mut [TraceCalls]) -> Result<(), Error> {
    let ids: Vec<TraceId> = traces.iter().map(|t| t.id).collect();
    let mut last: HashMap<TraceId, i64> = HashMap::new();
    columns(
        tables,
        &ids,
        &[Fixed::TraceId, Fixed::IngestTs],
        |batch, row| {
            let Some(times) = batch.columns[1].as_primitive_opt::<Int64Type>() else {
                return;
            };
            if let Some(id) = id(&batch.columns[0], row).map(TraceId)
                && times.is_valid(row)
            {
                let entry = last.entry(id).or_default();
                *entry = times.value(row).max(*entry);
            }
        },
    )
    .await?;
    for trace in traces {
        trace.received_ms = last.get(&trace.id).copied().unwrap_or_default();
    }
    Ok(())
}

pub(super) async fn documents(tables: &[Table], ids: &[TraceId]) -> Result<Vec<Document>, Error> {
    let mut out = Vec::new();
    let fixed = [Fixed::EventId, Fixed::TraceId, Fixed::SpanId, Fixed::Raw];
    columns(&spans(tables), ids, &fixed, |batch, row| {
        let Some(text) = event::column::text_at(batch.columns[3].as_ref(), row) else {
            return;
        };
        let Some(trace_id) = id(&batch.columns[1], row).map(TraceId) else {
            return;
        };
        let span_id = id(&batch.columns[2], row).map(SpanId);
        let event_id = id(&batch.columns[0], row).map_or_else(
            || EventId::of_span_row(Some(trace_id), span_id, 0, 0),
            EventId,
        );
        out.push(Document {
            event_id,
            trace_id,
            span_id,
            text: text.to_owned(),
        });
    })
    .await?;
    Ok(out)
}
