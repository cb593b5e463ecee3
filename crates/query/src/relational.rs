//! Relational fields: conditions and groups on other spans of the same trace (honeycomb.md §5).
//!
//! `root.` is the trace's root, `parent.` the direct parent, `child.` a direct child, `any.`
//! `any2.` `any3.` each one span of the trace, `none.` excludes traces. All conditions with one
//! prefix hold for the *same* span; a span that does not exist passes nothing. Of several spans that
//! pass, the first in time is bound, and before it those that have the fields grouped by.
//!
//! For a slice of time the related spans are read first, [`MARGIN_NS`] beyond it on each side, and
//! kept as a map from a keyed 64-bit hash of trace id, or of trace and span id. Then each target row
//! looks itself up.

use crate::Error;
use crate::predicate::Predicate;
use crate::run::Control;
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::spec::{Combination, Filter, FilterOp, Query};
use crate::values;
use ahash::RandomState;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use event::{Fixed, TableKind, Type};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;
use store::FieldStat;

/// How far beyond a slice related spans are sought (storage.md §5).
pub(crate) const MARGIN_NS: i64 = 900 * 1_000_000_000;

/// Which span a prefix stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Root,
    Parent,
    Child,
    Any,
    None,
}

const PREFIXES: &[(&str, Kind)] = &[
    ("root.", Kind::Root),
    ("parent.", Kind::Parent),
    ("child.", Kind::Child),
    ("any.", Kind::Any),
    ("any2.", Kind::Any),
    ("any3.", Kind::Any),
    ("none.", Kind::None),
];

/// The prefix of a relational name and the field behind it.
fn prefix_of(name: &str) -> Option<(&'static str, Kind, &str)> {
    PREFIXES.iter().find_map(|(prefix, kind)| {
        let field = name.strip_prefix(prefix)?;
        (!field.is_empty()).then_some((*prefix, *kind, field))
    })
}

/// Whether a name is relational.
pub(crate) fn is_relational(name: &str) -> bool {
    prefix_of(name).is_some()
}

/// What is asked of the span of one prefix.
#[derive(Clone, Debug)]
struct Relation {
    prefix: &'static str,
    kind: Kind,
    filters: Vec<Filter>,
    /// Fields grouped by.
    fields: Vec<String>,
    /// Their types, once resolved; text until then.
    types: Vec<Type>,
}

/// The relational part of a question.
#[derive(Clone, Debug)]
pub(crate) struct Relations {
    list: Vec<Relation>,
    /// By breakdown of the question: the relation and its field, for relational ones.
    breakdowns: Vec<Option<(usize, usize)>>,
}

impl Relations {
    /// Takes the relational filters out of a question; `None` when it has nothing relational.
    /// What is left is about the target rows alone; its breakdowns stay as they were.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `none.` in a breakdown, [`Error::Unsupported`] for a relational field
    /// in a calculation.
    pub(crate) fn split(query: &Query) -> Result<(Query, Option<Self>), Error> {
        for c in &query.calculations {
            let inside = c.filters.iter().map(|f| &f.column);
            if let Some(name) = c.column.iter().chain(inside).find(|n| is_relational(n)) {
                return Err(Error::Unsupported(format!(
                    "the relational field {name} in a calculation"
                )));
            }
        }
        let mut list: Vec<Relation> = Vec::new();
        let mut plain = query.clone();
        plain.filters.clear();
        for filter in &query.filters {
            match prefix_of(&filter.column) {
                None => plain.filters.push(filter.clone()),
                Some((prefix, kind, field)) => {
                    let i = place(&mut list, prefix, kind);
                    list[i].filters.push(Filter {
                        column: field.to_owned(),
                        ..filter.clone()
                    });
                }
            }
        }
        if !list.is_empty() {
            plain.filter_combination = Combination::And;
        }
        let mut breakdowns = Vec::new();
        for name in &query.breakdowns {
            let Some((prefix, kind, field)) = prefix_of(name) else {
                breakdowns.push(None);
                continue;
            };
            if kind == Kind::None {
                return Err(Error::Invalid(format!(
                    "{name} names no span, so nothing can be grouped by it"
                )));
            }
            let i = place(&mut list, prefix, kind);
            let fields = &mut list[i].fields;
            let at = fields.iter().position(|f| f == field).unwrap_or_else(|| {
                fields.push(field.to_owned());
                fields.len() - 1
            });
            let many = list[i].fields.len();
            list[i].types.resize(many, Type::Str);
            breakdowns.push(Some((i, at)));
        }
        if list.is_empty() {
            return Ok((query.clone(), None));
        }
        Ok((plain, Some(Self { list, breakdowns })))
    }

