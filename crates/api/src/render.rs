//! Answers of the query engine as our API's JSON. Pure.

use crate::wire::Nanos;
use crate::wire::question::{Answer, Asked, CalculationLabel, Heatmap, Line, Series};
use crate::wire::trace::{ServiceSpans, Trace, TraceColumns, TraceRow, TraceSummary};
use engine::query;
use event::builder::cut_text;
use query::Notion;
use query::answer::{Bin, Row, SeriesPoint};
use query::spec::{Calculation, Op};
use query::{Cell, Query};
use std::collections::HashMap;

/// Most time buckets of an answer; the planner stays far below, a damaged range must not allocate.
const BUCKETS_LIMIT: i64 = 100_000;

/// The question in its two spellings.
pub(crate) fn asked(query: &Query) -> Asked {
    Asked {
        query: query.clone(),
        text: query::text::render(query),
    }
}

/// An answer as dense arrays by group, and sparse heatmaps over shared bins.
pub(crate) fn answer(query: &Query, answer: query::Answer) -> Answer {
    let calculations = labels(query, &answer.calculations);
    let step = answer.step_ns.max(1);
    let first = answer.start_ns.div_euclid(step) * step;
    let buckets = (answer.end_ns.saturating_sub(first).max(0))
        .div_euclid(step)
        .saturating_add(i64::from(
            answer.end_ns.saturating_sub(first).rem_euclid(step) != 0,
        ))
        .clamp(0, BUCKETS_LIMIT);
    let grid = Grid {
        first,
        step,
        buckets: usize::try_from(buckets).unwrap_or(0),
    };
    let by_group = !answer.breakdowns.is_empty();
    let series = if by_group {
        by_result(&grid, &calculations, &answer)
    } else {
        vec![grid.series(&calculations, answer.total_series.iter())]
    };
    let total_series = by_group.then(|| grid.series(&calculations, answer.total_series.iter()));
    Answer {
        asked: asked(query),
        start_ns: Nanos(answer.start_ns),
        end_ns: Nanos(answer.end_ns),
        step_ns: Nanos(answer.step_ns),
        first_bucket_ns: Nanos(first),
        buckets: grid.buckets,
        calculations,
        breakdowns: answer.breakdowns,
        results: answer.results,
        series,
        total: answer.total,
        total_series,
        other: answer.other,
        groups_seen: answer.groups_seen,
        approximate: answer.approximate,
        notices: answer.notices,
        stats: answer.stats,
    }
}

/// The calculations behind the labels; an empty question counts.
fn labels(query: &Query, labels: &[String]) -> Vec<CalculationLabel> {
    let count = Calculation {
        op: Op::Count,
        column: None,
        name: None,
        filters: Vec::new(),
        filter_combination: query::spec::Combination::And,
    };
    labels
        .iter()
        .enumerate()
        .map(|(i, label)| {
            let calculation = query.calculations.get(i).unwrap_or(&count);
            CalculationLabel {
                label: label.clone(),
                op: calculation.op,
                column: calculation.column.clone(),
            }
        })
        .collect()
}

/// The time buckets of one answer.
struct Grid {
    first: i64,
    step: i64,
    buckets: usize,
}

impl Grid {
    fn bucket(&self, time_ns: i64) -> Option<usize> {
        usize::try_from((time_ns - self.first).div_euclid(self.step))
            .ok()
            .filter(|b| *b < self.buckets)
    }

