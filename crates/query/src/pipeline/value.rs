//! Values of a pipeline: typed where the row is, text where it is not, and often missing.
//!
//! Nothing is cast for good. Text that is a number counts as one where a number is wanted, a number
//! is its canonical text where text is wanted, and what cannot be either there is missing.

use crate::values::parse_number;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// A value of a field or an expression in one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    #[default]
    Missing,
    /// A truth value as stored.
    Bool(bool),
    /// What a test found: true where truth is wanted, 1 or 0 where it is shown or counted with.
    Flag(bool),
    /// Integer.
    Int(i64),
    /// Finite double.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment, nanoseconds since 1970; milliseconds where a number is wanted.
    Time(i64),
    /// A list or a map.
    Json(Arc<serde_json::Value>),
}

/// A number, exact while it is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Fits 64 bits.
    Int(i64),
    /// Anything else.
    Float(f64),
}

impl Number {
    /// As a double.
    #[expect(clippy::cast_precision_loss, reason = "asked for as a double")]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(x) => x,
        }
    }

    /// A whole number written without a point, or any other finite one.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let x = parse_number(text)?;
        Some(text.parse().map_or(Self::Float(x), Self::Int))
    }

    /// By value; an integer is never rounded to compare with an integer.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }
}

impl<'a> Value<'a> {
    /// Text without a copy.
    #[must_use]
    pub fn text_ref(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A finite double; missing for anything else.
    #[must_use]
    pub fn float(x: f64) -> Self {
        if x.is_finite() {
            Self::Float(x)
        } else {
            Self::Missing
        }
    }

    /// A value of a JSON document: null is missing.
    #[must_use]
    pub fn of_json(json: &serde_json::Value) -> Value<'static> {
        match json {
            serde_json::Value::Null => Value::Missing,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Value::Int(i),
                (None, Some(x)) => Value::float(x),
                (None, None) => Value::Missing,
            },
            serde_json::Value::String(s) => Value::Text(Cow::Owned(s.clone())),
            whole => Value::Json(Arc::new(whole.clone())),
        }
    }

    /// The same, borrowing its text.
    #[must_use]
    pub fn borrowed(&'a self) -> Self {
        match self {
            Self::Text(t) => Self::Text(Cow::Borrowed(t)),
            other => other.clone(),
        }
    }

    /// The same, with text of its own.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Missing => Value::Missing,
            Value::Bool(b) => Value::Bool(b),
            Value::Flag(b) => Value::Flag(b),
            Value::Int(i) => Value::Int(i),
            Value::Float(x) => Value::Float(x),
            Value::Text(t) => Value::Text(Cow::Owned(t.into_owned())),
            Value::Time(t) => Value::Time(t),
            Value::Json(j) => Value::Json(j),
        }
    }

    /// Whether there is a value.
    #[must_use]
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Missing)
    }

    /// Whether it counts as true: nothing but truth does.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true) | Self::Flag(true))
    }

    /// Whether it is a number by type, not by looks.
    pub(crate) fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Int(_) | Self::Float(_) | Self::Time(_) | Self::Flag(_)
        )
    }

    /// As a number, when it is or looks like one.
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Self::Int(i) => Some(Number::Int(*i)),
            Self::Float(x) => Some(Number::Float(*x)),
            Self::Flag(b) => Some(Number::Int(i64::from(*b))),
            Self::Time(ns) => Some(Number::Int(ns.div_euclid(1_000_000))),
            Self::Text(t) => Number::of_text(t),
            Self::Missing | Self::Bool(_) | Self::Json(_) => None,
        }
    }

    /// As text, canonical; `None` when missing.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Missing => return None,
            Self::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Self::Flag(b) => Cow::Borrowed(if *b { "1" } else { "0" }),
            Self::Int(i) => Cow::Owned(i.to_string()),
            Self::Float(x) => Cow::Owned(x.to_string()),
            Self::Text(t) => Cow::Borrowed(t),
            Self::Time(ns) => Cow::Owned(time_text(*ns)),
            Self::Json(j) => Cow::Owned(j.to_string()),
        })
    }

    /// As a moment, nanoseconds: a number counts milliseconds.
    pub(crate) fn time(&self) -> Option<i64> {
        match self {
            Self::Time(ns) => Some(*ns),
            other => {
                let ms = match other.number()? {
                    Number::Int(ms) => ms,
                    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
                    Number::Float(ms) => ms.floor() as i64,
                };
                ms.checked_mul(1_000_000)
            }
        }
    }

    /// Roughly the bytes it holds.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(Cow::Owned(t)) => t.capacity(),
            Self::Json(_) => 256,
            _ => 0,
        }
    }
}

