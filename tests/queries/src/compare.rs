//! Says in words where an answer differs from the expected one.

use crate::case::{self, Value, Values};
use query::answer::{Bin, Row, SeriesPoint};
use query::{Answer, Cell};
use std::collections::{BTreeMap, BTreeSet};

/// How far a percentile may be off (storage.md §5.1).
const QUANTILE_ERROR: f64 = 0.016;
/// Bits of a double that the sketch under a heatmap cuts off: all but seven of the mantissa.
const SKETCH_SHIFT: u32 = 52 - 7;

/// Every difference; empty when the answer is right.
#[must_use]
pub fn differences(got: &Answer, want: &case::Answer) -> Vec<String> {
    let mut out = Vec::new();
    let range = (got.start_ns.to_string(), got.end_ns.to_string());
    if range != (want.start_ns.clone(), want.end_ns.clone()) {
        let (start, end) = (&want.start_ns, &want.end_ns);
        out.push(format!("range {range:?}, not {start}..{end}"));
    }
    if got.approximate {
        out.push("marked approximate, though few groups were seen".to_owned());
    }
    let seen = got.groups_seen;
    if seen != want.groups && !got.breakdowns.is_empty() {
        out.push(format!("{seen} groups seen, not {}", want.groups));
    }
    values("total", &got.total, &want.total, &mut out);
    match (&got.other, &want.other) {
        (None, None) => {}
        (Some(got), Some(want)) => values("other", got, want, &mut out),
        (got, want) => out.push(format!("other is {got:?}, not {want:?}")),
    }
    groups(got, want, &mut out);
    if let Some(want) = &want.series {
        series("series", &got.breakdowns, &got.series, want, &mut out);
    }
    if let Some(want) = &want.total_series {
        series("total series", &[], &got.total_series, want, &mut out);
    }
    out
}

fn groups(got: &Answer, want: &case::Answer, out: &mut Vec<String>) {
    let rows = got.results.iter();
    let keys: Vec<_> = rows.map(|r| key(r, &got.breakdowns)).collect();
    let by_key: BTreeMap<_, _> = want.results.iter().map(|g| (&g.key, g)).collect();
    let listed: BTreeSet<_> = keys.iter().collect();
    if listed.len() != keys.len() {
        out.push(format!("a group is listed twice: {keys:?}"));
    }
    for missing in by_key.keys().filter(|k| !listed.contains(*k)) {
        out.push(format!("group {missing:?} is missing"));
    }
    let mut rank = 0;
    for (row, key) in got.results.iter().zip(&keys) {
        let Some(group) = by_key.get(key) else {
            out.push(format!("group {key:?} should not be listed: {row:?}"));
            continue;
        };
        values(&format!("group {key:?}"), row, &group.values, out);
        if let Some(r) = group.rank {
            if r < rank {
                out.push(format!("group {key:?} comes too late: {keys:?}"));
            }
            rank = rank.max(r);
        }
    }
}

fn series(
    what: &str,
    breakdowns: &[String],
    got: &[SeriesPoint],
    want: &[case::Point],
    out: &mut Vec<String>,
) {
    let mut points: BTreeMap<_, &Row> = BTreeMap::new();
    for p in got {
        let at = (p.time_ns.to_string(), key(&p.data, breakdowns));
        if points.insert(at.clone(), &p.data).is_some() {
            out.push(format!("{what}: {at:?} twice"));
        }
    }
    let empty = Row::new();
    for p in want {
        let at = (p.time_ns.clone(), p.key.clone());
        let got = points.remove(&at);
        if got.is_none() && p.values.values().all(is_nothing) {
            continue;
        }
        let got = got.unwrap_or(&empty);
        values(&format!("{what} {at:?}"), got, &p.values, out);
    }
    for (at, row) in points {
        let labels = row.iter().filter(|(name, _)| !breakdowns.contains(name));
        for (label, cell) in labels.filter(|(_, cell)| !is_empty(cell)) {
            out.push(format!(
                "{what} {at:?}: {label} is {cell:?}, but no row is there"
            ));
        }
    }
}

/// The canonical texts of a row's breakdowns.
fn key(row: &Row, breakdowns: &[String]) -> Vec<Option<String>> {
    let cells = breakdowns.iter().map(|b| row.get(b));
    cells.map(|c| c.and_then(text)).collect()
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Buckets { .. } => None,
        Cell::Bool(b) => Some(b.to_string()),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Float(x) => Some(event::ValueRef::Float(*x).to_string()),
        Cell::Text(s) => Some(s.clone()),
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "compared with a tolerance")]
        Cell::Int(i) => Some(*i as f64),
        Cell::Float(x) => Some(*x),
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.as_ref().is_none_or(|n| n.as_f64() == Some(0.0)),
        Value::Quantile { .. } => false,
        Value::Heatmap { heatmap } => heatmap.is_empty(),
    }
}

fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Buckets { buckets } => buckets.iter().all(|b| b.count == 0),
        other => number(other) == Some(0.0),
    }
}

fn values(what: &str, got: &Row, want: &Values, out: &mut Vec<String>) {
    for (label, want) in want {
        let cell = got.get(label).unwrap_or(&Cell::Null);
        let good = match want {
            Value::Number(want) => same_number(cell, want.as_ref()),
            Value::Quantile { quantile } => within(cell, *quantile),
            Value::Heatmap { heatmap } => {
                let of_all = || (what == "total").then(|| axis(cell, heatmap)).flatten();
                if let Some(why) = histogram(cell, heatmap).or_else(of_all) {
                    out.push(format!("{what}: {label}: {why}"));
                }
                continue;
            }
        };
        if !good {
            out.push(format!("{what}: {label} is {cell:?}, not {want:?}"));
        }
    }
}

fn same_number(cell: &Cell, want: Option<&serde_json::Number>) -> bool {
    let Some(want) = want else {
        return *cell == Cell::Null;
    };
    if let (Cell::Int(got), Some(want)) = (cell, want.as_i64()) {
        return *got == want;
    }
    match (number(cell), want.as_f64()) {
        (Some(got), Some(want)) => (got - want).abs() <= 1e-9 * want.abs().max(1.0),
        _ => false,
    }
}

fn within(cell: &Cell, [low, high]: [f64; 2]) -> bool {
    let slack = |v: f64| v.abs() * QUANTILE_ERROR + 1e-12;
    number(cell).is_some_and(|got| low - slack(low) <= got && got <= high + slack(high))
}

/// The bucket of the sketch under a heatmap in which `edge` lies, as the smallest and the smallest greater
/// value of its magnitude: doubles are cut after seven mantissa bits (storage.md §5.1).
fn sketch_bucket(edge: f64) -> (f64, f64) {
    let cut = edge.abs().to_bits() >> SKETCH_SHIFT;
    (
        f64::from_bits(cut << SKETCH_SHIFT),
        f64::from_bits((cut + 1) << SKETCH_SHIFT),
    )
}

/// The weights that may lie below `edge`: a bucket of the sketch is on one side of it, all of it.
#[expect(clippy::float_cmp, reason = "a bucket begins at one double")]
fn weights_below(edge: f64, values: &[(f64, i64)]) -> [i64; 2] {
    let weight = |below: &dyn Fn(f64) -> bool| -> i64 {
        let values = values.iter().filter(|(v, _)| below(*v));
        values.map(|(_, w)| w).sum()
    };
    let (low, high) = sketch_bucket(edge);
    if edge < 0.0 && -edge == low {
        // Mirrored: the bucket has its end nearest to zero, not the other, and lies above the edge with it.
        [weight(&|v| v <= -high); 2]
    } else if edge < 0.0 {
        [weight(&|v| v <= -high), weight(&|v| v <= -low)]
    } else if edge == 0.0 || edge == low {
        [weight(&|v| v < edge); 2]
    } else {
        [weight(&|v| v < low), weight(&|v| v < high)]
    }
}

/// Why `cell` is no histogram of `values` (rising), if it is none.
fn histogram(cell: &Cell, values: &[(f64, i64)]) -> Option<String> {
    let none: Vec<Bin> = Vec::new();
    let bins = match cell {
        Cell::Buckets { buckets } => buckets,
        Cell::Null => &none,
        other => return Some(format!("{other:?} is no histogram")),
    };
    let mut sum = 0;
    let mut edge = f64::NEG_INFINITY;
    for bin in bins {
        if bin.min >= bin.max || bin.min < edge {
            return Some(format!("bins do not rise at {bin:?}"));
        }
        if bin.count == 0 {
            return Some(format!("an empty bin: {bin:?}"));
        }
        edge = bin.max;
        for (edge, got) in [(bin.min, sum), (bin.max, sum + bin.count)] {
            let may = weights_below(edge, values);
            if !may.contains(&got) {
                return Some(format!("{got} below {edge}, not {may:?}"));
            }
        }
        sum += bin.count;
    }
    let all: i64 = values.iter().map(|(_, w)| w).sum();
    (sum != all).then(|| format!("{sum} in all, not {all}"))
}

