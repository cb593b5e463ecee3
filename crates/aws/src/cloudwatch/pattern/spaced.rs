//! Tests of a line's words: `[ip, ..., status = 4* && status != 404, bytes > 1000]` (cloudwatch.md §6.4).

use super::Invalid;
use super::text::{Op, Reader, Value, number};

/// Tests of words by place.
#[derive(Clone, Debug)]
pub(super) struct Spaced {
    fields: Vec<Field>,
    /// How many fields stand before `...`, if it stands anywhere.
    ellipsis: Option<usize>,
}

/// A word: one of these lists of tests has to hold as a whole.
#[derive(Clone, Debug)]
struct Field(Vec<Vec<(Op, Value)>>);

pub(super) fn parse(reader: &mut Reader<'_>) -> Result<Spaced, Invalid> {
    reader.next();
    let mut spaced = Spaced {
        fields: Vec::new(),
        ellipsis: None,
    };
    reader.skip_space();
    if reader.take("]") {
        // An empty list passes everything.
        spaced.ellipsis = Some(0);
        reader.end()?;
        return Ok(spaced);
    }
    loop {
        reader.skip_space();
        if reader.starts_with("...") {
            if spaced.ellipsis.is_some() {
                return Err(reader.wrong("'...' may stand once"));
            }
            reader.take("...");
            spaced.ellipsis = Some(spaced.fields.len());
        } else {
            spaced.fields.push(field(reader)?);
        }
        reader.skip_space();
        if reader.take(",") {
            continue;
        }
        if reader.take("]") {
            reader.end()?;
            return Ok(spaced);
        }
        return Err(match reader.peek() {
            None => reader.wrong("missing ']'"),
            Some(c) => reader.wrong(format!("',' or ']' was expected, not '{c}'")),
        });
    }
}

fn field(reader: &mut Reader<'_>) -> Result<Field, Invalid> {
    let mut own: Option<String> = None;
    let mut any = Vec::new();
    loop {
        let mut all = Vec::new();
        loop {
            all.extend(test(reader, &mut own)?);
            reader.skip_space();
            if !reader.take("&&") {
                break;
            }
        }
        any.push(all);
        if !reader.take("||") {
            return Ok(Field(any));
        }
    }
}

/// One test of a field; a bare name tests nothing. All tests of a field name the same one.
fn test(reader: &mut Reader<'_>, own: &mut Option<String>) -> Result<Option<(Op, Value)>, Invalid> {
    reader.skip_space();
    let here = reader.wrong("");
    let name = reader.take_while(|_, c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() {
        return Err(reader.wrong("the name of a field was expected"));
    }
    match own {
        None => *own = Some(name),
        Some(own) if own.eq_ignore_ascii_case(&name) => {}
        Some(own) => {
            let what = format!("a test of {own} was expected, not of {name}");
            return Err(Invalid { what, ..here });
        }
    }
    reader.skip_space();
    let Some(op) = Op::read(reader) else {
        return Ok(None);
    };
    reader.skip_space();
    let before = reader.wrong("");
    let value = reader
        .value(|r, c| matches!(c, ',' | ']') || r.starts_with("&&") || r.starts_with("||"))?;
    if op.is_order() && !matches!(value, Value::Number { .. }) {
        let what = "a number was expected after < <= > >=".to_owned();
        return Err(Invalid { what, ..before });
    }
    Ok(Some((op, value)))
}

impl Spaced {
    pub(super) fn matches(&self, line: &str) -> bool {
        let words = words(line);
        let n = self.fields.len();
        match self.ellipsis {
            None => words.len() == n && self.hold(0..n, &words),
            Some(before) => {
                let after = n - before;
                words.len() >= n
                    && self.hold(0..before, &words[..before])
                    && self.hold(before..n, &words[words.len() - after..])
            }
        }
    }

    fn hold(&self, fields: std::ops::Range<usize>, words: &[&str]) -> bool {
        let fields = self.fields[fields].iter();
        fields.zip(words).all(|(field, word)| field.holds(word))
    }
}

impl Field {
    fn holds(&self, word: &str) -> bool {
        let holds = |(op, value): &(Op, Value)| match value {
            Value::Number { number: n, text } => match (op.is_order(), number(word)) {
                (_, Some(x)) => op.holds(x.partial_cmp(n)),
                (true, None) => false,
                (false, None) => (word == text) == (*op == Op::Eq),
            },
            Value::Quoted(glob) | Value::Word(glob) => glob.matches(word) == (*op == Op::Eq),
            Value::Regex(regex) => regex.is_match(word) == (*op == Op::Eq),
        };
        self.0.iter().any(|all| all.iter().all(holds))
    }
}

/// A line's words: split at space; what stands in `[…]` or `"…"` is one word, without its marks.
fn words(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let grouped = closing.and_then(|c| rest[1..].split_once(c));
        let (word, after) = match grouped {
            Some(found) => found,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        out.push(word);
        rest = after.trim_start();
    }
    out
}
