//! What the dialects share: reading characters, quoted text, values, wildcards, regular expressions.

use super::Invalid;
use regex::{Regex, RegexBuilder};

/// Most regular expressions of a pattern.
const REGEXES_LIMIT: usize = 2;
/// Largest compiled expression, bytes (reliability.md §3).
pub(super) const REGEX_BYTES: usize = 1 << 20;

/// Reads a pattern character by character.
pub(super) struct Reader<'a> {
    rest: std::str::Chars<'a>,
    /// Characters read.
    at: usize,
    regexes: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars(),
            at: 0,
            regexes: 0,
        }
    }

    /// What is wrong here.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Invalid {
        Invalid {
            what: what.into(),
            at: self.at + 1,
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.at += 1;
        Some(c)
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.rest.as_str().starts_with(text)
    }

    /// Reads `text` if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let comes = self.starts_with(text);
        if comes {
            for _ in text.chars() {
                self.next();
            }
        }
        comes
    }

    /// Reads the word `word`, in any case, if it comes next and ends there.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.as_str();
        let comes = rest
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word));
        let ends = !rest
            .get(word.len()..)
            .and_then(|r| r.chars().next())
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        comes && ends && self.take(&rest[..word.len()])
    }

    /// Reads while `is_part`.
    pub(super) fn take_while(&mut self, is_part: impl Fn(&Self, char) -> bool) -> String {
        let mut out = String::new();
        while let Some(c) = self.peek().filter(|c| is_part(self, *c)) {
            out.push(c);
            self.next();
        }
        out
    }

    /// Nothing but space may follow.
    pub(super) fn end(&mut self) -> Result<(), Invalid> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(c) => Err(self.wrong(format!("unexpected '{c}'"))),
        }
    }

    /// Reads quoted text; its opening quote comes next. `\"` and `\\` are escapes.
    pub(super) fn quoted(&mut self) -> Result<String, Invalid> {
        self.next();
        let mut out = String::new();
        loop {
            match self.next() {
                None => return Err(self.wrong("missing '\"'")),
                Some('"') => return Ok(out),
                Some('\\') => match self.next() {
                    Some(c @ ('"' | '\\')) => out.push(c),
                    Some(c) => out.extend(['\\', c]),
                    None => return Err(self.wrong("missing '\"'")),
                },
                Some(c) => out.push(c),
            }
        }
    }

    /// Reads a regular expression; its opening `%` comes next.
    pub(super) fn regex(&mut self) -> Result<Regex, Invalid> {
        let begin = self.wrong("a regular expression that does not end");
        self.next();
        let mut source = String::new();
        loop {
            let here = self.wrong("");
            let c = self.next().ok_or_else(|| begin.clone())?;
            match c {
                '%' => break,
                '\\' => {
                    source.push('\\');
                    let c = self.next().ok_or_else(|| begin.clone())?;
                    let known = "dDsSwWx^$?[]{}|\\*+.".contains(c) || ":_#=@/;,-".contains(c);
                    if !known {
                        let what = format!("the escape '\\{c}' is not supported");
                        return Err(Invalid { what, ..here });
                    }
                    source.push(c);
                }
                '(' | ')' => {
                    let what = format!("'{c}': groups are not supported in regular expressions");
                    return Err(Invalid { what, ..here });
                }
                c if c.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|*+.".contains(c) => {
                    source.push(c);
                }
                c => {
                    let what = format!("'{c}' is not supported in regular expressions");
                    return Err(Invalid { what, ..here });
                }
            }
        }
        self.regexes += 1;
        if self.regexes > REGEXES_LIMIT {
            let what = format!("more than {REGEXES_LIMIT} regular expressions");
            return Err(Invalid { what, ..begin });
        }
        RegexBuilder::new(&source)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(8 * REGEX_BYTES)
            .build()
            .map_err(|e| {
                let why = e.to_string();
                let why = why.lines().last().unwrap_or_default();
                let what = format!("the regular expression cannot be read ({why})");
                Invalid { what, ..begin }
            })
    }

    /// Reads what a field is compared with. An unquoted word ends at space and where `ends` says.
    pub(super) fn value(&mut self, ends: impl Fn(&Self, char) -> bool) -> Result<Value, Invalid> {
        match self.peek() {
            Some('"') => Ok(Value::Quoted(Glob::new(&self.quoted()?))),
            Some('%') => Ok(Value::Regex(self.regex()?)),
            _ => {
                let word = self.take_while(|r, c| !c.is_whitespace() && c != '"' && !ends(r, c));
                if word.is_empty() {
                    return Err(self.wrong("a value is missing"));
                }
                Ok(match number(&word) {
                    Some(number) => Value::Number { number, text: word },
                    None => Value::Word(Glob::new(&word)),
                })
            }
        }
    }
}

/// A number as patterns write it: digits with sign, point and exponent, nothing else.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    /// Reads a comparison, if one comes next.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let all = [
            ("!=", Self::Ne),
            ("<=", Self::Le),
            (">=", Self::Ge),
            ("=", Self::Eq),
            ("<", Self::Lt),
            (">", Self::Gt),
        ];
        all.into_iter()
            .find(|(text, _)| reader.take(text))
            .map(|(_, op)| op)
    }

    pub(super) fn is_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    pub(super) fn holds(self, ordering: Option<std::cmp::Ordering>) -> bool {
        ordering.is_some_and(|o| match self {
            Self::Eq => o.is_eq(),
            Self::Ne => o.is_ne(),
            Self::Lt => o.is_lt(),
            Self::Le => o.is_le(),
            Self::Gt => o.is_gt(),
            Self::Ge => o.is_ge(),
        })
    }
}

/// What a field is compared with.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number { number: f64, text: String },
    Quoted(Glob),
    Word(Glob),
    Regex(Regex),
}

/// Text in which `*` stands for any run of characters.
#[derive(Clone, Debug)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        Self(text.split('*').map(str::to_owned).collect())
    }

    /// Linear: each piece is sought once, from where the one before ended.
    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in middle {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}
