//! From an export request to an [`EventBatch`]: pure, one pass, no text copied that the batch does
//! not keep.
//!
//! Attributes of a resource and a scope are decoded once and put into each of their rows. Which
//! column a value goes to is mapping.md §2–3; the vendor's own names, order of overwriting and rows
//! for span events and links are honeycomb.md §1.3–1.8.

mod attributes;
mod logs;
mod metrics;
mod percentiles;
mod points;
mod sampling;
mod traces;

use crate::wire::{self, Malformed, ResourceBlock, ScopeBlock, Signal, text};
use attributes::{Attr, Attributes, Scalar};
use event::builder::FIELDS_LIMIT;
use event::{
    BatchBuilder, EventBatch, FieldSlot, META_SIGNAL_TYPE, META_SOURCE, RowPolicy, TableKind,
    ValueRef,
};
use std::sync::Arc;

/// Most values (rows × fields) of one request. A body of 20 MiB of real spans has about 1.5
/// million; a crafted one, of empty spans under a wide resource, could ask for thousands of millions.
pub const VALUES_LIMIT: usize = 4_000_000;
/// Most attributes of one span, record or resource. An event of 1 MB has fewer.
pub const ITEM_ATTRIBUTES_LIMIT: usize = 262_144;

/// What a request is judged by, besides its body.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// Receive time and the oldest time taken.
    pub policy: RowPolicy,
    /// The `x-honeycomb-dataset` header, trimmed; `None` when absent or blank.
    pub dataset_header: Option<&'c str>,
    /// Whether the key is of the form that has no environment (honeycomb.md §0).
    pub classic: bool,
}

/// Why a dataset is asked for: decides its kind when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatasetUse {
    /// Named after a service.
    Service,
    /// Logs without a service.
    Logs,
    /// Metrics.
    Metrics,
}

/// Finds or makes the dataset of a display name and answers its slug, or why it may not be made.
pub type Datasets<'d> = dyn FnMut(&str, DatasetUse) -> Result<Arc<str>, String> + 'd;

/// Rows that were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusedRows {
    /// Their time lies before the retention.
    TooOld {
        /// How many rows.
        rows: u64,
    },
    /// Their dataset could not be made, or they have no place to go.
    Because {
        /// How many rows.
        rows: u64,
        /// Why.
        reason: String,
    },
}

impl RefusedRows {
    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::TooOld { rows } | Self::Because { rows, .. } => *rows,
        }
    }
}

/// A translated request.
#[derive(Debug)]
pub struct Translated {
    /// The rows to store.
    pub batch: EventBatch,
    /// Spans, log records or data points not taken, for the protocol's partial success.
    pub rejected_items: u64,
    /// Rows not taken, by reason: a span's events and links count too.
    pub refused: Vec<RefusedRows>,
    /// Whether any item carries a time: only then may its body serve as its identity
    /// (reliability.md §4).
    pub timed: bool,
}

/// Translates the export request `body` of `signal`.
///
/// # Errors
/// [`Untranslatable::Malformed`] when the bytes are no such request, with the place;
/// [`Untranslatable::TooManyValues`] beyond [`VALUES_LIMIT`] or [`ITEM_ATTRIBUTES_LIMIT`].
pub fn translate(
    signal: Signal,
    body: &[u8],
    context: Context<'_>,
    datasets: &mut Datasets<'_>,
) -> Result<Translated, Untranslatable> {
    let mut t = Translation::new(signal, context, datasets);
    let done = match signal {
        Signal::Traces => traces::translate(&mut t, body),
        Signal::Logs => logs::translate(&mut t, body),
        Signal::Metrics => metrics::translate(&mut t, body),
    };
    done.map_err(|e| e.located(body))?;
    Ok(t.finish())
}

/// Why a request became no batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// The bytes are no export request.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The request would unfold to more values than one request may.
    #[error("{0}; send smaller batches")]
    TooManyValues(String),
}

impl Untranslatable {
    fn located(self, body: &[u8]) -> Self {
        match self {
            Self::Malformed(m) => Self::Malformed(m.located(body)),
            other @ Self::TooManyValues(_) => other,
        }
    }
}

/// State of one translation.
struct Translation<'a, 'c, 'd> {
    builder: BatchBuilder,
    attributes: Attributes<'a>,
    names: Names,
    signal_type: &'static str,
    /// Fields whose values are never shared, because rows put or read them beside.
    by_row: Vec<FieldSlot>,
    /// Keys that begin so are never shared either: a body's columns come before a resource's.
    by_row_prefix: &'static [u8],
    context: Context<'c>,
    datasets: &'c mut Datasets<'d>,
    values: usize,
    rejected_items: u64,
    /// Rows refused before they were begun; the builder counts the others.
    too_old_rows: u64,
    refused_because: Vec<(String, u64)>,
    timed: bool,
}

