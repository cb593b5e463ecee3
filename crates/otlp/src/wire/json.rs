//! OTLP/JSON, written over as the protobuf bytes of the same request while it is read.
//!
//! So that one translation serves both encodings, and no tree is built: memory is the body plus
//! its protobuf form. Accepted beyond the specification, as senders do it: ids in base64, enums by
//! name, 64-bit integers as numbers, field names as in the .proto files, `null` for "not set".

use super::schema::{self, Entry, Kind, Schema};
use super::{Malformed, Signal};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Deepest nesting of a body (reliability.md §3).
pub const DEPTH_LIMIT: usize = 64;
/// Most values of a body (reliability.md §3).
pub const VALUES_LIMIT: usize = 1_000_000;

/// Writes the OTLP/JSON `body` as protobuf.
///
/// # Errors
/// [`Malformed`] with line and column when it is no JSON, a field has a value of the wrong type, or
/// it goes beyond [`DEPTH_LIMIT`] or [`VALUES_LIMIT`].
pub fn to_protobuf(signal: Signal, body: &[u8]) -> Result<Vec<u8>, Malformed> {
    match write(signal, body) {
        // JavaScript cuts text between the halves of a character, and writes the half it kept.
        Err(first) => match repair_surrogates(body) {
            Some(repaired) => write(signal, &repaired),
            None => Err(first),
        },
        ok => ok,
    }
}

fn write(signal: Signal, body: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut state = State {
        out: Vec::with_capacity(body.len() / 2),
        depth: 0,
        values: 0,
        too_deep: false,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = Object {
        schema: schema::request(signal),
        state: &mut state,
    }
    .deserialize(&mut json)
    .and_then(|()| json.end());
    match read {
        Ok(()) => Ok(state.out),
        Err(e) if state.too_deep => Err(Malformed::deep(e.to_string())),
        Err(e) => Err(Malformed::text(e.to_string())),
    }
}

/// What is written so far, and what the limits count.
struct State {
    out: Vec<u8>,
    depth: usize,
    values: usize,
    too_deep: bool,
}

impl State {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            self.too_deep = true;
            return Err(E::custom(format!("nested deeper than {DEPTH_LIMIT}")));
        }
        self.count()
    }

    fn count<E: Error>(&mut self) -> Result<(), E> {
        self.values += 1;
        if self.values > VALUES_LIMIT {
            return Err(E::custom(format!(
                "more than {VALUES_LIMIT} values; send smaller batches"
            )));
        }
        Ok(())
    }

    fn varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        self.out.push(n as u8);
    }

    fn tag(&mut self, number: u32, wire_type: u64) {
        self.varint(u64::from(number) << 3 | wire_type);
    }

    fn delimited(&mut self, number: u32, bytes: &[u8]) {
        self.tag(number, 2);
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// Writes a message whose length is known only when it is written: in four bytes, which
    /// protobuf allows for any number below 2²⁸.
    fn nested<E: Error>(
        &mut self,
        number: u32,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.tag(number, 2);
        let at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        write(self)?;
        let length = self.out.len() - at - 4;
        let bytes = [0, 7, 14, 21].map(|shift| {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
            let bits = (length >> shift & 0x7f) as u8;
            bits | if shift < 21 { 0x80 } else { 0 }
        });
        if let Some(place) = self.out.get_mut(at..at + 4) {
            place.copy_from_slice(&bytes);
        }
        Ok(())
    }
}

/// Reads an object as the fields of a message, and writes those.
struct Object<'s> {
    schema: &'static Schema,
    state: &'s mut State,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.state.enter()?;
        while let Some(field) = map.next_key_seed(Name(self.schema))? {
            let state = &mut *self.state;
            match field {
                Some(entry) => map.next_value_seed(FieldValue { entry, state })?,
                None => map.next_value_seed(Skip { state })?,
            }
        }
        self.state.depth -= 1;
        Ok(())
    }
}

