//! Builds a batch row by row, and applies the limits of one event on the way.
//!
//! Nothing is refused for its fields (storage.md §9.5): names and values over their limit are cut
//! and named in `meta.truncated`, fields beyond the limit go to `meta.overflow`. Only a row whose
//! *time* lies before the retention is refused, by [`BatchBuilder::begin_row`].

mod columns;
mod defaults;
mod text;

pub use columns::Dictionary;
pub use text::{cut_text, rfc3339};

use crate::batch::{Attr, EventBatch};
use crate::column::{Column, Data};
use crate::field::{self, Fit, Fixed};
use crate::id::{EventId, SpanId, TableKind, TraceId};
use crate::value::{Type, Value, ValueRef};
use ahash::RandomState;
use columns::{ColumnBuilder, Values};
use hashbrown::HashTable;
use std::fmt::Write as _;
use std::sync::Arc;
use text::json_string;

/// Most fields of one event (reliability.md §3).
pub const FIELDS_LIMIT: usize = 2_000;
/// Longest name of a field, bytes.
pub const NAME_BYTES_LIMIT: usize = 255;
/// Longest text value, bytes (vendor: 64 KB less one).
pub const VALUE_BYTES_LIMIT: usize = 65_535;
/// Longest log message or verbatim document, bytes.
pub const BODY_BYTES_LIMIT: usize = 1 << 20;
/// How far ahead of us an event's time may be, nanoseconds (design.md §4.7).
pub const AHEAD_LIMIT_NANOS: i64 = 3_600_000_000_000;

/// Which event times are taken as they are (design.md §4.7).
#[derive(Clone, Copy, Debug)]
pub struct RowPolicy {
    /// Receive time, nanoseconds since 1970.
    pub now: i64,
    /// Rows older than this are refused. `None`: none is too old.
    pub oldest: Option<i64>,
}

impl RowPolicy {
    /// Takes any past time; `now` is the receive time.
    #[must_use]
    pub fn unlimited(now: i64) -> Self {
        Self { now, oldest: None }
    }
}

/// A field of one builder, found once by name and used for many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSlot(u32);

impl FieldSlot {
    /// Its place among the fields of its builder, from 0 in order of first use: for tables beside it.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A key with its up to four typed columns.
struct Key {
    name: Arc<str>,
    fixed: Option<Fixed>,
    cut: bool,
    columns: [Option<u32>; 4],
    /// The only type so far, and its column: what nearly every key has.
    only: Option<(Type, u32)>,
    overflow_at: u32,
    default_at: u32,
}

/// Builds an [`EventBatch`] row by row. Within a row the last value of a field wins, whatever its type.
pub struct BatchBuilder {
    kind: TableKind,
    policy: RowPolicy,
    rows: u32,
    open: bool,
    fields_in_row: usize,
    refused_too_old: u64,
    fixed: [Option<ColumnBuilder>; Fixed::ALL.len()],
    keys: Vec<Key>,
    key_table: HashTable<u32>,
    hasher: RandomState,
    columns: Vec<ColumnBuilder>,
    overflow: Vec<(u32, Value)>,
    truncated: Vec<Arc<str>>,
    defaults: Vec<defaults::Default>,
    /// The first row that has them.
    defaults_from: u32,
}

impl BatchBuilder {
    /// An empty builder for rows of `kind`.
    #[must_use]
    pub fn new(kind: TableKind, policy: RowPolicy) -> Self {
        Self {
            kind,
            policy,
            rows: 0,
            open: false,
            fields_in_row: 0,
            refused_too_old: 0,
            fixed: [const { None }; Fixed::ALL.len()],
            keys: Vec::new(),
            key_table: HashTable::new(),
            hasher: RandomState::new(),
            columns: Vec::new(),
            overflow: Vec::new(),
            truncated: Vec::new(),
            defaults: Vec::new(),
            defaults_from: 0,
        }
    }

