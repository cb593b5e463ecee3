//! Events as sent → rows. Pure: no clock but the batch's receive time.
//!
//! Names are kept as sent; those of fixed columns go there when their type fits (mapping.md §3.1).
//! Objects become dotted names to the dataset's `expand_json_depth`, deeper ones and arrays JSON text.

use crate::wire::{Item, Value};
use base64::Engine as _;
use event::{BatchBuilder, META_SOURCE, ValueRef};
use jiff::Timestamp;

/// What holds for all events of one request.
pub struct Target<'a> {
    /// Slug.
    pub dataset: &'a str,
    /// Levels of objects that become dotted names, 0 to 10.
    pub expand_json_depth: u8,
}

/// Appends one event; `false` when it is older than the retention.
pub fn event(batch: &mut BatchBuilder, target: &Target<'_>, item: &Item) -> bool {
    let time = item.time.as_ref().map(read_time);
    if !batch.begin_row(time.clone().and_then(Result::ok).unwrap_or(0)) {
        return false;
    }
    batch.set_dataset(target.dataset);
    batch.put_named(META_SOURCE, ValueRef::Str("events"));
    if let Some(Err(text)) = &time {
        // A time nobody can read: the receive time stands in, and what was sent is kept.
        batch.put_named(event::field::META_CLIENT_TS, ValueRef::Str(text));
    }
    if let Some(rate) = item.sample_rate.as_ref().map(read_rate) {
        batch.set_sample_rate(rate);
    }
    batch.discount_fields();
    for (key, value) in &item.data {
        put(batch, key, value, target.expand_json_depth);
    }
    batch.end_row();
    true
}

