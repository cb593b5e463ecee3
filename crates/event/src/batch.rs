//! A batch: rows of one table, as columns.

use crate::column::{Column, Data};
use crate::field::Fixed;
use crate::id::{EventId, SpanId, TableKind, TraceId};
use crate::value::{Type, ValueRef};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An attribute column: a key in one type. The same key in two types is two of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    /// The dotted name.
    pub key: Arc<str>,
    /// Its values; never an id column.
    pub column: Column,
}

impl Attr {
    /// The type of its values.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.column.data.ty().unwrap_or(Type::Str)
    }
}

/// Rows of one table, as columns: what one delivery becomes, what a WAL record holds, what the
/// recent buffer keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct EventBatch {
    pub(crate) kind: TableKind,
    pub(crate) rows: usize,
    pub(crate) fixed: [Option<Column>; Fixed::ALL.len()],
    pub(crate) attrs: Vec<Attr>,
}

impl EventBatch {
    /// Which kind of table its rows go to.
    #[must_use]
    pub fn kind(&self) -> TableKind {
        self.kind
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A fixed column; `None` when no row has a value (for `SampleRate`: when all are 1).
    #[must_use]
    pub fn fixed(&self, column: Fixed) -> Option<&Column> {
        self.fixed[column as usize].as_ref()
    }

    /// The attribute columns, sorted by key, then type.
    #[must_use]
    pub fn attrs(&self) -> &[Attr] {
        &self.attrs
    }

    /// The attribute column of that key and type.
    #[must_use]
    pub fn attr(&self, key: &str, ty: Type) -> Option<&Column> {
        let i = self
            .attrs
            .binary_search_by(|a| (&*a.key, a.ty()).cmp(&(key, ty)))
            .ok()?;
        Some(&self.attrs[i].column)
    }

    /// Event times, nanoseconds, one per row.
    #[must_use]
    pub fn ts(&self) -> &[i64] {
        match self.fixed(Fixed::Ts) {
            Some(Column {
                data: Data::Int(v), ..
            }) => v,
            _ => &[],
        }
    }

    /// Smallest and greatest event time; `None` when empty.
    #[must_use]
    pub fn ts_range(&self) -> Option<(i64, i64)> {
        let ts = self.ts();
        Some((*ts.iter().min()?, *ts.iter().max()?))
    }

    /// The dataset of `row`.
    #[must_use]
    pub fn dataset(&self, row: usize) -> &str {
        match self.fixed(Fixed::Dataset).and_then(|c| c.value(row)) {
            Some(ValueRef::Str(s)) => s,
            _ => "",
        }
    }

    /// The distinct datasets of its rows, sorted.
    #[must_use]
    pub fn datasets(&self) -> Vec<&str> {
        self.distinct(Fixed::Dataset)
    }

    /// The distinct texts of a fixed text column, sorted. A dictionary holds only used entries.
    #[must_use]
    pub fn distinct(&self, column: Fixed) -> Vec<&str> {
        let Some(Column {
            data: Data::Str(s), ..
        }) = self.fixed(column)
        else {
            return Vec::new();
        };
        let mut out: Vec<&str> = s.dict.iter().flatten().collect();
        out.sort_unstable();
        out
    }

    /// The trace id of `row`.
    #[must_use]
    pub fn trace_id(&self, row: usize) -> Option<TraceId> {
        self.fixed(Fixed::TraceId)?.id16(row).map(TraceId)
    }

    /// The span id of `row`.
    #[must_use]
    pub fn span_id(&self, row: usize) -> Option<SpanId> {
        self.fixed(Fixed::SpanId)?.id8(row).map(SpanId)
    }

    /// The identity of `row`: stored, or derived for a span row.
    #[must_use]
    pub fn event_id(&self, row: usize) -> EventId {
        self.fixed(Fixed::EventId)
            .and_then(|c| c.id16(row))
            .map_or_else(
                || EventId::of_span_row(self.trace_id(row), self.span_id(row), 0, 0),
                EventId,
            )
    }

    /// Sets one receipt time, in milliseconds, for all rows.
    pub fn set_ingest_ts(&mut self, unix_ms: i64) {
        self.fixed[Fixed::IngestTs as usize] =
            Some(Column::dense(Data::Int(vec![unix_ms; self.rows])));
    }

    /// Gives every row without an identity one of `sequence` and its place, except span rows
    /// (those with a span id), whose identity is derived.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record has fewer than 2^32 rows"
    )]
    pub fn fill_event_ids(&mut self, sequence: u64) {
        let has = |c: Fixed, r: usize| self.fixed(c).is_some_and(|c| c.presence.rank(r).is_some());
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        for r in 0..self.rows {
            let id = match self.fixed(Fixed::EventId).and_then(|c| c.id16(r)) {
                Some(id) => id,
                None if has(Fixed::SpanId, r) && has(Fixed::TraceId, r) => continue,
                None => EventId::of_sequence(sequence, r as u32).0,
            };
            rows.push(r as u32);
            ids.push(id);
        }
        if !rows.is_empty() {
            self.fixed[Fixed::EventId as usize] = Some(Column {
                presence: crate::Presence::from_rows(rows, self.rows),
                data: Data::Id16(ids),
            });
        }
    }

    /// Roughly the bytes it holds in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let fixed: usize = self.fixed.iter().flatten().map(Column::memory_bytes).sum();
        let attrs: usize = self
            .attrs
            .iter()
            .map(|a| a.column.memory_bytes() + a.key.len() + 16)
            .sum();
        fixed + attrs + std::mem::size_of::<Self>()
    }

    /// Stacks batches of one kind, in order. Row order and values stay as they are.
    ///
    /// # Panics
    /// In debug builds, when kinds differ.
    #[must_use]
    pub fn concat(batches: &[&Self]) -> Self {
        let kind = batches.first().map_or(TableKind::Spans, |b| b.kind);
        debug_assert!(
            batches.iter().all(|b| b.kind == kind),
            "batches of different tables are never stacked"
        );
        let rows = batches.iter().map(|b| b.rows).sum();
        let fixed = Fixed::ALL.map(|f| {
            if f == Fixed::SampleRate {
                return Self::concat_rates(batches);
            }
            Column::concat(
                &batches
                    .iter()
                    .map(|b| (b.fixed(f), b.rows))
                    .collect::<Vec<_>>(),
            )
        });
        type Stack<'a> = (&'a Arc<str>, Vec<Option<&'a Column>>);
        let mut keys: BTreeMap<(&str, Type), Stack<'_>> = BTreeMap::new();
        for (i, b) in batches.iter().enumerate() {
            for a in &b.attrs {
                let slot = keys
                    .entry((&a.key, a.ty()))
                    .or_insert_with(|| (&a.key, vec![None; batches.len()]));
                slot.1[i] = Some(&a.column);
            }
        }
        let attrs = keys
            .into_values()
            .filter_map(|(key, columns)| {
                let parts: Vec<_> = columns
                    .into_iter()
                    .zip(batches)
                    .map(|(c, b)| (c, b.rows))
                    .collect();
                Some(Attr {
                    key: Arc::clone(key),
                    column: Column::concat(&parts)?,
                })
            })
            .collect();
        Self {
            kind,
            rows,
            fixed,
            attrs,
        }
    }

    /// An absent sample rate means 1, so the gaps are filled before stacking.
    fn concat_rates(batches: &[&Self]) -> Option<Column> {
        if batches.iter().all(|b| b.fixed(Fixed::SampleRate).is_none()) {
            return None;
        }
        let mut rates = Vec::new();
        for b in batches {
            rates.extend((0..b.rows).map(|r| b.sample_rate(r)));
        }
        Some(Column::dense(Data::Int(rates)))
    }

    /// The weight of `row`, at least 1.
    #[must_use]
    pub fn sample_rate(&self, row: usize) -> i64 {
        match self.fixed(Fixed::SampleRate).and_then(|c| c.value(row)) {
            Some(ValueRef::Int(rate)) => rate,
            _ => 1,
        }
    }

    /// Every field of `row` that has a value, fixed ones under their column names: for reading a
    /// row whole, never for scans.
    pub fn for_each_attr(&self, row: usize, mut f: impl FnMut(&str, ValueRef<'_>)) {
        for a in &self.attrs {
            if let Some(v) = a.column.value(row) {
                f(&a.key, v);
            }
        }
    }
}
