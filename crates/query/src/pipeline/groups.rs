//! Groups of rows and their aggregates: mergeable, and the same for any order of rows.

use super::program::{Grouping, Kind, Measure};
use super::row::{At, Row};
use super::value::{Number, Rank, Value};
use crate::functions::distinct::Distinct;
use crate::functions::loghist::{HEATMAP_BITS, LogHist};
use crate::functions::sum::{FloatSum, SquareSum};
use hashbrown::HashTable;
use std::cmp::Ordering;
use std::sync::Arc;

/// Values of a percentile kept one by one; beyond them a histogram within 0.8 % (7 bits).
const EXACT_LIMIT: usize = 1_024;

/// A key of a group or of `dedup`: values that show alike are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Missing,
    Int(i64),
    Time(i64),
    Text(Box<str>),
}

impl Key {
    pub(super) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Missing => Self::Missing,
            Value::Int(i) => Self::Int(*i),
            Value::Flag(b) => Self::Int(i64::from(*b)),
            Value::Time(ns) => Self::Time(*ns),
            other => other.text().map_or(Self::Missing, |t| {
                canonical(&t).map_or_else(|| Self::Text(t.as_ref().into()), Self::Int)
            }),
        }
    }

    /// What stands for the group.
    fn value(&self) -> Value<'static> {
        match self {
            Self::Missing => Value::Missing,
            Self::Int(i) => Value::Int(*i),
            Self::Time(ns) => Value::Time(*ns),
            Self::Text(t) => Value::Text(t.to_string().into()),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(t) => t.len(),
            _ => 0,
        }
    }
}

/// Text that is just how an integer is written.
fn canonical(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', ..] => digits.len() < 20,
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

#[derive(Clone, Debug)]
struct Group {
    keys: Box<[Key]>,
    states: Box<[State]>,
}

/// Groups so far.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    measures: Arc<[Kind]>,
    table: HashTable<u32>,
    list: Vec<Group>,
    hasher: ahash::RandomState,
    heap_bytes: usize,
    scratch: Vec<Key>,
}

impl Groups {
    pub(super) fn new(grouping: &Grouping) -> Self {
        Self {
            measures: grouping.measures.iter().map(|m| m.kind).collect(),
            table: HashTable::new(),
            list: Vec::new(),
            hasher: ahash::RandomState::new(),
            heap_bytes: 0,
            scratch: Vec::new(),
        }
    }

    /// Adds a row to its group.
    pub(super) fn add<'a>(&mut self, grouping: &'a Grouping, row: &Row<'a>) {
        let mut keys = std::mem::take(&mut self.scratch);
        keys.clear();
        keys.extend(grouping.by.iter().map(|code| Key::of(&code.value(row))));
        let i = self.find(&keys);
        self.scratch = keys;
        let group = &mut self.list[i];
        for (state, measure) in group.states.iter_mut().zip(&grouping.measures) {
            self.heap_bytes += state.add(measure, row);
        }
    }

    fn hash(hasher: &ahash::RandomState, keys: &[Key]) -> u64 {
        hasher.hash_one(keys)
    }

    /// The place of the group with these keys, made when it is new.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "memory ends long before 2^32 groups"
    )]
    fn find(&mut self, keys: &[Key]) -> usize {
        let hash = Self::hash(&self.hasher, keys);
        let (list, hasher) = (&mut self.list, &self.hasher);
        if let Some(i) = self.table.find(hash, |i| *list[*i as usize].keys == *keys) {
            return *i as usize;
        }
        list.push(Group {
            keys: keys.into(),
            states: self.measures.iter().map(|k| State::new(*k)).collect(),
        });
        let i = list.len() - 1;
        self.table.insert_unique(hash, i as u32, |i| {
            Self::hash(hasher, &list[*i as usize].keys)
        });
        let sizes = keys.iter().map(Key::heap_bytes).sum::<usize>();
        self.heap_bytes += sizes
            + size_of_val(keys)
            + self.measures.len() * size_of::<State>()
            + size_of::<Group>();
        i
    }

    /// Adds all groups of another.
    pub(super) fn merge(&mut self, other: Self) {
        for group in other.list {
            let i = self.find(&group.keys);
            for (ours, theirs) in self.list[i].states.iter_mut().zip(group.states) {
                ours.merge(theirs);
            }
        }
        self.heap_bytes += other.heap_bytes;
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// One row per group, keys first, in the order of the keys.
    pub(super) fn rows(self) -> Vec<Vec<Value<'static>>> {
        let ranked =
            |g: &Group| -> Vec<Rank> { g.keys.iter().map(|k| Rank::of(&k.value())).collect() };
        let mut out: Vec<(Vec<Rank>, Group)> =
            self.list.into_iter().map(|g| (ranked(&g), g)).collect();
        out.sort_by(|(a, _), (b, _)| {
            let each = a.iter().zip(b).map(|(a, b)| a.compare(b, false));
            each.fold(Ordering::Equal, Ordering::then)
        });
        out.into_iter()
            .map(|(_, g)| {
                let keys = g.keys.iter().map(Key::value);
                keys.chain(g.states.into_iter().map(State::value)).collect()
            })
            .collect()
    }
}

