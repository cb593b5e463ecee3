//! A pipeline made ready to run: every name is a slot.
//!
//! Stages up to a `stats` form a *segment*. Within one a name is defined once for all, so a stage that
//! defines a name again makes a new slot, and stages before it keep the old one. A slot is computed
//! when it is first looked at in a row: what no filter, key or column needs is never computed.

use super::functions::path;
use super::tree::{
    Aggregate, Arithmetic, Base, Comparison, Expr, Function, ParsePattern, Pattern, Pipeline,
    Segment as PathSegment, Stage, Stats,
};
use super::value::{Value, compare};
use crate::Error;
use crate::predicate::Predicate;
use hashbrown::HashMap;
use regex::{Regex, RegexBuilder};
use std::cmp::Ordering;

/// Largest compiled regular expression, bytes (reliability.md §3).
const REGEX_BYTES_LIMIT: usize = 1 << 20;
/// What matching one may keep, bytes.
const REGEX_CACHE_BYTES: usize = 8 << 20;

/// The whole, ready to run.
#[derive(Debug)]
pub(super) struct Program {
    /// The first reads stored rows, each other the groups of the one before.
    pub(super) segments: Vec<Segment>,
    /// Rows outside of this cannot pass the first segment's filters.
    pub(super) prefilter: Predicate,
}

/// Stages up to a `stats` or the end.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// What is read: of stored rows in the first segment, columns of the one before in others.
    pub(super) bases: Vec<Input>,
    pub(super) slots: Vec<Slot>,
    pub(super) parses: Vec<Cut>,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// What a base slot reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Input {
    Time,
    IngestTime,
    Body,
    Source,
    Pointer,
    Field(String),
    Attribute(String),
    /// Column of the segment before.
    Column(usize),
}

/// How a slot gets its value.
#[derive(Debug)]
pub(super) enum Slot {
    Base(usize),
    Expr(Code),
    /// A piece of a text.
    Piece {
        cut: usize,
        piece: usize,
    },
}

/// A parse stage.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) from: Code,
    pub(super) how: Cutter,
}

#[derive(Debug)]
pub(super) enum Cutter {
    Literals(Vec<String>),
    /// With the numbers of the groups wanted.
    Regex(Regex, Vec<usize>),
}

#[derive(Debug)]
pub(super) enum Step {
    Filter(Code),
    /// Keys with their direction.
    Sort(Vec<(Code, bool)>),
    Limit(usize),
    Dedup(Vec<Code>),
}

#[derive(Debug)]
pub(super) enum End {
    Groups(Grouping),
    /// Names with their slots.
    Rows(Vec<(String, Code)>),
}

impl Default for End {
    fn default() -> Self {
        Self::Rows(Vec::new())
    }
}

/// A `stats` stage.
#[derive(Debug)]
pub(super) struct Grouping {
    pub(super) by: Vec<Code>,
    pub(super) measures: Vec<Measure>,
}

/// One aggregate.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) kind: Kind,
    /// None for the number of rows.
    pub(super) of: Option<Code>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Stddev,
    Percentile(f64),
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

/// An expression over slots.
#[derive(Debug)]
pub(super) enum Code {
    Const(Value<'static>),
    Slot(usize),
    Path(Box<Self>, Vec<PathSegment>),
    Arithmetic(Arithmetic, Box<Self>, Box<Self>),
    Negate(Box<Self>),
    Compare {
        op: Comparison,
        sides: Box<(Self, Self)>,
        /// Neither side is quoted text.
        by_number: bool,
    },
    Matches {
        text: Box<Self>,
        matcher: Matcher,
        negated: bool,
    },
    Among {
        value: Box<Self>,
        /// With whether it may compare by looks.
        list: Vec<(Self, bool)>,
        negated: bool,
    },
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Round {
        time: Box<Self>,
        period: super::period::Period,
        up: bool,
    },
    Call(Function, Vec<Self>),
}

#[derive(Debug)]
pub(super) enum Matcher {
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Regex(Regex),
}

impl Matcher {
    pub(super) fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Contains(t) => text.contains(t.as_str()),
            Self::StartsWith(t) => text.starts_with(t.as_str()),
            Self::EndsWith(t) => text.ends_with(t.as_str()),
            Self::Regex(r) => r.is_match(text),
        }
    }
}

/// Compiles a regular expression within our bounds: linear time, no look-around.
///
/// # Errors
/// Why it is none.
pub fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(REGEX_BYTES_LIMIT)
        .dfa_size_limit(REGEX_CACHE_BYTES)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            other => other.to_string(),
        })
}