    /// The columns a scan of target rows has to carry for [`Related::apply`], in this order.
    pub(crate) fn outputs() -> [Output; 3] {
        [
            Output::Fixed(Fixed::TraceId),
            Output::Fixed(Fixed::SpanId),
            Output::Fixed(Fixed::ParentId),
        ]
    }

    /// Fixes the type of each field grouped by, over all slices of a range, and returns those of
    /// the question's breakdowns; none for one that is not relational.
    ///
    /// # Errors
    /// [`Error::Internal`] when a part cannot be read.
    pub(crate) fn resolve(
        &mut self,
        tables: &[Table],
        range: (i64, i64),
        known: &[FieldStat],
    ) -> Result<Vec<Option<Type>>, Error> {
        let spans = spans(tables);
        for relation in &mut self.list {
            if relation.fields.is_empty() {
                continue;
            }
            let scan = Scan::new(&spans, relation.ask(widen(range))?, known)?;
            let types = relation.fields.iter().map(|f| scan.value_type(f));
            relation.types = types.collect();
        }
        let list = &self.list;
        let ty = |(r, f): &(usize, usize)| list[*r].types[*f];
        let types = self.breakdowns.iter().map(|b| b.as_ref().map(ty));
        Ok(types.collect())
    }

    /// Reads the spans related to the rows of a slice. `tables`: those of the environment.
    ///
    /// # Errors
    /// As [`Scan::read`]; [`Error::LimitExceeded`] when time runs out: half of the related spans
    /// would give wrong rows.
    pub(crate) async fn read(
        &self,
        tables: &[Table],
        range: (i64, i64),
        known: &[FieldStat],
        control: &Control,
    ) -> Result<Related, Error> {
        let spans = spans(tables);
        let range = widen(range);
        let hasher = RandomState::new();
        let mut related = Related {
            relations: self.clone(),
            hasher,
            bound: Vec::new(),
            long_trace: false,
        };
        for relation in &self.list {
            let scan = Scan::new(&spans, relation.ask(range)?, known)?;
            let mut bound = Bound::new(relation);
            let (hasher, long) = (&related.hasher, &mut related.long_trace);
            let mut each = |batch: Batch| {
                if !control.goes_on()? {
                    return Err(Error::LimitExceeded(format!(
                        "the spans that {:?} asks for could not be read in time; narrow the range",
                        relation.prefix
                    )));
                }
                bound.add(relation, hasher, &batch, long).map(|()| true)
            };
            for unit in 0..scan.units() {
                scan.read(unit, &mut each).await?;
            }
            bound.finish()?;
            related.bound.push(bound);
        }
        Ok(related)
    }
}

fn spans(tables: &[Table]) -> Vec<Table> {
    let spans = tables.iter().filter(|t| t.kind == TableKind::Spans);
    spans.cloned().collect()
}

fn widen(range: (i64, i64)) -> (i64, i64) {
    (
        range.0.saturating_sub(MARGIN_NS),
        range.1.saturating_add(MARGIN_NS),
    )
}

/// The relation of a prefix, made when it is new.
fn place(list: &mut Vec<Relation>, prefix: &'static str, kind: Kind) -> usize {
    list.iter()
        .position(|r| r.prefix == prefix)
        .unwrap_or_else(|| {
            list.push(Relation {
                prefix,
                kind,
                filters: Vec::new(),
                fields: Vec::new(),
                types: Vec::new(),
            });
            list.len() - 1
        })
}

impl Relation {
    /// The scan of the spans this relation may bind.
    fn ask(&self, range: (i64, i64)) -> Result<Ask, Error> {
        let is = |column: &str, op| Filter {
            column: column.to_owned(),
            op,
            value: None,
        };
        let mut filters = self.filters.clone();
        filters.push(is(
            event::field::META_ANNOTATION_TYPE,
            FilterOp::DoesNotExist,
        ));
        filters.push(is("trace.trace_id", FilterOp::Exists));
        filters.push(is("trace.span_id", FilterOp::Exists));
        match self.kind {
            Kind::Root => filters.push(is("trace.parent_id", FilterOp::DoesNotExist)),
            Kind::Child => filters.push(is("trace.parent_id", FilterOp::Exists)),
            Kind::Parent | Kind::Any | Kind::None => {}
        }
        let mut outputs: Vec<Output> = Relations::outputs().to_vec();
        outputs.push(Output::Ts);
        outputs.push(Output::Fixed(Fixed::DurationNs));
        outputs.extend(self.fields.iter().cloned().map(Output::Value));
        Ok(Ask {
            range,
            dataset: None,
            filter: Predicate::of_filters(&filters, Combination::And)?,
            outputs,
            usage_mode: false,
            push_down: false,
        })
    }
}