/// What is known of one aggregate of one group.
#[derive(Clone, Debug)]
enum State {
    Count(u64),
    Distinct(Box<Distinct>),
    Sum {
        ints: i128,
        floats: FloatSum,
        any: u64,
        whole: bool,
        mean: bool,
    },
    Extreme {
        greatest: bool,
        number: Option<Value<'static>>,
        text: Option<Box<str>>,
    },
    Stddev {
        count: u64,
        sum: FloatSum,
        squares: SquareSum,
    },
    Percentile {
        of: f64,
        values: Spread,
    },
    Ordered {
        latest: bool,
        best: Option<(At, Value<'static>)>,
    },
    Sorted {
        last: bool,
        best: Option<(Rank, Value<'static>)>,
    },
}

/// Numbers whose percentiles are asked for.
#[derive(Clone, Debug)]
enum Spread {
    Exact(Vec<f64>),
    Histogram(Box<LogHist>),
}

impl State {
    fn new(kind: Kind) -> Self {
        let sum = |mean| Self::Sum {
            ints: 0,
            floats: FloatSum::default(),
            any: 0,
            whole: true,
            mean,
        };
        let extreme = |greatest| Self::Extreme {
            greatest,
            number: None,
            text: None,
        };
        match kind {
            Kind::Count => Self::Count(0),
            Kind::CountDistinct => Self::Distinct(Box::default()),
            Kind::Sum => sum(false),
            Kind::Avg => sum(true),
            Kind::Min => extreme(false),
            Kind::Max => extreme(true),
            Kind::Stddev => Self::Stddev {
                count: 0,
                sum: FloatSum::default(),
                squares: SquareSum::default(),
            },
            Kind::Percentile(of) => Self::Percentile {
                of,
                values: Spread::Exact(Vec::new()),
            },
            Kind::Earliest | Kind::Latest => Self::Ordered {
                latest: kind == Kind::Latest,
                best: None,
            },
            Kind::SortsFirst | Kind::SortsLast => Self::Sorted {
                last: kind == Kind::SortsLast,
                best: None,
            },
        }
    }

    /// Adds a row; returns by how many bytes it grew, about.
    fn add<'a>(&mut self, measure: &'a Measure, row: &Row<'a>) -> usize {
        let value = match &measure.of {
            Some(code) => code.value(row),
            None => Value::Flag(true),
        };
        if !value.is_present() {
            return 0;
        }
        match self {
            Self::Count(n) => *n += 1,
            Self::Distinct(set) => {
                let before = set.heap_bytes();
                set.add(hash_of(&value));
                return set.heap_bytes().saturating_sub(before);
            }
            Self::Ordered { .. } => self.take_ordered(row.at(), value),
            Self::Sorted { .. } => self.take_sorted(Rank::of(&value), value),
            Self::Extreme { .. } => self.take_extreme(value),
            _ => {
                if let Some(n) = value.number() {
                    return self.take_number(n);
                }
            }
        }
        0
    }

    fn take_number(&mut self, n: Number) -> usize {
        match self {
            Self::Sum {
                ints,
                floats,
                any,
                whole,
                ..
            } => {
                *any += 1;
                match n {
                    Number::Int(i) => *ints += i128::from(i),
                    Number::Float(x) => {
                        *whole = false;
                        floats.add(x, 1);
                    }
                }
            }
            Self::Stddev {
                count,
                sum,
                squares,
            } => {
                *count += 1;
                sum.add(n.as_f64(), 1);
                squares.add(n.as_f64());
            }
            Self::Percentile { values, .. } => return values.add(n.as_f64()),
            _ => {}
        }
        0
    }

    fn take_ordered(&mut self, at: At, value: Value<'_>) {
        if let Self::Ordered { latest, best } = self {
            let better = best
                .as_ref()
                .is_none_or(|(b, _)| if *latest { at > *b } else { at < *b });
            if better {
                *best = Some((at, value.into_owned()));
            }
        }
    }

    fn take_sorted(&mut self, rank: Rank, value: Value<'_>) {
        if let Self::Sorted { last, best } = self {
            let better = best
                .as_ref()
                .is_none_or(|(b, _)| rank.compare(b, *last).is_lt());
            if better {
                *best = Some((rank, value.into_owned()));
            }
        }
    }

    fn take_extreme(&mut self, value: Value<'_>) {
        let Self::Extreme {
            greatest,
            number,
            text,
        } = self
        else {
            return;
        };
        let wins = |o: Ordering| if *greatest { o.is_gt() } else { o.is_lt() };
        if value.number().is_some() {
            let rank = Rank::of(&value);
            let better = number
                .as_ref()
                .is_none_or(|b| wins(rank.compare(&Rank::of(b), false)));
            if better {
                *number = Some(match value {
                    // How it is written depends on which row came first; what it is does not.
                    Value::Text(t) => {
                        Number::of_text(&t).map_or(Value::Missing, super::functions::of_number)
                    }
                    other => other.into_owned(),
                });
            }
        } else if let Some(t) = value.text() {
            let better = text
                .as_ref()
                .is_none_or(|b| wins(t.as_bytes().cmp(b.as_bytes())));
            if better {
                *text = Some(t.into_owned().into());
            }
        }
    }

    fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Count(a), Self::Count(b)) => *a += b,
            (Self::Distinct(a), Self::Distinct(b)) => a.merge(&b),
            (
                Self::Sum {
                    ints,
                    floats,
                    any,
                    whole,
                    ..
                },
                Self::Sum {
                    ints: i,
                    floats: f,
                    any: n,
                    whole: w,
                    ..
                },
            ) => {
                *ints += i;
                floats.merge(&f);
                *any += n;
                *whole &= w;
            }
            (
                Self::Stddev {
                    count,
                    sum,
                    squares,
                },
                Self::Stddev {
                    count: n,
                    sum: s,
                    squares: q,
                },
            ) => {
                *count += n;
                sum.merge(&s);
                squares.merge(&q);
            }
            (Self::Percentile { values: a, .. }, Self::Percentile { values: b, .. }) => a.merge(b),
            (Self::Ordered { .. }, Self::Ordered { best, .. }) => {
                if let Some((at, value)) = best {
                    self.take_ordered(at, value);
                }
            }
            (Self::Sorted { .. }, Self::Sorted { best, .. }) => {
                if let Some((rank, value)) = best {
                    self.take_sorted(rank, value);
                }
            }
            (Self::Extreme { .. }, Self::Extreme { number, text, .. }) => {
                if let Some(n) = number {
                    self.take_extreme(n);
                }
                if let Some(t) = text {
                    self.take_extreme(Value::Text(t.to_string().into()));
                }
            }
            (a, b) => debug_assert!(false, "{a:?} and {b:?} are of one aggregate"),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "means are doubles")]
    fn value(self) -> Value<'static> {
        match self {
            Self::Count(n) => Value::Int(i64::try_from(n).unwrap_or(i64::MAX)),
            Self::Distinct(set) => Value::Int(i64::try_from(set.count()).unwrap_or(i64::MAX)),
            Self::Sum { any: 0, .. } => Value::Missing,
            Self::Sum {
                ints,
                mut floats,
                any,
                whole,
                mean,
            } => {
                if let (true, false, Ok(sum)) = (whole, mean, i64::try_from(ints)) {
                    return Value::Int(sum);
                }
                floats.add(ints as f64, 1);
                let sum = floats.value();
                if mean {
                    super::functions::whole(sum / any as f64)
                } else {
                    Value::float(sum)
                }
            }
            Self::Extreme { number, text, .. } => number
                .or_else(|| text.map(|t| Value::Text(t.to_string().into())))
                .unwrap_or_default(),
            Self::Stddev { count: 0, .. } => Value::Missing,
            Self::Stddev { count: 1, .. } => Value::Int(0),
            Self::Stddev {
                count,
                sum,
                squares,
            } => {
                let deviations = squares.less_square_over(&sum, count as f64).max(0.0);
                super::functions::whole((deviations / (count - 1) as f64).sqrt())
            }
            Self::Percentile { of, values } => values.percentile(of),
            Self::Ordered { best, .. } => best.map(|(_, v)| v).unwrap_or_default(),
            Self::Sorted { best, .. } => best.map(|(_, v)| v).unwrap_or_default(),
        }
    }
}