/// Makes a pipeline ready. `is_known`: whether rows have a field of that name.
pub(super) fn compile(
    pipeline: &Pipeline,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Program, Error> {
    let mut c = Compiler {
        pipeline,
        is_known,
        segment: Segment::default(),
        names: HashMap::new(),
        inputs: HashMap::new(),
        columns: None,
        blocked: false,
    };
    let mut segments = Vec::new();
    let mut prefilters = Vec::new();
    for stage in &pipeline.stages {
        match stage {
            Stage::Compute(list) => {
                for (name, expr) in list {
                    let slot = c.slot_of(expr)?;
                    c.names.insert(name.clone(), slot);
                }
            }
            Stage::Filter(expr) => {
                if c.columns.is_none() && !c.blocked {
                    prefilters.extend(super::prefilter::of(expr, &|n| c.stored_field(n)));
                }
                let code = c.code(expr)?;
                c.segment.steps.push(Step::Filter(code));
            }
            Stage::Parse(parse) => c.parse(parse)?,
            Stage::Sort(keys) => {
                let keys = keys
                    .iter()
                    .map(|k| Ok((c.code(&k.by)?, k.descending)))
                    .collect::<Result<_, Error>>()?;
                c.segment.steps.push(Step::Sort(keys));
            }
            Stage::Limit(n) => {
                c.blocked = true;
                c.segment.steps.push(Step::Limit(*n));
            }
            Stage::Dedup(keys) => {
                c.blocked = true;
                let keys = keys.iter().map(|k| c.code(k)).collect::<Result<_, _>>()?;
                c.segment.steps.push(Step::Dedup(keys));
            }
            Stage::Stats(stats) => segments.push(c.stats(stats)?),
        }
    }
    let columns = pipeline
        .columns
        .iter()
        .map(|name| Ok((name.clone(), c.code(&Expr::Name(name.clone()))?)))
        .collect::<Result<_, Error>>()?;
    c.segment.end = End::Rows(columns);
    segments.push(c.segment);
    Ok(Program {
        segments,
        prefilter: Predicate::All(prefilters),
    })
}

struct Compiler<'p> {
    pipeline: &'p Pipeline,
    is_known: &'p dyn Fn(&str) -> bool,
    segment: Segment,
    /// Names defined in this segment.
    names: HashMap<String, usize>,
    /// Slots of what is read.
    inputs: HashMap<Input, usize>,
    /// Columns of the segment before; none in the first.
    columns: Option<HashMap<String, usize>>,
    /// A stage before does not keep all rows it could: filters no longer say which rows are read.
    blocked: bool,
}

