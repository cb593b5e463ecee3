//! A row of a segment: stored, in the columns of a batch, or kept, with values of its own.

use super::program::{Segment, Slot, Values, cut};
use super::value::Value;
use crate::values::scalar_at;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use event::{EventId, SpanId, TraceId, ValueRef};
use std::borrow::Cow;
use std::cell::RefCell;

/// When a row was, and which of that moment: the order rows have by themselves is the newest first.
pub(super) type At = (i64, [u8; 16]);

/// A row that was kept: what its bases hold, and when it was.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) bases: Vec<Value<'static>>,
    pub(super) at: At,
}

/// Where the scan's outputs are that a base reads.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Nanoseconds.
    Nanos(usize),
    /// Milliseconds.
    Millis(usize),
    /// Any value.
    Value(usize),
    /// One attribute in each type: the first that is there.
    Attribute([usize; 4]),
    /// How the asker calls the dataset.
    Source,
    /// What finds the row again.
    Pointer,
}

/// Which outputs of the scan are what.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// By base.
    pub(super) places: Vec<Place>,
    pub(super) ts: usize,
    pub(super) event_id: Option<usize>,
    /// Trace and span id, for rows whose identity follows from them.
    pub(super) ids: Option<(usize, usize)>,
}

/// Where a row's bases are.
#[derive(Clone, Copy)]
pub(super) enum Cells<'a> {
    Stored {
        columns: &'a [ArrayRef],
        layout: &'a Layout,
        source: &'a super::Source,
    },
    Kept(&'a Kept),
}

/// A row under evaluation. Values are computed once, when looked at.
pub(super) struct Row<'a> {
    segment: &'a Segment,
    cells: Cells<'a>,
    row: usize,
    now: i64,
    slots: RefCell<Vec<Option<Value<'a>>>>,
    pieces: RefCell<Vec<Option<Vec<Value<'a>>>>>,
}

impl<'a> Row<'a> {
    pub(super) fn new(segment: &'a Segment, cells: Cells<'a>, now: i64) -> Self {
        Self {
            segment,
            cells,
            row: 0,
            now,
            slots: RefCell::new(vec![None; segment.slots.len()]),
            pieces: RefCell::new(vec![None; segment.parses.len()]),
        }
    }

    /// Goes to a row of the batch.
    pub(super) fn go_to(&mut self, row: usize) {
        self.row = row;
        self.slots.get_mut().fill(None);
        self.pieces.get_mut().fill(None);
    }

    pub(super) fn ts(&self) -> i64 {
        match self.cells {
            Cells::Stored {
                columns, layout, ..
            } => int(&columns[layout.ts], self.row).unwrap_or_default(),
            Cells::Kept(kept) => kept.at.0,
        }
    }

    /// When it was. Without an event id among the outputs rows of one moment are alike.
    pub(super) fn at(&self) -> At {
        match self.cells {
            Cells::Stored {
                columns, layout, ..
            } => (self.ts(), identity(columns, layout, self.row)),
            Cells::Kept(kept) => kept.at,
        }
    }

    /// The row with values of its own.
    pub(super) fn keep(&self) -> Kept {
        let bases = 0..self.segment.bases.len();
        Kept {
            bases: bases.map(|b| self.base(b).into_owned()).collect(),
            at: self.at(),
        }
    }

    fn base(&self, base: usize) -> Value<'a> {
        let (columns, layout, source) = match self.cells {
            Cells::Kept(kept) => return kept.bases[base].borrowed(),
            Cells::Stored {
                columns,
                layout,
                source,
            } => (columns, layout, source),
        };
        let row = self.row;
        match &layout.places[base] {
            Place::Nanos(i) => int(&columns[*i], row).map_or(Value::Missing, Value::Time),
            Place::Millis(i) => int(&columns[*i], row)
                .and_then(|ms| ms.checked_mul(1_000_000))
                .map_or(Value::Missing, Value::Time),
            Place::Value(i) => value_at(&columns[*i], row),
            Place::Attribute(all) => all
                .iter()
                .map(|i| value_at(&columns[*i], row))
                .find(Value::is_present)
                .unwrap_or_default(),
            Place::Source => Value::text_ref(&source.label),
            Place::Pointer => {
                let pointer = super::Pointer {
                    ts: self.ts(),
                    event_id: EventId(identity(columns, layout, row)),
                    dataset: source.dataset.clone(),
                };
                Value::Text(Cow::Owned(pointer.to_string()))
            }
        }
    }

    fn piece(&self, cut_index: usize, piece: usize) -> Value<'a> {
        let known = self.pieces.borrow()[cut_index]
            .as_ref()
            .map(|all| all.get(piece).cloned().unwrap_or_default());
        if let Some(value) = known {
            return value;
        }
        let cutter = &self.segment.parses[cut_index];
        let all: Vec<Value<'a>> = match cutter.from.value(self) {
            Value::Text(Cow::Borrowed(t)) => cut(&cutter.how, t)
                .unwrap_or_default()
                .into_iter()
                .map(|p| p.map_or(Value::Missing, Value::text_ref))
                .collect(),
            other => other
                .text()
                .and_then(|t| {
                    let own = |p: Option<&str>| {
                        p.map_or(Value::Missing, |p| Value::Text(Cow::Owned(p.to_owned())))
                    };
                    Some(cut(&cutter.how, &t)?.into_iter().map(own).collect())
                })
                .unwrap_or_default(),
        };
        let value = all.get(piece).cloned().unwrap_or_default();
        self.pieces.borrow_mut()[cut_index] = Some(all);
        value
    }
}

impl<'a> Values<'a> for Row<'a> {
    fn slot(&self, slot: usize) -> Value<'a> {
        match &self.segment.slots[slot] {
            // Reading a column is as cheap as remembering.
            Slot::Base(base) => self.base(*base),
            Slot::Piece { cut, piece } => self.piece(*cut, *piece),
            Slot::Expr(code) => {
                if let Some(value) = &self.slots.borrow()[slot] {
                    return value.clone();
                }
                let value = code.value(self);
                self.slots.borrow_mut()[slot] = Some(value.clone());
                value
            }
        }
    }

    fn now(&self) -> i64 {
        self.now
    }
}

fn int(array: &ArrayRef, row: usize) -> Option<i64> {
    let a = array.as_primitive_opt::<Int64Type>()?;
    a.is_valid(row).then(|| a.value(row))
}

fn value_at(array: &ArrayRef, row: usize) -> Value<'_> {
    match scalar_at(array.as_ref(), row) {
        None => Value::Missing,
        Some(ValueRef::Str(t)) => Value::text_ref(t),
        Some(ValueRef::Int(i)) => Value::Int(i),
        Some(ValueRef::Float(x)) => Value::float(x),
        Some(ValueRef::Bool(b)) => Value::Bool(b),
    }
}

fn bytes<const N: usize>(array: &ArrayRef, row: usize) -> Option<[u8; N]> {
    let a = array.as_fixed_size_binary_opt()?;
    a.is_valid(row).then(|| a.value(row).try_into().ok())?
}

fn identity(columns: &[ArrayRef], layout: &Layout, row: usize) -> [u8; 16] {
    if let Some(id) = layout.event_id.and_then(|i| bytes(&columns[i], row)) {
        return id;
    }
    layout.ids.map_or([0; 16], |(trace, span)| {
        let trace = bytes(&columns[trace], row).map(TraceId);
        let span = bytes(&columns[span], row).map(SpanId);
        EventId::of_span_row(trace, span, 0, 0).0
    })
}
