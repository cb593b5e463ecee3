//! Bodies of the Events API as sent: JSON and msgpack, read within limits.
//!
//! A body becomes [`Value`]s under a budget of values and depth: nothing is allocated from a length
//! the sender tells. Source: Honeycomb API reference, "Events".

#![deny(clippy::indexing_slicing)]

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Nesting of one event (reliability.md §3).
pub const DEPTH_LIMIT: usize = 64;
/// Values in one body (reliability.md §3).
pub const VALUES_LIMIT: usize = 1_000_000;
/// Events in one batch: each costs at least three values.
const EVENTS_LIMIT: usize = VALUES_LIMIT / 3;
/// One event, bytes as sent.
pub const EVENT_BYTES_LIMIT: usize = 1 << 20;

/// A value as sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Truth value.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Double; integers beyond 64 bits too.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes (msgpack only).
    Bytes(Vec<u8>),
    /// A time, nanoseconds since 1970 (msgpack only).
    Time(i64),
    /// Array.
    List(Vec<Self>),
    /// Object, members in the order sent.
    Map(Vec<(String, Self)>),
}

/// Why one event of a body, or the body, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Nothing, or an object without members.
    Empty,
    /// Not what it should be.
    Malformed,
    /// Over 1 MiB.
    TooLarge,
    /// Nested deeper than 64, or more than a million values.
    TooDeep,
}

