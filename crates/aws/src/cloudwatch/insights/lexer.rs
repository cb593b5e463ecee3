//! Words, signs, text, numbers and periods of a query.
//!
//! Whether a slash divides or begins a regular expression only the parser knows, so tokens are read one
//! by one as it asks, and it reads regular expressions itself ([`Lexer::regex`]).

use super::syntax::Fault;
use engine::query::pipeline::{Period, Unit};
use std::ops::Range;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word without backticks: a command, a keyword, a function or a field.
    Word(String),
    /// A field with backticks somewhere: its segments between dots.
    Quoted(Vec<String>),
    Text(String),
    Int(i64),
    Float(f64),
    Period(Period),
    /// A sign.
    Sign(&'static str),
    End,
}

/// Signs, longer ones first.
const SIGNS: [&str; 24] = [
    "||", "&&", "==", "!=", "<=", ">=", "<>", "=~", "|", ",", "(", ")", "[", "]", "+", "-", "*",
    "/", "%", "^", "=", "<", ">", ".",
];

/// Units as they may be written; first of each the one we print.
const UNITS: [(Unit, &[&str]); 9] = [
    (
        Unit::Millisecond,
        &["ms", "msec", "msecs", "millisecond", "milliseconds"],
    ),
    (Unit::Second, &["s", "sec", "secs", "second", "seconds"]),
    (Unit::Minute, &["m", "min", "mins", "minute", "minutes"]),
    (Unit::Hour, &["h", "hr", "hrs", "hour", "hours"]),
    (Unit::Day, &["d", "day", "days"]),
    (Unit::Week, &["w", "week", "weeks"]),
    (
        Unit::Month,
        &["mo", "mos", "mon", "mons", "month", "months"],
    ),
    (
        Unit::Quarter,
        &["q", "qs", "qtr", "qtrs", "quarter", "quarters"],
    ),
    (Unit::Year, &["y", "yr", "yrs", "year", "years"]),
];

/// A period as it is written.
pub(super) fn period_text(period: Period) -> String {
    let unit = UNITS.iter().find(|(u, _)| *u == period.unit);
    format!("{}{}", period.count, unit.map_or("", |(_, names)| names[0]))
}

/// Reads tokens.
pub(super) struct Lexer<'t> {
    text: &'t str,
    pos: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, pos: 0 }
    }

    /// At a place where a token begins.
    pub(super) fn starting_at(text: &'t str, pos: usize) -> Self {
        Self { text, pos }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.pos..]
    }

    /// Skips white space and comments: `#` to the end of the line, at its start, after white space
    /// or after a pipe.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.pos += rest.len() - trimmed.len();
            let before = self.text[..self.pos].chars().next_back();
            let may_comment = before.is_none_or(|c| c.is_whitespace() || c == '|');
            if !(trimmed.starts_with('#') && may_comment) {
                return;
            }
            self.pos += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// A regular expression between slashes; `\/` is a slash.
    pub(super) fn regex(&mut self) -> Result<(String, Range<usize>), Fault> {
        let start = self.pos;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '/' => {
                    self.pos = start + i + 1;
                    return Ok((out, start..self.pos));
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => out.push('/'),
                    Some((_, other)) => {
                        out.push('\\');
                        out.push(other);
                    }
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(Fault::new(
            start..self.text.len(),
            "the regular expression has no end: / is missing",
        ))
    }

    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), Fault> {
        self.skip_space();
        let start = self.pos;
        let token = match self.rest().chars().next() {
            None => Token::End,
            Some(c @ ('"' | '\'')) => Token::Text(self.quoted(c)?),
            Some(c) if c.is_ascii_digit() => self.number()?,
            Some(c) if c.is_ascii_alphabetic() || matches!(c, '_' | '@' | '`') => self.name()?,
            Some(c) => {
                let rest = self.rest();
                let sign = SIGNS.iter().find(|s| rest.starts_with(**s));
                let Some(sign) = sign else {
                    let end = start + c.len_utf8();
                    return Err(Fault::new(
                        start..end,
                        format!("unexpected character {c:?}"),
                    ));
                };
                self.pos += sign.len();
                Token::Sign(sign)
            }
        };
        Ok((token, start..self.pos))
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let start = self.pos;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.pos = start + i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c @ ('\\' | '"' | '\'' | '/'))) => out.push(c),
                    // Not an escape: both stand for themselves.
                    Some((_, other)) => {
                        out.push('\\');
                        out.push(other);
                    }
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(Fault::new(
            start..self.text.len(),
            format!("the text has no end: {quote} is missing"),
        ))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let (start, rest) = (self.pos, self.rest());
        let bytes = rest.as_bytes();
        let digits = |from: usize| {
            let more = bytes[from..].iter().take_while(|b| b.is_ascii_digit());
            from + more.count()
        };
        let mut end = digits(0);
        let mut whole = true;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            (end, whole) = (digits(end + 1), false);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign.min(bytes.len() - end - 1));
            if exponent > end + 1 + sign {
                (end, whole) = (exponent, false);
            }
        }
        let letters = rest[end..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len() - end);
        let (number, word) = (&rest[..end], &rest[end..end + letters]);
        self.pos = start + end + letters;
        let fault = |what: &str| {
            let text = &rest[..end + letters];
            Err(Fault::new(
                start..start + text.len(),
                format!("{text} {what}"),
            ))
        };
        if !word.is_empty() {
            let unit = UNITS
                .iter()
                .find(|(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(word)));
            return match (unit, whole, number.parse()) {
                (Some((unit, _)), true, Ok(count)) if count > 0 => {
                    Ok(Token::Period(Period { count, unit: *unit }))
                }
                (Some(_), ..) => {
                    fault("is no period: a whole number above 0 stands before the unit")
                }
                _ => fault("is neither a number nor a period"),
            };
        }
        if whole && let Ok(i) = number.parse() {
            return Ok(Token::Int(i));
        }
        match number.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(Token::Float(x)),
            _ => fault("is too large"),
        }
    }

    /// A name: segments between dots, each plain or in backticks.
    fn name(&mut self) -> Result<Token, Fault> {
        let (mut segments, mut quoted) = (Vec::new(), false);
        loop {
            let rest = self.rest();
            if let Some(inner) = rest.strip_prefix('`') {
                let start = self.pos;
                let Some(end) = inner.find('`') else {
                    return Err(Fault::new(
                        start..self.text.len(),
                        "the name has no end: ` is missing",
                    ));
                };
                if end == 0 {
                    return Err(Fault::new(start..start + 2, "the name is empty"));
                }
                segments.push(inner[..end].to_owned());
                self.pos += end + 2;
                quoted = true;
            } else {
                let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
                segments.push(rest[..end].to_owned());
                self.pos += end;
            }
            // A dot goes on with the name only when a segment follows it.
            let next = self.rest().strip_prefix('.').and_then(|r| r.chars().next());
            if !next.is_some_and(|c| c == '`' || is_name_char(c)) {
                break;
            }
            self.pos += 1;
        }
        Ok(if quoted {
            Token::Quoted(segments)
        } else {
            Token::Word(segments.join("."))
        })
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@')
}
