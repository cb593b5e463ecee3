//! Reads the rows of a question once for many fields, and counts both sides.

use super::rank::{Counted, is_known_id, rank};
use super::tally::{Count, Side, Tally, scaled};
use super::{BubbleUp, Facets, Selection};
use crate::answer::Cell;
use crate::fields::VISIBLE;
use crate::predicate::Predicate;
use crate::relational::{Related, Relations, is_relational};
use crate::run::{Control, Pool};
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::spec::{Combination, Filter, FilterOp, Query};
use crate::whole::add_stats;
use crate::{Error, Scope, range, values};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use hashbrown::HashMap;
use std::sync::Arc;
use store::FieldStat;

/// Fields counted in one pass over the rows (storage.md §5.1).
const FIELDS_PER_PASS: usize = 200;
/// Fields looked at in all, best filled first: five passes.
const FIELDS_LIMIT: usize = 1_000;
/// Fields returned when the question does not say.
const FIELDS_RETURNED: usize = 20;
/// Rows above which a stable sample of them is counted (honeycomb.md §7).
pub(super) const SAMPLE_ROWS: u64 = 2_000_000;

/// How a row is known to be selected.
#[derive(Clone, Debug)]
enum Chosen {
    /// All are.
    All,
    /// Its time and number lie in a box.
    Box {
        time: (i64, i64),
        value: (f64, f64),
        /// The column with the number.
        number: usize,
    },
    /// All of these columns hold, and the relational ones equal these texts.
    Group {
        tests: Vec<usize>,
        /// (breakdown of the relations, wanted)
        related: Vec<(usize, Option<String>)>,
    },
}

/// Where a pass finds its columns, and how it judges rows.
#[derive(Clone, Debug)]
struct Layout {
    chosen: Chosen,
    /// One in so many rows is counted.
    sample: u64,
    first_field: usize,
}

/// Columns at fixed places: ids for relations and sampling, time, weight.
const TS: usize = 3;
const WEIGHT: usize = 4;

/// What one thread counts.
struct Pass {
    total: Count,
    tallies: Vec<Tally>,
}

impl Pool {
    /// Which fields make a selection differ from the rest.
    pub(crate) async fn bubble_up(
        self: Arc<Self>,
        control: Control,
        scope: Scope,
        ask: BubbleUp,
    ) -> Result<Facets, Error> {
        let range = range::range(&ask.query, self.clock.now())?;
        let tables = self.tables(scope.env);
        let known = self.tables.fields(scope.env);
        let (plain, relations) = split(&ask)?;
        let chosen_fields = ask.selection.as_ref().map(Selection::fields_of);
        let chosen_fields = chosen_fields.unwrap_or_default();
        let fields = fields(&known, &scope);
        let mut facets = Facets {
            fields_total: fields.len(),
            ..Facets::default()
        };
        let measured = match &ask.selection {
            Some(Selection::Box { column, .. }) => Some(column.clone()),
            _ => None,
        };
        let mut counted: Vec<Counted> = Vec::new();
        let mut total: Option<Count> = None;
        for chunk in fields.chunks(FIELDS_PER_PASS) {
            let mut outputs = Relations::outputs().to_vec();
            outputs.extend([Output::Ts, Output::Weight]);
            let chosen = chosen(ask.selection.as_ref(), &mut outputs)?;
            let first_field = outputs.len();
            outputs.extend(chunk.iter().cloned().map(Output::Value));
            let asked = Ask {
                range,
                dataset: scope.dataset.clone(),
                filter: Predicate::of_filters(&plain.filters, plain.filter_combination)?,
                outputs,
                usage_mode: plain.usage_mode,
                push_down: false,
            };
            let scan = Arc::new(Scan::new(&tables, asked, &known)?);
            let layout = Layout {
                chosen,
                sample: scan.rows().div_ceil(SAMPLE_ROWS).max(1),
                first_field,
            };
            facets.sampled = layout.sample > 1;
            let pass = self
                .pass(
                    &scan,
                    &tables,
                    &known,
                    relations.as_ref(),
                    layout,
                    chunk.len(),
                    &control,
                )
                .await?;
            add_stats(&mut facets.stats, &scan.stats());
            total.get_or_insert(pass.total);
            counted.extend(
                chunk
                    .iter()
                    .zip(pass.tallies)
                    .map(|(field, tally)| Counted {
                        field: field.clone(),
                        tally,
                        chosen: chosen_fields.contains(field),
                    }),
            );
            if control.timed_out() {
                return Err(Error::LimitExceeded(
                    "the rows could not be compared in time; narrow the range or the filters"
                        .into(),
                ));
            }
        }
        let total = total.unwrap_or_default();
        facets.selected = total.selected;
        facets.baseline = total.baseline;
        facets.rows_looked_at = total.rows;
        facets.fields = rank(counted, total, measured.as_deref())
            .into_iter()
            .skip(ask.offset)
            .take(ask.limit.unwrap_or(FIELDS_RETURNED))
            .collect();
        facets.stats.elapsed_us = control.elapsed_us();
        Ok(facets)
    }