    fn series<'a>(
        &self,
        calculations: &[CalculationLabel],
        points: impl Iterator<Item = &'a SeriesPoint> + Clone,
    ) -> Series {
        let lines = calculations
            .iter()
            .map(|c| match c.op {
                Op::Heatmap => Line::Heatmap(self.heatmap(&c.label, points.clone())),
                op => Line::Numbers {
                    values: self.numbers(&c.label, op, points.clone()),
                },
            })
            .collect();
        Series { lines }
    }

    fn numbers<'a>(
        &self,
        label: &str,
        op: Op,
        points: impl Iterator<Item = &'a SeriesPoint>,
    ) -> Vec<Option<f64>> {
        let none_is_zero = matches!(op, Op::Count | Op::CountDistinct | Op::Concurrency);
        let mut values = vec![none_is_zero.then_some(0.0); self.buckets];
        for point in points {
            if let (Some(bucket), Some(value)) = (
                self.bucket(point.time_ns),
                point.data.get(label).and_then(number),
            ) {
                values[bucket] = Some(value);
            }
        }
        values
    }

    fn heatmap<'a>(
        &self,
        label: &str,
        points: impl Iterator<Item = &'a SeriesPoint> + Clone,
    ) -> Heatmap {
        let of = |point: &'a SeriesPoint| match point.data.get(label) {
            Some(Cell::Buckets { buckets }) => buckets.as_slice(),
            _ => &[],
        };
        let mut edges: Vec<(f64, f64)> = points
            .clone()
            .flat_map(of)
            .map(|b: &Bin| (b.min, b.max))
            .collect();
        edges.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        edges.dedup();
        let place: HashMap<(u64, u64), i64> = edges
            .iter()
            .zip(0i64..)
            .map(|((min, max), i)| ((min.to_bits(), max.to_bits()), i))
            .collect();
        let mut triples: Vec<(usize, i64, i64)> = Vec::new();
        for point in points {
            let Some(bucket) = self.bucket(point.time_ns) else {
                continue;
            };
            for bin in of(point).iter().filter(|b| b.count > 0) {
                if let Some(i) = place.get(&(bin.min.to_bits(), bin.max.to_bits())) {
                    triples.push((bucket, *i, bin.count));
                }
            }
        }
        triples.sort_unstable();
        let peak = triples.iter().map(|t| t.2).max().unwrap_or(0);
        let cells = triples
            .into_iter()
            .flat_map(|(t, y, n)| [i64::try_from(t).unwrap_or(i64::MAX), y, n])
            .collect();
        let (min, max) = edges.into_iter().unzip();
        Heatmap {
            min,
            max,
            cells,
            peak,
        }
    }
}

/// The points of each listed group, in the order of the results.
fn by_result(
    grid: &Grid,
    calculations: &[CalculationLabel],
    answer: &query::Answer,
) -> Vec<Series> {
    let key = |row: &Row| -> String {
        let cells: Vec<Option<&Cell>> = answer.breakdowns.iter().map(|b| row.get(b)).collect();
        // As JSON: cells hold doubles and so cannot be hashed themselves.
        serde_json::to_string(&cells).unwrap_or_default()
    };
    let mut points: HashMap<String, Vec<&SeriesPoint>> = HashMap::new();
    for point in &answer.series {
        points.entry(key(&point.data)).or_default().push(point);
    }
    answer
        .results
        .iter()
        .map(|row| {
            let own = points.get(&key(row)).map_or(&[][..], Vec::as_slice);
            grid.series(calculations, own.iter().copied())
        })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart's ordinate; the table has the exact integer"
)]
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Int(i) => Some(*i as f64),
        Cell::Float(x) if x.is_finite() => Some(*x),
        _ => None,
    }
}

/// Texts of a trace, each once.
#[derive(Default)]
struct Texts<'a> {
    strings: Vec<String>,
    places: HashMap<&'a str, i32>,
}

impl<'a> Texts<'a> {
    fn place(&mut self, text: Option<&'a str>) -> i32 {
        let Some(text) = text else { return -1 };
        *self.places.entry(text).or_insert_with(|| {
            self.strings.push(text.to_owned());
            i32::try_from(self.strings.len() - 1).unwrap_or(-1)
        })
    }
}

/// Most bytes of a message that stand in a list of rows; the row itself has it whole.
const BODY_BYTES: usize = 2_000;

/// What a list of a request's rows tells of their fields.
pub(crate) struct Told {
    /// HTTP status of the response.
    pub(crate) http_status: Option<u16>,
    /// Whether it had not ended when it was sent.
    pub(crate) in_progress: bool,
    /// What a line or an occurrence says how bad it is.
    pub(crate) severity: Option<String>,
    /// Message of a line or an occurrence, its beginning.
    pub(crate) body: Option<String>,
}

