//! From the physical columns of some rows to the columns asked for.

use super::{Ask, Batch, Field, Origin, Output, Reading, Scan};
use crate::Error;
use crate::fields::{Source, View};
use crate::notions::Made;
use crate::predicate::{Predicate, Sibling, passes};
use crate::values;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use event::{Fixed, Type};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The physical columns of some rows, by source; `None` where nothing is stored.
///
/// Times and weights are `Int64` here, whatever the file has.
pub(super) struct Columns {
    pub(super) rows: usize,
    pub(super) arrays: Vec<Option<ArrayRef>>,
}

impl Columns {
    fn filter(&self, keep: &BooleanArray) -> Result<Self, Error> {
        let arrays = self
            .arrays
            .iter()
            .map(|a| {
                a.as_ref()
                    .map(|a| arrow_select::filter::filter(a, keep))
                    .transpose()
            })
            .collect::<Result<_, _>>()
            .map_err(|e| Error::Internal(e.to_string()))?;
        Ok(Self {
            rows: keep.true_count(),
            arrays,
        })
    }

    fn siblings(&self, field: &[Reading]) -> Vec<Sibling> {
        let mut out: Vec<Sibling> = Vec::new();
        for reading in field {
            let (array, view) = match reading {
                Reading::Stored(source, view) => match (&self.arrays[*source], view) {
                    (Some(a), view) => (Arc::clone(a), *view),
                    (None, Some(View::Rate)) => {
                        let ones: ArrayRef = Arc::new(Int64Array::from(vec![1; self.rows]));
                        (ones, *view)
                    }
                    (None, _) => continue,
                },
                Reading::Made(made, parts) => match self.made(*made, parts, &out) {
                    Some(array) => (array, None),
                    None => continue,
                },
            };
            out.push(Sibling { array, view });
        }
        out
    }

    /// Text made of columns, in rows where nothing `before` has a value; `None` when there is none.
    fn made(&self, made: Made, parts: &[Vec<usize>], before: &[Sibling]) -> Option<ArrayRef> {
        let parts: Vec<Vec<&ArrayRef>> = parts
            .iter()
            .map(|p| p.iter().filter_map(|s| self.arrays[*s].as_ref()).collect())
            .collect();
        if parts.iter().all(Vec::is_empty) {
            return None;
        }
        let mut out = StringViewBuilder::with_capacity(self.rows);
        let mut values = Vec::with_capacity(parts.len());
        for row in 0..self.rows {
            if before.iter().any(|s| s.array.is_valid(row)) {
                out.append_null();
                continue;
            }
            values.clear();
            values.extend(parts.iter().map(|p| {
                let mut found = p.iter().filter_map(|a| values::scalar_at(a.as_ref(), row));
                found.next()
            }));
            out.append_option(made.of(&values));
        }
        Some(Arc::new(out.finish()))
    }

    /// The field's sources as they show.
    fn shown(&self, field: &[Reading]) -> Vec<ArrayRef> {
        self.siblings(field)
            .into_iter()
            .map(|s| match s.view {
                Some(view) => values::render(view, &s.array),
                None => s.array,
            })
            .collect()
    }
}

impl Scan {
    /// Filters the rows and makes the columns asked for. `check_time`: the rows may lie outside
    /// the range. `None` when no row is left.
    pub(super) fn project(
        &self,
        mut columns: Columns,
        guard: &super::guard::Guard,
        origin: Origin,
    ) -> Result<Option<Batch>, Error> {
        let mut kept: Option<Vec<u32>> = None;
        let mut apply = |columns: &mut Columns, keep: &BooleanBuffer| -> Result<(), Error> {
            if keep.count_set_bits() == columns.rows {
                return Ok(());
            }
            let places: Vec<u32> = match &kept {
                #[expect(clippy::cast_possible_truncation, reason = "a batch is small")]
                None => keep.set_indices().map(|i| i as u32).collect(),
                Some(old) => keep.set_indices().map(|i| old[i]).collect(),
            };
            kept = Some(places);
            *columns = columns.filter(&BooleanArray::new(keep.clone(), None))?;
            Ok(())
        };
        if let Some(keep) = guard.keep(&columns, &self.ask) {
            apply(&mut columns, &keep)?;
        }
        self.counters
            .rows_examined
            .fetch_add(columns.rows as u64, Ordering::Relaxed);
        if columns.rows > 0
            && let Some(keep) = self.holds(&self.ask.filter, &columns)
        {
            apply(&mut columns, &keep)?;
        }
        if columns.rows == 0 {
            return Ok(None);
        }
        let out = self
            .ask
            .outputs
            .iter()
            .map(|o| self.output(o, &columns))
            .collect();
        Ok(Some(Batch {
            rows: columns.rows,
            columns: out,
            origin,
            kept,
        }))
    }

    /// Which rows pass; `None`: all.
    pub(super) fn holds(&self, predicate: &Predicate, columns: &Columns) -> Option<BooleanBuffer> {
        match predicate {
            Predicate::All(list) => list
                .iter()
                .filter_map(|p| self.holds(p, columns))
                .reduce(|a, b| &a & &b),
            Predicate::Any(list) => {
                let mut out = BooleanBuffer::new_unset(columns.rows);
                for p in list {
                    out = &out | &self.holds(p, columns)?;
                }
                Some(out)
            }
            Predicate::Test(test) => Some(passes(
                test,
                &columns.siblings(self.field(&test.field)),
                columns.rows,
            )),
        }
    }

