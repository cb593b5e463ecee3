//! Pipelines: stages of filters, computed fields, parsing, grouping and sorting over rows.
//!
//! The vendor question of [`crate::spec`] groups and aggregates; languages in which stages follow each
//! other and expressions nest are parsed by their own crates into the tree of [`tree`] and answered
//! here. Reading order: [`tree`] (what can be asked), [`value`] (what a field is), `program` (names
//! become slots), `row` (one row under evaluation), `gather` and `groups` (what is kept of rows), `run`
//! (scan, threads, limits).
//!
//! **Promises.** The same answer in any layout of the rows: whatever could depend on the order of
//! arrival is ordered by time, then event id. Only columns that a filter, a key or a column of the
//! answer looks at are read, and filters that are simple are tested by the scan itself. Rows count
//! once, whatever their sample rate.

mod functions;
mod gather;
mod groups;
mod period;
mod prefilter;
mod program;
mod row;
mod run;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use period::{Period, Unit};
pub use program::regex;
pub use tree::{
    Aggregate, Arithmetic, Base, Comparison, Expr, Function, Parse, ParsePattern, Pattern,
    Pipeline, Segment, SortKey, Stage, Stats,
};
pub use value::{Value, time_text};

use event::EventId;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A dataset that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its slug.
    pub dataset: String,
    /// How the asker calls it.
    pub label: String,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Whose rows.
    pub env: event::EnvId,
    /// Of which datasets; each row lies in one.
    pub sources: Vec<Source>,
    /// Event times, nanoseconds, half open.
    pub range: (i64, i64),
    /// What is done with them.
    pub pipeline: Pipeline,
    /// Width of the buckets in which rows that pass are counted by time, nanoseconds; 0: they are not.
    pub step_ns: i64,
}

/// Told of what has been found so far.
pub type Listener = Arc<dyn Fn(Outcome) + Send + Sync>;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The columns, in the order asked.
    pub columns: Vec<Column>,
    /// One value per column.
    pub rows: Vec<Vec<Value<'static>>>,
    /// Rows that passed the filters before any grouping, limit or dedup.
    pub matched: u64,
    /// Rows of the sources in the range.
    pub scanned: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Matched rows by time: start of the first bucket, then a count each.
    pub histogram: Option<(i64, Vec<u64>)>,
    /// Time ran out: only the newest part of the range was read.
    pub partial: bool,
    /// Wall time, microseconds.
    pub elapsed_us: u64,
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it holds values as they are stored, not computed ones.
    pub stored: bool,
}

/// What finds a row again for as long as it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Its time, nanoseconds.
    pub ts: i64,
    /// Its identity.
    pub event_id: EventId,
    /// The slug of its dataset.
    pub dataset: String,
}

/// Hex: 16 digits of time, 32 of identity, the slug's bytes.
impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}", self.ts, self.event_id)?;
        self.dataset.bytes().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl FromStr for Pointer {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        if !s.is_ascii() || s.len() < 50 || !s.len().is_multiple_of(2) {
            return Err(());
        }
        let (ts, rest) = s.split_at(16);
        let (id, dataset) = rest.split_at(32);
        let bytes = (0..dataset.len() / 2)
            .map(|i| u8::from_str_radix(&dataset[2 * i..2 * i + 2], 16))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ())?;
        Ok(Self {
            ts: u64::from_str_radix(ts, 16).map_err(|_| ())?.cast_signed(),
            event_id: EventId(u128::from_str_radix(id, 16).map_err(|_| ())?.to_be_bytes()),
            dataset: String::from_utf8(bytes).map_err(|_| ())?,
        })
    }
}
