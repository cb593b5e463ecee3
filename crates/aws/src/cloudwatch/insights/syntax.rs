//! A query as it was written: commands and expressions, each with its place in the text.

use engine::query::pipeline::{Period, Segment};
use std::fmt;
use std::ops::Range;

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// For the person who wrote it.
    pub message: String,
    /// Bytes of the text.
    pub at: Range<usize>,
}

impl Fault {
    /// A fault at a place.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }

    /// The place in characters (code points), as the vendor counts.
    #[must_use]
    pub fn chars(&self, text: &str) -> (usize, usize) {
        let count = |end: usize| {
            let end = (0..=end.min(text.len()))
                .rev()
                .find(|i| text.is_char_boundary(*i));
            text[..end.unwrap_or(0)].chars().count()
        };
        (count(self.at.start), count(self.at.end))
    }
}

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its commands, from left to right.
    pub commands: Vec<Command>,
}

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What it does.
    pub kind: CommandKind,
    /// Where its word stands.
    pub at: Place,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandKind {
    /// `fields e [as n], …`
    Fields(Vec<Item>),
    /// `display e, …`
    Display(Vec<Item>),
    /// `filter e`
    Filter(Node),
    /// `stats e [as n], … [by e [as n], …]`
    Stats {
        /// What is computed.
        values: Vec<Item>,
        /// The keys.
        by: Vec<Item>,
    },
    /// `sort e [asc|desc], …`; true: descending.
    Sort(Vec<(Node, bool)>),
    /// `limit n`
    Limit(usize),
    /// `parse [e] pattern [as n, …]`
    Parse {
        /// What is cut; none: the message.
        from: Option<Node>,
        /// How.
        pattern: ParsePattern,
        /// Names of the pieces.
        names: Vec<String>,
    },
    /// `dedup e, …`
    Dedup(Vec<Node>),
}

/// How `parse` cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsePattern {
    /// Text in which each `*` is a piece.
    Glob(String),
    /// A regular expression with named groups.
    Regex(String),
}

/// An expression with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The expression.
    pub node: Node,
    /// The name given with `as`.
    pub alias: Option<String>,
}

/// A place in the text; all places are alike when queries are compared.
#[derive(Clone, Debug, Default)]
pub struct Place(pub Range<usize>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub at: Place,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text in quotes.
    Text(String),
    /// `true` or `false`
    Truth(bool),
    /// `null`
    Null,
    /// `*`, all that `count` counts.
    Star,
    /// `5m`
    Period(Period),
    /// A field.
    Name(String),
    /// A function, named as written.
    Call(String, Vec<Node>),
    /// A step into a map or a list.
    Path(Box<Node>, Vec<Segment>),
    /// `-e`
    Negate(Box<Node>),
    /// Arithmetic or a comparison, by its sign.
    Binary(Operator, Box<Node>, Box<Node>),
    /// `not e`
    Not(Box<Node>),
    /// `a and b`
    And(Box<Node>, Box<Node>),
    /// `a or b`
    Or(Box<Node>, Box<Node>),
    /// `e [not] like "text"`
    Like(Box<Node>, String, bool),
    /// `e [not] like /regex/`, `e =~ /regex/`
    Finds(Box<Node>, String, bool),
    /// `e [not] in [a, b]`; `e in list`
    In(Box<Node>, Vec<Node>, bool),
}

/// A sign between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the signs say what they are")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Remainder,
        Self::Power,
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
    ];

    /// As written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "^",
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Node {
    /// An expression at a place.
    #[must_use]
    pub fn new(kind: Kind, at: Range<usize>) -> Self {
        Self {
            kind,
            at: Place(at),
        }
    }

    /// Its place.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.at.0.clone()
    }
}

/// Words that are no names unless written in backticks.
pub const RESERVED: [&str; 12] = [
    "as", "by", "asc", "desc", "and", "or", "not", "like", "in", "true", "false", "null",
];

/// Whether text is one of these words, in any case.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|r| r.eq_ignore_ascii_case(word))
}

/// Whether a name needs no backticks.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '@')
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.'))
        && !name.ends_with('.')
        && !is_reserved(name)
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if is_plain_name(name) {
        f.write_str(name)
    } else {
        write!(f, "`{name}`")
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// A regular expression between slashes.
fn write_regex(f: &mut fmt::Formatter<'_>, regex: &str) -> fmt::Result {
    write!(f, "/{}/", regex.replace('/', "\\/"))
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, list: &[T]) -> fmt::Result {
    for (i, item) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

/// A name as it is written.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, self.0)
    }
}