/// The three id columns of a batch.
struct Ids<'a> {
    trace: Option<&'a FixedSizeBinaryArray>,
    span: Option<&'a FixedSizeBinaryArray>,
    parent: Option<&'a FixedSizeBinaryArray>,
}

impl<'a> Ids<'a> {
    fn of(columns: &'a [ArrayRef]) -> Self {
        let at = |i: usize| columns.get(i).and_then(|a| a.as_fixed_size_binary_opt());
        Self {
            trace: at(0),
            span: at(1),
            parent: at(2),
        }
    }

    /// The hash of the trace, with the second id where one is wanted; `None` where an id is missing.
    fn key(
        &self,
        hasher: &RandomState,
        second: Option<Option<&FixedSizeBinaryArray>>,
        row: usize,
    ) -> Option<u64> {
        let trace = self.trace.filter(|a| a.is_valid(row))?.value(row);
        match second {
            None => Some(hasher.hash_one(trace)),
            Some(ids) => {
                let id = ids.filter(|a| a.is_valid(row))?.value(row);
                Some(hasher.hash_one((trace, id)))
            }
        }
    }

    /// The key under which a related span is found.
    fn of_related(&self, kind: Kind, hasher: &RandomState, row: usize) -> Option<u64> {
        match kind {
            Kind::Root | Kind::Any | Kind::None => self.key(hasher, None, row),
            Kind::Parent => self.key(hasher, Some(self.span), row),
            Kind::Child => self.key(hasher, Some(self.parent), row),
        }
    }

    /// The key under which a target row looks.
    fn of_target(&self, kind: Kind, hasher: &RandomState, row: usize) -> Option<u64> {
        match kind {
            Kind::Root | Kind::Any | Kind::None => self.key(hasher, None, row),
            Kind::Parent => self.key(hasher, Some(self.parent), row),
            Kind::Child => self.key(hasher, Some(self.span), row),
        }
    }
}

/// Where a bound span stands among those that pass: one that has the fields, then the first.
type Rank = (bool, i64, u64);

/// The spans one relation binds.
#[derive(Debug)]
struct Bound {
    /// Keys of spans that pass, when no field is asked of them.
    keys: HashSet<u64>,
    /// Else: key → rank, place in `values`.
    best: HashMap<u64, (Rank, u32)>,
    /// By field: pieces while reading, then one array.
    values: Vec<Vec<ArrayRef>>,
    rows: u32,
}

impl Bound {
    fn new(relation: &Relation) -> Self {
        let empty = |ty: &Type| {
            let ty = event::field::attribute_data_type(*ty);
            vec![arrow_array::new_empty_array(&ty)]
        };
        Self {
            keys: HashSet::new(),
            best: HashMap::new(),
            values: relation.types.iter().map(empty).collect(),
            rows: 0,
        }
    }

    fn add(
        &mut self,
        relation: &Relation,
        hasher: &RandomState,
        batch: &Batch,
        long: &mut bool,
    ) -> Result<(), Error> {
        let ids = Ids::of(&batch.columns);
        if let Some(d) = batch.columns[4].as_primitive_opt::<Int64Type>() {
            *long |= d.iter().flatten().any(|ns| ns > MARGIN_NS);
        }
        if relation.fields.is_empty() {
            let keys = (0..batch.rows).filter_map(|r| ids.of_related(relation.kind, hasher, r));
            self.keys.extend(keys);
            return Ok(());
        }
        let ts = batch.columns[3].as_primitive::<Int64Type>();
        let fields = &batch.columns[5..];
        let mut taken: Vec<u32> = Vec::new();
        for row in 0..batch.rows {
            let Some(key) = ids.of_related(relation.kind, hasher, row) else {
                continue;
            };
            let lacks = fields.iter().any(|f| f.is_null(row));
            let span = ids
                .span
                .filter(|a| a.is_valid(row))
                .map_or(0, |a| a.value(row).try_into().map_or(0, u64::from_be_bytes));
            let rank = (lacks, ts.value(row), span);
            if self.best.get(&key).is_some_and(|(old, _)| *old <= rank) {
                continue;
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a slice has far fewer rows"
            )]
            let place = self.rows + taken.len() as u32;
            #[expect(clippy::cast_possible_truncation, reason = "a batch is small")]
            taken.push(row as u32);
            self.best.insert(key, (rank, place));
        }
        if taken.is_empty() {
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a slice has far fewer rows"
        )]
        let count = taken.len() as u32;
        self.rows += count;
        let taken = UInt32Array::from(taken);
        for ((pieces, field), ty) in self.values.iter_mut().zip(fields).zip(&relation.types) {
            let piece = arrow_select::take::take(field, &taken, None).map_err(internal)?;
            pieces.push(plain(&piece, *ty)?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        for pieces in &mut self.values {
            let arrays: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            *pieces = vec![arrow_select::concat::concat(&arrays).map_err(internal)?];
        }
        Ok(())
    }
}