/// Values that show alike have one hash, the same in every process: it orders nothing.
fn hash_of(value: &Value<'_>) -> u64 {
    match Key::of(value) {
        Key::Text(t) => xxhash_rust::xxh3::xxh3_64(t.as_bytes()),
        Key::Int(i) => xxhash_rust::xxh3::xxh3_64_with_seed(&i.to_le_bytes(), 1),
        Key::Time(ns) => xxhash_rust::xxh3::xxh3_64_with_seed(&ns.to_le_bytes(), 2),
        Key::Missing => 0,
    }
}

impl Spread {
    fn add(&mut self, x: f64) -> usize {
        match self {
            Self::Exact(list) => {
                list.push(x);
                if list.len() > EXACT_LIMIT {
                    self.make_histogram();
                }
                8
            }
            Self::Histogram(h) => {
                h.add(x, 1, HEATMAP_BITS);
                0
            }
        }
    }

    fn make_histogram(&mut self) {
        if let Self::Exact(list) = self {
            let mut h = Box::new(LogHist::default());
            list.iter().for_each(|x| h.add(*x, 1, HEATMAP_BITS));
            *self = Self::Histogram(h);
        }
    }

    fn merge(&mut self, other: Self) {
        match other {
            Self::Exact(list) => list.into_iter().for_each(|x| {
                self.add(x);
            }),
            Self::Histogram(theirs) => {
                self.make_histogram();
                if let Self::Histogram(ours) = self {
                    ours.merge(&theirs);
                }
            }
        }
    }

    /// By nearest rank: the smallest value that at least that share of the values do not exceed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the share is 0 to 100, and the rank at most the number of values"
    )]
    fn percentile(self, percent: f64) -> Value<'static> {
        match self {
            Self::Exact(mut list) => {
                list.sort_by(f64::total_cmp);
                let rank = (percent / 100.0 * list.len() as f64).ceil() as usize;
                list.get(rank.max(1) - 1)
                    .map_or(Value::Missing, |x| super::functions::whole(*x))
            }
            Self::Histogram(h) => {
                let per_mille = (percent * 10.0).round() as u32;
                h.quantile(per_mille, HEATMAP_BITS, false)
                    .map_or(Value::Missing, super::functions::whole)
            }
        }
    }
}
