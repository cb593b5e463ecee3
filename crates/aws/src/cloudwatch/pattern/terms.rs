//! Terms: `ERROR -"health check" ?a ?b %5\d\d%` (cloudwatch.md §6.2).

use super::Invalid;
use super::text::Reader;
use regex::Regex;

/// What has to be, may be, and must not be in a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    required: Vec<Atom>,
    optional: Vec<Atom>,
    excluded: Vec<Atom>,
}

#[derive(Clone, Debug)]
enum Atom {
    Text(String),
    Regex(Regex),
}

impl Atom {
    fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

pub(super) fn parse(reader: &mut Reader<'_>) -> Result<Terms, Invalid> {
    let mut terms = Terms::default();
    loop {
        reader.skip_space();
        let into = match reader.peek() {
            None => break,
            Some('-') => {
                reader.next();
                &mut terms.excluded
            }
            Some('?') => {
                reader.next();
                &mut terms.optional
            }
            Some(_) => &mut terms.required,
        };
        into.push(atom(reader)?);
    }
    // A blank in quotes passes everything (§6), also a line that has none.
    let blank = |a: &Atom| matches!(a, Atom::Text(t) if t.trim().is_empty());
    if let ([only], [], []) = (
        &terms.required[..],
        &terms.optional[..],
        &terms.excluded[..],
    ) && blank(only)
    {
        terms.required.clear();
    }
    Ok(terms)
}

fn atom(reader: &mut Reader<'_>) -> Result<Atom, Invalid> {
    let atom = match reader.peek() {
        Some('"') => Atom::Text(reader.quoted()?),
        Some('%') => Atom::Regex(reader.regex()?),
        _ => {
            let word = reader.take_while(|_, c| !c.is_whitespace());
            if word.is_empty() {
                return Err(reader.wrong("a term is missing"));
            }
            return Ok(Atom::Text(word));
        }
    };
    match reader.peek() {
        Some(c) if !c.is_whitespace() => {
            Err(reader.wrong(format!("a space is missing before '{c}'")))
        }
        _ => Ok(atom),
    }
}

impl Terms {
    pub(super) fn matches(&self, line: &str) -> bool {
        // Beside required or excluded terms optional ones do not count: a documented limitation.
        let only_optional = self.required.is_empty() && self.excluded.is_empty();
        self.required.iter().all(|a| a.is_in(line))
            && !self.excluded.iter().any(|a| a.is_in(line))
            && (!only_optional
                || self.optional.is_empty()
                || self.optional.iter().any(|a| a.is_in(line)))
    }
}
