//! Tests of JSON lines: `{ ($.user.id = 1) && ($.users[0].email = "x*") }` (cloudwatch.md §6.3).

use super::Invalid;
use super::text::{Op, Reader, Value};
use serde_json::Value as Json;

/// Deepest nesting of parentheses.
const DEPTH_LIMIT: usize = 64;

/// Tests and how they combine.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Any(Vec<Self>),
    All(Vec<Self>),
    Test(Selector, Test),
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Compare(Op, Value),
    IsNull,
    Is(bool),
    NotExists,
}

/// The way to a value, from the root.
#[derive(Clone, Debug)]
pub(super) struct Selector(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Member(String),
    AnyMember,
    Element(usize),
    AnyElement,
}

pub(super) fn parse(reader: &mut Reader<'_>) -> Result<Expr, Invalid> {
    reader.next();
    let expr = any(reader, 0)?;
    reader.skip_space();
    if !reader.take("}") {
        return Err(match reader.peek() {
            None => reader.wrong("missing '}'"),
            Some(c) => reader.wrong(format!("'&&', '||' or '}}' was expected, not '{c}'")),
        });
    }
    reader.end()?;
    Ok(expr)
}

fn any(reader: &mut Reader<'_>, depth: usize) -> Result<Expr, Invalid> {
    let mut list = vec![all(reader, depth)?];
    loop {
        reader.skip_space();
        if !reader.take("||") {
            break;
        }
        list.push(all(reader, depth)?);
    }
    Ok(Expr::Any(list))
}

fn all(reader: &mut Reader<'_>, depth: usize) -> Result<Expr, Invalid> {
    let mut list = vec![one(reader, depth)?];
    loop {
        reader.skip_space();
        if !reader.take("&&") {
            break;
        }
        list.push(one(reader, depth)?);
    }
    Ok(Expr::All(list))
}

fn one(reader: &mut Reader<'_>, depth: usize) -> Result<Expr, Invalid> {
    reader.skip_space();
    if !reader.starts_with("(") {
        return test(reader);
    }
    if depth >= DEPTH_LIMIT {
        return Err(reader.wrong(format!("more than {DEPTH_LIMIT} nested parentheses")));
    }
    reader.next();
    let inner = any(reader, depth + 1)?;
    reader.skip_space();
    match reader.take(")") {
        true => Ok(inner),
        false => Err(reader.wrong("missing ')'")),
    }
}

fn test(reader: &mut Reader<'_>) -> Result<Expr, Invalid> {
    let selector = selector(reader)?;
    reader.skip_space();
    if reader.take_word("IS") {
        reader.skip_space();
        let test = if reader.take_word("NULL") {
            Test::IsNull
        } else if reader.take_word("TRUE") {
            Test::Is(true)
        } else if reader.take_word("FALSE") {
            Test::Is(false)
        } else {
            return Err(reader.wrong("NULL, TRUE or FALSE was expected after IS"));
        };
        return Ok(Expr::Test(selector, test));
    }
    if reader.take_word("NOT") {
        reader.skip_space();
        return match reader.take_word("EXISTS") {
            true => Ok(Expr::Test(selector, Test::NotExists)),
            false => Err(reader.wrong("EXISTS was expected after NOT")),
        };
    }
    let Some(op) = Op::read(reader) else {
        return Err(reader.wrong("a comparison was expected: = != < <= > >= IS NOT EXISTS"));
    };
    reader.skip_space();
    let before = reader.wrong("");
    let value = reader
        .value(|r, c| matches!(c, ')' | '}' | '(') || r.starts_with("&&") || r.starts_with("||"))?;
    if op.is_order() && !matches!(value, Value::Number { .. }) {
        let what = "a number was expected after < <= > >=".to_owned();
        return Err(Invalid { what, ..before });
    }
    Ok(Expr::Test(selector, Test::Compare(op, value)))
}

