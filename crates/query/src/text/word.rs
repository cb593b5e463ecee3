//! Words of the text, and how names and values are spelt.

use crate::Error;
use crate::spec::{FilterOp, Op};
use serde::de::IntoDeserializer;
use serde_json::{Number, Value};

/// What a piece of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: keyword, field, number or text.
    Word(String),
    /// A name in backticks: a field, whatever it is called.
    Name(String),
    /// A JSON string.
    Text(String),
    /// `,` `(` `)` or a comparison.
    Symbol(&'static str),
    /// Behind the last one.
    End,
}

/// A piece of text and its byte offset.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

const SYMBOLS: [&str; 9] = ["!=", ">=", "<=", "=", ">", "<", ",", "(", ")"];

/// Words that are no field unless they stand in backticks.
const KEYWORDS: [&str; 20] = [
    "where",
    "group",
    "by",
    "order",
    "having",
    "limit",
    "granularity",
    "unweighted",
    "from",
    "and",
    "or",
    "asc",
    "desc",
    "as",
    "if",
    "true",
    "false",
    "null",
    "in",
    "exists",
];

/// The mistake at a byte offset.
pub(super) fn mistake(at: usize, what: &str) -> Error {
    Error::Invalid(format!("the query's text is wrong at byte {at}: {what}"))
}

/// Splits `text`; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            out.push(Token {
                kind: Kind::End,
                at,
            });
            return Ok(out);
        };
        let (kind, length) = if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            (Kind::Symbol(symbol), symbol.len())
        } else {
            match first {
                '`' => backticked(rest, at)?,
                '"' => quoted(rest, at)?,
                '\'' => return Err(mistake(at, "text stands in double quotes")),
                '!' => return Err(mistake(at, "`!` stands only in `!=`")),
                _ => {
                    let end = rest
                        .find(|c: char| c.is_whitespace() || ",()\"'`=<>!".contains(c))
                        .unwrap_or(rest.len());
                    let (word, _) = rest.split_at(end);
                    (Kind::Word(word.to_owned()), end)
                }
            }
        };
        out.push(Token { kind, at });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn backticked(rest: &str, at: usize) -> Result<(Kind, usize), Error> {
    let mut name = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if c != '`' {
            name.push(c);
        } else if chars.next_if(|(_, next)| *next == '`').is_some() {
            name.push('`');
        } else {
            return Ok((Kind::Name(name), i + 1));
        }
    }
    Err(mistake(at, "this ` is not closed"))
}

fn quoted(rest: &str, at: usize) -> Result<(Kind, usize), Error> {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let json = rest.get(..=i).unwrap_or_default();
                return serde_json::from_str(json)
                    .map(|text| (Kind::Text(text), i + 1))
                    .map_err(|_| mistake(at, "this is no JSON string"));
            }
            _ => {}
        }
    }
    Err(mistake(at, "this \" is not closed"))
}

/// A name as serde reads it: the one list of names is that of the JSON.
fn named<'de, T: serde::Deserialize<'de>>(name: &'de str) -> Option<T> {
    let name: serde::de::value::StrDeserializer<'de, serde::de::value::Error> =
        name.into_deserializer();
    T::deserialize(name).ok()
}

/// An operation by its name, in any case.
pub(super) fn op(word: &str) -> Option<Op> {
    named(&word.to_ascii_uppercase())
}

/// A comparison by its name, in any case.
pub(super) fn filter_op(word: &str) -> Option<FilterOp> {
    named(&word.to_ascii_lowercase())
}

/// Whether a bare word can be a field.
pub(super) fn is_field(word: &str) -> bool {
    !is_keyword(word)
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|k| k.eq_ignore_ascii_case(word)) || filter_op(word).is_some()
}

/// A bare word as a value.
pub(super) fn value(word: &str) -> Value {
    match word.to_ascii_lowercase().as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Null,
        _ => {}
    }
    match serde_json::from_str(word) {
        Ok(Value::Number(number)) => Value::Number(exact(word, number)),
        _ => Value::String(word.to_owned()),
    }
}

/// The number nearest to a word that is one: `read`, which the JSON reader made of it, may lie beside.
fn exact(word: &str, read: Number) -> Number {
    if !read.is_f64() {
        return read;
    }
    let nearest = word.parse().ok().and_then(Number::from_f64);
    nearest.unwrap_or(read)
}

/// The spelling of a field.
pub(super) fn field(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || "_@$".contains(c))
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.@$/:-".contains(c))
        && is_field(name);
    if bare {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

/// The spelling of a value.
pub(super) fn spelt(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_/@".contains(c))
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_./@:-".contains(c))
                && !is_keyword(text);
            if bare {
                text.clone()
            } else {
                Value::String(text.clone()).to_string()
            }
        }
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(spelt).collect();
            format!("({})", list.join(", "))
        }
        // No comparison takes an object; as text it is at least seen.
        Value::Object(_) => Value::String(value.to_string()).to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
