//! The functions of expressions.

mod hash;
mod net;

use super::tree::Function;
use super::value::{Number, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The result of a function. The number of arguments was checked before.
pub(super) fn call<'a>(function: Function, args: &[Value<'a>], now_ns: i64) -> Value<'a> {
    use Function as F;
    let one = || args.first();
    let text = |i: usize| args.get(i).and_then(Value::text);
    let result = match function {
        F::Abs | F::Ceil | F::Floor | F::Log | F::Sqrt => {
            return one()
                .and_then(Value::number)
                .map_or(Value::Missing, |n| numeric(function, n));
        }
        F::Greatest | F::Least => return extreme(function == F::Greatest, args),
        F::IsEmpty => flag(text(0).is_none_or(|t| t.is_empty())),
        F::IsBlank => flag(text(0).is_none_or(|t| t.trim().is_empty())),
        F::Concat => {
            let mut out = String::new();
            args.iter()
                .filter_map(Value::text)
                .for_each(|t| out.push_str(&t));
            owned(out)
        }
        F::TrimStart | F::TrimEnd | F::Trim => {
            let Some(subject) = text(0) else {
                return Value::Missing;
            };
            let set = match args.get(1) {
                None => None,
                Some(v) => match v.text() {
                    None => return Value::Missing,
                    some => some,
                },
            };
            owned(trim(function, &subject, set.as_deref()).to_owned())
        }
        F::Length => text(0).map(|t| Value::Int(length(t.chars().count()))),
        F::Upper => text(0).and_then(|t| owned(t.to_uppercase())),
        F::Lower => text(0).and_then(|t| owned(t.to_lowercase())),
        F::Substring => text(0).and_then(|t| substring(&t, &args[1], args.get(2))),
        F::Replace => match (text(0), text(1), text(2)) {
            (Some(t), Some(find), _) if find.is_empty() => owned(t.into_owned()),
            (Some(t), Some(find), Some(new)) => owned(t.replace(&*find, &new)),
            _ => None,
        },
        F::Contains => flag(match (text(0), text(1)) {
            (Some(t), Some(find)) => t.contains(&*find),
            _ => false,
        }),
        F::FromMillis => one().and_then(Value::time).map(Value::Time),
        F::ToMillis => one()
            .and_then(Value::time)
            .map(|ns| Value::Int(ns.div_euclid(1_000_000))),
        F::Now => Some(Value::Int(now_ns.div_euclid(1_000_000_000))),
        F::IsPresent => flag(one().is_some_and(Value::is_present)),
        F::Coalesce => args.iter().find(|v| v.is_present()).cloned(),
        F::JsonParse => text(0)
            .and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok())
            .map(|json| Value::of_json(&json)),
        F::JsonStringify => one().and_then(stringify),
        F::IsIp | F::IsIpV4 | F::IsIpV6 => flag(text(0).is_some_and(|t| net::is_ip(function, &t))),
        F::InSubnet | F::InSubnetV4 | F::InSubnetV6 => flag(match (text(0), text(1)) {
            (Some(ip), Some(net)) => net::in_subnet(function, &ip, &net),
            _ => false,
        }),
        F::Sha256 => text(0).and_then(|t| owned(hash::sha256(t.as_bytes()))),
        F::Md5 => text(0).and_then(|t| owned(hash::md5(t.as_bytes()))),
    };
    result.unwrap_or_default()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the arms of one match have one type"
)]
fn flag<'a>(b: bool) -> Option<Value<'a>> {
    Some(Value::Flag(b))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the arms of one match have one type"
)]
fn owned<'a>(text: String) -> Option<Value<'a>> {
    Some(Value::Text(Cow::Owned(text)))
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn numeric<'a>(function: Function, n: Number) -> Value<'a> {
    let x = n.as_f64();
    match (function, n) {
        (Function::Abs, Number::Int(i)) => i
            .checked_abs()
            .map_or_else(|| Value::float(x.abs()), Value::Int),
        (Function::Ceil | Function::Floor, Number::Int(i)) => Value::Int(i),
        (Function::Abs, _) => Value::float(x.abs()),
        (Function::Ceil, _) => whole(x.ceil()),
        (Function::Floor, _) => whole(x.floor()),
        (Function::Log, _) => Value::float(x.ln()),
        _ => Value::float(x.sqrt()),
    }
}

/// A double without a fraction, as an integer where it fits.
pub(super) fn whole<'a>(x: f64) -> Value<'a> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bound lies within 64 bits"
    )]
    if x.fract() == 0.0 && x.abs() < 9e15 {
        Value::Int(x as i64)
    } else {
        Value::float(x)
    }
}