fn selector(reader: &mut Reader<'_>) -> Result<Selector, Invalid> {
    if !reader.take("$") {
        return Err(reader.wrong("a selector was expected: $.name or $[0]"));
    }
    let mut steps = Vec::new();
    loop {
        match reader.peek() {
            Some('.') => {
                reader.next();
                if reader.starts_with("[") {
                    steps.push(bracket(reader)?);
                    continue;
                }
                let name = reader
                    .take_while(|_, c| !c.is_whitespace() && !".[]=!<>(){}&|\"%'".contains(c));
                match name.as_str() {
                    "" => return Err(reader.wrong("a name is missing after '.'")),
                    "*" => steps.push(Step::AnyMember),
                    _ => steps.push(Step::Member(name)),
                }
            }
            Some('[') => steps.push(bracket(reader)?),
            _ if steps.is_empty() => return Err(reader.wrong("'.' or '[' was expected after '$'")),
            _ => return Ok(Selector(steps)),
        }
    }
}

/// `[0]`, `[*]`, `['any name']`; the bracket comes next.
fn bracket(reader: &mut Reader<'_>) -> Result<Step, Invalid> {
    reader.next();
    let step = if reader.take("'") {
        let name = reader.take_while(|_, c| c != '\'');
        if !reader.take("'") {
            return Err(reader.wrong("missing \"'\""));
        }
        Step::Member(name)
    } else if reader.take("*") {
        Step::AnyElement
    } else {
        let digits = reader.take_while(|_, c| c.is_ascii_digit());
        match digits.parse() {
            Ok(index) => Step::Element(index),
            Err(_) => return Err(reader.wrong("an index, * or 'name' was expected after '['")),
        }
    };
    match reader.take("]") {
        true => Ok(step),
        false => Err(reader.wrong("missing ']'")),
    }
}

impl Expr {
    pub(super) fn holds(&self, json: &Json) -> bool {
        match self {
            Self::Any(list) => list.iter().any(|e| e.holds(json)),
            Self::All(list) => list.iter().all(|e| e.holds(json)),
            Self::Test(selector, Test::NotExists) => !selector.any(json, &mut |_| true),
            Self::Test(selector, test) => selector.any(json, &mut |value| test.holds(value)),
        }
    }
}

impl Selector {
    /// Whether a value at the end of the way passes.
    fn any(&self, json: &Json, passes: &mut dyn FnMut(&Json) -> bool) -> bool {
        walk(&self.0, json, passes)
    }
}

fn walk(steps: &[Step], json: &Json, passes: &mut dyn FnMut(&Json) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return passes(json);
    };
    match (step, json) {
        (Step::Member(name), Json::Object(o)) => {
            o.get(name).is_some_and(|value| walk(rest, value, passes))
        }
        (Step::AnyMember, Json::Object(o)) => o.values().any(|value| walk(rest, value, passes)),
        (Step::Element(i), Json::Array(a)) => {
            a.get(*i).is_some_and(|value| walk(rest, value, passes))
        }
        (Step::AnyElement, Json::Array(a)) => a.iter().any(|value| walk(rest, value, passes)),
        _ => false,
    }
}

impl Test {
    /// Null compares with nothing; objects and arrays neither.
    fn holds(&self, json: &Json) -> bool {
        match self {
            Self::IsNull => json.is_null(),
            Self::Is(want) => json.as_bool() == Some(*want),
            Self::NotExists => false,
            Self::Compare(op, value) => match json {
                Json::Null | Json::Object(_) | Json::Array(_) => false,
                json if op.is_order() => match (json.as_f64(), value) {
                    (Some(x), Value::Number { number, .. }) => op.holds(x.partial_cmp(number)),
                    _ => false,
                },
                json => equals(json, value) == (*op == Op::Eq),
            },
        }
    }
}

/// Whether a scalar is the value.
fn equals(json: &Json, value: &Value) -> bool {
    match (value, json) {
        (Value::Number { number, .. }, Json::Number(n)) => n.as_f64() == Some(*number),
        (Value::Number { text, .. }, Json::String(s)) => s == text,
        (Value::Number { .. }, _) => false,
        (Value::Quoted(glob), Json::String(s)) => glob.matches(s),
        // Quotes say that text is meant.
        (Value::Quoted(_), _) => false,
        (Value::Word(glob), Json::String(s)) => glob.matches(s),
        (Value::Word(glob), other) => glob.matches(&other.to_string()),
        (Value::Regex(regex), Json::String(s)) => regex.is_match(s),
        (Value::Regex(regex), other) => regex.is_match(&other.to_string()),
    }
}