    #[expect(clippy::too_many_arguments, reason = "one caller, each thing once")]
    async fn pass(
        self: &Arc<Self>,
        scan: &Arc<Scan>,
        tables: &[Table],
        known: &[FieldStat],
        relations: Option<&Relations>,
        layout: Layout,
        fields: usize,
        control: &Control,
    ) -> Result<Pass, Error> {
        let new = || Pass {
            total: Count::default(),
            tallies: (0..fields).map(|_| Tally::default()).collect(),
        };
        let mut states: Vec<Pass> = (0..self.width(scan)).map(|_| new()).collect();
        let layout = Arc::new(layout);
        for units in scan.pieces(relations.is_some()) {
            let related: Option<Arc<Related>> = match relations {
                Some(r) => {
                    let times = scan.times(units.clone());
                    Some(Arc::new(r.read(tables, times, known, control).await?))
                }
                None => None,
            };
            let layout = Arc::clone(&layout);
            states = self
                .fold(
                    scan,
                    units,
                    states,
                    control,
                    move |pass: &mut Pass, batch| {
                        pass.add(&layout, related.as_deref(), &batch)?;
                        Ok(true)
                    },
                )
                .await?;
        }
        let merge = |mut a: Pass, b: Pass| {
            a.total.merge(b.total);
            for (a, b) in a.tallies.iter_mut().zip(b.tallies) {
                a.merge(b);
            }
            a
        };
        Ok(states.into_iter().reduce(merge).unwrap_or_else(new))
    }
}

impl Selection {
    /// The fields the selection is made by.
    fn fields_of(&self) -> Vec<String> {
        match self {
            Self::Box { column, .. } => vec![column.clone()],
            Self::Group { keys } => keys.iter().map(|(field, _)| field.clone()).collect(),
        }
    }
}

/// The plain part of the question, and its relations: those of its filters, then as breakdowns those
/// of a selected group.
fn split(ask: &BubbleUp) -> Result<(Query, Option<Relations>), Error> {
    let mut query = Query {
        breakdowns: Vec::new(),
        calculations: Vec::new(),
        ..ask.query.clone()
    };
    if let Some(Selection::Group { keys }) = &ask.selection {
        query.breakdowns = keys
            .iter()
            .map(|(field, _)| field.clone())
            .filter(|f| is_relational(f))
            .collect();
    }
    Relations::split(&query)
}

/// How rows are judged; adds the columns it takes.
fn chosen(selection: Option<&Selection>, outputs: &mut Vec<Output>) -> Result<Chosen, Error> {
    let mut add = |output: Output| {
        outputs.push(output);
        outputs.len() - 1
    };
    Ok(match selection {
        None => Chosen::All,
        Some(Selection::Box {
            column,
            start_ns,
            end_ns,
            min,
            max,
        }) => {
            let time = |name: &str, text: &str| {
                text.parse::<i64>()
                    .map_err(|e| Error::Invalid(format!("{name} {text:?}: {e}")))
            };
            if is_relational(column) {
                return Err(Error::Unsupported(format!(
                    "a box over the relational field {column}"
                )));
            }
            Chosen::Box {
                time: (time("start_ns", start_ns)?, time("end_ns", end_ns)?),
                value: (*min, *max),
                number: add(Output::Number(column.clone())),
            }
        }
        Some(Selection::Group { keys }) => {
            let (mut tests, mut related) = (Vec::new(), Vec::new());
            for (field, cell) in keys {
                if is_relational(field) {
                    related.push((related.len(), text_of(cell)));
                    continue;
                }
                let value = match cell {
                    Cell::Null | Cell::Buckets { .. } => None,
                    Cell::Bool(b) => Some(serde_json::Value::from(*b)),
                    Cell::Int(i) => Some(serde_json::Value::from(*i)),
                    Cell::Float(x) => Some(serde_json::Value::from(*x)),
                    Cell::Text(s) => Some(serde_json::Value::from(s.as_str())),
                };
                let filter = Filter {
                    column: field.clone(),
                    op: if value.is_some() {
                        FilterOp::Eq
                    } else {
                        FilterOp::DoesNotExist
                    },
                    value,
                };
                let test = Predicate::of_filters(&[filter], Combination::And)?;
                tests.push(add(Output::Test(test)));
            }
            Chosen::Group { tests, related }
        }
    })
}

fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Buckets { .. } => None,
        Cell::Bool(b) => Some(b.to_string()),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Float(x) => Some(event::ValueRef::Float(*x).to_string()),
        Cell::Text(s) => Some(s.clone()),
    }
}

/// The fields compared, best filled first. Ids of single events tell nothing of their own and are
/// not read; `type` is `span.kind` under another name.
fn fields(known: &[FieldStat], scope: &Scope) -> Vec<String> {
    let mut rows: HashMap<&str, u64> = HashMap::new();
    for k in known {
        if scope.dataset.as_deref().is_none_or(|d| d == &*k.dataset) {
            *rows.entry(&*k.key).or_default() += k.rows;
        }
    }
    for (name, ..) in VISIBLE {
        let hidden = *name == "type"
            || *name == "timestamp"
            || (*name == "dataset" && scope.dataset.is_some());
        if !hidden {
            rows.insert(name, u64::MAX);
        }
    }
    let mut fields: Vec<(&str, u64)> = rows
        .into_iter()
        .filter(|(name, _)| !is_known_id(name))
        .collect();
    fields.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    fields.truncate(FIELDS_LIMIT);
    fields
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect()
}

impl Pass {
    fn add(
        &mut self,
        layout: &Layout,
        related: Option<&Related>,
        batch: &Batch,
    ) -> Result<(), Error> {
        let applied = match related {
            Some(r) => Some(r.apply(&batch.columns[..3], batch.rows)?),
            None => None,
        };
        let keep = applied.as_ref().and_then(|a| a.keep.as_ref());
        let ts = batch.columns[TS].as_primitive::<Int64Type>();
        let weights = batch.weights(WEIGHT);
        let numbers = match layout.chosen {
            Chosen::Box { number, .. } => Some(values::to_float(&batch.columns[number])),
            _ => None,
        };
        let measured: Option<Vec<f64>> = numbers
            .as_ref()
            .map(|n| n.iter().map(|v| v.unwrap_or(f64::NAN)).collect());
        let mut sides = vec![Side::default(); batch.rows];
        for (row, side) in sides.iter_mut().enumerate() {
            if keep.is_some_and(|k| !k.value(row))
                || (layout.sample > 1 && !sampled(batch, row, ts.value(row), layout.sample))
            {
                continue;
            }
            let weight = weights.map_or(1, |w| w[row].cast_unsigned()) * layout.sample;
            let inside = match &layout.chosen {
                Chosen::All => true,
                Chosen::Box { time, value, .. } => {
                    let at = ts.value(row);
                    let x = measured.as_ref().map_or(f64::NAN, |m| m[row]);
                    at >= time.0 && at < time.1 && x >= value.0 && x < value.1
                }
                Chosen::Group { tests, related } => {
                    tests
                        .iter()
                        .all(|t| batch.columns[*t].as_boolean().value(row))
                        && related.iter().all(|(i, want)| {
                            let column = applied.as_ref().and_then(|a| a.columns[*i].as_ref());
                            text_at(column, row).as_ref() == want.as_ref()
                        })
                }
            };
            self.total.rows += 1;
            if inside {
                side.selected = weight;
                self.total.selected += weight;
            } else {
                side.baseline = weight;
                self.total.baseline += weight;
            }
        }
        let scaled: Option<Vec<f64>> = measured.map(|m| m.into_iter().map(scaled).collect());
        for (tally, array) in self
            .tallies
            .iter_mut()
            .zip(&batch.columns[layout.first_field..])
        {
            tally.add(array, &sides, scaled.as_deref());
        }
        Ok(())
    }
}

fn text_at(column: Option<&ArrayRef>, row: usize) -> Option<String> {
    values::scalar_at(column?, row).map(|v| v.to_string())
}

/// Whether a row is in the sample: the same rows each time, whatever lies where.
fn sampled(batch: &Batch, row: usize, ts: i64, one_in: u64) -> bool {
    let id = |i: usize| {
        let a = batch.columns[i].as_fixed_size_binary_opt()?;
        a.is_valid(row).then(|| a.value(row))
    };
    let hash = match id(1).or_else(|| id(0)) {
        Some(id) => xxhash_rust::xxh3::xxh3_64(id),
        None => xxhash_rust::xxh3::xxh3_64(&ts.to_le_bytes()),
    };
    hash % one_in == 0
}

#[cfg(test)]
mod tests;
