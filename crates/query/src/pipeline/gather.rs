//! What is kept of the rows that pass: the first of an order, the first of each key, or groups.

use super::groups::{Groups, Key};
use super::program::{Code, End, Segment, Step};
use super::row::{At, Cells, Kept, Row};
use super::value::{Rank, Value};
use hashbrown::HashMap;
use std::cmp::Ordering;

/// Rows beyond the wanted ones that are held before the surplus is dropped.
const SURPLUS: usize = 1_024;

/// A row's place in an order, and the row.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    ranks: Vec<Rank>,
    kept: Kept,
}

/// An order: keys with their directions; among equals the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Order<'s> {
    keys: Vec<&'s (Code, bool)>,
}

impl<'s> Order<'s> {
    /// The order that the sorts among these steps make: the last counts first.
    pub(super) fn of(steps: &'s [Step]) -> Self {
        let sorts = steps.iter().rev().filter_map(|s| match s {
            Step::Sort(keys) => Some(keys),
            _ => None,
        });
        Self {
            keys: sorts.flatten().collect(),
        }
    }

    fn ranks(&self, row: &Row<'s>) -> Vec<Rank> {
        let keys = self.keys.iter();
        keys.map(|(code, _)| Rank::of(&code.value(row))).collect()
    }

    fn compare(&self, a: (&[Rank], At), b: (&[Rank], At)) -> Ordering {
        let keys = self.keys.iter().zip(a.0.iter().zip(b.0));
        keys.map(|(key, (a, b))| a.compare(b, key.1))
            .find(|o| o.is_ne())
            .unwrap_or_else(|| b.1.cmp(&a.1))
    }

    fn compare_entries(&self, a: &Entry, b: &Entry) -> Ordering {
        self.compare((&a.ranks, a.kept.at), (&b.ranks, b.kept.at))
    }
}

/// What a thread has gathered.
#[derive(Clone, Debug)]
pub(super) enum Gathered {
    First {
        limit: usize,
        entries: Vec<Entry>,
        /// Rows that come after this cannot be among the first.
        bar: Option<(Vec<Rank>, At)>,
        heap_bytes: usize,
    },
    Distinct {
        by_key: HashMap<Box<[Key]>, Entry>,
        /// Rows without a key.
        others: Vec<Entry>,
        heap_bytes: usize,
    },
    Groups(Groups),
}

impl Gathered {
    /// What the first segment has to gather. `limit`: most rows of the answer.
    pub(super) fn new(segment: &Segment, limit: usize) -> Self {
        let first = |limit| Self::First {
            limit,
            entries: Vec::new(),
            bar: None,
            heap_bytes: 0,
        };
        match (segment.steps.get(segment.barrier()), &segment.end) {
            (Some(Step::Limit(n)), _) => first(*n),
            (Some(_), _) => Self::Distinct {
                by_key: HashMap::new(),
                others: Vec::new(),
                heap_bytes: 0,
            },
            (None, End::Groups(grouping)) => Self::Groups(Groups::new(grouping)),
            (None, End::Rows(_)) => first(limit),
        }
    }

    /// Whether rows have to be told apart within one moment.
    pub(super) fn needs_order(&self, segment: &Segment) -> bool {
        match (self, &segment.end) {
            (Self::Groups(_), End::Groups(g)) => g.measures.iter().any(|m| {
                use super::program::Kind;
                matches!(m.kind, Kind::Earliest | Kind::Latest)
            }),
            _ => true,
        }
    }

