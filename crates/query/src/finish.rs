//! From states to the answer: values, order, limit, totals, series, heat-map bins.

use crate::aggregate::Aggregator;
use crate::aggregate::groups::REST;
use crate::answer::{Answer, Cell, Row, SeriesPoint};
use crate::bins::Axis;
use crate::functions::loghist::HEATMAP_BITS;
use crate::plan::{Bound, Plan, Term};
use crate::spec::{Direction, FilterOp, Op};
use std::cmp::Ordering;

/// Groups in the order of the answer, with what is needed to make their rows.
pub(crate) struct Ranked {
    /// Totals per group.
    flat: Aggregator,
    /// Group number in `flat`, keys.
    pub(crate) listed: Vec<(u32, Vec<Cell>)>,
    /// Groups in all.
    seen: usize,
    /// Bins of each heat map, by calculation; shared by all groups and buckets.
    axes: Vec<Option<Axis>>,
    /// All rows, over the whole range.
    total: Aggregator,
}

/// Orders the groups and cuts the list.
pub(crate) fn rank(plan: &Plan, states: &Aggregator, log_axis: bool) -> Ranked {
    let flat = states.collapsed();
    let total = flat.united(&|_| true);
    let axes = plan
        .calculations
        .iter()
        .map(|c| {
            let h = total.states[c.need].histogram(1)?;
            (c.op == Op::Heatmap).then(|| Axis::over(h.range(), log_axis))
        })
        .collect();
    let live = if plan.breakdowns.is_empty() {
        vec![1]
    } else {
        flat.live()
    };
    let seen = live.len();
    let value = |g: u32, i: usize| scalar(plan, &flat, g as usize, &plan.calculations[i]);
    let mut rows: Vec<(Vec<Cell>, Vec<Cell>, u32)> = live
        .into_iter()
        .filter(|g| {
            plan.havings
                .iter()
                .all(|(i, op, n)| having(&value(*g, *i), *op, *n))
        })
        .map(|g| {
            let keys = flat.groups.cells(g);
            let by = match plan.orders.as_slice() {
                [] => vec![match plan.calculations.first() {
                    Some(c) if c.op != Op::Heatmap => value(g, 0),
                    _ => Cell::Int(i64::try_from(flat.rows_of(g)).unwrap_or(i64::MAX)),
                }],
                terms => terms
                    .iter()
                    .map(|(t, _)| match t {
                        Term::Key(k) => keys[*k].clone(),
                        Term::Value(i) => value(g, *i),
                    })
                    .collect(),
            };
            (by, keys, g)
        })
        .collect();
    let direction = |i: usize| {
        plan.orders
            .get(i)
            .map_or(Direction::Descending, |(_, d)| *d)
    };
    rows.sort_by(|a, b| {
        for (i, (x, y)) in a.0.iter().zip(&b.0).enumerate() {
            let o = compare(x, y, direction(i));
            if o.is_ne() {
                return o;
            }
        }
        for (x, y) in a.1.iter().zip(&b.1) {
            let o = compare(x, y, Direction::Ascending);
            if o.is_ne() {
                return o;
            }
        }
        Ordering::Equal
    });
    rows.truncate(plan.limit);
    Ranked {
        listed: rows.into_iter().map(|(_, keys, g)| (g, keys)).collect(),
        seen,
        flat,
        axes,
        total,
    }
}

/// Writes everything but the series.
pub(crate) fn results(plan: &Plan, ranked: &Ranked, answer: &mut Answer) {
    let (start, end) = plan.ask.range;
    answer.start_ns = start;
    answer.end_ns = end;
    answer.step_ns = plan.buckets.step;
    answer.calculations = plan.calculations.iter().map(|c| c.label.clone()).collect();
    answer.breakdowns = plan.breakdowns.clone();
    answer.groups_seen = ranked.seen as u64;
    answer.approximate |= ranked.flat.cut;
    answer.results = ranked
        .listed
        .iter()
        .map(|(g, keys)| {
            let mut row = keyed(plan, keys);
            fill(plan, ranked, &ranked.flat, *g as usize, &mut row);
            row
        })
        .collect();
    let mut total = Row::new();
    fill(plan, ranked, &ranked.total, 1, &mut total);
    answer.total = total;
    if ranked.listed.len() < ranked.seen || ranked.flat.met(REST) {
        let mut is_listed = vec![false; ranked.flat.groups.len()];
        ranked
            .listed
            .iter()
            .for_each(|(g, _)| is_listed[*g as usize] = true);
        let rest = ranked.flat.united(&|g| !is_listed[g as usize]);
        let mut other = Row::new();
        fill(plan, ranked, &rest, 1, &mut other);
        answer.other = Some(other);
    }
}

/// Writes the series of the listed groups. `groups`: their numbers in `states`, which keeps time.
pub(crate) fn series(
    plan: &Plan,
    ranked: &Ranked,
    states: &Aggregator,
    groups: &[u32],
    answer: &mut Answer,
) {
    let mut points: Vec<(usize, usize, SeriesPoint)> = Vec::new();
    for (i, g) in groups.iter().enumerate() {
        let keys = keyed(plan, &ranked.listed[i].1);
        for (bucket, point) in of_group(plan, ranked, states, *g, &keys) {
            points.push((bucket, i, point));
        }
    }
    points.sort_by_key(|(bucket, i, _)| (*bucket, *i));
    answer.series = points.into_iter().map(|(.., p)| p).collect();
    let all = states.united(&|_| true);
    answer.total_series = of_group(plan, ranked, &all, 1, &Row::new())
        .into_iter()
        .map(|(_, p)| p)
        .collect();
}

