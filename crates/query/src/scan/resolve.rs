//! Resolves an ask over the snapshots: which sources each field has, and which units have rows.

use super::guard::{Guard, Known, Places};
use super::{
    Ask, Counters, Extent, Field, Output, Reading, Scan, Table, Unit, batch, buffer, part,
};
use crate::Error;
use crate::fields::{self, Source, View};
use crate::notions::{Notion, Spelling};
use crate::predicate::Predicate;
use event::{Fixed, Type};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;
use store::part::{Part, Placement};
use store::snapshot::BufferedBatch;
use store::{FieldStat, Snapshot};

/// Sources under construction: each once.
#[derive(Default)]
struct Sources {
    list: Vec<Source>,
    index: HashMap<Source, usize>,
}

impl Sources {
    fn add(&mut self, source: Source) -> usize {
        if let Some(i) = self.index.get(&source) {
            return *i;
        }
        self.list.push(source.clone());
        self.index.insert(source, self.list.len() - 1);
        self.list.len() - 1
    }
}

struct LivePart<'a> {
    part: &'a Arc<Part>,
    guard: Guard,
}

struct LiveBatch<'a> {
    batch: &'a Arc<BufferedBatch>,
    guard: Guard,
}

pub(super) fn scan(tables: &[Table], mut ask: Ask, known: &[FieldStat]) -> Result<Scan, Error> {
    if let Some(visible) = tables.iter().find_map(|t| t.visible.as_deref()) {
        ask.filter = Predicate::All(vec![ask.filter, visible.clone()]);
    }
    let mut counters = Counters::default();
    let (mut parts, mut batches) = (Vec::new(), Vec::new());
    for table in tables {
        live_parts(&ask, &table.snapshot, &mut parts, &mut counters);
        live_batches(&ask, &table.snapshot, &mut batches);
    }
    let mut sources = Sources::default();
    let mut fields: HashMap<String, Field> = HashMap::new();
    let mut unknown = Vec::new();
    for name in names(&ask) {
        if let Some(notion) = Notion::of_field(&name) {
            let types = |name: &str| types_of(name, tables, known);
            fields.insert(name, resolve_notion(notion, types, &mut sources));
            continue;
        }
        let types = types_of(&name, tables, known);
        let view = fields::fixed_view(&name, ask.usage_mode);
        if types.is_empty() && view.is_none() && !known.iter().any(|k| *k.key == *name) {
            unknown.push(name.clone());
        }
        fields.insert(name.clone(), resolve(&name, &types, view, &mut sources));
    }
    for fixed in Fixed::ALL {
        if batch::needs(&ask, fixed)
            || parts.iter().any(|p| p.guard.needs().contains(&fixed))
            || batches.iter().any(|b| b.guard.needs().contains(&fixed))
        {
            sources.add(Source::Fixed(fixed));
        }
    }
    for output in &ask.outputs {
        match output {
            Output::Attr(key, ty) => {
                sources.add(Source::Attr(Arc::clone(key), *ty));
            }
            Output::Overflow(n) => {
                sources.add(Source::Overflow(*n));
            }
            _ => {}
        }
    }
    let place = |f: Fixed| {
        let i = sources.index.get(&Source::Fixed(f)).copied();
        i.unwrap_or(usize::MAX)
    };
    let places = Places {
        ts: place(Fixed::Ts),
        dataset: place(Fixed::Dataset),
        ingest_ts: place(Fixed::IngestTs),
    };
    let dictionary = dictionaries(&ask, &fields, &sources.list);
    let mut scan = Scan {
        ask,
        sources: sources.list,
        dictionary,
        fields,
        units: Vec::new(),
        extents: Vec::new(),
        index: sources.index,
        unknown,
        counters,
    };
    let mut units: Vec<(Extent, Unit)> = Vec::new();
    batches.sort_by_key(|b| std::cmp::Reverse(b.batch.ts_range.1));
    let live: Vec<(Arc<BufferedBatch>, Guard)> = batches
        .into_iter()
        .map(|b| {
            let mut guard = b.guard;
            guard.places = places;
            (Arc::clone(b.batch), guard)
        })
        .collect();
    for (extent, unit) in buffer::units(live) {
        units.push((extent, Unit::Buffer(unit)));
    }
    for p in parts {
        let mut guard = p.guard;
        guard.places = places;
        for (extent, unit) in part::units(&scan, p.part, &guard)? {
            units.push((extent, Unit::Part(unit)));
        }
    }
    units.sort_by_key(|(extent, _)| std::cmp::Reverse(extent.newest));
    scan.extents = units.iter().map(|(extent, _)| *extent).collect();
    scan.units = units.into_iter().map(|(_, u)| u).collect();
    Ok(scan)
}

fn live_parts<'a>(
    ask: &Ask,
    snapshot: &'a Snapshot,
    out: &mut Vec<LivePart<'a>>,
    counters: &mut Counters,
) {
    for part in &snapshot.parts {
        if part.ts_max < ask.range.0 || part.ts_min >= ask.range.1 {
            continue;
        }
        counters.parts_total += 1;
        counters.bytes_total += part.bytes;
        let known = Known {
            ts: (part.ts_min, part.ts_max),
            datasets: part.datasets.as_deref(),
        };
        let may_have = ask
            .dataset
            .as_deref()
            .is_none_or(|d| part.may_have_dataset(d));
        match Guard::of(ask, snapshot, &known).filter(|_| may_have) {
            Some(guard) => out.push(LivePart { part, guard }),
            None => *counters.parts_skipped.get_mut() += 1,
        }
    }
}

