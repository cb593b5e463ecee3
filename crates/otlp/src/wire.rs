//! OTLP requests as sent: protobuf read in place, and OTLP/JSON brought into the same bytes.
//!
//! Nothing here owns what it reads: a [`Message`] is a cursor over the request's bytes, and text
//! and nested messages are slices of it. Known fields must have their wire type, lengths must lie
//! within their message; unknown fields are skipped, as protobuf asks.
//!
//! Source: opentelemetry-proto 1.x, `trace.proto`, `logs.proto`, `metrics.proto`, `common.proto`;
//! limits: reliability.md §3.

#![deny(clippy::indexing_slicing)]

pub mod json;
mod reader;
mod schema;

pub use reader::{Field, Fields, Message, text};

use std::fmt;

/// Deepest nesting of values inside one attribute or log body.
pub const ANY_VALUE_DEPTH_LIMIT: usize = 32;
/// Deepest nesting of protobuf messages and groups.
pub const MESSAGE_DEPTH_LIMIT: usize = 100;

/// What an export request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans with their events and links.
    Traces,
    /// Log records.
    Logs,
    /// Metric data points.
    Metrics,
}

impl Signal {
    /// All signals.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// The last part of its HTTP path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// Why bytes are no export request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, in words, without the place.
    pub what: String,
    /// Which message was being read, e.g. `Span`; empty when unknown.
    pub message: &'static str,
    /// Address of the byte, made an offset by [`Malformed::located`].
    at: Place,
    /// Whether the nesting was the reason.
    pub too_deep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    None,
    Address(usize),
    Offset(usize),
}

impl Malformed {
    fn new(what: impl Into<String>, message: &'static str, at: &[u8]) -> Self {
        Self {
            what: what.into(),
            message,
            at: Place::Address(at.as_ptr().addr()),
            too_deep: false,
        }
    }

    /// An error without a place in the bytes.
    #[must_use]
    pub fn text(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            message: "",
            at: Place::None,
            too_deep: false,
        }
    }

    /// An error of nesting beyond a limit.
    #[must_use]
    pub fn deep(what: impl Into<String>) -> Self {
        Self {
            too_deep: true,
            ..Self::text(what)
        }
    }

    /// The error with its place as an offset into `body`, for the text a sender reads.
    #[must_use]
    pub fn located(mut self, body: &[u8]) -> Self {
        if let Place::Address(address) = self.at {
            let offset = address.wrapping_sub(body.as_ptr().addr());
            self.at = if offset <= body.len() {
                Place::Offset(offset)
            } else {
                Place::None
            };
        }
        self
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.message.is_empty() {
            write!(f, "{}: ", self.message)?;
        }
        f.write_str(&self.what)?;
        if let Place::Offset(n) = self.at {
            write!(f, " at byte {n}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Malformed {}

/// One `ResourceSpans`, `ResourceLogs` or `ResourceMetrics`: the three have the same field numbers.
#[derive(Clone, Copy, Debug)]
pub struct ResourceBlock<'a> {
    bytes: &'a [u8],
    /// Schema URL of the resource; empty when not set.
    pub schema_url: &'a [u8],
}

/// One `ScopeSpans`, `ScopeLogs` or `ScopeMetrics`.
#[derive(Clone, Copy, Debug)]
pub struct ScopeBlock<'a> {
    bytes: &'a [u8],
    /// Name of the scope; empty when not set.
    pub name: &'a [u8],
    /// Version of the scope; empty when not set.
    pub version: &'a [u8],
    /// Schema URL of the scope's items; empty when not set.
    pub schema_url: &'a [u8],
}

/// The blocks of a request, in order.
///
/// # Errors
/// [`Malformed`] from the iterator, when the outermost message is not protobuf.
pub fn blocks(body: &[u8]) -> Fields<'_> {
    Fields::new(body, "ExportServiceRequest", &[1])
}