/// Fields of our own that many rows have.
struct Names {
    source: FieldSlot,
    signal_type: FieldSlot,
    annotation_type: FieldSlot,
    library_name: FieldSlot,
    library_version: FieldSlot,
    instrumentation_library: FieldSlot,
    resource_schema_url: FieldSlot,
    scope_schema_url: FieldSlot,
    service_name: FieldSlot,
    trace_id: FieldSlot,
    span_id: FieldSlot,
    parent_id: FieldSlot,
}

impl Names {
    fn new(b: &mut BatchBuilder) -> Self {
        Self {
            source: b.field(META_SOURCE),
            signal_type: b.field(META_SIGNAL_TYPE),
            annotation_type: b.field(event::field::META_ANNOTATION_TYPE),
            library_name: b.field("library.name"),
            library_version: b.field("library.version"),
            instrumentation_library: b.field("telemetry.instrumentation_library"),
            resource_schema_url: b.field("resource.schema_url"),
            scope_schema_url: b.field("scope.schema_url"),
            service_name: b.field("service.name"),
            trace_id: b.field("trace.trace_id"),
            span_id: b.field("trace.span_id"),
            parent_id: b.field("trace.parent_id"),
        }
    }
}

/// What every row of a resource and of a scope starts with.
#[derive(Default)]
struct Shared<'a> {
    resource: Vec<Attr<'a>>,
    /// The scope's built-in columns: names, schema URLs.
    built_in: Vec<Attr<'a>>,
    scope: Vec<Attr<'a>>,
    /// Those of the above that each row must put itself: their order against a row's built-in
    /// columns matters, or a fixed column holds them. The others are defaults of the builder.
    by_row: Vec<Attr<'a>>,
}

impl<'a> Shared<'a> {
    fn len(&self) -> usize {
        self.resource.len() + self.built_in.len() + self.scope.len()
    }

    /// In the order of overwriting.
    fn in_order(&self) -> impl Iterator<Item = &Attr<'a>> {
        self.built_in
            .iter()
            .chain(&self.resource)
            .chain(&self.scope)
    }
}

impl<'a, 'c, 'd> Translation<'a, 'c, 'd> {
    fn new(signal: Signal, context: Context<'c>, datasets: &'c mut Datasets<'d>) -> Self {
        let (kind, signal_type) = match signal {
            Signal::Traces => (TableKind::Spans, "trace"),
            Signal::Logs => (TableKind::Logs, "log"),
            Signal::Metrics => (TableKind::Metrics, "metric"),
        };
        let mut builder = BatchBuilder::new(kind, context.policy);
        Self {
            attributes: Attributes::new(&mut builder),
            names: Names::new(&mut builder),
            builder,
            signal_type,
            by_row: Vec::new(),
            by_row_prefix: match signal {
                Signal::Logs => b"body",
                Signal::Traces | Signal::Metrics => b"\0",
            },
            context,
            datasets,
            values: 0,
            rejected_items: 0,
            too_old_rows: 0,
            refused_because: Vec::new(),
            timed: false,
        }
    }

    fn finish(self) -> Translated {
        let mut refused = Vec::new();
        match self.too_old_rows + self.builder.refused_too_old() {
            0 => {}
            rows => refused.push(RefusedRows::TooOld { rows }),
        }
        refused.extend(
            self.refused_because
                .into_iter()
                .map(|(reason, rows)| RefusedRows::Because { rows, reason }),
        );
        Translated {
            batch: self.builder.finish(),
            rejected_items: self.rejected_items,
            refused,
            timed: self.timed,
        }
    }

    /// Decodes the attributes of a block's resource into `shared`.
    fn read_resource(
        &mut self,
        block: &ResourceBlock<'a>,
        shared: &mut Shared<'a>,
    ) -> Result<(), Untranslatable> {
        shared.resource.clear();
        self.attributes.begin();
        for resource in block.resources() {
            for kv in wire::Fields::new(resource?, "Resource", &[1]) {
                self.attributes
                    .decode(&mut self.builder, kv?, &mut shared.resource)?;
            }
        }
        self.check_item(&shared.resource)
    }