impl Compiler<'_> {
    fn slot(&mut self, slot: Slot) -> usize {
        self.segment.slots.push(slot);
        self.segment.slots.len() - 1
    }

    fn input(&mut self, input: Input) -> usize {
        if let Some(slot) = self.inputs.get(&input) {
            return *slot;
        }
        self.segment.bases.push(input.clone());
        let base = self.segment.bases.len() - 1;
        let slot = self.slot(Slot::Base(base));
        self.inputs.insert(input, slot);
        slot
    }

    /// The slot of an expression; a name has its own.
    fn slot_of(&mut self, expr: &Expr) -> Result<usize, Error> {
        Ok(match self.code(expr)? {
            Code::Slot(slot) => slot,
            code => self.slot(Slot::Expr(code)),
        })
    }

    /// The visible field that a name reads in stored rows, if it does so directly.
    fn stored_field(&self, name: &str) -> Option<String> {
        if self.names.contains_key(name) {
            return None;
        }
        match self.pipeline.base.get(name) {
            Some(Base::Field(f)) => Some(f.clone()),
            Some(Base::Attribute(f)) => Some(f.clone()),
            Some(Base::Body) => Some(crate::fields::STORED_BODY.to_owned()),
            Some(_) => None,
            None => (self.is_known)(name).then(|| name.to_owned()),
        }
    }

    fn name(&mut self, name: &str) -> Code {
        if let Some(slot) = self.names.get(name) {
            return Code::Slot(*slot);
        }
        if let Some(columns) = &self.columns {
            if let Some(column) = columns.get(name) {
                let input = Input::Column(*column);
                return Code::Slot(self.input(input));
            }
            return self.inside(name).unwrap_or(Code::Const(Value::Missing));
        }
        let input = match self.pipeline.base.get(name) {
            Some(Base::Constant(v)) => return Code::Const(v.clone()),
            Some(Base::Time) => Input::Time,
            Some(Base::IngestTime) => Input::IngestTime,
            Some(Base::Body) => Input::Body,
            Some(Base::Source) => Input::Source,
            Some(Base::Pointer) => Input::Pointer,
            Some(Base::Field(f)) => Input::Field(f.clone()),
            Some(Base::Attribute(f)) => Input::Attribute(f.clone()),
            None if (self.is_known)(name) => Input::Field(name.to_owned()),
            None => {
                return match self.inside(name) {
                    Some(code) => code,
                    None => Code::Slot(self.input(Input::Field(name.to_owned()))),
                };
            }
        };
        Code::Slot(self.input(input))
    }

    /// A dotted name that walks into a value: into the longest name before a dot that there is.
    fn inside(&mut self, name: &str) -> Option<Code> {
        let cuts: Vec<usize> = name.match_indices('.').map(|(i, _)| i).rev().collect();
        for cut in cuts {
            let (outer, rest) = (&name[..cut], &name[cut + 1..]);
            let there = self.names.contains_key(outer)
                || match &self.columns {
                    Some(columns) => columns.contains_key(outer),
                    None => (self.is_known)(outer),
                };
            if there {
                let keys = rest.split('.').map(|k| PathSegment::Key(k.to_owned()));
                return Some(Code::Path(Box::new(self.name(outer)), keys.collect()));
            }
        }
        None
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Code>, Error> {
        Ok(Box::new(self.code(expr)?))
    }

    fn code(&mut self, expr: &Expr) -> Result<Code, Error> {
        let quoted = |e: &Expr| matches!(e, Expr::Literal(Value::Text(_)));
        Ok(match expr {
            Expr::Literal(v) => Code::Const(v.clone()),
            Expr::Name(name) => self.name(name),
            Expr::Path(e, segments) => Code::Path(self.boxed(e)?, segments.clone()),
            Expr::Arithmetic(op, a, b) => Code::Arithmetic(*op, self.boxed(a)?, self.boxed(b)?),
            Expr::Negate(e) => Code::Negate(self.boxed(e)?),
            Expr::Compare(op, a, b) => Code::Compare {
                op: *op,
                by_number: !quoted(a) && !quoted(b),
                sides: Box::new((self.code(a)?, self.code(b)?)),
            },
            Expr::Matches {
                text,
                pattern,
                negated,
            } => Code::Matches {
                text: self.boxed(text)?,
                matcher: match pattern {
                    Pattern::Contains(t) => Matcher::Contains(t.clone()),
                    Pattern::StartsWith(t) => Matcher::StartsWith(t.clone()),
                    Pattern::EndsWith(t) => Matcher::EndsWith(t.clone()),
                    Pattern::Regex(r) => Matcher::Regex(regex(r).map_err(Error::Invalid)?),
                },
                negated: *negated,
            },
            Expr::Among {
                value,
                list,
                negated,
            } => {
                let plain = !quoted(value);
                Code::Among {
                    value: self.boxed(value)?,
                    list: list
                        .iter()
                        .map(|e| Ok((self.code(e)?, plain && !quoted(e))))
                        .collect::<Result<_, Error>>()?,
                    negated: *negated,
                }
            }
            Expr::Not(e) => Code::Not(self.boxed(e)?),
            Expr::And(a, b) => Code::And(self.boxed(a)?, self.boxed(b)?),
            Expr::Or(a, b) => Code::Or(self.boxed(a)?, self.boxed(b)?),
            Expr::Round { time, period, up } => Code::Round {
                time: self.boxed(time)?,
                period: *period,
                up: *up,
            },
            Expr::Call(function, args) => {
                let (least, most) = function.arity();
                if args.len() < least || args.len() > most {
                    return Err(Error::Invalid(format!(
                        "{function:?} does not take {} arguments",
                        args.len()
                    )));
                }
                let args = args
                    .iter()
                    .map(|a| self.code(a))
                    .collect::<Result<_, _>>()?;
                Code::Call(*function, args)
            }
        })
    }

    fn parse(&mut self, parse: &super::tree::Parse) -> Result<(), Error> {
        let from = self.code(&parse.from)?;
        let how = match &parse.pattern {
            ParsePattern::Literals(list) if list.len() == parse.names.len() + 1 => {
                Cutter::Literals(list.clone())
            }
            ParsePattern::Literals(_) => {
                return Err(Error::Invalid(
                    "a pattern has one piece for each name".into(),
                ));
            }
            ParsePattern::Regex(pattern) => {
                let regex = regex(pattern).map_err(Error::Invalid)?;
                let groups: Vec<Option<&str>> = regex.capture_names().collect();
                let places = parse
                    .names
                    .iter()
                    .map(|n| {
                        let place = groups.iter().position(|g| *g == Some(n));
                        place.ok_or_else(|| Error::Invalid(format!("no group is named {n:?}")))
                    })
                    .collect::<Result<_, _>>()?;
                Cutter::Regex(regex, places)
            }
        };
        self.segment.parses.push(Cut { from, how });
        let cut = self.segment.parses.len() - 1;
        for (piece, name) in parse.names.iter().enumerate() {
            let slot = self.slot(Slot::Piece { cut, piece });
            self.names.insert(name.clone(), slot);
        }
        Ok(())
    }

    /// Ends the segment; the next one sees the groups.
    fn stats(&mut self, stats: &Stats) -> Result<Segment, Error> {
        let mut columns = HashMap::new();
        let mut by = Vec::new();
        for (name, expr) in &stats.by {
            by.push(self.code(expr)?);
            columns.insert(name.clone(), by.len() - 1);
        }
        let mut measures = Vec::new();
        for (name, aggregate) in &stats.aggregates {
            let kind = kind(aggregate);
            if matches!(kind, Kind::Earliest | Kind::Latest) && self.columns.is_some() {
                return Err(Error::Invalid(
                    "groups have no time: earliest and latest are of rows".into(),
                ));
            }
            let of = aggregate.of().map(|e| self.code(e)).transpose()?;
            measures.push(Measure { kind, of });
            columns.insert(name.clone(), by.len() + measures.len() - 1);
        }
        self.names.clear();
        self.inputs.clear();
        self.columns = Some(columns);
        let mut done = std::mem::take(&mut self.segment);
        done.end = End::Groups(Grouping { by, measures });
        Ok(done)
    }
}

