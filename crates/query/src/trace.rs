//! One trace, whole; and lists of traces.

mod fragments;

use crate::Error;
use crate::answer::{Cell, Row, ScanStats};
use crate::predicate::Predicate;
use crate::relational::{Related, Relations};
use crate::run::Control;
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::spec::{Combination, Filter, FilterOp, Query};
use crate::whole::{self, Top, Whole, of_traces};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use event::{Fixed, SpanId, TableKind, TraceId};
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All rows of one trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// As printed; all forms are accepted when asked.
    pub trace_id: String,
    /// Spans, span events, links and lines, by time.
    pub rows: Vec<TraceRow>,
    /// What it took.
    pub stats: ScanStats,
}

/// One row of a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// Start, nanoseconds.
    pub ts_ns: i64,
    /// Length, nanoseconds; none for events, links, lines.
    pub duration_ns: Option<i64>,
    /// 16 hex digits.
    pub span_id: Option<String>,
    /// 16 hex digits; on event and link rows the owning span.
    pub parent_id: Option<String>,
    /// `service.name`.
    pub service: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `span.kind`.
    pub kind: Option<String>,
    /// `unset`, `ok`, `error`.
    pub status: Option<String>,
    /// `spans`, `logs`, `errors`.
    pub table: String,
    /// The dataset.
    pub dataset: String,
    /// `meta.source`.
    pub source: Option<String>,
    /// `meta.annotation_type`: `span_event`, `link`; none for spans.
    pub annotation: Option<String>,
    /// Stable identity, 32 hex digits.
    pub event_id: String,
    /// Every field under its visible name.
    pub fields: Row,
}

/// Order of a list of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TraceSort {
    /// Newest root first.
    #[default]
    Newest,
    /// Longest root first.
    Slowest,
}

/// One line of a list of traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    /// As printed.
    pub trace_id: String,
    /// Of the root span, or the first span found.
    pub root_service: Option<String>,
    /// See `root_service`.
    pub root_name: Option<String>,
    /// Start of the root, nanoseconds.
    pub ts_ns: i64,
    /// Length of the root.
    pub duration_ns: Option<i64>,
    /// Whether the root's status is error.
    pub error: bool,
    /// Spans in all.
    pub spans: u64,
    /// Spans with status error.
    pub errors: u64,
    /// (service, spans), most first.
    pub services: Vec<(String, u64)>,
}

/// How far from a hint parts without an index are looked through: no trace is that long.
const HINT_MARGIN_NS: i64 = 86_400 * 1_000_000_000;
/// How long before its root a span of a trace may begin, by other machines' clocks.
const EARLY_NS: i64 = 60 * 1_000_000_000;
/// How long after its root's end a span of a trace may begin.
const LATE_NS: i64 = crate::relational::MARGIN_NS;

/// The id that a text means: hex of 32 or 16 digits, with dashes, X-Ray's `1-8-24`; any other text
/// is the id of rows that were sent with it (mapping.md §3).
#[must_use]
pub fn parse_id(text: &str) -> TraceId {
    TraceId::parse(text).unwrap_or_else(|| TraceId::of_text(text))
}

/// All rows of a trace, by time.
pub(crate) async fn read(
    tables: &[Table],
    id: TraceId,
    hint: Option<(i64, i64)>,
) -> Result<Trace, Error> {
    let mut stats = ScanStats::default();
    let mut rows: Vec<Whole> = Vec::new();
    let ask = |range| Ask {
        range,
        dataset: None,
        filter: of_traces([id]),
        outputs: Vec::new(),
        usage_mode: false,
        push_down: false,
    };
    for table in tables.iter().filter(|t| t.kind != TableKind::Metrics) {
        rows.extend(whole::of_buffer(table, ask((i64::MIN, i64::MAX)), &mut stats).await?);
        for part in &table.snapshot.parts {
            let range = match part.trace(id) {
                store::TraceHit::Absent => None,
                store::TraceHit::Range(from, to) => Some((from, to)),
                store::TraceHit::Unknown => {
                    Some((part.ts_min, part.ts_max)).filter(|(from, to)| {
                        hint.is_none_or(|(start, end)| {
                            *to >= start.saturating_sub(HINT_MARGIN_NS)
                                && *from <= end.saturating_add(HINT_MARGIN_NS)
                        })
                    })
                }
            };
            let Some((from, to)) = range else {
                stats.parts_total += 1;
                stats.parts_skipped += 1;
                stats.bytes_total += part.bytes;
                continue;
            };
            let ask = ask((from, to.saturating_add(1)));
            rows.extend(whole::of_part(table, part, ask, None, &mut stats).await?);
        }
    }
    fragments::settle(&mut rows);
    rows.sort_by_key(|r| {
        let id = r.span_id.map(|s| s.0);
        (r.ts, std::cmp::Reverse(r.duration_ns), id, r.event_id.0)
    });
    Ok(Trace {
        trace_id: id.to_string(),
        rows: rows.into_iter().map(TraceRow::of).collect(),
        stats,
    })
}

