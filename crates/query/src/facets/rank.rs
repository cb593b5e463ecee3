//! From counts to ranked fields (honeycomb.md §7).
//!
//! A dimension's difference is the greatest difference of shares over its values, null being one;
//! a measure's is the Kolmogorov–Smirnov distance, null below all numbers. First come fields that
//! tell something of their own; then those that repeat an earlier field or follow the measured
//! one; then ids; last what the selection was made by.

use super::histogram::middle;
use super::tally::{Count, FEW_NUMBERS, Kind, Numbers, Tally};
use super::{Bar, Facet, Shape};
use crate::answer::{Bin, Cell};

/// Bars returned per field.
const BARS: usize = 10;
/// Bins of a measure.
const BINS: usize = 40;
/// More rows than this, and a share of distinct values above [`ID_SHARE`], make an id.
const ID_ROWS: u64 = 20;
const ID_SHARE: f64 = 0.9;
/// Correlation with the measured field from which a number only follows it.
const FOLLOWS: f64 = 0.95;
/// The same for a field whose name says that it is a time.
const FOLLOWS_TIME: f64 = 0.5;
/// Added to the difference of fields that people look at first.
const BONUS: f64 = 0.05;
/// The same fact in raw form: taken off, so that the plain form leads.
const MALUS: f64 = 0.05;

/// Fields that name what people ask for.
const WELL_KNOWN: &[&str] = &[
    "http.route",
    "http.response.status_code",
    "http.status_code",
    "error",
    "exception.type",
    "service.name",
    "service.version",
    "user.id",
    "enduser.id",
    "deployment.environment.name",
    "db.query.text",
    "db.statement",
    "host.name",
    "cloud.region",
];

/// Fields that hold another one's fact with more around it.
const RAW: &[&str] = &[
    "name",
    "url.full",
    "url.path",
    "url.query",
    "http.url",
    "http.target",
    "http.path",
    "status_code",
    "body",
];

/// Whether the name is known for ids of single events.
pub(super) fn is_known_id(field: &str) -> bool {
    field.starts_with("trace.") || field == "event_id"
}

fn is_time(field: &str) -> bool {
    let last = field.rsplit(['.', '_']).next().unwrap_or(field);
    matches!(last, "ms" | "us" | "ns" | "seconds" | "millis")
        || ["duration", "elapsed", "latency"]
            .iter()
            .any(|w| field.contains(w))
}

/// One field with what was counted.
pub(super) struct Counted {
    pub(super) field: String,
    pub(super) tally: Tally,
    /// The selection was made by it.
    pub(super) chosen: bool,
}

struct Ranked {
    facet: Facet,
    score: f64,
    class: u8,
    /// Counts of the value that differs most.
    top: Option<(u64, u64)>,
    /// Counts of all bars.
    bars: Vec<(u64, u64)>,
}

/// Shapes and ranks. `total`: all rows, with or without the fields.
pub(super) fn rank(counted: Vec<Counted>, total: Count, measured: Option<&str>) -> Vec<Facet> {
    let plain = total.selected == 0 || total.baseline == 0;
    let mut fields: Vec<Ranked> = counted
        .into_iter()
        .filter(|c| c.tally.present.rows > 0)
        .map(|c| ranked(c, total, measured, plain))
        .collect();
    let order = |a: &Ranked, b: &Ranked| {
        (a.class.cmp(&b.class))
            .then(b.score.total_cmp(&a.score))
            .then_with(|| a.facet.field.cmp(&b.facet.field))
    };
    fields.sort_by(order);
    if !plain {
        mark_repeats(&mut fields);
        fields.sort_by(order);
    }
    fields.into_iter().map(|f| f.facet).collect()
}

