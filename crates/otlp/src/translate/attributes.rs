//! Attributes: from `KeyValue` messages to slots and values, each key looked up once.

use super::{ITEM_ATTRIBUTES_LIMIT, Untranslatable};
use crate::wire::{self, ANY_VALUE_DEPTH_LIMIT, AnyValue, Malformed, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event::builder::VALUE_BYTES_LIMIT;
use event::{BatchBuilder, FieldSlot, ValueRef};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Levels of nested maps that become dotted names; deeper ones are JSON text (honeycomb.md §1.7).
const FLATTEN_DEPTH: usize = 5;

/// A value of an attribute, borrowed from the request where it can be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Str(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Text that is not in the request as it stands: JSON of arrays, repaired UTF-8.
    Made(Box<str>),
}

impl<'a> Scalar<'a> {
    pub(super) fn text(bytes: &'a [u8]) -> Self {
        match text(bytes) {
            Cow::Borrowed(s) => Self::Str(s),
            Cow::Owned(s) => Self::Made(s.into()),
        }
    }

    #[inline]
    pub(super) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Str(s) => ValueRef::Str(s),
            Self::Int(i) => ValueRef::Int(*i),
            Self::Float(f) => ValueRef::Float(*f),
            Self::Bool(b) => ValueRef::Bool(*b),
            Self::Made(s) => ValueRef::Str(s),
        }
    }
}

/// A decoded attribute.
#[derive(Clone, Debug)]
pub(super) struct Attr<'a> {
    pub(super) slot: FieldSlot,
    pub(super) value: Scalar<'a>,
}

/// Puts attributes into the open row.
#[inline]
pub(super) fn put_all(builder: &mut BatchBuilder, attributes: &[Attr<'_>]) {
    for a in attributes {
        builder.put(a.slot, a.value.as_ref());
    }
}

/// The key a slot had when it was met last, and the slot that followed it then.
#[derive(Clone, Copy)]
struct Known<'a> {
    key: &'a [u8],
    next: Option<FieldSlot>,
}

/// Decodes attributes. Senders list the keys of like spans in the same order, so the key that
/// followed the one before last time is tried first, and hashing is the exception.
pub(super) struct Attributes<'a> {
    known: Vec<Option<Known<'a>>>,
    start: FieldSlot,
    previous: FieldSlot,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(builder: &mut BatchBuilder) -> Self {
        // The empty name is never stored, so its slot can stand for the start of a list.
        let start = builder.field("");
        let mut out = Self {
            known: Vec::new(),
            start,
            previous: start,
        };
        out.remember(start, &[]);
        out
    }

    /// The key that a slot had when it was met last; empty for a slot that no key of the request led to.
    pub(super) fn key(&self, slot: FieldSlot) -> &'a [u8] {
        let known = self.known.get(slot.index()).copied().flatten();
        known.map_or(&[], |k| k.key)
    }

    /// Says that a new list of attributes begins.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.previous = self.start;
    }

    /// Decodes one `KeyValue` message into `out`; nothing for an empty key or a nil value.
    #[inline]
    pub(super) fn decode(
        &mut self,
        builder: &mut BatchBuilder,
        kv: &'a [u8],
        out: &mut Vec<Attr<'a>>,
    ) -> Result<(), Untranslatable> {
        let (key, Some(value)) = wire::key_value(kv)? else {
            return Ok(());
        };
        if key.is_empty() {
            return Ok(());
        }
        let value = match value {
            AnyValue::Str(s) => Scalar::text(s),
            AnyValue::Int(i) => Scalar::Int(i),
            AnyValue::Double(f) => Scalar::Float(f),
            AnyValue::Bool(b) => Scalar::Bool(b),
            nested => return self.decode_nested(builder, key, nested, out),
        };
        let slot = self.slot(builder, key);
        out.push(Attr { slot, value });
        Ok(())
    }

    #[inline]
    fn slot(&mut self, builder: &mut BatchBuilder, key: &'a [u8]) -> FieldSlot {
        let guess = self.known[self.previous.index()].and_then(|k| k.next);
        let slot = match guess {
            Some(slot) if self.known[slot.index()].is_some_and(|k| k.key == key) => slot,
            _ => {
                let slot = builder.field(&text(key));
                self.remember(slot, key);
                if let Some(previous) = &mut self.known[self.previous.index()] {
                    previous.next = Some(slot);
                }
                slot
            }
        };
        self.previous = slot;
        slot
    }

    fn remember(&mut self, slot: FieldSlot, key: &'a [u8]) {
        let i = slot.index();
        if self.known.len() <= i {
            self.known.resize(i + 1, None);
        }
        let next = self.known[i].and_then(|k| k.next);
        self.known[i] = Some(Known { key, next });
    }

    #[cold]
    fn decode_nested(
        &mut self,
        builder: &mut BatchBuilder,
        key: &[u8],
        value: AnyValue<'a>,
        out: &mut Vec<Attr<'a>>,
    ) -> Result<(), Untranslatable> {
        let mut path = text(key).into_owned();
        flatten(builder, &mut path, value, 0, out)
    }
}