impl TraceRow {
    /// The row, whole.
    pub(crate) fn of(row: Whole) -> Self {
        let text = |name: &str| match row.fields.get(name) {
            Some(Cell::Text(s)) => Some(s.clone()),
            _ => None,
        };
        let id = |id: Option<SpanId>| id.map(|id| id.to_string());
        Self {
            ts_ns: row.ts,
            duration_ns: row.duration_ns,
            span_id: id(row.span_id),
            parent_id: id(row.parent_id),
            source: text(event::META_SOURCE),
            annotation: text(event::field::META_ANNOTATION_TYPE),
            service: row.service,
            name: row.name,
            kind: row.kind,
            status: row.status,
            table: row.table.as_str().to_owned(),
            dataset: row.dataset,
            event_id: row.event_id.to_string(),
            fields: row.fields,
        }
    }
}

/// A root span found: what orders it comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Root {
    rank: i64,
    ts: i64,
    trace: [u8; 16],
    duration_ns: Option<i64>,
    service: Option<String>,
    name: Option<String>,
    error: bool,
}

/// Root spans that pass a question over `range`, with what their traces hold. `tables`: those of the
/// environment; `dataset`: of the roots.
#[expect(clippy::too_many_arguments, reason = "one caller, each thing once")]
pub(crate) async fn list(
    tables: &[Table],
    known: &[store::FieldStat],
    query: &Query,
    dataset: Option<&str>,
    range: (i64, i64),
    sort: TraceSort,
    limit: usize,
    control: &Control,
) -> Result<Vec<TraceSummary>, Error> {
    let spans: Vec<Table> = tables
        .iter()
        .filter(|t| t.kind == TableKind::Spans)
        .cloned()
        .collect();
    let (plain, relations) = Relations::split(query)?;
    let is = |column: &str, op| Filter {
        column: column.to_owned(),
        op,
        value: None,
    };
    let root = [
        is("trace.trace_id", FilterOp::Exists),
        is("trace.span_id", FilterOp::Exists),
        is("trace.parent_id", FilterOp::DoesNotExist),
        is(event::field::META_ANNOTATION_TYPE, FilterOp::DoesNotExist),
    ];
    let filter = Predicate::All(vec![
        Predicate::of_filters(&plain.filters, plain.filter_combination)?,
        Predicate::of_filters(&root, Combination::And)?,
    ]);
    let mut outputs = Relations::outputs().to_vec();
    outputs.push(Output::Ts);
    outputs.extend(
        [
            Fixed::DurationNs,
            Fixed::Service,
            Fixed::Name,
            Fixed::Status,
        ]
        .map(Output::Fixed),
    );
    // A root that was sent twice is listed once: some more are kept.
    let mut top: Top<Root> = Top::new(limit.saturating_mul(2));
    let ask = Ask {
        range,
        dataset: dataset.map(str::to_owned),
        filter,
        outputs,
        usage_mode: false,
        push_down: false,
    };
    let scan = Scan::new(&spans, ask, known)?;
    for units in scan.pieces(relations.is_some()) {
        let mut related = None;
        for unit in units.clone() {
            // Units come newest first: what follows is older than all that is kept.
            let newest = scan.newest(unit);
            if sort == TraceSort::Newest && top.least().is_some_and(|r| r.ts > newest) {
                break;
            }
            if let (Some(r), None) = (&relations, &related) {
                let times = scan.times(units.clone());
                related = Some(r.read(&spans, times, known, control).await?);
            }
            let mut each = |batch: Batch| {
                add_roots(&batch, related.as_ref(), sort, &mut top)?;
                Ok(true)
            };
            scan.read(unit, &mut each).await?;
        }
    }
    let mut roots = top.finish();
    let mut seen = HashSet::new();
    roots.retain(|r| seen.insert(r.trace));
    roots.truncate(limit);
    summaries(&spans, roots).await
}