/// An expression inside another: in parentheses unless it cannot be misread.
struct Inner<'a>(&'a Node);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Kind::Negate(_)
            | Kind::Binary(..)
            | Kind::Not(_)
            | Kind::And(..)
            | Kind::Or(..)
            | Kind::Like(..)
            | Kind::Finds(..)
            | Kind::In(..) => write!(f, "({})", self.0),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let no = |negated: bool| if negated { "not " } else { "" };
        match &self.kind {
            Kind::Int(i) => write!(f, "{i}"),
            Kind::Float(x) => write!(f, "{x:?}"),
            Kind::Text(t) => write_text(f, t),
            Kind::Truth(b) => write!(f, "{b}"),
            Kind::Null => f.write_str("null"),
            Kind::Star => f.write_str("*"),
            Kind::Period(p) => f.write_str(&super::lexer::period_text(*p)),
            Kind::Name(name) => write_name(f, name),
            Kind::Call(name, args) => {
                write!(f, "{name}(")?;
                write_list(f, args)?;
                f.write_str(")")
            }
            Kind::Path(of, segments) => {
                match of.kind {
                    Kind::Call(..) => write!(f, "{of}")?,
                    Kind::Name(_) if matches!(segments.first(), Some(Segment::Index(_))) => {
                        write!(f, "{of}")?;
                    }
                    _ => write!(f, "({of})")?,
                }
                segments.iter().try_for_each(|s| match s {
                    Segment::Index(i) => write!(f, "[{i}]"),
                    Segment::Key(k) => write!(f, ".`{k}`"),
                })
            }
            Kind::Negate(e) => write!(f, "-{}", Inner(e)),
            Kind::Binary(op, a, b) => write!(f, "{} {} {}", Inner(a), op.sign(), Inner(b)),
            Kind::Not(e) => write!(f, "not {}", Inner(e)),
            Kind::And(a, b) => write!(f, "{} and {}", Inner(a), Inner(b)),
            Kind::Or(a, b) => write!(f, "{} or {}", Inner(a), Inner(b)),
            Kind::Like(e, text, negated) => {
                write!(f, "{} {}like ", Inner(e), no(*negated))?;
                write_text(f, text)
            }
            Kind::Finds(e, regex, negated) => {
                write!(f, "{} {}like ", Inner(e), no(*negated))?;
                write_regex(f, regex)
            }
            Kind::In(e, list, negated) => {
                write!(f, "{} {}in [", Inner(e), no(*negated))?;
                write_list(f, list)?;
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.node)?;
        match &self.alias {
            Some(alias) => write!(f, " as {}", Name(alias)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            CommandKind::Fields(items) => {
                f.write_str("fields ")?;
                write_list(f, items)
            }
            CommandKind::Display(items) => {
                f.write_str("display ")?;
                write_list(f, items)
            }
            CommandKind::Filter(node) => write!(f, "filter {node}"),
            CommandKind::Stats { values, by } => {
                f.write_str("stats ")?;
                write_list(f, values)?;
                if !by.is_empty() {
                    f.write_str(" by ")?;
                    write_list(f, by)?;
                }
                Ok(())
            }
            CommandKind::Sort(keys) => {
                f.write_str("sort ")?;
                for (i, (node, descending)) in keys.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    let direction = if *descending { "desc" } else { "asc" };
                    write!(f, "{comma}{node} {direction}")?;
                }
                Ok(())
            }
            CommandKind::Limit(n) => write!(f, "limit {n}"),
            CommandKind::Parse {
                from,
                pattern,
                names,
            } => {
                f.write_str("parse ")?;
                if let Some(from) = from {
                    write!(f, "{} ", Inner(from))?;
                }
                match pattern {
                    ParsePattern::Regex(r) => write_regex(f, r),
                    ParsePattern::Glob(g) => {
                        write_text(f, g)?;
                        f.write_str(" as ")?;
                        let names: Vec<_> = names.iter().map(|n| Name(n)).collect();
                        write_list(f, &names)
                    }
                }
            }
            CommandKind::Dedup(keys) => {
                f.write_str("dedup ")?;
                write_list(f, keys)
            }
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, command) in self.commands.iter().enumerate() {
            let pipe = if i > 0 { " | " } else { "" };
            write!(f, "{pipe}{command}")?;
        }
        Ok(())
    }
}
