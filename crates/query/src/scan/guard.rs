//! The filters at the root of every unit: range, dataset, retention, deletes.

use super::Ask;
use super::batch::Columns;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use event::Fixed;
use std::sync::Arc;
use store::snapshot::Expiry;
use store::{Snapshot, Tombstone};

/// What rows of a unit still have to pass, given what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Times outside these are gone; `None`: all of the unit's lie inside.
    range: Option<(i64, i64)>,
    /// Only this dataset; `None`: all, or all of the unit are of it.
    dataset: Option<String>,
    /// Retention of single datasets: (dataset, smallest time that stays).
    expiry: Vec<(String, i64)>,
    /// Smallest time that stays of all other datasets.
    expiry_default: Option<i64>,
    /// Deleted: (dataset, greatest receipt time that is gone, ms).
    deleted: Vec<(String, i64)>,
    /// Places of the columns in the scan's sources.
    pub(super) places: Places,
}

/// Where a guard finds its columns among the scan's sources.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places {
    pub(super) ts: usize,
    pub(super) dataset: usize,
    pub(super) ingest_ts: usize,
}

/// What is known of a unit before reading it.
pub(super) struct Known<'a> {
    /// Smallest and greatest event time.
    pub(super) ts: (i64, i64),
    /// Its datasets, when few enough to be listed.
    pub(super) datasets: Option<&'a [String]>,
}

impl Guard {
    /// The guard of a unit; `None` when no row of it can stay.
    pub(super) fn of(ask: &Ask, snapshot: &Snapshot, unit: &Known<'_>) -> Option<Self> {
        let (start, end) = ask.range;
        if unit.ts.1 < start || unit.ts.0 >= end {
            return None;
        }
        let may_have = |d: &str| unit.datasets.is_none_or(|list| list.iter().any(|x| x == d));
        let mut dataset = None;
        if let Some(d) = &ask.dataset {
            if !may_have(d) {
                return None;
            }
            if unit.datasets.is_none_or(|list| list.len() > 1) {
                dataset = Some(d.clone());
            }
        }
        let concerns = |d: &str| may_have(d) && ask.dataset.as_deref().is_none_or(|a| a == d);
        let Expiry {
            default,
            by_dataset,
        } = &*snapshot.expired_before;
        let expiry: Vec<(String, i64)> = by_dataset
            .iter()
            .filter(|(d, _)| concerns(d))
            .cloned()
            .collect();
        // The settings of single datasets replace the default, in both directions.
        let oldest = unit.ts.0.max(start);
        let matters = expiry.iter().any(|(_, t)| *t > oldest) || *default > oldest;
        let (expiry, expiry_default) = if matters {
            (expiry, Some(*default))
        } else {
            (Vec::new(), None)
        };
        let deleted = snapshot
            .tombstones
            .iter()
            .filter(|t: &&Tombstone| concerns(&t.dataset))
            .map(|t| (t.dataset.clone(), t.created_ms))
            .collect();
        let guard = Self {
            range: (unit.ts.0 < start || unit.ts.1 >= end).then_some((start, end)),
            dataset,
            expiry,
            expiry_default,
            deleted,
            places: Places::default(),
        };
        Some(guard)
    }

    /// The fixed columns it reads.
    pub(super) fn needs(&self) -> Vec<Fixed> {
        let mut out = Vec::new();
        if self.range.is_some() || self.expiry_default.is_some() {
            out.push(Fixed::Ts);
        }
        if self.dataset.is_some() || !self.expiry.is_empty() || !self.deleted.is_empty() {
            out.push(Fixed::Dataset);
        }
        if !self.deleted.is_empty() {
            out.push(Fixed::IngestTs);
        }
        out
    }

    /// The times that can stay, for pruning.
    pub(super) fn times(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// The dataset wanted, for pruning.
    pub(super) fn dataset(&self) -> Option<&str> {
        self.dataset.as_deref()
    }

    /// Which rows stay; `None`: all.
    pub(super) fn keep(&self, columns: &Columns, ask: &Ask) -> Option<BooleanBuffer> {
        debug_assert!(ask.range.0 <= ask.range.1, "a range ends after its start");
        let mut keep: Option<BooleanBuffer> = None;
        let mut and = |mask: BooleanBuffer| {
            keep = Some(match keep.take() {
                Some(k) => &k & &mask,
                None => mask,
            });
        };
        let column = |i: usize| -> Option<&ArrayRef> { columns.arrays.get(i)?.as_ref() };
        let times = |i: usize| -> Option<&[i64]> {
            Some(&column(i)?.as_primitive_opt::<Int64Type>()?.values()[..])
        };
        if let (Some((start, end)), Some(ts)) = (self.range, times(self.places.ts)) {
            and(BooleanBuffer::collect_bool(ts.len(), |i| {
                ts[i] >= start && ts[i] < end
            }));
        }
        let is = |name: &str| -> BooleanBuffer {
            column(self.places.dataset).map_or_else(
                || BooleanBuffer::new_unset(columns.rows),
                |a| crate::values::test_text(a.as_ref(), |t| t == name),
            )
        };
        if let Some(d) = &self.dataset {
            and(is(d));
        }
        if let (Some(default), Some(ts)) = (self.expiry_default, times(self.places.ts)) {
            let mut fresh = BooleanBuffer::collect_bool(ts.len(), |i| ts[i] >= default);
            for (d, oldest) in &self.expiry {
                let of = is(d);
                let own = BooleanBuffer::collect_bool(ts.len(), |i| ts[i] >= *oldest);
                fresh = &(&fresh & &!&of) | &(&own & &of);
            }
            and(fresh);
        }
        for (d, created_ms) in &self.deleted {
            let Some(ingest) = times(self.places.ingest_ts) else {
                and(!&is(d));
                continue;
            };
            let old = BooleanBuffer::collect_bool(ingest.len(), |i| ingest[i] <= *created_ms);
            and(!&(&is(d) & &old));
        }
        keep
    }
}

/// Times and weights as `Int64`, whatever a file or a buffer has.
pub(super) fn normal(array: ArrayRef) -> ArrayRef {
    use arrow_array::types::{Int32Type, TimestampMillisecondType, TimestampNanosecondType};
    use arrow_schema::{DataType, TimeUnit};
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Arc::new(
            array
                .as_primitive::<TimestampNanosecondType>()
                .reinterpret_cast::<Int64Type>(),
        ),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Arc::new(
            array
                .as_primitive::<TimestampMillisecondType>()
                .reinterpret_cast::<Int64Type>(),
        ),
        DataType::Int32 => Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Int64Type>(i64::from),
        ),
        _ => array,
    }
}
