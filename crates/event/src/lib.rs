//! The nouns of Foursight: events, their fields and ids, and batches of them as columns.
//!
//! **What it is.** An [`EventBatch`] is what one delivery becomes: rows of one table, held as
//! columns. The same bytes are the WAL record ([`EventBatch::encode`]) and the entry of the recent
//! buffer, so nothing is built twice between a socket and a query.
//!
//! **What it promises.** Pure values: no clock, no files, no async, no wire format. Limits of one
//! event (fields, name length, value length, time) are applied while a row is built, in one place
//! ([`BatchBuilder`]), and never refuse an event for its fields.
//!
//! **What it does not know.** Where batches are kept, who asks, and which vendor sent them.
//!
//! Reading order: [`id`], [`field`], [`value`], [`column`], [`batch`], [`builder`], [`codec`], [`shown`].
//!
//! ```
//! use event::{BatchBuilder, RowPolicy, TableKind, ValueRef};
//! let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(1_000));
//! let route = b.field("http.route");
//! assert!(b.begin_row(500));
//! b.set_dataset("backend-flask");
//! b.put(route, ValueRef::Str("/api/activities/home"));
//! b.end_row();
//! let batch = b.finish();
//! assert_eq!(batch.rows(), 1);
//! let bytes = batch.encode();
//! assert_eq!(event::EventBatch::decode(&bytes).unwrap(), batch);
//! ```

pub mod batch;
pub mod builder;
pub mod codec;
pub mod column;
pub mod field;
pub mod id;
pub mod shown;
pub mod value;

pub use batch::{Attr, EventBatch};
pub use builder::{BatchBuilder, FieldSlot, RowPolicy};
pub use codec::Malformed;
pub use column::{Column, Data, Presence, StrData};
pub use field::{Fixed, META_SIGNAL_TYPE, META_SOURCE};
pub use id::{EnvId, EventId, SpanId, TableId, TableKind, TraceId, UnixNanos};
pub use value::{Type, Value, ValueRef};