fn add_roots(
    batch: &Batch,
    related: Option<&Related>,
    sort: TraceSort,
    top: &mut Top<Root>,
) -> Result<(), Error> {
    let keep = match related {
        Some(r) => r.apply(&batch.columns[..3], batch.rows)?.keep,
        None => None,
    };
    let traces = batch.columns[0].as_fixed_size_binary();
    let ts = batch.columns[3].as_primitive::<Int64Type>();
    let durations = batch.columns[4].as_primitive::<Int64Type>();
    let text = |i: usize, row| event::column::text_at(batch.columns[i].as_ref(), row);
    for row in 0..batch.rows {
        if keep.as_ref().is_some_and(|k| !k.value(row)) {
            continue;
        }
        let duration_ns = durations.is_valid(row).then(|| durations.value(row));
        let rank = match sort {
            TraceSort::Newest => ts.value(row),
            TraceSort::Slowest => duration_ns.unwrap_or(-1),
        };
        if top.least().is_some_and(|least| least.rank > rank) {
            continue;
        }
        let Ok(trace) = traces.value(row).try_into() else {
            continue;
        };
        top.push(Root {
            rank,
            ts: ts.value(row),
            trace,
            duration_ns,
            service: text(5, row).map(str::to_owned),
            name: text(6, row).map(str::to_owned),
            error: text(7, row) == Some("error"),
        });
    }
    Ok(())
}

/// What a trace holds.
#[derive(Default)]
struct Sum {
    spans: u64,
    errors: u64,
    services: HashMap<String, u64>,
}

async fn summaries(spans: &[Table], roots: Vec<Root>) -> Result<Vec<TraceSummary>, Error> {
    let mut sums: HashMap<[u8; 16], Sum> =
        roots.iter().map(|r| (r.trace, Sum::default())).collect();
    let begin = roots.iter().map(|r| r.ts).min().unwrap_or_default();
    let end = roots
        .iter()
        .map(|r| r.ts.saturating_add(r.duration_ns.unwrap_or_default()))
        .max()
        .unwrap_or_default();
    let around = (begin.saturating_sub(EARLY_NS), end.saturating_add(LATE_NS));
    for table in spans {
        if !roots.is_empty() {
            add_sums(whole::only_buffer(table), around, &mut sums).await?;
        }
        for part in &table.snapshot.parts {
            // The index says where in the part the traces lie.
            let mut range: Option<(i64, i64)> = None;
            for trace in sums.keys() {
                let hit = match part.trace(TraceId(*trace)) {
                    store::TraceHit::Absent => continue,
                    store::TraceHit::Range(from, to) => (from, to),
                    store::TraceHit::Unknown => (part.ts_min, part.ts_max),
                };
                range = Some(range.map_or(hit, |r| (r.0.min(hit.0), r.1.max(hit.1))));
            }
            if let Some((from, to)) = range
                && to >= around.0
                && from < around.1
            {
                let range = (from.max(around.0), to.saturating_add(1).min(around.1));
                add_sums(whole::only_part(table, part), range, &mut sums).await?;
            }
        }
    }
    Ok(roots
        .into_iter()
        .map(|root| {
            let sum = &sums[&root.trace];
            let mut services: Vec<(String, u64)> =
                sum.services.iter().map(|(s, n)| (s.clone(), *n)).collect();
            services.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
            TraceSummary {
                trace_id: TraceId(root.trace).to_string(),
                root_service: root.service,
                root_name: root.name,
                ts_ns: root.ts,
                duration_ns: root.duration_ns,
                error: root.error,
                spans: sum.spans,
                errors: sum.errors,
                services,
            }
        })
        .collect())
}

async fn add_sums(
    table: Table,
    range: (i64, i64),
    sums: &mut HashMap<[u8; 16], Sum>,
) -> Result<(), Error> {
    let ask = Ask {
        range,
        dataset: None,
        filter: of_traces(sums.keys().map(|t| TraceId(*t))),
        outputs: vec![
            Output::Fixed(Fixed::TraceId),
            Output::Fixed(Fixed::SpanId),
            Output::Fixed(Fixed::Service),
            Output::Fixed(Fixed::Status),
            Output::Present(event::field::META_ANNOTATION_TYPE.to_owned()),
        ],
        usage_mode: false,
        push_down: false,
    };
    let scan = Scan::new(&[table], ask, &[])?;
    let mut each = |batch: Batch| {
        let ids = batch.columns[0].as_fixed_size_binary();
        let spans = batch.columns[1].as_fixed_size_binary();
        let annotated = batch.columns[4].as_boolean();
        let text = |i: usize, row| event::column::text_at(batch.columns[i].as_ref(), row);
        for row in 0..batch.rows {
            if spans.is_null(row) || annotated.value(row) {
                continue;
            }
            let Some(sum) = sums.get_mut(ids.value(row)) else {
                continue;
            };
            sum.spans += 1;
            sum.errors += u64::from(text(3, row) == Some("error"));
            if let Some(service) = text(2, row) {
                match sum.services.get_mut(service) {
                    Some(n) => *n += 1,
                    None => drop(sum.services.insert(service.to_owned(), 1)),
                }
            }
        }
        Ok(true)
    };
    for unit in 0..scan.units() {
        scan.read(unit, &mut each).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