fn live_batches<'a>(ask: &Ask, snapshot: &'a Snapshot, out: &mut Vec<LiveBatch<'a>>) {
    for batch in &snapshot.batches {
        let datasets: Vec<String> = batch
            .batch
            .datasets()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let known = Known {
            ts: batch.ts_range,
            datasets: Some(&datasets),
        };
        if let Some(guard) = Guard::of(ask, snapshot, &known) {
            out.push(LiveBatch { batch, guard });
        }
    }
}

/// Every field the ask names, once.
fn names(ask: &Ask) -> Vec<String> {
    let (mut seen, mut out) = (HashSet::new(), Vec::new());
    let mut add = |name: &str| {
        if seen.insert(name.to_owned()) {
            out.push(name.to_owned());
        }
    };
    ask.filter.for_each_field(&mut |n| add(n));
    for o in &ask.outputs {
        match o {
            Output::Value(n) | Output::Number(n) | Output::Present(n) => add(n),
            Output::Test(p) => p.for_each_field(&mut |n| add(n)),
            Output::Ts
            | Output::Weight
            | Output::Fixed(_)
            | Output::Attr(..)
            | Output::Overflow(_) => {}
        }
    }
    out
}

/// The types in which the snapshot has the attribute: all of its rows, not only those that can pass,
/// so that how an answer is typed does not hang on which rows lie together in a part or a batch.
fn types_of(name: &str, tables: &[Table], known: &[FieldStat]) -> Vec<Type> {
    let seen: HashSet<Type> = known
        .iter()
        .filter(|k| *k.key == *name)
        .flat_map(|k| k.types.iter().copied())
        .collect();
    let has = |ty: Type| {
        tables.iter().map(|t| &t.snapshot).any(|snapshot| {
            snapshot
                .batches
                .iter()
                .any(|b| b.batch.attr(name, ty).is_some())
                || snapshot.parts.iter().any(|p| match p.placement(name, ty) {
                    Placement::Column => true,
                    // A Bloom filter may be wrong; a type never seen for a known key is not there.
                    Placement::Overflow(_) => seen.is_empty() || seen.contains(&ty),
                    Placement::Absent => false,
                })
        })
    };
    Type::ALL.into_iter().filter(|ty| has(*ty)).collect()
}

fn resolve(
    name: &str,
    types: &[Type],
    view: Option<(Fixed, View)>,
    sources: &mut Sources,
) -> Field {
    let key: Arc<str> = name.into();
    let attr = |ty: &Type| Source::Attr(Arc::clone(&key), *ty);
    let mut siblings: Vec<Reading> = types
        .iter()
        .map(|ty| Reading::Stored(sources.add(attr(ty)), None))
        .collect();
    let mut shown: Vec<Type> = types.to_vec();
    if let Some((fixed, view)) = view {
        siblings.push(Reading::Stored(
            sources.add(Source::Fixed(fixed)),
            Some(view),
        ));
        shown.push(view.ty());
    }
    Field {
        siblings,
        ty: type_over(&shown),
    }
}

/// The type a field shows that is read from columns of these types.
fn type_over(shown: &[Type]) -> Type {
    match shown {
        [] => Type::Str,
        [first, rest @ ..] if rest.iter().all(|t| t == first) => *first,
        all if all.iter().all(|t| matches!(t, Type::Int | Type::Float)) => Type::Float,
        _ => Type::Str,
    }
}

/// A notion reads the columns of its spellings, one spelling after the other.
fn resolve_notion(
    notion: Notion,
    types: impl Fn(&str) -> Vec<Type>,
    sources: &mut Sources,
) -> Field {
    let (mut siblings, mut shown) = (Vec::new(), Vec::new());
    let columns = |name: &str, sources: &mut Sources| -> Vec<(usize, Type)> {
        let key: Arc<str> = name.into();
        let types = types(name).into_iter();
        types
            .map(|ty| (sources.add(Source::Attr(Arc::clone(&key), ty)), ty))
            .collect()
    };
    for spelling in notion.spellings() {
        match spelling {
            Spelling::Field(name) => {
                for (source, ty) in columns(name, sources) {
                    siblings.push(Reading::Stored(source, None));
                    shown.push(ty);
                }
            }
            Spelling::Made(made, parts) => {
                let parts: Vec<Vec<usize>> = parts
                    .iter()
                    .map(|names| {
                        let list = names.iter().flat_map(|name| columns(name, sources));
                        list.map(|(source, _)| source).collect()
                    })
                    .collect();
                if parts.iter().any(|p| !p.is_empty()) {
                    siblings.push(Reading::Made(*made, parts));
                    shown.push(Type::Str);
                }
            }
        }
    }
    Field {
        siblings,
        ty: type_over(&shown),
    }
}

/// Text that is put out keeps the file's dictionary codes: groups are then found once per entry.
fn dictionaries(ask: &Ask, fields: &HashMap<String, Field>, sources: &[Source]) -> Vec<bool> {
    let mut out = vec![false; sources.len()];
    for o in &ask.outputs {
        if let Output::Value(n) = o
            && let Some(field) = fields.get(n)
        {
            for source in field.siblings.iter().flat_map(Reading::sources) {
                out[source] = matches!(
                    &sources[source],
                    Source::Attr(_, Type::Str)
                        | Source::Fixed(
                            Fixed::Dataset
                                | Fixed::Service
                                | Fixed::Name
                                | Fixed::Kind
                                | Fixed::Status
                        )
                );
            }
        }
    }
    out
}

/// Whether the predicate narrows the rows enough for the reader to apply it while decoding.
pub(super) fn is_narrow(predicate: &Predicate) -> bool {
    use crate::predicate::Condition;
    match predicate {
        Predicate::All(list) => list.iter().any(is_narrow),
        Predicate::Any(list) => !list.is_empty() && list.iter().all(is_narrow),
        Predicate::Test(t) => !t.negated && matches!(t.condition, Condition::Among(_)),
    }
}