fn extreme<'a>(greatest: bool, args: &[Value<'a>]) -> Value<'a> {
    let mut best: Option<Number> = None;
    for n in args.iter().filter_map(Value::number) {
        let better = best.is_none_or(|b| {
            n.compare(b)
                .is_some_and(|o| if greatest { o.is_gt() } else { o.is_lt() })
        });
        if better {
            best = Some(n);
        }
    }
    best.map_or(Value::Missing, of_number)
}

/// A number as a value.
pub(super) fn of_number<'a>(n: Number) -> Value<'a> {
    match n {
        Number::Int(i) => Value::Int(i),
        Number::Float(x) => Value::float(x),
    }
}

fn trim<'t>(function: Function, text: &'t str, set: Option<&str>) -> &'t str {
    let cut = |c: char| set.map_or_else(|| c.is_whitespace(), |s| s.contains(c));
    match function {
        Function::TrimStart => text.trim_start_matches(cut),
        Function::TrimEnd => text.trim_end_matches(cut),
        _ => text.trim_matches(cut),
    }
}

fn substring<'a>(text: &str, start: &Value<'a>, count: Option<&Value<'a>>) -> Option<Value<'a>> {
    let place = |v: &Value<'_>| match v.number()? {
        Number::Int(i) => usize::try_from(i).ok(),
        Number::Float(_) => None,
    };
    let start = place(start)?;
    let rest = text.chars().skip(start);
    let out: String = match count {
        None => rest.collect(),
        Some(n) => rest.take(place(n)?).collect(),
    };
    owned(out)
}

fn stringify<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let json = match value {
        Value::Missing => return None,
        Value::Bool(b) => (*b).into(),
        Value::Flag(b) => i64::from(*b).into(),
        Value::Int(i) => (*i).into(),
        Value::Float(x) => serde_json::json!(x),
        Value::Json(j) => serde_json::Value::clone(j),
        other => other.text()?.into_owned().into(),
    };
    owned(json.to_string())
}

/// A member of a map or an element of a list; text is read as JSON on the way.
pub(super) fn path<'a>(value: &Value<'a>, segments: &[super::tree::Segment]) -> Value<'a> {
    use super::tree::Segment;
    let parsed;
    let mut at: &serde_json::Value = match value {
        Value::Json(j) => j,
        Value::Text(t) if t.trim_start().starts_with(['{', '[']) => {
            match serde_json::from_str::<serde_json::Value>(t) {
                Ok(json) => {
                    parsed = Arc::new(json);
                    &parsed
                }
                Err(_) => return Value::Missing,
            }
        }
        _ => return Value::Missing,
    };
    let mut rest = segments;
    while let Some((first, more)) = rest.split_first() {
        let (next, used) = match (first, at) {
            (Segment::Key(key), serde_json::Value::Object(map)) => match map.get(key) {
                Some(v) => (Some(v), 1),
                // A member whose own name has dots.
                None => dotted(map, rest),
            },
            (Segment::Key(key), serde_json::Value::Array(list)) => {
                (key.parse::<usize>().ok().and_then(|i| list.get(i)), 1)
            }
            (Segment::Index(i), serde_json::Value::Array(list)) => (list.get(*i), 1),
            _ => (None, 1),
        };
        let Some(next) = next else {
            return Value::Missing;
        };
        at = next;
        rest = if used == 1 { more } else { &rest[used..] };
    }
    Value::of_json(at)
}

/// The member named by the longest run of keys joined with dots.
fn dotted<'j>(
    map: &'j serde_json::Map<String, serde_json::Value>,
    rest: &[super::tree::Segment],
) -> (Option<&'j serde_json::Value>, usize) {
    use super::tree::Segment;
    let keys: Vec<&str> = rest
        .iter()
        .map_while(|s| match s {
            Segment::Key(k) => Some(k.as_str()),
            Segment::Index(_) => None,
        })
        .collect();
    (2..=keys.len())
        .rev()
        .find_map(|n| map.get(&keys[..n].join(".")).map(|v| (Some(v), n)))
        .unwrap_or((None, 1))
}

#[cfg(test)]
mod tests {
    use super::super::tree::Segment;
    use super::*;

    fn check(function: Function, args: &[Value<'_>], want: &str) {
        let got = call(function, args, 1_760_000_400_999_999_999);
        let text = got.text().map_or("missing".to_owned(), |t| t.into_owned());
        assert_eq!(text, want, "{function:?} {args:?}");
    }

    fn t(text: &str) -> Value<'_> {
        Value::text_ref(text)
    }