/// Marks fields whose telling value is on the same rows as an earlier field's.
fn mark_repeats(fields: &mut [Ranked]) {
    for i in 1..fields.len() {
        let (before, rest) = fields.split_at_mut(i);
        let f = &mut rest[0];
        if f.class != 0 {
            break;
        }
        // One value can agree by chance: so another must as well, or, where only the selection has
        // it, all of them.
        let same = |b: &&Ranked| {
            let Some(top) = f.top else { return false };
            let common = f.bars.iter().filter(|bar| b.bars.contains(bar)).count();
            b.class == 0 && f.top == b.top && (f.bars == b.bars || (top.1 > 0 && common >= 2))
        };
        if let Some(first) = before.iter().find(same) {
            f.facet.follows = Some(first.facet.field.clone());
            f.class = 1;
        }
    }
}

fn ranked(c: Counted, total: Count, measured: Option<&str>, plain: bool) -> Ranked {
    let Counted {
        field,
        tally,
        chosen,
    } = c;
    let missing = Count {
        selected: total.selected.saturating_sub(tally.present.selected),
        baseline: total.baseline.saturating_sub(tally.present.baseline),
        rows: total.rows.saturating_sub(tally.present.rows),
    };
    let is_id = is_known_id(&field) || is_unique(&tally);
    let n = &tally.numbers;
    let is_measure = n.kind.is_some()
        && tally.texts.is_empty()
        && (n.many || n.kind == Some(Kind::Float) || n.values.len() > FEW_NUMBERS);
    let follows = is_measure && measured.is_some() && {
        let r = n.together.correlation();
        n.together.n > 20.0 && (r > FOLLOWS || (is_time(&field) && r > FOLLOWS_TIME))
    };
    let (difference, shape, top, bars) = if is_measure {
        let (difference, shape) = measure(n, missing, total);
        (difference, shape, None, Vec::new())
    } else {
        dimension(&tally, missing, total)
    };
    #[expect(clippy::cast_precision_loss, reason = "a score")]
    let mut score = if plain {
        tally.present.rows as f64 / total.rows.max(1) as f64
    } else {
        difference
    };
    if WELL_KNOWN.contains(&field.as_str()) {
        score += BONUS;
    } else if RAW.contains(&field.as_str()) {
        score -= MALUS;
    }
    let class = match () {
        () if chosen => 3,
        () if is_id => 2,
        () if follows => 1,
        () => 0,
    };
    let follows = follows.then(|| measured.unwrap_or_default().to_owned());
    Ranked {
        facet: Facet {
            field,
            difference: if plain { 0.0 } else { difference },
            is_id,
            follows,
            shape,
        },
        score,
        class,
        top,
        bars,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn is_unique(tally: &Tally) -> bool {
    let texts: u64 = tally.texts.values().map(|c| c.rows).sum();
    tally.overflowed || (texts > ID_ROWS && tally.texts.len() as f64 > ID_SHARE * texts as f64)
}

#[expect(clippy::cast_precision_loss, reason = "shares of weights")]
fn share_difference(count: Count, total: Count) -> f64 {
    let share = |part: u64, all: u64| {
        if all == 0 {
            0.0
        } else {
            part as f64 / all as f64
        }
    };
    share(count.selected, total.selected) - share(count.baseline, total.baseline)
}

type Dimension = (f64, Shape, Option<(u64, u64)>, Vec<(u64, u64)>);

fn dimension(tally: &Tally, missing: Count, total: Count) -> Dimension {
    let n = &tally.numbers;
    let mut all: Vec<(Cell, Count)> = Vec::with_capacity(tally.texts.len() + n.values.len() + 1);
    all.extend(
        tally
            .texts
            .iter()
            .map(|(text, count)| (Cell::Text(text.to_string()), *count)),
    );
    all.extend(n.values.iter().map(|(bits, count)| {
        let cell = match n.kind {
            Some(Kind::Bool) => Cell::Bool(*bits != 0),
            Some(Kind::Int) => Cell::Int(bits.cast_signed()),
            _ => Cell::Float(f64::from_bits(*bits)),
        };
        (cell, *count)
    }));
    let distinct = all.len() as u64;
    if missing.rows > 0 {
        all.push((Cell::Null, missing));
    }
    let key = |c: &Count| share_difference(*c, total).abs();
    all.sort_by(|(va, a), (vb, b)| {
        (key(b).total_cmp(&key(a)))
            .then((b.selected + b.baseline).cmp(&(a.selected + a.baseline)))
            .then_with(|| order_of(va).cmp(&order_of(vb)))
    });
    let difference = all.first().map_or(0.0, |(_, c)| key(c));
    let counts = |c: &Count| (c.selected, c.baseline);
    let top = all.first().map(|(_, c)| counts(c));
    let bars: Vec<(u64, u64)> = all.iter().take(BARS).map(|(_, c)| counts(c)).collect();
    let shown: (u64, u64) = bars
        .iter()
        .fold((0, 0), |sum, b| (sum.0 + b.0, sum.1 + b.1));
    let shape = Shape::Values {
        bars: all
            .into_iter()
            .take(BARS)
            .map(|(value, c)| Bar {
                value,
                selected: c.selected,
                baseline: c.baseline,
            })
            .collect(),
        others: (
            total.selected.saturating_sub(shown.0),
            total.baseline.saturating_sub(shown.1),
        ),
        distinct,
    };
    (difference, shape, top, bars)
}

/// A stable order of values for equal bars.
fn order_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(s) => s.clone(),
        Cell::Int(i) => i.to_string(),
        Cell::Float(x) => x.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Null | Cell::Buckets { .. } => String::new(),
    }
}