impl Told {
    /// Reads them from the row.
    pub(crate) fn of(row: &query::trace::TraceRow) -> Self {
        let spoken = row.table != "spans";
        let status = Notion::Status.text_of_row(&row.fields);
        let body = match row.fields.get("body") {
            Some(Cell::Text(text)) if spoken => Some(cut_text(text, BODY_BYTES).0.to_owned()),
            _ => None,
        };
        Self {
            http_status: status
                .and_then(|s| s.parse().ok())
                .filter(|s| (100..600).contains(s)),
            in_progress: row.fields.contains_key("meta.in_progress"),
            severity: spoken
                .then(|| Notion::Severity.text_of_row(&row.fields))
                .flatten(),
            body,
        }
    }
}

/// One row, whole.
pub(crate) fn row(row: query::trace::TraceRow) -> TraceRow {
    TraceRow {
        event_id: row.event_id,
        ts_ns: Nanos(row.ts_ns),
        table: row.table,
        dataset: row.dataset,
        fields: row.fields,
    }
}

/// A trace as columns.
pub(crate) fn trace(trace: &query::trace::Trace) -> Trace {
    let rows = &trace.rows;
    let start = rows.iter().map(|r| r.ts_ns).min().unwrap_or(0);
    let end = rows
        .iter()
        .map(|r| r.ts_ns.saturating_add(r.duration_ns.unwrap_or(0)))
        .max()
        .unwrap_or(start);
    let mut spans: HashMap<&str, i32> = HashMap::with_capacity(rows.len());
    for (row, i) in rows.iter().zip(0i32..) {
        if row.annotation.is_none()
            && row.table == "spans"
            && let Some(id) = &row.span_id
        {
            // A span sent twice: its first row stands for it.
            spans.entry(id).or_insert(i);
        }
    }
    let told: Vec<Told> = rows.iter().map(Told::of).collect();
    let mut texts = Texts::default();
    let mut columns = TraceColumns::default();
    for (row, told) in rows.iter().zip(&told) {
        columns.start.push(row.ts_ns - start);
        columns.duration.push(row.duration_ns.unwrap_or(-1));
        columns.parent.push(match row.parent_id.as_deref() {
            None => -1,
            Some(id) => spans.get(id).copied().unwrap_or(-2),
        });
        columns.span_id.push(row.span_id.clone());
        columns.parent_id.push(row.parent_id.clone());
        columns.service.push(texts.place(row.service.as_deref()));
        columns.name.push(texts.place(row.name.as_deref()));
        columns.kind.push(texts.place(row.kind.as_deref()));
        columns.status.push(texts.place(row.status.as_deref()));
        columns.http_status.push(told.http_status.unwrap_or(0));
        columns.in_progress.push(u8::from(told.in_progress));
        columns.severity.push(texts.place(told.severity.as_deref()));
        columns.body.push(texts.place(told.body.as_deref()));
        columns.table.push(texts.place(Some(&row.table)));
        columns.dataset.push(texts.place(Some(&row.dataset)));
        columns.source.push(texts.place(row.source.as_deref()));
        columns
            .annotation
            .push(texts.place(row.annotation.as_deref()));
        columns.event_id.push(row.event_id.clone());
    }
    Trace {
        trace_id: trace.trace_id.clone(),
        start_ns: Nanos(start),
        end_ns: Nanos(end),
        rows: rows.len(),
        strings: texts.strings,
        columns,
        stats: trace.stats,
    }
}

/// One line of a list of traces.
pub(crate) fn summary(t: query::trace::TraceSummary) -> TraceSummary {
    TraceSummary {
        trace_id: t.trace_id,
        root_service: t.root_service,
        root_name: t.root_name,
        start_ns: Nanos(t.ts_ns),
        duration_ns: t.duration_ns.map(Nanos),
        error: t.error,
        spans: t.spans,
        errors: t.errors,
        services: t
            .services
            .into_iter()
            .map(|(service, spans)| ServiceSpans { service, spans })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