/// How two values stand to each other. With a number by type only numbers and text that looks like
/// one compare; text with text compares as numbers when `by_number` and both look like one, else by
/// bytes. `None` when one is missing or they do not compare.
pub(crate) fn compare(a: &Value<'_>, b: &Value<'_>, by_number: bool) -> Option<Ordering> {
    if let (Value::Time(a), Value::Time(b)) = (a, b) {
        return Some(a.cmp(b));
    }
    if let (Value::Bool(a) | Value::Flag(a), Value::Bool(b) | Value::Flag(b)) = (a, b) {
        return Some(a.cmp(b));
    }
    if let Some(order) = time_and_text(a, b) {
        return order;
    }
    let typed = a.is_number() || b.is_number();
    if typed || by_number {
        match (a.number(), b.number()) {
            (Some(a), Some(b)) => return a.compare(b),
            _ if typed => return None,
            _ => {}
        }
    }
    let (a, b) = (a.text()?, b.text()?);
    Some(a.as_bytes().cmp(b.as_bytes()))
}

/// A moment and text that is no number: compared as the moment is shown. `None`: not such a pair.
fn time_and_text(a: &Value<'_>, b: &Value<'_>) -> Option<Option<Ordering>> {
    let (ns, text, turned) = match (a, b) {
        (Value::Time(ns), Value::Text(t)) => (ns, t, false),
        (Value::Text(t), Value::Time(ns)) => (ns, t, true),
        _ => return None,
    };
    if Number::of_text(text).is_some() {
        return None;
    }
    let order = time_text(*ns).as_bytes().cmp(text.as_bytes());
    Some(Some(if turned { order.reverse() } else { order }))
}

/// A place in a sort: numbers, then text, then what is missing; total, so that any order of arrival
/// gives the same result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rank {
    /// By value; integers that one double stands for by themselves.
    Number(f64, i64),
    /// By bytes.
    Text(Box<str>),
    /// Last, whatever the direction.
    Missing,
}

impl Rank {
    pub(crate) fn of(value: &Value<'_>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "the exact value breaks ties")]
        if let Value::Time(ns) = value {
            return Self::Number(*ns as f64 / 1e6, *ns);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, and only breaks ties"
        )]
        match value.number() {
            Some(Number::Int(i)) => Self::Number(Number::Int(i).as_f64(), i),
            Some(Number::Float(x)) => Self::Number(x, x as i64),
            None => value
                .text()
                .map_or(Self::Missing, |t| Self::Text(t.into_owned().into())),
        }
    }

    /// In the direction asked.
    pub(crate) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let turn = |o: Ordering| if descending { o.reverse() } else { o };
        match (self, other) {
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Missing, _) => Ordering::Greater,
            (_, Self::Missing) => Ordering::Less,
            (Self::Number(a, i), Self::Number(b, j)) => turn(a.total_cmp(b).then(i.cmp(j))),
            (Self::Number(..), Self::Text(_)) => turn(Ordering::Less),
            (Self::Text(_), Self::Number(..)) => turn(Ordering::Greater),
            (Self::Text(a), Self::Text(b)) => turn(a.as_bytes().cmp(b.as_bytes())),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(t) => t.len(),
            _ => 0,
        }
    }
}

/// A moment as pipelines show it: `2026-01-31 12:00:00.000`, UTC.
#[must_use]
pub fn time_text(ns: i64) -> String {
    let ms = ns.div_euclid(1_000_000);
    jiff::Timestamp::from_millisecond(ms)
        .map(|t| t.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string())
        .unwrap_or_else(|_| ms.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Value<'_> {
        Value::text_ref(t)
    }

    #[test]
    fn numbers_in_text_compare_as_numbers_when_the_other_is_one() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, by_number, want) in [
            (text("9"), Value::Int(10), false, Some(Less)),
            (text("9"), text("10"), true, Some(Less)),
            (text("9"), text("10"), false, Some(Greater)),
            (text("2.0"), Value::Int(2), false, Some(Equal)),
            (text("x"), Value::Int(2), false, None),
            (Value::Missing, Value::Int(2), true, None),
            (Value::Flag(true), Value::Bool(true), false, Some(Equal)),
            (Value::Flag(true), Value::Int(1), false, Some(Equal)),
            (Value::Bool(true), text("true"), false, Some(Equal)),
            (
                Value::Int(i64::MAX),
                Value::Int(i64::MAX - 1),
                false,
                Some(Greater),
            ),
        ] {
            assert_eq!(compare(&a, &b, by_number), want, "{a:?} {b:?}");
        }
    }

    #[test]
    fn missing_is_last_in_both_directions() {
        for descending in [false, true] {
            let mut all = [Rank::Missing, Rank::of(&text("b")), Rank::of(&text("10"))];
            all.sort_by(|a, b| a.compare(b, descending));
            assert_eq!(all[2], Rank::Missing);
        }
    }

    #[test]
    fn the_order_is_total_where_text_and_numbers_meet() {
        // As plain strings "10" < "1x" < "2", as numbers 2 < 10: a circle, were they mixed.
        let mut all = ["1x", "10", "2"].map(|t| Rank::of(&text(t)));
        all.sort_by(|a, b| a.compare(b, false));
        assert_eq!(all, ["2", "10", "1x"].map(|t| Rank::of(&text(t))));
    }

    #[test]
    fn times_show_in_milliseconds() {
        assert_eq!(time_text(0), "1970-01-01 00:00:00.000");
        assert_eq!(
            time_text(1_769_860_800_123_999_999),
            "2026-01-31 12:00:00.123"
        );
    }
}