/// A group's points, by bucket; buckets without anything are left out.
fn of_group(
    plan: &Plan,
    ranked: &Ranked,
    states: &Aggregator,
    group: u32,
    keys: &Row,
) -> Vec<(usize, SeriesPoint)> {
    let buckets = states.buckets();
    let first = group as usize * buckets.count;
    let at_once: Vec<Vec<f64>> = plan
        .calculations
        .iter()
        .map(|c| match c.op {
            Op::Concurrency => states.states[c.need].concurrency_series(first, &buckets),
            _ => Vec::new(),
        })
        .collect();
    let mut out = Vec::new();
    for bucket in 0..buckets.count {
        let covered = at_once
            .iter()
            .any(|v| v.get(bucket).is_some_and(|x| *x > 0.0));
        if !covered && !states.met_at(group, bucket) {
            continue;
        }
        let mut data = keys.clone();
        for (i, c) in plan.calculations.iter().enumerate() {
            let cell = first + bucket;
            let value = match c.op {
                Op::Concurrency => Cell::Float(at_once[i].get(bucket).copied().unwrap_or(0.0)),
                Op::RateAvg | Op::RateSum | Op::RateMax if bucket == 0 => Cell::Null,
                Op::RateAvg | Op::RateSum | Op::RateMax => {
                    difference(&rate_base(states, c, cell), &rate_base(states, c, cell - 1))
                }
                Op::Heatmap => heat(ranked, i, states, c, cell),
                _ => scalar(plan, states, cell, c),
            };
            data.insert(c.label.clone(), value);
        }
        let time_ns = buckets.start_of(bucket);
        out.push((bucket, SeriesPoint { time_ns, data }));
    }
    out
}

fn keyed(plan: &Plan, keys: &[Cell]) -> Row {
    // A missing key is left out of the row, as the vendor does.
    plan.breakdowns
        .iter()
        .cloned()
        .zip(keys.iter().cloned())
        .filter(|(_, k)| *k != Cell::Null)
        .collect()
}

fn fill(plan: &Plan, ranked: &Ranked, states: &Aggregator, cell: usize, row: &mut Row) {
    for (i, c) in plan.calculations.iter().enumerate() {
        let value = match c.op {
            Op::Heatmap => heat(ranked, i, states, c, cell),
            _ => scalar(plan, states, cell, c),
        };
        row.insert(c.label.clone(), value);
    }
}

/// A calculation's value in a cell, over the cell's whole time.
fn scalar(plan: &Plan, states: &Aggregator, cell: usize, c: &Bound) -> Cell {
    let s = &states.states[c.need];
    match c.op {
        Op::Count | Op::Sum => s.sum(cell),
        Op::Avg => s.average(cell),
        Op::Min => s.extreme(cell, false),
        Op::Max => s.extreme(cell, true),
        Op::CountDistinct => s.distinct(cell),
        Op::Concurrency => s.concurrency_total(cell, plan.nanos()),
        // A rate is a difference between buckets: over one there is none.
        Op::Heatmap | Op::RateAvg | Op::RateSum | Op::RateMax => Cell::Null,
        other => other
            .per_mille()
            .map_or(Cell::Null, |p| s.quantile(cell, p)),
    }
}

fn rate_base(states: &Aggregator, c: &Bound, cell: usize) -> Cell {
    let s = &states.states[c.need];
    match c.op {
        Op::RateAvg => s.average(cell),
        Op::RateSum => s.sum(cell),
        Op::RateMax => s.extreme(cell, true),
        _ => Cell::Null,
    }
}

fn difference(a: &Cell, b: &Cell) -> Cell {
    match (a, b) {
        (Cell::Int(a), Cell::Int(b)) => a.checked_sub(*b).map_or(Cell::Null, Cell::Int),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => Cell::Float(a - b),
            _ => Cell::Null,
        },
    }
}

fn heat(ranked: &Ranked, i: usize, states: &Aggregator, c: &Bound, cell: usize) -> Cell {
    match (&ranked.axes[i], states.states[c.need].histogram(cell)) {
        (Some(axis), Some(h)) if h.total() > 0 => Cell::Buckets {
            buckets: axis.bins(|f| h.for_each(HEATMAP_BITS, f)),
        },
        _ => Cell::Null,
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with doubles")]
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Int(i) => Some(*i as f64),
        Cell::Float(x) => Some(*x),
        _ => None,
    }
}

fn having(value: &Cell, op: FilterOp, n: f64) -> bool {
    let Some(o) = number(value).and_then(|v| v.partial_cmp(&n)) else {
        return false;
    };
    match op {
        FilterOp::Eq => o.is_eq(),
        FilterOp::Ne => o.is_ne(),
        FilterOp::Gt => o.is_gt(),
        FilterOp::Ge => o.is_ge(),
        FilterOp::Lt => o.is_lt(),
        FilterOp::Le => o.is_le(),
        _ => false,
    }
}

/// Null last in both directions; numbers before text.
fn compare(a: &Cell, b: &Cell, direction: Direction) -> Ordering {
    let kind = |c: &Cell| match c {
        Cell::Bool(_) => 0,
        Cell::Int(_) | Cell::Float(_) => 1,
        Cell::Text(_) => 2,
        Cell::Buckets { .. } => 3,
        Cell::Null => 4,
    };
    if *a == Cell::Null || *b == Cell::Null {
        return kind(a).cmp(&kind(b));
    }
    let o = match (a, b) {
        (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => kind(a).cmp(&kind(b)),
        },
    };
    match direction {
        Direction::Ascending => o,
        Direction::Descending => o.reverse(),
    }
}