/// The values in the type the field has over the whole range; text as views.
fn plain(array: &ArrayRef, ty: Type) -> Result<ArrayRef, Error> {
    match ty {
        Type::Str => {
            let text = values::to_text(array);
            arrow_cast::cast(&text, &DataType::Utf8View).map_err(internal)
        }
        Type::Float => Ok(Arc::new(values::to_float(array))),
        Type::Int | Type::Bool if values::type_of(array) == ty => Ok(Arc::clone(array)),
        // No span of this slice has the field.
        Type::Int | Type::Bool => Ok(arrow_array::new_null_array(
            &event::field::attribute_data_type(ty),
            array.len(),
        )),
    }
}

/// The spans related to the rows of one slice.
#[derive(Debug)]
pub(crate) struct Related {
    relations: Relations,
    hasher: RandomState,
    /// By relation.
    bound: Vec<Bound>,
    /// A span is longer than the margin.
    long_trace: bool,
}

/// What the relations say of a batch of target rows.
pub(crate) struct Applied {
    /// Rows that pass; `None`: all.
    pub(crate) keep: Option<BooleanBuffer>,
    /// By breakdown: the column of a relational one.
    pub(crate) columns: Vec<Option<ArrayRef>>,
}

impl Related {
    /// Looks up the rows of a batch; `ids` are the columns of [`Relations::outputs`].
    ///
    /// # Errors
    /// [`Error::Internal`] when a column cannot be taken from: a bug.
    pub(crate) fn apply(&self, ids: &[ArrayRef], rows: usize) -> Result<Applied, Error> {
        let ids = Ids::of(ids);
        let mut keep: Option<BooleanBuffer> = None;
        let mut places: Vec<Option<UInt32Array>> = Vec::new();
        for (relation, bound) in self.relations.list.iter().zip(&self.bound) {
            let key = |row| ids.of_target(relation.kind, &self.hasher, row);
            let found: BooleanBuffer = if relation.fields.is_empty() {
                places.push(None);
                BooleanBuffer::collect_bool(rows, |r| {
                    key(r).is_some_and(|k| bound.keys.contains(&k))
                })
            } else {
                let at: UInt32Array = (0..rows)
                    .map(|r| key(r).and_then(|k| bound.best.get(&k)).map(|(_, i)| *i))
                    .collect();
                let found = BooleanBuffer::collect_bool(rows, |r| at.is_valid(r));
                places.push(Some(at));
                found
            };
            if relation.filters.is_empty() {
                continue;
            }
            let holds = if relation.kind == Kind::None {
                !&found
            } else {
                found
            };
            keep = Some(keep.map_or_else(|| holds.clone(), |k| &k & &holds));
        }
        let columns = self
            .relations
            .breakdowns
            .iter()
            .map(|b| {
                let Some((relation, field)) = b else {
                    return Ok(None);
                };
                let Some(at) = &places[*relation] else {
                    return Ok(Some(values::null_text(rows)));
                };
                let of = &self.bound[*relation].values[*field][0];
                arrow_select::take::take(of, at, None)
                    .map(Some)
                    .map_err(internal)
            })
            .collect::<Result<_, _>>()?;
        Ok(Applied { keep, columns })
    }

    /// The batch with rows that pass alone, and the columns of relational breakdowns in place of
    /// what stood at `keys`. `ids`: places of the columns of [`Relations::outputs`].
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub(crate) fn relate(
        &self,
        mut batch: Batch,
        ids: [usize; 3],
        keys: &[usize],
    ) -> Result<Batch, Error> {
        let ids = ids.map(|i| Arc::clone(&batch.columns[i]));
        let applied = self.apply(&ids, batch.rows)?;
        for (column, at) in applied.columns.into_iter().zip(keys) {
            if let Some(column) = column {
                batch.columns[*at] = column;
            }
        }
        let Some(keep) = applied.keep else {
            return Ok(batch);
        };
        let keep = BooleanArray::new(keep, None);
        let rows = batch.rows;
        // A weight of all rows alike is one value.
        for column in batch.columns.iter_mut().filter(|c| c.len() == rows) {
            *column = arrow_select::filter::filter(column, &keep).map_err(internal)?;
        }
        batch.rows = keep.true_count();
        batch.kept = None;
        Ok(batch)
    }

    /// What the reader should know.
    pub(crate) fn notice(&self) -> Option<String> {
        self.long_trace.then(|| {
            "a span here is longer than 15 minutes: spans of its trace further than that from the \
             rows asked for may not have been looked at"
                .to_owned()
        })
    }
}

fn internal(e: impl std::fmt::Display) -> Error {
    Error::Internal(e.to_string())
}

#[cfg(test)]
mod tests;