fn put(batch: &mut BatchBuilder, key: &str, value: &Value, depth: u8) {
    if key.is_empty() {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(b) => batch.put_named(key, ValueRef::Bool(*b)),
        Value::Int(i) => batch.put_named(key, ValueRef::Int(*i)),
        Value::Float(f) => batch.put_named(key, ValueRef::Float(*f)),
        Value::Str(s) => batch.put_named(key, ValueRef::Str(s)),
        Value::Bytes(b) => batch.put_named(key, ValueRef::Str(&base64(b))),
        Value::Time(ns) => batch.put_named(key, ValueRef::Str(&event::builder::rfc3339(*ns))),
        Value::Map(members) if depth > 0 => {
            for (name, value) in members.iter().filter(|(name, _)| !name.is_empty()) {
                put(batch, &format!("{key}.{name}"), value, depth - 1);
            }
        }
        Value::Map(_) | Value::List(_) => {
            let text = json(value).to_string();
            batch.put_named(key, ValueRef::Str(&text));
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(i) => (*i).into(),
        Value::Float(f) => (*f).into(),
        Value::Str(s) => s.as_str().into(),
        Value::Bytes(b) => base64(b).into(),
        Value::Time(ns) => event::builder::rfc3339(*ns).into(),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Map(members) => members
            .iter()
            .map(|(k, v)| (k.clone(), json(v)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Reads a time in any form clients send (honeycomb.md §1.10): RFC 3339; integers whose first ten
/// digits are seconds and the rest a fraction; seconds as a number with a fraction; msgpack times.
/// `Err`: what was sent, when it is none of them.
///
/// # Errors
/// See above.
pub fn read_time(value: &Value) -> Result<i64, String> {
    let read = match value {
        Value::Null => Some(0),
        Value::Time(ns) => Some(*ns),
        Value::Int(i) => of_digits(&i.to_string()),
        Value::Float(f) => of_seconds(*f),
        Value::Str(s) => of_text(s.trim()),
        _ => None,
    };
    read.ok_or_else(|| match value {
        Value::Str(s) => s.clone(),
        other => json(other).to_string(),
    })
}

fn of_text(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return of_digits(text);
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && whole.len() <= 10
        && !fraction.is_empty()
        && [whole, fraction]
            .iter()
            .all(|p| p.bytes().all(|b| b.is_ascii_digit()))
    {
        // Decimal text is exact; a double would not be.
        return decimal(whole, fraction);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return i64::try_from(at.as_nanosecond()).ok();
    }
    of_seconds(text.parse().ok()?)
}

/// The first ten digits are seconds, the rest their fraction: 13 digits are milliseconds, 16
/// microseconds, 19 nanoseconds.
fn of_digits(digits: &str) -> Option<i64> {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.starts_with('-') {
        return None;
    }
    match digits.len() {
        0..=10 => decimal(digits, ""),
        _ => decimal(digits.get(..10)?, digits.get(10..)?),
    }
}

fn decimal(whole: &str, fraction: &str) -> Option<i64> {
    let seconds: i64 = match whole {
        "" => 0,
        whole => whole.parse().ok()?,
    };
    let nanos = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Microseconds survive: a double of today's seconds has no more.
#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn of_seconds(seconds: f64) -> Option<i64> {
    let micros = (seconds * 1e6).round();
    (micros.is_finite() && (0.0..9e15).contains(&micros)).then(|| micros as i64 * 1_000)
}

/// How many events one stands for; 1 when it is missing, 0 or no number.
#[expect(clippy::cast_possible_truncation, reason = "bounded by the builder")]
pub fn read_rate(value: &Value) -> i64 {
    match value {
        Value::Int(i) => (*i).max(1),
        Value::Float(f) if *f >= 1.0 => (f + 0.5).floor() as i64,
        Value::Str(s) => s
            .trim()
            .parse::<f64>()
            .map_or(1, |f| read_rate(&Value::Float(f))),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Fixed, RowPolicy, TableKind, Type};

    const NOW: i64 = 1_772_532_000_000_000_000;

    fn one(depth: u8, data: &str) -> event::EventBatch {
        let data = crate::wire::parse_event(crate::wire::Format::Json, data.as_bytes()).unwrap();
        let item = Item {
            time: None,
            sample_rate: Some(Value::Int(4)),
            data,
        };
        let target = Target {
            dataset: "d",
            expand_json_depth: depth,
        };
        let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
        assert!(event(&mut b, &target, &item));
        b.finish()
    }

    fn text(batch: &event::EventBatch, key: &str) -> String {
        let column = batch.attr(key, Type::Str).unwrap();
        column.value(0).unwrap().to_string()
    }

    #[test]
    fn every_form_of_time() {
        let s = |t: &str| Value::Str(t.into());
        let whole = 1_700_000_000_000_000_000;
        for (value, want) in [
            (s("2023-11-14T22:13:20Z"), whole),
            (
                s("2023-11-14T23:13:20.123456789+01:00"),
                whole + 123_456_789,
            ),
            (s("1700000000"), whole),
            (s("1700000000.25"), whole + 250_000_000),
            (s("1700000000.123456789"), whole + 123_456_789),
            (Value::Int(1_700_000_000), whole),
            (Value::Int(1_700_000_000_123), whole + 123_000_000),
            (Value::Int(1_700_000_000_123_456), whole + 123_456_000),
            (Value::Int(1_700_000_000_123_456_789), whole + 123_456_789),
            (Value::Float(1_700_000_000.5), whole + 500_000_000),
            (Value::Time(7), 7),
            (Value::Null, 0),
        ] {
            assert_eq!(read_time(&value), Ok(want), "{value:?}");
        }
        for bad in [
            s("yesterday"),
            Value::Bool(true),
            Value::Int(-5),
            Value::Float(f64::NAN),
        ] {
            assert!(read_time(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn objects_unfold_to_the_datasets_depth() {
        let data = r#"{"a":{"b":{"c":1},"l":[1,{"x":2}]},"n":null}"#;
        let flat = one(0, data);
        assert_eq!(text(&flat, "a"), r#"{"b":{"c":1},"l":[1,{"x":2}]}"#);
        let one_level = one(1, data);
        assert_eq!(text(&one_level, "a.b"), r#"{"c":1}"#);
        assert_eq!(text(&one_level, "a.l"), r#"[1,{"x":2}]"#);
        let two = one(2, data);
        assert!(two.attr("a.b.c", Type::Int).is_some());
        assert!(two.attrs().iter().all(|a| &*a.key != "n"));
    }

    #[test]
    fn names_of_fixed_columns_go_there() {
        let batch = one(
            0,
            r#"{"trace.trace_id":"5c1fa2000102030405060708090a0b9b","name":"GET /","duration_ms":1.5,
                "service.name":"shop","error":true}"#,
        );
        assert!(batch.trace_id(0).is_some());
        assert!(batch.fixed(Fixed::DurationNs).is_some());
        assert_eq!(batch.distinct(Fixed::Service), ["shop"]);
        assert_eq!(batch.sample_rate(0), 4);
        assert_eq!(text(&batch, META_SOURCE), "events");
        assert!(batch.attr("error", Type::Bool).is_some());
    }

    #[test]
    fn rates() {
        for (value, want) in [
            (Value::Int(0), 1),
            (Value::Int(-3), 1),
            (Value::Int(10), 10),
            (Value::Float(2.5), 3),
            (Value::Str("7".into()), 7),
            (Value::Str("x".into()), 1),
            (Value::Null, 1),
        ] {
            assert_eq!(read_rate(&value), want, "{value:?}");
        }
    }
}