    /// Rows finished so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Rows refused because their time lies before the retention.
    #[must_use]
    pub fn refused_too_old(&self) -> u64 {
        self.refused_too_old
    }

    /// The receive time the rows are judged by, nanoseconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.policy.now
    }

    /// Finds or makes the field `name`. Names over 255 bytes are cut at a character. Names that begin
    /// with a NUL are kept for questions: an attribute loses it, and is named in `meta.truncated`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a body is bounded, so are its keys"
    )]
    pub fn field(&mut self, name: &str) -> FieldSlot {
        let sent = name;
        let (name, _) = cut_text(name.trim_start_matches('\0'), NAME_BYTES_LIMIT);
        let cut = name.len() < sent.len();
        let hash = self.hasher.hash_one(name);
        let keys = &mut self.keys;
        if let Some(i) = self
            .key_table
            .find(hash, |i| &*keys[*i as usize].name == name)
        {
            return FieldSlot(*i);
        }
        let i = keys.len() as u32;
        keys.push(Key {
            name: name.into(),
            fixed: Fixed::of_visible_name(name),
            cut,
            columns: [None; 4],
            only: None,
            overflow_at: u32::MAX,
            default_at: u32::MAX,
        });
        let hasher = &self.hasher;
        self.key_table
            .insert_unique(hash, i, |i| hasher.hash_one(&*keys[*i as usize].name));
        FieldSlot(i)
    }

    /// Starts a row at `ts` (nanoseconds; 0 or less: the receive time). More than an hour ahead
    /// becomes the receive time, with the original in `meta.client_ts`. `false` when the row is
    /// older than the policy allows: it is counted, and nothing may be put.
    pub fn begin_row(&mut self, ts: i64) -> bool {
        debug_assert!(!self.open, "the row before was not ended");
        let now = self.policy.now;
        let shifted = ts > now.saturating_add(AHEAD_LIMIT_NANOS);
        let kept = if ts <= 0 || shifted { now } else { ts };
        if self.policy.oldest.is_some_and(|oldest| kept < oldest) {
            self.refused_too_old += 1;
            return false;
        }
        self.open = true;
        self.fields_in_row = 0;
        self.put_fixed_int(Fixed::Ts, kept);
        if shifted {
            let slot = self.field(field::META_CLIENT_TS);
            self.put(slot, ValueRef::Str(&rfc3339(ts)));
        }
        true
    }

    /// Ends the row begun last.
    pub fn end_row(&mut self) {
        debug_assert!(self.open, "no row was begun");
        if !self.overflow.is_empty() {
            let mut json = String::from("{");
            for (i, (key, value)) in std::mem::take(&mut self.overflow).iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                json_string(&mut json, &self.keys[*key as usize].name);
                json.push(':');
                match value {
                    Value::Str(s) => json_string(&mut json, s),
                    Value::Float(f) if !f.is_finite() => json_string(&mut json, &f.to_string()),
                    other => drop(write!(json, "{}", other.as_ref())),
                }
            }
            json.push('}');
            self.put_meta(field::META_OVERFLOW, &json);
        }
        if !self.truncated.is_empty() {
            let mut json = String::from("[");
            for (i, name) in std::mem::take(&mut self.truncated).iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                json_string(&mut json, name);
            }
            json.push(']');
            self.put_meta(field::META_TRUNCATED, &json);
        }
        self.rows += 1;
        self.open = false;
    }

    /// Takes back the row begun last: none of its values stays.
    pub fn abandon_row(&mut self) {
        debug_assert!(self.open, "no row was begun");
        let row = self.rows;
        for c in self.fixed.iter_mut().flatten().chain(&mut self.columns) {
            c.pop(row);
        }
        self.overflow.clear();
        self.truncated.clear();
        self.open = false;
    }

    /// Puts an attribute. A name of a fixed column overwrites it when the type fits
    /// (mapping.md §3.1); otherwise the attribute stays beside it and wins when read.
    pub fn put(&mut self, slot: FieldSlot, value: ValueRef<'_>) {
        debug_assert!(self.open, "no row was begun");
        let Some(fixed) = self.keys[slot.0 as usize].fixed else {
            return self.put_attr(slot, value);
        };
        match field::fit(fixed, value) {
            Fit::Text(s) => self.put_fixed_str(fixed, s),
            Fit::Nanos(n) => self.put_fixed_int(fixed, n),
            Fit::Trace(id) => self.put_fixed_id16(fixed, id.0),
            Fit::Span(id) => self.put_fixed_id8(fixed, id.0),
            Fit::TraceOfText(id) => {
                self.put_fixed_id16(fixed, id.0);
                return self.put_attr(slot, value);
            }
            Fit::SpanOfText(id) => {
                self.put_fixed_id8(fixed, id.0);
                return self.put_attr(slot, value);
            }
            Fit::No => return self.put_attr(slot, value),
        }
        // A later value that fits overwrites an earlier one that did not.
        self.remove_attr(slot);
    }

    /// Shorthand for [`Self::field`] and [`Self::put`], for names that come once a row.
    pub fn put_named(&mut self, name: &str, value: ValueRef<'_>) {
        let slot = self.field(name);
        self.put(slot, value);
    }

    fn put_meta(&mut self, name: &str, text: &str) {
        let slot = self.field(name);
        let (text, _) = cut_text(text, BODY_BYTES_LIMIT);
        self.column(slot, Type::Str).push_str_at(text);
    }

    fn column(&mut self, slot: FieldSlot, ty: Type) -> Cursor<'_> {
        let i = self.column_index(slot, ty);
        Cursor {
            column: &mut self.columns[i as usize],
            row: self.rows,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most four columns a key"
    )]
    fn column_index(&mut self, slot: FieldSlot, ty: Type) -> u32 {
        let key = &mut self.keys[slot.0 as usize];
        if let Some(i) = key.columns[ty as usize] {
            return i;
        }
        let i = self.columns.len() as u32;
        self.columns.push(ColumnBuilder::of_type(ty));
        key.only = key.columns.iter().all(Option::is_none).then_some((ty, i));
        key.columns[ty as usize] = Some(i);
        i
    }

    /// Says that the fields put into the open row so far are of our making: they do not count
    /// against the limit, so that an event of as many fields as are allowed keeps them all.
    pub fn discount_fields(&mut self) {
        self.fields_in_row = 0;
    }

    #[inline]
    fn put_attr(&mut self, slot: FieldSlot, value: ValueRef<'_>) {
        let key = &self.keys[slot.0 as usize];
        // The usual case: the type it always had, once in this row, nothing to cut or count out.
        if let Some((ty, i)) = key.only
            && ty == value.ty()
            && !key.cut
            && self.fields_in_row < FIELDS_LIMIT
            && !matches!(value, ValueRef::Str(s) if s.len() > VALUE_BYTES_LIMIT)
        {
            let column = &mut self.columns[i as usize];
            self.fields_in_row += usize::from(!column.has(self.rows));
            column.push(self.rows, value);
            return;
        }
        self.put_attr_slowly(slot, value);
    }

    fn put_attr_slowly(&mut self, slot: FieldSlot, value: ValueRef<'_>) {
        let was_there = self.remove_attr(slot);
        if !was_there {
            if self.fields_in_row >= FIELDS_LIMIT {
                let value = match value {
                    ValueRef::Str(s) => Value::Str(cut_text(s, VALUE_BYTES_LIMIT).0.to_owned()),
                    other => other.to_owned(),
                };
                self.put_overflow(slot, value);
                return;
            }
            self.fields_in_row += 1;
        }
        let key = &self.keys[slot.0 as usize];
        let mut cut = key.cut;
        let value = match value {
            ValueRef::Str(s) => {
                let (s, short) = cut_text(s, VALUE_BYTES_LIMIT);
                cut |= short;
                ValueRef::Str(s)
            }
            other => other,
        };
        if cut && !self.truncated.contains(&key.name) {
            self.truncated.push(Arc::clone(&key.name));
        }
        let cursor = self.column(slot, value.ty());
        cursor.column.push(cursor.row, value);
    }

    /// Keeps a value for `meta.overflow`; a later one of the same key replaces it.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a body is bounded, so are its keys"
    )]
    fn put_overflow(&mut self, slot: FieldSlot, value: Value) {
        // The place may be of an earlier row: it counts only when this key stands there.
        let place = &mut self.keys[slot.0 as usize].overflow_at;
        match self.overflow.get_mut(*place as usize) {
            Some(entry) if entry.0 == slot.0 => entry.1 = value,
            _ => {
                *place = self.overflow.len() as u32;
                self.overflow.push((slot.0, value));
            }
        }
    }

    /// Takes back the attribute's value in this row, whatever its type. Says whether there was one.
    fn remove_attr(&mut self, slot: FieldSlot) -> bool {
        let row = self.rows;
        let mut removed = false;
        for column in self.keys[slot.0 as usize].columns.into_iter().flatten() {
            removed |= self.columns[column as usize].pop(row);
        }
        removed
    }

    /// Takes an attribute out of the row again and returns its value, e.g. the sample rate.
    pub fn take(&mut self, slot: FieldSlot) -> Option<Value> {
        let value = self.get(slot)?;
        if self.remove_attr(slot) {
            self.fields_in_row = self.fields_in_row.saturating_sub(1);
        }
        Some(value)
    }

    /// The attribute's value in the open row.
    #[must_use]
    pub fn get(&self, slot: FieldSlot) -> Option<Value> {
        let columns = self.keys.get(slot.0 as usize)?.columns;
        columns
            .into_iter()
            .flatten()
            .map(|c| &self.columns[c as usize])
            .find(|c| c.has(self.rows))?
            .last_value()
    }

    /// Whether the attribute has a value in the open row.
    #[must_use]
    pub fn has(&self, slot: FieldSlot) -> bool {
        let columns = self.keys[slot.0 as usize].columns;
        columns
            .into_iter()
            .flatten()
            .any(|c| self.columns[c as usize].has(self.rows))
    }

    /// Sets the dataset of the row: every row needs one.
    pub fn set_dataset(&mut self, slug: &str) {
        self.put_fixed_str(Fixed::Dataset, slug);
    }
    /// Sets the trace id.
    pub fn set_trace_id(&mut self, id: TraceId) {
        self.put_fixed_id16(Fixed::TraceId, id.0);
    }
    /// Sets the span id.
    pub fn set_span_id(&mut self, id: SpanId) {
        self.put_fixed_id8(Fixed::SpanId, id.0);
    }
    /// Sets the parent's span id.
    pub fn set_parent_id(&mut self, id: SpanId) {
        self.put_fixed_id8(Fixed::ParentId, id.0);
    }
    /// Sets an identity that cannot be derived from trace and span id.
    pub fn set_event_id(&mut self, id: EventId) {
        self.put_fixed_id16(Fixed::EventId, id.0);
    }
    /// Sets `service.name`.
    pub fn set_service(&mut self, name: &str) {
        self.put_fixed_str(Fixed::Service, name);
    }
    /// Sets `name`.
    pub fn set_name(&mut self, name: &str) {
        self.put_fixed_str(Fixed::Name, name);
    }
    /// Sets `span.kind`.
    pub fn set_kind(&mut self, kind: &str) {
        self.put_fixed_str(Fixed::Kind, kind);
    }
    /// Sets the status: `unset`, `ok` or `error`.
    pub fn set_status(&mut self, status: &str) {
        self.put_fixed_str(Fixed::Status, status);
    }
    /// Sets the duration, nanoseconds.
    pub fn set_duration(&mut self, nanos: i64) {
        self.put_fixed_int(Fixed::DurationNs, nanos);
    }
    /// Sets the weight; below 1 counts as 1, capped at 2³¹ − 1.
    pub fn set_sample_rate(&mut self, rate: i64) {
        self.put_fixed_int(Fixed::SampleRate, rate.clamp(1, i64::from(i32::MAX)));
    }
    /// Sets the message, cut at 1 MiB.
    pub fn set_body(&mut self, text: &str) {
        self.put_fixed_str(Fixed::Body, text);
    }
    /// Sets the verbatim document, cut at 1 MiB.
    pub fn set_raw(&mut self, text: &str) {
        self.put_fixed_str(Fixed::Raw, text);
    }

    fn put_fixed_str(&mut self, fixed: Fixed, text: &str) {
        let limit = match fixed {
            Fixed::Body | Fixed::Raw => BODY_BYTES_LIMIT,
            _ => VALUE_BYTES_LIMIT,
        };
        let (text, cut) = cut_text(text, limit);
        if cut {
            self.truncated.push(fixed.column_name().into());
        }
        let row = self.rows;
        self.fixed[fixed as usize]
            .get_or_insert_with(|| ColumnBuilder::of_type(Type::Str))
            .push_str(row, text);
    }

    fn put_fixed_int(&mut self, fixed: Fixed, value: i64) {
        let row = self.rows;
        self.fixed[fixed as usize]
            .get_or_insert_with(|| ColumnBuilder::of_type(Type::Int))
            .push(row, ValueRef::Int(value));
    }

    fn put_fixed_id16(&mut self, fixed: Fixed, id: [u8; 16]) {
        let row = self.rows;
        let c = self.fixed[fixed as usize]
            .get_or_insert_with(|| ColumnBuilder::new(Values::Id16(Vec::new())));
        c.pop(row);
        if let Values::Id16(v) = &mut c.values {
            v.push(id);
            c.rows.push(row);
        }
    }

    fn put_fixed_id8(&mut self, fixed: Fixed, id: [u8; 8]) {
        let row = self.rows;
        let c = self.fixed[fixed as usize]
            .get_or_insert_with(|| ColumnBuilder::new(Values::Id8(Vec::new())));
        c.pop(row);
        if let Values::Id8(v) = &mut c.values {
            v.push(id);
            c.rows.push(row);
        }
    }

    /// The batch of all ended rows.
    #[must_use]
    pub fn finish(mut self) -> EventBatch {
        if self.open {
            self.abandon_row();
        }
        self.store_defaults();
        let rows = self.rows as usize;
        let mut fixed = self.fixed.map(|c| c.and_then(|c| c.finish(rows)));
        fill_sample_rate(&mut fixed[Fixed::SampleRate as usize], rows);
        let mut columns: Vec<Option<ColumnBuilder>> = self.columns.into_iter().map(Some).collect();
        let mut attrs = Vec::new();
        for key in &self.keys {
            for i in key.columns.into_iter().flatten() {
                if let Some(column) = columns[i as usize].take().and_then(|c| c.finish(rows)) {
                    attrs.push(Attr {
                        key: Arc::clone(&key.name),
                        column,
                    });
                }
            }
        }
        attrs.sort_by(|a, b| (&*a.key, a.ty()).cmp(&(&*b.key, b.ty())));
        EventBatch {
            kind: self.kind,
            rows,
            fixed,
            attrs,
        }
    }
}

/// A missing weight is 1; a column of ones is no column.
fn fill_sample_rate(column: &mut Option<Column>, rows: usize) {
    let Some(c) = column else { return };
    let rates: Vec<i64> = (0..rows)
        .map(|r| match c.value(r) {
            Some(ValueRef::Int(rate)) => rate,
            _ => 1,
        })
        .collect();
    *column = rates
        .iter()
        .any(|r| *r != 1)
        .then(|| Column::dense(Data::Int(rates)));
}

struct Cursor<'a> {
    column: &'a mut ColumnBuilder,
    row: u32,
}

impl Cursor<'_> {
    fn push_str_at(self, text: &str) {
        self.column.push_str(self.row, text);
    }
}

#[cfg(test)]
mod tests;