/// Reads a name as the field it stands for; `None` when it is none of ours.
struct Name(&'static Schema);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static Entry>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static Entry>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.field(name))
    }
}

/// Reads the value of a field, or the array of its values, and writes it.
struct FieldValue<'s> {
    entry: &'static Entry,
    state: &'s mut State,
}

impl FieldValue<'_> {
    fn wrong<E: Error>(&self, got: impl fmt::Display) -> E {
        let want = match self.entry.kind {
            Kind::Message(_) => "an object",
            Kind::Text => "a string",
            Kind::Bytes => "base64",
            Kind::Id(16) => "32 hex digits",
            Kind::Id(_) => "16 hex digits",
            Kind::Bool => "a boolean",
            Kind::Enum(_) => "a number or name of its enum",
            Kind::Double => "a number",
            Kind::Varint | Kind::Zigzag | Kind::Fixed64 | Kind::Fixed32 => "an integer",
        };
        E::custom(format!("{}: {got} is not {want}", self.entry.json))
    }

    /// Writes an integer given as its 64 bits in two's complement.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fixed32 and sint32 have 32 bits"
    )]
    fn integer(&mut self, n: u64) {
        let number = self.entry.number;
        match self.entry.kind {
            Kind::Varint | Kind::Enum(_) => {
                self.state.tag(number, 0);
                self.state.varint(n);
            }
            Kind::Zigzag => {
                let n = n as u32;
                self.state.tag(number, 0);
                let sign = (n.cast_signed() >> 31).cast_unsigned();
                self.state.varint(u64::from(n << 1 ^ sign));
            }
            Kind::Fixed32 => {
                self.state.tag(number, 5);
                self.state.out.extend_from_slice(&(n as u32).to_le_bytes());
            }
            _ => {
                self.state.tag(number, 1);
                self.state.out.extend_from_slice(&n.to_le_bytes());
            }
        }
    }

    fn double(&mut self, x: f64) {
        self.integer(x.to_bits());
    }

    fn is_integer(&self) -> bool {
        matches!(
            self.entry.kind,
            Kind::Varint | Kind::Zigzag | Kind::Fixed64 | Kind::Fixed32 | Kind::Enum(_)
        )
    }
}