    /// Decodes what the rows of one scope have in common.
    fn read_scope(
        &mut self,
        block: &ResourceBlock<'a>,
        scope: &ScopeBlock<'a>,
        shared: &mut Shared<'a>,
    ) -> Result<(), Untranslatable> {
        shared.built_in.clear();
        let mut put = |slot, bytes: &'a [u8]| {
            if !bytes.is_empty() {
                let value = Scalar::text(bytes);
                shared.built_in.push(Attr { slot, value });
            }
        };
        put(self.names.source, b"otlp");
        put(self.names.signal_type, self.signal_type.as_bytes());
        put(self.names.library_name, scope.name);
        put(self.names.library_version, scope.version);
        put(self.names.resource_schema_url, block.schema_url);
        put(self.names.scope_schema_url, scope.schema_url);
        if is_instrumentation_library(&text(scope.name)) {
            shared.built_in.push(Attr {
                slot: self.names.instrumentation_library,
                value: Scalar::Bool(true),
            });
        }
        shared.scope.clear();
        self.attributes.begin();
        for scope in scope.scopes() {
            for kv in wire::Fields::new(scope?, "InstrumentationScope", &[3]) {
                self.attributes
                    .decode(&mut self.builder, kv?, &mut shared.scope)?;
            }
        }
        self.check_item(&shared.scope)
    }

    /// Makes what the rows of a scope have in common the builder's defaults, as far as it can be.
    /// Asked for with the scope's first item, so that an empty scope costs nothing.
    fn share(&mut self, shared: &mut Shared<'a>) -> Result<(), Untranslatable> {
        self.charge(shared.len())?;
        let mut by_row = std::mem::take(&mut shared.by_row);
        by_row.clear();
        let all = || shared.in_order();
        if shared.len() > FIELDS_LIMIT {
            by_row.extend(all().cloned());
            self.builder.set_defaults([]);
        } else {
            let never = |a: &&Attr<'a>| {
                self.by_row.contains(&a.slot)
                    || self.attributes.key(a.slot).starts_with(self.by_row_prefix)
                    || !self.builder.can_default(a.slot, a.value.as_ref())
            };
            // All values of such a field, or their order would be lost.
            let slots: Vec<FieldSlot> = all().filter(never).map(|a| a.slot).collect();
            by_row.extend(all().filter(|a| slots.contains(&a.slot)).cloned());
            self.builder.set_defaults(
                all()
                    .filter(|a| !slots.contains(&a.slot))
                    .map(|a| (a.slot, a.value.as_ref())),
            );
        }
        shared.by_row = by_row;
        Ok(())
    }

    /// The service of a resource, as the dataset routing reads it: trimmed text, not blank, not a
    /// client's stand-in for a name that was not set.
    fn service<'s>(&self, resource: &'s [Attr<'a>]) -> Option<&'s str> {
        let slot = self.names.service_name;
        match resource
            .iter()
            .rev()
            .find(|a| a.slot == slot)?
            .value
            .as_ref()
        {
            ValueRef::Str(s) => {
                let s = s.trim();
                (!s.is_empty() && !s.starts_with("unknown_service")).then_some(s)
            }
            _ => None,
        }
    }

    /// The slug of the dataset `name`, or `None` when it was refused; `items` says how many rows
    /// that costs, and is asked only then.
    fn dataset(
        &mut self,
        name: &str,
        dataset_use: DatasetUse,
        items: impl FnOnce() -> Result<u64, Malformed>,
    ) -> Result<Option<Arc<str>>, Malformed> {
        match (self.datasets)(name, dataset_use) {
            Ok(slug) => Ok(Some(slug)),
            Err(reason) => {
                self.refuse(reason, items()?);
                Ok(None)
            }
        }
    }

    /// Counts items that become no rows.
    fn refuse(&mut self, reason: String, items: u64) {
        self.rejected_items += items;
        match self.refused_because.iter_mut().find(|r| r.0 == reason) {
            Some(known) => known.1 += items,
            None => self.refused_because.push((reason, items)),
        }
    }

    /// Counts the values of a row before it is put.
    fn charge(&mut self, values: usize) -> Result<(), Untranslatable> {
        self.values += values;
        if self.values > VALUES_LIMIT {
            return Err(Untranslatable::TooManyValues(format!(
                "the request unfolds to more than {VALUES_LIMIT} values"
            )));
        }
        Ok(())
    }

    fn check_item(&self, attributes: &[Attr<'a>]) -> Result<(), Untranslatable> {
        if attributes.len() > ITEM_ATTRIBUTES_LIMIT {
            return Err(Untranslatable::TooManyValues(format!(
                "one item has more than {ITEM_ATTRIBUTES_LIMIT} attributes"
            )));
        }
        Ok(())
    }

    /// Whether a row of that time would be refused as too old, by the rule of the builder.
    fn too_old(&self, ts: i64) -> bool {
        ts > 0 && self.context.policy.oldest.is_some_and(|oldest| ts < oldest)
    }
}

/// Nanoseconds of the wire as ours; times beyond the year 2262 stay at the end, which is "ahead".
fn nanos(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Nanoseconds as the milliseconds users see.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds are shown as a float"
)]
fn millis(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}

/// Whether a scope is an instrumentation library of OpenTelemetry or Honeycomb (honeycomb.md §1.4).
fn is_instrumentation_library(scope: &str) -> bool {
    const PREFIXES: [&str; 9] = [
        "io.opentelemetry",
        "opentelemetry.instrumentation",
        "OpenTelemetry.Instrumentation",
        "OpenTelemetry::Instrumentation",
        "go.opentelemetry.io/contrib/instrumentation",
        "@opentelemetry/instrumentation",
        "io.opentelemetry.contrib.php",
        "github.com/open-telemetry/opentelemetry-collector",
        "@honeycombio/",
    ];
    PREFIXES.iter().any(|p| scope.starts_with(p))
}

#[cfg(test)]
mod tests;