    fn output(&self, output: &Output, columns: &Columns) -> ArrayRef {
        let rows = columns.rows;
        match output {
            Output::Ts => self.fixed(Fixed::Ts, columns),
            Output::Weight => match self.source_of(Fixed::SampleRate, columns) {
                Some(a) if !self.ask.usage_mode => a,
                _ => Arc::new(Int64Array::from(vec![1])),
            },
            Output::Fixed(f) => self.fixed(*f, columns),
            Output::Value(name) => match self.fields.get(name) {
                Some(field) => value(field, columns),
                None => values::null_text(rows),
            },
            Output::Number(name) => match self.fields.get(name) {
                Some(field) => self.number(field, columns),
                None => new_null_array(&DataType::Float64, rows),
            },
            Output::Attr(key, ty) => self
                .array(&Source::Attr(Arc::clone(key), *ty), columns)
                .unwrap_or_else(|| new_null_array(&event::field::attribute_data_type(*ty), rows)),
            Output::Overflow(n) => self
                .array(&Source::Overflow(*n), columns)
                .unwrap_or_else(|| new_null_array(&DataType::Null, rows)),
            Output::Present(name) => {
                let mut out = BooleanBuffer::new_unset(rows);
                for a in columns.shown(self.field(name)) {
                    out = match values::presence(a.as_ref()) {
                        None => BooleanBuffer::new_set(rows),
                        Some(n) => &out | n.inner(),
                    };
                }
                Arc::new(BooleanArray::new(out, None))
            }
            Output::Test(p) => Arc::new(BooleanArray::new(
                self.holds(p, columns)
                    .unwrap_or_else(|| BooleanBuffer::new_set(rows)),
                None,
            )),
        }
    }

    fn source_of(&self, fixed: Fixed, columns: &Columns) -> Option<ArrayRef> {
        self.array(&Source::Fixed(fixed), columns)
    }

    fn array(&self, source: &Source, columns: &Columns) -> Option<ArrayRef> {
        columns.arrays[*self.index.get(source)?].clone()
    }

    fn fixed(&self, fixed: Fixed, columns: &Columns) -> ArrayRef {
        self.source_of(fixed, columns)
            .unwrap_or_else(|| new_null_array(&stored_type(fixed), columns.rows))
    }

    fn number(&self, field: &Field, columns: &Columns) -> ArrayRef {
        let shown = columns.shown(&field.siblings);
        if self.integer_siblings(field) {
            return match shown.as_slice() {
                [] => new_null_array(&DataType::Int64, columns.rows),
                [one] => Arc::clone(one),
                many => coalesce_int(many, columns.rows),
            };
        }
        match shown.as_slice() {
            [] => new_null_array(&DataType::Float64, columns.rows),
            [one] => Arc::new(values::to_float(one)),
            many => Arc::new(values::coalesce_float(many, columns.rows)),
        }
    }
}

fn coalesce_int(arrays: &[ArrayRef], rows: usize) -> ArrayRef {
    let out: Int64Array = (0..rows)
        .map(|i| {
            arrays.iter().find_map(|a| {
                let a = a.as_primitive_opt::<arrow_array::types::Int64Type>()?;
                a.is_valid(i).then(|| a.value(i))
            })
        })
        .collect();
    Arc::new(out)
}

/// The type a fixed column has in a batch.
pub(super) fn stored_type(fixed: Fixed) -> DataType {
    match fixed {
        Fixed::Ts | Fixed::IngestTs | Fixed::SampleRate => DataType::Int64,
        other => other.data_type(),
    }
}

/// The field as it shows, in the type it has over the whole scan.
fn value(field: &Field, columns: &Columns) -> ArrayRef {
    let rows = columns.rows;
    let shown = columns.shown(&field.siblings);
    let [one] = shown.as_slice() else {
        return match (field.ty, shown.as_slice()) {
            (Type::Str, []) => values::null_text(rows),
            (Type::Str, many) => values::coalesce_text(many, rows),
            (Type::Int, []) => new_null_array(&DataType::Int64, rows),
            (Type::Int, many) => coalesce_int(many, rows),
            (Type::Float, []) => new_null_array(&DataType::Float64, rows),
            (Type::Float, many) => Arc::new(values::coalesce_float(many, rows)),
            (Type::Bool, []) => new_null_array(&DataType::Boolean, rows),
            (Type::Bool, many) => coalesce_bool(many, rows),
        };
    };
    match field.ty {
        Type::Str => values::to_text(one),
        Type::Float => Arc::new(values::to_float(one)),
        Type::Int | Type::Bool => Arc::clone(one),
    }
}

fn coalesce_bool(arrays: &[ArrayRef], rows: usize) -> ArrayRef {
    let out: BooleanArray = (0..rows)
        .map(|i| {
            arrays.iter().find_map(|a| {
                let a = a.as_boolean_opt()?;
                a.is_valid(i).then(|| a.value(i))
            })
        })
        .collect();
    Arc::new(out)
}

/// Whether the ask reads the fixed column by itself.
pub(super) fn needs(ask: &Ask, fixed: Fixed) -> bool {
    ask.outputs.iter().any(|o| match o {
        Output::Ts => fixed == Fixed::Ts,
        Output::Weight => fixed == Fixed::SampleRate && !ask.usage_mode,
        Output::Fixed(f) => *f == fixed,
        _ => false,
    })
}