/// Why the bins are not of one axis over `values`, if they are not: equal widths of 1, 2 or 5 times a power
/// of ten, beginning at multiples of it, about fifty over all values (honeycomb.md §7).
fn axis(cell: &Cell, values: &[(f64, i64)]) -> Option<String> {
    let (Cell::Buckets { buckets }, Some((low, _)), Some((high, _))) =
        (cell, values.first(), values.last())
    else {
        return None;
    };
    let width = buckets.first().map_or(0.0, |b| b.max - b.min);
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
    let mantissa = width / 10f64.powf((width.log10() + 1e-9).floor());
    if ![1.0, 2.0, 5.0].iter().any(|round| near(mantissa, *round)) {
        return Some(format!("bins {width} wide"));
    }
    for bin in buckets {
        let (place, wide) = (bin.min / width, (bin.max - bin.min) / width);
        if !near(wide, 1.0) || !near(place, place.round()) {
            return Some(format!("{bin:?} is not of an axis of steps of {width}"));
        }
    }
    // What begins near zero may be drawn from zero on.
    let [least, most] = [high - low, high - low.min(0.0)].map(|span| span / width);
    (high > low && (most < 20.0 || least > 52.0)).then(|| format!("{least} to {most} bins"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(list: &[(f64, f64, i64)]) -> Cell {
        let bin = |&(min, max, count): &(f64, f64, i64)| Bin { min, max, count };
        Cell::Buckets {
            buckets: list.iter().map(bin).collect(),
        }
    }

    #[test]
    fn a_histogram_may_have_any_edges_but_not_any_counts() {
        let values = [(1.0, 2), (5.0, 3), (9.0, 1)];
        let check = |list| histogram(&bins(list), &values);
        assert_eq!(check(&[(0.0, 4.0, 2), (4.0, 10.0, 4)]), None);
        assert_eq!(check(&[(0.0, 10.0, 6)]), None);
        // At a whole number there is no slack: 5 is not below 5.
        assert_eq!(check(&[(0.0, 5.0, 2), (5.0, 10.0, 4)]), None);
        assert!(check(&[(0.0, 5.0, 5), (5.0, 10.0, 1)]).is_some());
        assert!(check(&[(0.0, 4.0, 3), (4.0, 10.0, 3)]).is_some());
        assert!(check(&[(0.0, 10.0, 5)]).is_some());
        assert!(histogram(&Cell::Null, &values).is_some());
        assert_eq!(histogram(&Cell::Null, &[]), None);
    }

    /// 300 lies in the bucket from 300 to 302 of the sketch: what is in it is on one side, all of it.
    #[test]
    fn an_edge_inside_a_bucket_of_the_sketch_takes_it_whole() {
        assert_eq!(sketch_bucket(301.0), (300.0, 302.0));
        let values = [(299.0, 1), (300.5, 2), (301.5, 4), (302.0, 8)];
        assert_eq!(weights_below(301.0, &values), [1, 7]);
        assert_eq!(weights_below(300.0, &values), [1, 1]);
        let mirrored = [(-302.0, 8), (-301.5, 4), (-300.5, 2), (-299.0, 1)];
        assert_eq!(weights_below(-301.0, &mirrored), [8, 14]);
    }

    #[test]
    fn an_axis_has_round_steps_of_one_width_and_about_fifty() {
        let values = [(1.0, 1), (99.0, 1)];
        let check = |list| axis(&bins(list), &values);
        assert_eq!(check(&[(0.0, 2.0, 1), (98.0, 100.0, 1)]), None);
        assert!(check(&[(0.0, 100.0, 2)]).is_some(), "one bin");
        assert!(check(&[(0.0, 3.0, 1), (99.0, 102.0, 1)]).is_some());
        assert!(check(&[(0.0, 2.0, 1), (97.0, 99.0, 1)]).is_some());
        assert!(check(&[(0.0, 2.0, 1), (95.0, 100.0, 1)]).is_some());
    }

    #[test]
    fn percentiles_have_slack_and_counts_have_none() {
        assert!(within(&Cell::Float(101.5), [100.0, 100.0]));
        assert!(!within(&Cell::Float(101.7), [100.0, 100.0]));
        assert!(within(&Cell::Float(-98.5), [-100.0, -100.0]));
        let n = |n: i64| serde_json::Number::from(n);
        assert!(same_number(&Cell::Int(7), Some(&n(7))));
        assert!(!same_number(&Cell::Int(i64::MAX), Some(&n(i64::MAX - 1))));
        assert!(!same_number(&Cell::Null, Some(&n(0))));
        assert!(same_number(&Cell::Null, None));
    }
}