impl<'de> DeserializeSeed<'de> for FieldValue<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of {}", self.entry.json)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.state.count()
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Kind::Message(schema) = self.entry.kind else {
            return Err(self.wrong("an object"));
        };
        self.state.nested(self.entry.number, |state| {
            Object { schema, state }.visit_map(map)
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.state.enter()?;
        let entry = self.entry;
        while seq
            .next_element_seed(FieldValue {
                entry,
                state: &mut *self.state,
            })?
            .is_some()
        {}
        self.state.depth -= 1;
        Ok(())
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<(), E> {
        self.state.count()?;
        if !matches!(self.entry.kind, Kind::Bool) {
            return Err(self.wrong(b));
        }
        self.state.tag(self.entry.number, 0);
        self.state.varint(u64::from(b));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, n: u64) -> Result<(), E> {
        self.state.count()?;
        match self.entry.kind {
            #[expect(clippy::cast_precision_loss, reason = "as JSON readers do")]
            Kind::Double => self.double(n as f64),
            _ if self.is_integer() => self.integer(n),
            _ => return Err(self.wrong(n)),
        }
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, n: i64) -> Result<(), E> {
        self.state.count()?;
        match self.entry.kind {
            #[expect(clippy::cast_precision_loss, reason = "as JSON readers do")]
            Kind::Double => self.double(n as f64),
            _ if self.is_integer() => self.integer(n.cast_unsigned()),
            _ => return Err(self.wrong(n)),
        }
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, x: f64) -> Result<(), E> {
        self.state.count()?;
        match self.entry.kind {
            Kind::Double => self.double(x),
            // Some writers print whole numbers with an exponent.
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
            _ if self.is_integer() && x.fract() == 0.0 && x.abs() < 9.2e18 => {
                self.integer((x as i64).cast_unsigned());
            }
            _ => return Err(self.wrong(x)),
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, s: &str) -> Result<(), E> {
        self.state.count()?;
        let number = self.entry.number;
        match self.entry.kind {
            Kind::Text => self.state.delimited(number, s.as_bytes()),
            Kind::Id(_) | Kind::Bytes if s.is_empty() => {}
            Kind::Id(bytes) => match id(s, bytes) {
                Some(id) => self.state.delimited(number, &id),
                None => return Err(self.wrong(Quoted(s))),
            },
            Kind::Bytes => match base64(s) {
                Some(bytes) => self.state.delimited(number, &bytes),
                None => return Err(self.wrong(Quoted(s))),
            },
            Kind::Double => match s.parse() {
                Ok(x) => self.double(x),
                Err(_) => return Err(self.wrong(Quoted(s))),
            },
            Kind::Enum(names) => match names.iter().find(|n| n.0 == s) {
                Some((_, n)) => self.integer(*n),
                None => match s.parse() {
                    Ok(n) => self.integer(n),
                    Err(_) => return Err(self.wrong(Quoted(s))),
                },
            },
            Kind::Message(_) | Kind::Bool => return Err(self.wrong(Quoted(s))),
            _ => match (s.parse::<u64>(), s.parse::<i64>()) {
                (Ok(n), _) => self.integer(n),
                (_, Ok(n)) => self.integer(n.cast_unsigned()),
                _ => return Err(self.wrong(Quoted(s))),
            },
        }
        Ok(())
    }
}

/// Passes over a value of any kind, counting.
struct Skip<'s> {
    state: &'s mut State,
}

impl<'de> DeserializeSeed<'de> for Skip<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.state.count()
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.state.count()
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.state.count()
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.state.count()
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.state.count()
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.state.count()
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.state.enter()?;
        while seq
            .next_element_seed(Skip {
                state: &mut *self.state,
            })?
            .is_some()
        {}
        self.state.depth -= 1;
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.state.enter()?;
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Skip {
                state: &mut *self.state,
            })?;
        }
        self.state.depth -= 1;
        Ok(())
    }
}

/// The start of a text, in quotes, for an error.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, cut) = event::builder::cut_text(self.0, 40);
        write!(f, "{head:?}{}", if cut { "…" } else { "" })
    }
}

/// An id of `bytes` bytes: hex as OTLP/JSON says, base64 as protobuf's JSON says, else hex of
/// another length, which the translation keeps as text.
fn id(s: &str, bytes: usize) -> Option<Vec<u8>> {
    let as_hex = hex::decode(s).ok();
    match &as_hex {
        Some(id) if id.len() == bytes => as_hex,
        _ => base64(s).filter(|id| id.len() == bytes).or(as_hex),
    }
}

/// Base64 of either alphabet, padded or not.
fn base64(s: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent);
    let alphabet = if s.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    GeneralPurpose::new(alphabet, config).decode(s).ok()
}

/// The body with every escaped half of a surrogate pair that stands alone replaced by U+FFFD;
/// `None` when there is none.
fn repair_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| -> Option<u16> {
        let hex = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let mut out: Option<Vec<u8>> = None;
    let mut i = 0;
    while let Some(b) = body.get(i) {
        if *b != b'\\' {
            i += 1;
            continue;
        }
        match (unit(i), unit(i + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => i += 12,
            (Some(0xd800..=0xdfff), _) => {
                let out = out.get_or_insert_with(|| body.to_vec());
                if let Some(place) = out.get_mut(i..i + 6) {
                    place.copy_from_slice(b"\\ufffd");
                }
                i += 6;
            }
            _ => i += 2,
        }
    }
    out
}

#[cfg(test)]
mod tests;