fn measure(n: &Numbers, missing: Count, total: Count) -> (f64, Shape) {
    let buckets: Vec<(u32, Count)> = n.histogram.iter().collect();
    let mut below = missing;
    let mut difference = share_difference(below, total).abs();
    for (_, count) in &buckets {
        below.merge(*count);
        difference = difference.max(share_difference(below, total).abs());
    }
    let (min, max) = (n.min.unwrap_or(0.0), n.max.unwrap_or(0.0));
    let edges = edges(min, max, n.kind == Some(Kind::Int));
    let bins = |weight: fn(&Count) -> u64| -> Vec<Bin> {
        let mut bins: Vec<Bin> = edges
            .windows(2)
            .map(|e| Bin {
                min: e[0],
                max: e[1],
                count: 0,
            })
            .collect();
        for (bucket, count) in &buckets {
            let x = middle(*bucket).clamp(min, max);
            let i = edges.partition_point(|e| *e <= x).saturating_sub(1);
            if let Some(last) = bins.len().checked_sub(1) {
                let bin = &mut bins[i.min(last)];
                bin.count = bin
                    .count
                    .saturating_add(i64::try_from(weight(count)).unwrap_or(i64::MAX));
            }
        }
        bins
    };
    let shape = Shape::Measure {
        selected: bins(|c| c.selected),
        baseline: bins(|c| c.baseline),
    };
    (difference, shape)
}

/// Edges of shared bins: equal steps, or equal factors where the numbers span more than two
/// magnitudes above zero.
fn edges(min: f64, max: f64, integers: bool) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "at most 40")]
    let steps = |n: usize, f: &dyn Fn(f64) -> f64| -> Vec<f64> {
        (0..=n).map(|i| f(i as f64 / n as f64)).collect()
    };
    let width = max - min;
    if !width.is_finite() || width <= 0.0 {
        return vec![min, min + min.abs().max(1.0) * 1e-3];
    }
    if min > 0.0 && max / min > 100.0 {
        let mut out = steps(BINS, &|f| min * (max / min).powf(f));
        out[BINS] = max * (1.0 + 1e-9);
        return out;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "compared with the number of bins first"
    )]
    let n = if integers && width < BINS as f64 {
        (width as usize) + 1
    } else {
        BINS
    };
    let top = if integers {
        max + 1.0
    } else {
        max + width * 1e-9
    };
    steps(n, &|f| min + (top - min) * f)
}

#[cfg(test)]
mod tests;