/// Turns `value` into attributes named `path` or, for maps, `path.key…`.
pub(super) fn flatten<'a>(
    builder: &mut BatchBuilder,
    path: &mut String,
    value: AnyValue<'a>,
    depth: usize,
    out: &mut Vec<Attr<'a>>,
) -> Result<(), Untranslatable> {
    let value = match value {
        AnyValue::Str(s) => Scalar::text(s),
        AnyValue::Int(i) => Scalar::Int(i),
        AnyValue::Double(f) => Scalar::Float(f),
        AnyValue::Bool(b) => Scalar::Bool(b),
        AnyValue::Kvlist(list) if depth < FLATTEN_DEPTH => {
            for kv in wire::Fields::new(list, "KeyValueList", &[1]) {
                let (key, Some(value)) = wire::key_value(kv?)? else {
                    continue;
                };
                if key.is_empty() {
                    continue;
                }
                let length = path.len();
                path.push('.');
                path.push_str(&text(key));
                flatten(builder, path, value, depth + 1, out)?;
                path.truncate(length);
                if out.len() > ITEM_ATTRIBUTES_LIMIT {
                    break; // The caller's check refuses the request.
                }
            }
            return Ok(());
        }
        nested => Scalar::Made(json_text(nested, depth + 1, VALUE_BYTES_LIMIT + 1)?.into()),
    };
    let slot = builder.field(path);
    out.push(Attr { slot, value });
    Ok(())
}

/// JSON text of a value; little more than `limit` bytes of it, as the rest would be cut anyway.
/// `depth` is how deep the value lies in its attribute, from 1.
///
/// Bytes are base64 text, numbers that JSON has no word for are text (honeycomb.md §1.7).
pub(super) fn json_text(
    value: AnyValue<'_>,
    depth: usize,
    limit: usize,
) -> Result<String, Malformed> {
    let mut out = String::new();
    write_json(&mut out, Some(value), depth, limit)?;
    Ok(out)
}

fn write_json(
    out: &mut String,
    value: Option<AnyValue<'_>>,
    depth: usize,
    limit: usize,
) -> Result<(), Malformed> {
    if depth > ANY_VALUE_DEPTH_LIMIT {
        return Err(Malformed::deep(format!(
            "an attribute value is nested deeper than {ANY_VALUE_DEPTH_LIMIT}"
        )));
    }
    match value {
        None => push(out, limit, "null"),
        Some(AnyValue::Str(s)) => write_json_string(out, limit, &text(s)),
        Some(AnyValue::Bool(b)) => push(out, limit, if b { "true" } else { "false" }),
        Some(AnyValue::Int(i)) => {
            if out.len() < limit {
                let _ = write!(out, "{i}");
            }
        }
        Some(AnyValue::Double(f)) => write_json_number(out, limit, f),
        Some(AnyValue::Bytes(b)) => {
            push(out, limit, "\"");
            if out.len() < limit {
                STANDARD.encode_string(b.get(..limit).unwrap_or(b), out);
            }
            push(out, limit, "\"");
        }
        Some(AnyValue::Array(list)) => {
            push(out, limit, "[");
            let mut first = true;
            for item in wire::Fields::new(list, "ArrayValue", &[1]) {
                if !std::mem::take(&mut first) {
                    push(out, limit, ",");
                }
                write_json(out, AnyValue::read(item?)?, depth + 1, limit)?;
            }
            push(out, limit, "]");
        }
        Some(AnyValue::Kvlist(list)) => {
            push(out, limit, "{");
            let mut first = true;
            for kv in wire::Fields::new(list, "KeyValueList", &[1]) {
                let (key, value) = wire::key_value(kv?)?;
                if key.is_empty() || value.is_none() {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    push(out, limit, ",");
                }
                write_json_string(out, limit, &text(key));
                push(out, limit, ":");
                write_json(out, value, depth + 1, limit)?;
            }
            push(out, limit, "}");
        }
    }
    Ok(())
}

fn push(out: &mut String, limit: usize, s: &str) {
    if out.len() < limit {
        out.push_str(s);
    }
}

fn write_json_number(out: &mut String, limit: usize, f: f64) {
    if out.len() >= limit {
        return;
    }
    if f.fract() == 0.0 && f.abs() < 1e15 {
        let _ = write!(out, "{f}");
    } else if let Some(n) = serde_json::Number::from_f64(f) {
        let _ = write!(out, "{n}");
    } else {
        let _ = write!(out, "\"{f}\"");
    }
}

fn write_json_string(out: &mut String, limit: usize, s: &str) {
    if out.len() >= limit {
        return;
    }
    out.push('"');
    for c in s.chars() {
        if out.len() >= limit {
            return;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