/// One event of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// When it happened, in one of many forms.
    pub time: Option<Value>,
    /// How many events it stands for.
    pub sample_rate: Option<Value>,
    /// Its fields; not empty.
    pub data: Vec<(String, Value)>,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`, and whatever else is told: clients send all sorts of types with JSON.
    Json,
    /// `application/msgpack`, `application/x-msgpack`.
    Msgpack,
}

impl Format {
    /// The format a content type tells.
    #[must_use]
    pub fn of_content_type(content_type: Option<&str>) -> Self {
        let kind = content_type.and_then(|c| c.split(';').next());
        match kind.map(|k| k.trim().to_ascii_lowercase()).as_deref() {
            Some("application/msgpack" | "application/x-msgpack") => Self::Msgpack,
            _ => Self::Json,
        }
    }
}

/// Reads one flat object: the body of `POST /1/events/{dataset}`.
///
/// # Errors
/// See [`Bad`].
pub fn parse_event(format: Format, body: &[u8]) -> Result<Vec<(String, Value)>, Bad> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Bad::Empty);
    }
    let mut budget = Budget::new();
    match read(format, body, &mut budget)? {
        Value::Map(members) if members.is_empty() => Err(Bad::Empty),
        Value::Map(members) => Ok(members),
        _ => Err(Bad::Malformed),
    }
}

/// Reads an array of events: the body of `POST /1/batch/{dataset}`. One outcome per element, in
/// order: an event that cannot be read does not spoil the others.
///
/// # Errors
/// The body as a whole is no array, or is damaged.
pub fn parse_batch(format: Format, body: &[u8]) -> Result<Vec<Result<Item, Bad>>, Bad> {
    let mut budget = Budget::new();
    match format {
        Format::Json => {
            let text = std::str::from_utf8(body).map_err(|_| Bad::Malformed)?;
            if text.trim().is_empty() {
                return Err(Bad::Empty);
            }
            let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| bad_json(&e))?;
            if raw.len() > EVENTS_LIMIT {
                return Err(Bad::TooLarge);
            }
            let read_one = |raw: &RawValue| {
                if raw.get().len() > EVENT_BYTES_LIMIT {
                    return Err(Bad::TooLarge);
                }
                item(read(Format::Json, raw.get().as_bytes(), &mut budget)?)
            };
            Ok(raw.into_iter().map(read_one).collect())
        }
        Format::Msgpack => {
            if body.is_empty() {
                return Err(Bad::Empty);
            }
            let Value::List(items) = read(Format::Msgpack, body, &mut budget)? else {
                return Err(Bad::Malformed);
            };
            let sized = |v: Value| match size(&v) {
                0..=EVENT_BYTES_LIMIT => item(v),
                _ => Err(Bad::TooLarge),
            };
            Ok(items.into_iter().map(sized).collect())
        }
    }
}

fn item(value: Value) -> Result<Item, Bad> {
    let Value::Map(members) = value else {
        return Err(Bad::Malformed);
    };
    let (mut time, mut sample_rate, mut data) = (None, None, None);
    for (key, value) in members {
        match key.as_str() {
            "time" => time = Some(value),
            "samplerate" => sample_rate = Some(value),
            "data" => data = Some(value),
            _ => {}
        }
    }
    match data {
        None | Some(Value::Null) => Err(Bad::Empty),
        Some(Value::Map(m)) if m.is_empty() => Err(Bad::Empty),
        Some(Value::Map(data)) => Ok(Item {
            time,
            sample_rate,
            data,
        }),
        Some(_) => Err(Bad::Malformed),
    }
}

fn read(format: Format, body: &[u8], budget: &mut Budget) -> Result<Value, Bad> {
    let value = match format {
        Format::Json => {
            let mut de = serde_json::Deserializer::from_slice(body);
            let value = Seed { budget, depth: 0 }.deserialize(&mut de);
            value
                .and_then(|v| de.end().map(|()| v))
                .map_err(|e| bad_json(&e))
        }
        Format::Msgpack => {
            let mut de = rmp_serde::Deserializer::from_read_ref(body);
            // Ours answers first; this one guards the parser's own recursion.
            de.set_max_depth(DEPTH_LIMIT * 2);
            Seed { budget, depth: 0 }
                .deserialize(&mut de)
                .map_err(|_| Bad::Malformed)
        }
    };
    match value {
        Err(Bad::Malformed) if budget.is_exceeded => Err(Bad::TooDeep),
        other => other,
    }
}

fn bad_json(e: &serde_json::Error) -> Bad {
    match e.to_string().starts_with("recursion limit") {
        true => Bad::TooDeep,
        false => Bad::Malformed,
    }
}

/// About how many bytes a value takes as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Int(_) | Value::Float(_) | Value::Time(_) => 8,
        Value::Str(s) => s.len() + 2,
        Value::Bytes(b) => b.len() + 2,
        Value::List(l) => l.iter().map(|v| size(v) + 1).sum::<usize>() + 2,
        Value::Map(m) => m.iter().map(|(k, v)| k.len() + size(v) + 4).sum::<usize>() + 2,
    }
}

/// What a body may still hold.
struct Budget {
    values_left: usize,
    is_exceeded: bool,
}

impl Budget {
    fn new() -> Self {
        Self {
            values_left: VALUES_LIMIT,
            is_exceeded: false,
        }
    }
}

struct Seed<'a> {
    budget: &'a mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<Value, D::Error> {
        if self.budget.values_left == 0 || self.depth > DEPTH_LIMIT {
            self.budget.is_exceeded = true;
            return Err(D::Error::custom("too deep or too many values"));
        }
        self.budget.values_left -= 1;
        de.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond i64: kept as a double")]
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Str(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::Str(v))
    }

    fn visit_bytes<E>(self, v: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(v.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(v) = seq.next_element_seed(Seed {
            budget: self.budget,
            depth: self.depth + 1,
        })? {
            out.push(v);
        }
        Ok(Value::List(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value_seed(Seed {
                budget: self.budget,
                depth: self.depth + 1,
            })?;
            out.push((key, value));
        }
        Ok(Value::Map(out))
    }

    /// A msgpack extension: type and bytes. Type −1 is a time.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, de: D) -> Result<Value, D::Error> {
        let (kind, Blob(bytes)): (i8, Blob) = serde::Deserialize::deserialize(de)?;
        Ok(match (kind, timestamp(&bytes)) {
            (-1, Some(ns)) => Value::Time(ns),
            _ => Value::Bytes(bytes),
        })
    }
}

/// A member's name; msgpack allows numbers there.
struct Key(String);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E>(self, v: &str) -> Result<Key, E> {
                Ok(Key(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Key, E> {
                Ok(Key(v))
            }
            fn visit_bytes<E>(self, v: &[u8]) -> Result<Key, E> {
                Ok(Key(String::from_utf8_lossy(v).into_owned()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Key, E> {
                Ok(Key(v.to_string()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Key, E> {
                Ok(Key(v.to_string()))
            }
        }
        de.deserialize_any(V)
    }
}

struct Blob(Vec<u8>);

impl<'de> serde::Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Blob;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, v: &[u8]) -> Result<Blob, E> {
                Ok(Blob(v.to_vec()))
            }
        }
        de.deserialize_any(V)
    }
}

/// The three forms of msgpack's timestamp extension. Source: msgpack specification, "Timestamp
/// extension type".
fn timestamp(bytes: &[u8]) -> Option<i64> {
    let (seconds, nanos) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            (
                (both & ((1 << 34) - 1)).cast_signed(),
                (both >> 34).cast_signed(),
            )
        }
        12 => {
            let (nanos, seconds) = bytes.split_first_chunk::<4>()?;
            (
                i64::from_be_bytes(seconds.try_into().ok()?),
                i64::from(u32::from_be_bytes(*nanos)),
            )
        }
        _ => return None,
    };
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use serde::Serialize;

    fn pack(v: &serde_json::Value) -> Vec<u8> {
        let mut out = Vec::new();
        v.serialize(&mut rmp_serde::Serializer::new(&mut out))
            .unwrap();
        out
    }

    #[test]
    fn json_and_msgpack_read_the_same() {
        let body = serde_json::json!([
            {"time": "2026-03-03T10:00:00Z", "samplerate": 4,
             "data": {"s": "x", "i": -7, "f": 1.5, "b": true, "n": null, "o": {"a": [1, "2"]}}},
            {"data": {}}, {}, {"data": 3}, 7,
        ]);
        let json = parse_batch(Format::Json, body.to_string().as_bytes()).unwrap();
        let packed = parse_batch(Format::Msgpack, &pack(&body)).unwrap();
        let bad: Vec<_> = json
            .iter()
            .skip(1)
            .map(|r| r.as_ref().unwrap_err())
            .collect();
        assert_eq!(
            bad,
            [&Bad::Empty, &Bad::Empty, &Bad::Malformed, &Bad::Malformed]
        );
        let sorted = |r: &Result<Item, Bad>| {
            r.clone().map(|mut i| {
                i.data.sort_by(|a, b| a.0.cmp(&b.0));
                i
            })
        };
        for (a, b) in json.iter().zip(&packed) {
            assert_eq!(sorted(a), sorted(b));
        }
    }

    #[test]
    fn msgpack_times_and_odd_keys() {
        // {"t": timestamp 64 with 1 ns, 5: nil}
        let mut body = vec![0x82, 0xa1, b't', 0xd7, 0xff];
        body.extend(((1u64 << 34) | 1_700_000_000).to_be_bytes());
        body.extend([0x05, 0xc0]);
        let event = parse_event(Format::Msgpack, &body).unwrap();
        assert_eq!(
            event[0],
            ("t".into(), Value::Time(1_700_000_000_000_000_001))
        );
        assert_eq!(event[1], ("5".into(), Value::Null));
    }

    #[test]
    fn what_is_no_event_is_told_apart() {
        let event = |body: &str| parse_event(Format::Json, body.as_bytes()).map(|_| ());
        assert_eq!(event(""), Err(Bad::Empty));
        assert_eq!(event(" \n"), Err(Bad::Empty));
        assert_eq!(event("{}"), Err(Bad::Empty));
        assert_eq!(event("[]"), Err(Bad::Malformed));
        assert_eq!(event("{\"a\":"), Err(Bad::Malformed));
        assert_eq!(event("{\"a\":1} x"), Err(Bad::Malformed));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(80), "]".repeat(80));
        assert_eq!(event(&deep), Err(Bad::TooDeep));
        let deeper = format!("{{\"a\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(event(&deeper), Err(Bad::TooDeep));
        let batch = |body: &str| parse_batch(Format::Json, body.as_bytes()).map(|_| ());
        assert_eq!(batch("{}"), Err(Bad::Malformed));
        assert_eq!(batch("[{]"), Err(Bad::Malformed));
    }

    #[test]
    fn a_large_event_does_not_spoil_its_batch() {
        let body = format!(
            r#"[{{"data":{{"a":"{}"}}}},{{"data":{{"a":1}}}}]"#,
            "x".repeat(EVENT_BYTES_LIMIT)
        );
        let items = parse_batch(Format::Json, body.as_bytes()).unwrap();
        assert_eq!(items[0], Err(Bad::TooLarge));
        assert!(items[1].is_ok());
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        let items = parse_batch(Format::Msgpack, &pack(&value)).unwrap();
        assert_eq!(items[0], Err(Bad::TooLarge));
        assert!(items[1].is_ok());
    }

    #[test]
    fn a_lie_about_a_length_or_a_flood_of_values_is_refused() {
        // An array that tells 4 billion elements and has none.
        assert_eq!(
            parse_batch(Format::Msgpack, &[0xdd, 0xff, 0xff, 0xff, 0xff]),
            Err(Bad::Malformed)
        );
        let mut flood = vec![0x81, 0xa1, b'a', 0xdd];
        let n = u32::try_from(VALUES_LIMIT + 10).unwrap();
        flood.extend(n.to_be_bytes());
        flood.resize(flood.len() + VALUES_LIMIT + 10, 1);
        assert_eq!(parse_event(Format::Msgpack, &flood), Err(Bad::TooDeep));
    }
}