fn kind(aggregate: &Aggregate) -> Kind {
    match aggregate {
        Aggregate::Count | Aggregate::CountOf(_) => Kind::Count,
        Aggregate::CountDistinct(_) => Kind::CountDistinct,
        Aggregate::Sum(_) => Kind::Sum,
        Aggregate::Avg(_) => Kind::Avg,
        Aggregate::Min(_) => Kind::Min,
        Aggregate::Max(_) => Kind::Max,
        Aggregate::Stddev(_) => Kind::Stddev,
        Aggregate::Percentile(_, p) => Kind::Percentile(*p),
        Aggregate::Earliest(_) => Kind::Earliest,
        Aggregate::Latest(_) => Kind::Latest,
        Aggregate::SortsFirst(_) => Kind::SortsFirst,
        Aggregate::SortsLast(_) => Kind::SortsLast,
    }
}

impl Segment {
    /// The first step that does not look at one row alone, or the end.
    pub(super) fn barrier(&self) -> usize {
        let is_barrier = |s: &Step| matches!(s, Step::Limit(_) | Step::Dedup(_));
        self.steps
            .iter()
            .position(is_barrier)
            .unwrap_or(self.steps.len())
    }

    /// What a column reads as it is; none when it is computed.
    pub(super) fn base_of(&self, code: &Code) -> Option<&Input> {
        match code {
            Code::Slot(slot) => match self.slots[*slot] {
                Slot::Base(base) => Some(&self.bases[base]),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The values of a row by slot, computed when looked at.
pub(super) trait Values<'a> {
    /// The value of a slot.
    fn slot(&self, slot: usize) -> Value<'a>;
    /// Now, nanoseconds.
    fn now(&self) -> i64;
}

impl Code {
    /// Its value in a row.
    pub(super) fn value<'a>(&'a self, row: &dyn Values<'a>) -> Value<'a> {
        match self {
            Self::Const(v) => v.borrowed(),
            Self::Slot(slot) => row.slot(*slot),
            Self::Path(of, segments) => path(&of.value(row), segments),
            Self::Arithmetic(op, a, b) => arithmetic(*op, &a.value(row), &b.value(row)),
            Self::Negate(e) => arithmetic(Arithmetic::Subtract, &Value::Int(0), &e.value(row)),
            Self::Round { time, period, up } => {
                time.value(row).time().map_or(Value::Missing, |ns| {
                    Value::Time(if *up {
                        period.ceil(ns)
                    } else {
                        period.floor(ns)
                    })
                })
            }
            Self::Call(function, args) => {
                let args: Vec<Value<'a>> = args.iter().map(|a| a.value(row)).collect();
                super::functions::call(*function, &args, row.now())
            }
            _ => Value::Flag(self.holds(row)),
        }
    }

    /// Whether it is true in a row.
    pub(super) fn holds<'a>(&'a self, row: &dyn Values<'a>) -> bool {
        match self {
            Self::And(a, b) => a.holds(row) && b.holds(row),
            Self::Or(a, b) => a.holds(row) || b.holds(row),
            Self::Not(e) => !e.holds(row),
            Self::Compare {
                op,
                sides,
                by_number,
            } => {
                let (a, b) = (sides.0.value(row), sides.1.value(row));
                let found = compare(&a, &b, *by_number);
                match op {
                    // What does not compare is not equal; what is missing is neither.
                    Comparison::Ne => {
                        a.is_present() && b.is_present() && found != Some(Ordering::Equal)
                    }
                    Comparison::Eq => found.is_some_and(Ordering::is_eq),
                    Comparison::Lt => found.is_some_and(Ordering::is_lt),
                    Comparison::Le => found.is_some_and(Ordering::is_le),
                    Comparison::Gt => found.is_some_and(Ordering::is_gt),
                    Comparison::Ge => found.is_some_and(Ordering::is_ge),
                }
            }
            Self::Matches {
                text,
                matcher,
                negated,
            } => text
                .value(row)
                .text()
                .is_some_and(|t| matcher.is_match(&t) != *negated),
            Self::Among {
                value,
                list,
                negated,
            } => {
                let value = value.value(row);
                value.is_present()
                    && list
                        .iter()
                        .any(|(e, by_number)| equals(&value, &e.value(row), *by_number))
                        != *negated
            }
            other => other.value(row).is_true(),
        }
    }
}

/// Whether they are equal; of a list, whether one element is.
fn equals(value: &Value<'_>, candidate: &Value<'_>, by_number: bool) -> bool {
    if let Value::Json(json) = candidate
        && let serde_json::Value::Array(list) = &**json
    {
        return list
            .iter()
            .any(|e| equals(value, &Value::of_json(e), by_number));
    }
    compare(value, candidate, by_number).is_some_and(Ordering::is_eq)
}

fn arithmetic<'a>(op: Arithmetic, a: &Value<'_>, b: &Value<'_>) -> Value<'a> {
    use super::value::Number;
    let (Some(a), Some(b)) = (a.number(), b.number()) else {
        return Value::Missing;
    };
    if let (Number::Int(x), Number::Int(y)) = (a, b) {
        let exact = match op {
            Arithmetic::Add => x.checked_add(y),
            Arithmetic::Subtract => x.checked_sub(y),
            Arithmetic::Multiply => x.checked_mul(y),
            Arithmetic::Divide if y != 0 && x.checked_rem(y) == Some(0) => x.checked_div(y),
            Arithmetic::Remainder => x.checked_rem(y),
            Arithmetic::Power => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
            Arithmetic::Divide => None,
        };
        if let Some(exact) = exact {
            return Value::Int(exact);
        }
    }
    let (x, y) = (a.as_f64(), b.as_f64());
    Value::float(match op {
        Arithmetic::Add => x + y,
        Arithmetic::Subtract => x - y,
        Arithmetic::Multiply => x * y,
        Arithmetic::Divide => x / y,
        Arithmetic::Remainder => x % y,
        Arithmetic::Power => x.powf(y),
    })
}

/// The pieces of a text, in the order of the names; none when it does not match.
pub(super) fn cut<'t>(how: &Cutter, text: &'t str) -> Option<Vec<Option<&'t str>>> {
    match how {
        Cutter::Literals(list) => {
            let (first, rest) = list.split_first()?;
            let mut at = text.find(first.as_str())? + first.len();
            let mut out = Vec::with_capacity(rest.len());
            for (i, literal) in rest.iter().enumerate() {
                let last = i + 1 == rest.len();
                let end = if last && literal.is_empty() {
                    text.len()
                } else {
                    at + text[at..].find(literal.as_str())?
                };
                out.push(Some(&text[at..end]));
                at = end + literal.len();
            }
            Some(out)
        }
        Cutter::Regex(regex, groups) => {
            let found = regex.captures(text)?;
            let piece = |g: &usize| found.get(*g).map(|m| m.as_str());
            Some(groups.iter().map(piece).collect())
        }
    }
}