    #[test]
    fn functions_of_numbers() {
        use Function::*;
        check(Abs, &[Value::Int(-3)], "3");
        check(Abs, &[t("-1.5")], "1.5");
        check(Abs, &[t("x")], "missing");
        check(Ceil, &[Value::Float(1.2)], "2");
        check(Floor, &[Value::Float(-1.2)], "-2");
        check(Sqrt, &[Value::Int(16)], "4");
        check(Sqrt, &[Value::Int(-1)], "missing");
        check(Log, &[Value::Int(1)], "0");
        check(Log, &[Value::Int(0)], "missing");
        check(Greatest, &[Value::Int(1), t("7"), Value::Missing], "7");
        check(Least, &[Value::Float(1.5), Value::Int(2)], "1.5");
        check(Greatest, &[Value::Missing], "missing");
    }

    #[test]
    fn functions_of_text() {
        use Function::*;
        check(IsEmpty, &[Value::Missing], "1");
        check(IsEmpty, &[t(" ")], "0");
        check(IsBlank, &[t(" ")], "1");
        check(Concat, &[t("a"), Value::Missing, Value::Int(7)], "a7");
        check(Trim, &[t(" a ")], "a");
        check(TrimStart, &[t("xxaxx"), t("x")], "axx");
        check(TrimEnd, &[t("xxaxx"), t("x")], "xxa");
        check(Length, &[t("日本x")], "3");
        check(Upper, &[t("aé")], "AÉ");
        check(Lower, &[t("AÉ")], "aé");
        check(Substring, &[t("日本語"), Value::Int(1)], "本語");
        check(
            Substring,
            &[t("abcdef"), Value::Int(2), Value::Int(2)],
            "cd",
        );
        check(Substring, &[t("abc"), Value::Int(9)], "");
        check(Substring, &[t("abc"), Value::Int(-1)], "missing");
        check(Replace, &[t("a-b-c"), t("-"), t("+")], "a+b+c");
        check(Contains, &[t("hello"), t("ell")], "1");
        check(Contains, &[Value::Missing, t("ell")], "0");
    }

    #[test]
    fn functions_of_time_json_and_presence() {
        use Function::*;
        check(FromMillis, &[Value::Int(1_500)], "1970-01-01 00:00:01.500");
        check(ToMillis, &[Value::Time(1_500_999_999)], "1500");
        check(Now, &[], "1760000400");
        check(IsPresent, &[t("")], "1");
        check(IsPresent, &[Value::Missing], "0");
        check(Coalesce, &[Value::Missing, t("b"), t("c")], "b");
        check(JsonParse, &[t(r#"{"a":[1,2]}"#)], r#"{"a":[1,2]}"#);
        check(JsonParse, &[t("{")], "missing");
        check(JsonStringify, &[t("a\"b")], r#""a\"b""#);
    }

    #[test]
    fn addresses_and_hashes() {
        use Function::*;
        check(IsIp, &[t("10.0.0.1")], "1");
        check(IsIpV4, &[t("::1")], "0");
        check(IsIpV6, &[t("::1")], "1");
        check(InSubnet, &[t("10.1.2.3"), t("10.0.0.0/8")], "1");
        check(InSubnetV4, &[t("11.1.2.3"), t("10.0.0.0/8")], "0");
        check(InSubnetV6, &[t("2001:db8::1"), t("2001:db8::/32")], "1");
        check(InSubnetV4, &[t("2001:db8::1"), t("2001:db8::/32")], "0");
        check(InSubnet, &[t("10.1.2.3"), t("0.0.0.0/0")], "1");
        check(InSubnet, &[t("10.1.2.3"), t("nonsense")], "0");
        // Of RFC 1321 and of FIPS 180-2.
        check(Md5, &[t("abc")], "900150983cd24fb0d6963f7d28e17f72");
        check(Md5, &[t("")], "d41d8cd98f00b204e9800998ecf8427e");
        let long =
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        check(Md5, &[t(long)], "57edf4a22be3c955ac49da2e2107b67a");
        check(
            Sha256,
            &[t("abc")],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
    }

    #[test]
    fn paths_walk_maps_lists_and_names_with_dots() {
        let key = |k: &str| Segment::Key(k.to_owned());
        let doc = t(r#"{"a":{"b.c":[{"d":1},{"d":null}]},"e":"x"}"#);
        let at = |s: &[Segment]| path(&doc, s).text().map(|t| t.into_owned());
        let one = [key("a"), key("b"), key("c"), key("0"), key("d")];
        assert_eq!(at(&one).as_deref(), Some("1"));
        assert_eq!(
            at(&[key("a"), key("b.c"), Segment::Index(0)]).as_deref(),
            Some(r#"{"d":1}"#)
        );
        assert_eq!(
            at(&[key("a"), key("b.c"), Segment::Index(1), key("d")]),
            None
        );
        assert_eq!(at(&[key("e"), key("f")]), None);
    }
}
