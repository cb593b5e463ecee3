//! Values that many rows share: put once, stored for a run of rows at a time.
//!
//! A delivery's rows have a dozen or more attributes of their resource in common. Put row by row they
//! cost a third of the building; as a run they cost next to nothing.

use super::columns::{ColumnBuilder, Values};
use super::{BatchBuilder, FieldSlot, VALUE_BYTES_LIMIT};
use crate::value::ValueRef;

/// A value of [`BatchBuilder::set_defaults`].
pub(super) struct Default {
    slot: FieldSlot,
    column: u32,
    value: Repeated,
}

/// What is stored for each row of the run.
#[derive(Clone, Copy)]
pub(super) enum Repeated {
    Code(u32),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl BatchBuilder {
    /// Whether `value` may be a default of that field: not of a fixed column, and not to be cut.
    #[must_use]
    pub fn can_default(&self, slot: FieldSlot, value: ValueRef<'_>) -> bool {
        let key = &self.keys[slot.0 as usize];
        let short = match value {
            ValueRef::Str(s) => s.len() <= VALUE_BYTES_LIMIT,
            _ => true,
        };
        key.fixed.is_none() && !key.cut && short
    }

    /// Gives each row begun from now on these values, until the next call. A row's own value of
    /// the same field wins. Of two values of one field the later counts.
    ///
    /// Defaults are no part of the open row: [`Self::get`], [`Self::has`] and [`Self::take`] do not
    /// see them, and they do not count against the limit of fields.
    ///
    /// # Panics
    /// In debug builds, when a row is open or [`Self::can_default`] says no.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a body is bounded, so are its keys"
    )]
    pub fn set_defaults<'v>(
        &mut self,
        values: impl IntoIterator<Item = (FieldSlot, ValueRef<'v>)>,
    ) {
        debug_assert!(!self.open, "a row is open");
        self.store_defaults();
        for (slot, value) in values {
            debug_assert!(self.can_default(slot, value), "put it in each row");
            let column = self.column_index(slot, value.ty());
            let value = match (&mut self.columns[column as usize].values, value) {
                (Values::Str { dict, .. }, ValueRef::Str(s)) => Repeated::Code(dict.intern(s)),
                (_, ValueRef::Int(x)) => Repeated::Int(x),
                (_, ValueRef::Float(x)) => Repeated::Float(x),
                (_, ValueRef::Bool(x)) => Repeated::Bool(x),
                (_, ValueRef::Str(_)) => continue,
            };
            let default = Default {
                slot,
                column,
                value,
            };
            // The place may be of earlier defaults: it counts only when this field stands there.
            let place = &mut self.keys[slot.0 as usize].default_at;
            match self.defaults.get_mut(*place as usize) {
                Some(earlier) if earlier.slot == slot => *earlier = default,
                _ => {
                    *place = self.defaults.len() as u32;
                    self.defaults.push(default);
                }
            }
        }
    }

    /// Stores the defaults for the rows since they were set, and forgets them.
    pub(super) fn store_defaults(&mut self) {
        let rows = std::mem::replace(&mut self.defaults_from, self.rows)..self.rows;
        for d in std::mem::take(&mut self.defaults) {
            if rows.is_empty() {
                continue;
            }
            let own = self.rows_with_own(d.slot, rows.start);
            let column = &mut self.columns[d.column as usize];
            if own.is_empty() {
                column.rows.extend(rows.clone());
                column.values.repeat(d.value, rows.len());
            } else {
                column.fill(rows.clone(), &own, d.value);
            }
        }
    }

    /// The rows from `start` that have a value of their own, in any type, in order.
    fn rows_with_own(&self, slot: FieldSlot, start: u32) -> Vec<u32> {
        let mut own = Vec::new();
        for i in self.keys[slot.0 as usize].columns.into_iter().flatten() {
            let rows = &self.columns[i as usize].rows;
            own.extend_from_slice(&rows[rows.partition_point(|r| *r < start)..]);
        }
        own.sort_unstable();
        own
    }
}

impl ColumnBuilder {
    /// Puts `value` into each row of `rows` that is not in `own`, between the values it has.
    fn fill(&mut self, rows: std::ops::Range<u32>, own: &[u32], value: Repeated) {
        let at = self.rows.partition_point(|r| *r < rows.start);
        let (own_rows, mut tail) = (self.rows.split_off(at), self.values.split_off(at));
        let mut theirs = own_rows.into_iter().peekable();
        for row in rows {
            if theirs.next_if_eq(&row).is_some() {
                self.values.push_first_of(&mut tail);
            } else if own.binary_search(&row).is_ok() {
                continue;
            } else {
                self.values.repeat(value, 1);
            }
            self.rows.push(row);
        }
    }
}

impl Values {
    /// Appends `value` so many times.
    fn repeat(&mut self, value: Repeated, times: usize) {
        fn extend<T: Clone>(v: &mut Vec<T>, x: T, times: usize) {
            v.resize(v.len() + times, x);
        }
        match (self, value) {
            (Self::Str { codes, .. }, Repeated::Code(c)) => extend(codes, c, times),
            (Self::Int(v), Repeated::Int(x)) => extend(v, x, times),
            (Self::Float(v), Repeated::Float(x)) => extend(v, x, times),
            (Self::Bool(v), Repeated::Bool(x)) => extend(v, x, times),
            _ => debug_assert!(false, "columns are found by type"),
        }
    }

    /// Takes off the values from `at` on, in reverse, so that the first is popped first.
    fn split_off(&mut self, at: usize) -> Vec<Repeated> {
        let mut tail: Vec<Repeated> = match self {
            Self::Str { codes, .. } => codes.drain(at..).map(Repeated::Code).collect(),
            Self::Int(v) => v.drain(at..).map(Repeated::Int).collect(),
            Self::Float(v) => v.drain(at..).map(Repeated::Float).collect(),
            Self::Bool(v) => v.drain(at..).map(Repeated::Bool).collect(),
            Self::Id16(_) | Self::Id8(_) => Vec::new(),
        };
        tail.reverse();
        tail
    }

    fn push_first_of(&mut self, tail: &mut Vec<Repeated>) {
        if let Some(value) = tail.pop() {
            self.repeat(value, 1);
        }
    }
}