impl<'a> ResourceBlock<'a> {
    /// Reads the block's own fields; its parts are read when asked for.
    ///
    /// # Errors
    /// [`Malformed`] when a field has the wrong wire type or goes beyond the message.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut out = Self {
            bytes,
            schema_url: &[],
        };
        let mut m = Message::new(bytes, "ResourceBlock");
        while let Some((number, field)) = m.next_field()? {
            if number == 3 {
                out.schema_url = field.bytes(&m)?;
            }
        }
        Ok(out)
    }

    /// Its `Resource` messages: one, unless a sender repeats it, which protobuf merges.
    #[must_use]
    pub fn resources(&self) -> Fields<'a> {
        Fields::new(self.bytes, "ResourceBlock", &[1])
    }

    /// Its scope blocks. Field 1000 is where senders before OTLP 0.15 put them.
    #[must_use]
    pub fn scopes(&self) -> Fields<'a> {
        Fields::new(self.bytes, "ResourceBlock", &[2, 1000])
    }
}

impl<'a> ScopeBlock<'a> {
    /// Reads the block's own fields and the scope's name and version.
    ///
    /// # Errors
    /// [`Malformed`] as for [`ResourceBlock::read`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut out = Self {
            bytes,
            name: &[],
            version: &[],
            schema_url: &[],
        };
        let mut m = Message::new(bytes, "ScopeBlock");
        while let Some((number, field)) = m.next_field()? {
            match number {
                1 => {
                    let mut scope = Message::new(field.bytes(&m)?, "InstrumentationScope");
                    while let Some((number, field)) = scope.next_field()? {
                        match number {
                            1 => out.name = field.bytes(&scope)?,
                            2 => out.version = field.bytes(&scope)?,
                            _ => {}
                        }
                    }
                }
                3 => out.schema_url = field.bytes(&m)?,
                _ => {}
            }
        }
        Ok(out)
    }

    /// The scope messages, for their attributes (field 3).
    #[must_use]
    pub fn scopes(&self) -> Fields<'a> {
        Fields::new(self.bytes, "ScopeBlock", &[1])
    }

    /// Its spans, log records or metrics.
    #[must_use]
    pub fn items(&self) -> Fields<'a> {
        Fields::new(self.bytes, "ScopeBlock", &[2])
    }
}

/// An attribute's value; nested messages are unread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyValue<'a> {
    /// `string_value`; not yet known to be UTF-8.
    Str(&'a [u8]),
    /// `bool_value`
    Bool(bool),
    /// `int_value`
    Int(i64),
    /// `double_value`
    Double(f64),
    /// `array_value`: an `ArrayValue` message.
    Array(&'a [u8]),
    /// `kvlist_value`: a `KeyValueList` message.
    Kvlist(&'a [u8]),
    /// `bytes_value`
    Bytes(&'a [u8]),
}

impl<'a> AnyValue<'a> {
    /// Reads an `AnyValue` message; `None` when it holds no value.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no such message.
    #[inline]
    #[expect(
        clippy::cast_possible_wrap,
        reason = "int64 is a varint in two's complement"
    )]
    pub fn read(bytes: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let mut m = Message::new(bytes, "AnyValue");
        let mut out = None;
        while let Some((number, field)) = m.next_field()? {
            out = Some(match number {
                1 => Self::Str(field.bytes(&m)?),
                2 => Self::Bool(field.varint(&m)? != 0),
                3 => Self::Int(field.varint(&m)? as i64),
                4 => Self::Double(f64::from_bits(field.fixed64(&m)?)),
                5 => Self::Array(field.bytes(&m)?),
                6 => Self::Kvlist(field.bytes(&m)?),
                7 => Self::Bytes(field.bytes(&m)?),
                _ => continue,
            });
        }
        Ok(out)
    }
}

/// Reads a `KeyValue` message: its key, and its value unless it is nil.
///
/// # Errors
/// [`Malformed`] when the bytes are no such message.
#[inline]
pub fn key_value(bytes: &[u8]) -> Result<(&[u8], Option<AnyValue<'_>>), Malformed> {
    let mut m = Message::new(bytes, "KeyValue");
    let (mut key, mut value) = (&[][..], None);
    while let Some((number, field)) = m.next_field()? {
        match number {
            1 => key = field.bytes(&m)?,
            2 => value = AnyValue::read(field.bytes(&m)?)?,
            _ => {}
        }
    }
    Ok((key, value))
}