    /// Adds a row that passed the filters before the barrier.
    pub(super) fn add<'a>(&mut self, segment: &'a Segment, order: &Order<'a>, row: &Row<'a>) {
        match self {
            Self::Groups(groups) => {
                if let End::Groups(grouping) = &segment.end {
                    groups.add(grouping, row);
                }
            }
            Self::First { limit: 0, .. } => {}
            Self::First { bar, .. } => {
                let ranks = order.ranks(row);
                let behind = bar
                    .as_ref()
                    .is_some_and(|(b, at)| order.compare((&ranks, row.at()), (b, *at)).is_ge());
                if !behind {
                    let kept = row.keep();
                    self.push(order, Entry { ranks, kept });
                }
            }
            Self::Distinct { by_key, .. } => {
                let Some(Step::Dedup(codes)) = segment.steps.get(segment.barrier()) else {
                    return;
                };
                let keys: Box<[Key]> = codes.iter().map(|c| Key::of(&c.value(row))).collect();
                let ranks = order.ranks(row);
                let later = by_key.get(&keys).is_some_and(|old| {
                    order
                        .compare((&ranks, row.at()), (&old.ranks, old.kept.at))
                        .is_ge()
                });
                if !later {
                    let kept = row.keep();
                    self.put(order, keys, Entry { ranks, kept });
                }
            }
        }
    }

    fn push(&mut self, order: &Order<'_>, entry: Entry) {
        let Self::First {
            limit,
            entries,
            bar,
            heap_bytes,
        } = self
        else {
            return;
        };
        *heap_bytes += size_of_entry(&entry);
        entries.push(entry);
        if entries.len() >= *limit + SURPLUS.max(*limit / 4) {
            entries.sort_by(|a, b| order.compare_entries(a, b));
            entries.truncate(*limit);
            *bar = entries.last().map(|e| (e.ranks.clone(), e.kept.at));
            *heap_bytes = entries.iter().map(size_of_entry).sum();
        }
    }

    fn put(&mut self, order: &Order<'_>, keys: Box<[Key]>, entry: Entry) {
        let Self::Distinct {
            by_key,
            others,
            heap_bytes,
        } = self
        else {
            return;
        };
        *heap_bytes += size_of_entry(&entry) + keys.len() * size_of::<Key>();
        if keys.contains(&Key::Missing) {
            others.push(entry);
            return;
        }
        match by_key.get_mut(&keys) {
            Some(old) if order.compare_entries(&entry, old).is_lt() => *old = entry,
            Some(_) => {}
            None => {
                by_key.insert(keys, entry);
            }
        }
    }

    /// Adds what another thread gathered.
    pub(super) fn merge(&mut self, order: &Order<'_>, other: Self) {
        match other {
            Self::Groups(theirs) => {
                if let Self::Groups(ours) = self {
                    ours.merge(theirs);
                }
            }
            Self::First { entries, .. } => {
                entries.into_iter().for_each(|e| self.push(order, e));
            }
            Self::Distinct { by_key, others, .. } => {
                by_key
                    .into_iter()
                    .for_each(|(keys, e)| self.put(order, keys, e));
                if let Self::Distinct {
                    others: ours,
                    heap_bytes,
                    ..
                } = self
                {
                    *heap_bytes += others.iter().map(size_of_entry).sum::<usize>();
                    ours.extend(others);
                }
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::First { heap_bytes, .. } | Self::Distinct { heap_bytes, .. } => *heap_bytes,
            Self::Groups(g) => g.heap_bytes(),
        }
    }

    /// Runs the rest of the segment; returns the rows of its end.
    pub(super) fn finish<'a>(
        self,
        segment: &'a Segment,
        order: &Order<'a>,
        now: i64,
    ) -> Vec<Vec<Value<'static>>> {
        let mut entries = match self {
            Self::Groups(groups) => return groups.rows(),
            Self::First { limit, entries, .. } => {
                let mut entries = entries;
                entries.sort_by(|a, b| order.compare_entries(a, b));
                entries.truncate(limit);
                entries
            }
            Self::Distinct { by_key, others, .. } => {
                let mut entries: Vec<Entry> = by_key.into_values().chain(others).collect();
                entries.sort_by(|a, b| order.compare_entries(a, b));
                entries
            }
        };
        let kept = entries.drain(..).map(|e| e.kept).collect();
        let after = (segment.barrier() + 1).min(segment.steps.len());
        settle(segment, &segment.steps[after..], kept, now)
    }
}

fn size_of_entry(entry: &Entry) -> usize {
    let ranks: usize = entry.ranks.iter().map(Rank::heap_bytes).sum();
    let bases: usize = entry.kept.bases.iter().map(Value::heap_bytes).sum();
    ranks
        + bases
        + entry.ranks.len() * size_of::<Rank>()
        + entry.kept.bases.len() * size_of::<Value<'_>>()
        + size_of::<Entry>()
}

/// Runs steps over rows that are held, in order, and makes the rows of the segment's end.
pub(super) fn settle(
    segment: &Segment,
    steps: &[Step],
    mut rows: Vec<Kept>,
    now: i64,
) -> Vec<Vec<Value<'static>>> {
    for step in steps {
        match step {
            Step::Filter(code) => rows.retain(|r| code.holds(&row(segment, r, now))),
            Step::Limit(n) => rows.truncate(*n),
            Step::Sort(keys) => {
                let ranked = rows.into_iter().map(|r| {
                    let view = row(segment, &r, now);
                    let ranks: Vec<Rank> =
                        keys.iter().map(|k| Rank::of(&k.0.value(&view))).collect();
                    drop(view);
                    (ranks, r)
                });
                let mut ranked: Vec<_> = ranked.collect();
                ranked.sort_by(|(a, _), (b, _)| {
                    let each = keys.iter().zip(a.iter().zip(b));
                    each.map(|(key, (a, b))| a.compare(b, key.1))
                        .fold(Ordering::Equal, Ordering::then)
                });
                rows = ranked.into_iter().map(|(_, r)| r).collect();
            }
            Step::Dedup(codes) => {
                let mut seen = hashbrown::HashSet::new();
                rows.retain(|r| {
                    let view = row(segment, r, now);
                    let keys: Vec<Key> = codes.iter().map(|c| Key::of(&c.value(&view))).collect();
                    keys.contains(&Key::Missing) || seen.insert(keys)
                });
            }
        }
    }
    match &segment.end {
        End::Groups(grouping) => {
            let mut groups = Groups::new(grouping);
            rows.iter()
                .for_each(|r| groups.add(grouping, &row(segment, r, now)));
            groups.rows()
        }
        End::Rows(columns) => rows
            .iter()
            .map(|r| {
                let view = row(segment, r, now);
                columns
                    .iter()
                    .map(|(_, code)| code.value(&view).into_owned())
                    .collect()
            })
            .collect(),
    }
}

fn row<'a>(segment: &'a Segment, kept: &'a Kept, now: i64) -> Row<'a> {
    Row::new(segment, Cells::Kept(kept), now)
}
