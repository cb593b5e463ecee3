//! The question: a plain tree of stages and expressions.
//!
//! A language's crate parses its text into this tree; what stands here is resolved and checked only
//! when it is asked. Names are those of the language: [`Pipeline::base`] says what they read.

use super::period::Period;
use super::value::Value;
use std::collections::BTreeMap;

/// Stages that rows run through, left to right, and the columns to show at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// What names read in the rows stored. A name that is not here, and that no stage has defined,
    /// reads the field of that visible name.
    pub base: BTreeMap<String, Base>,
    /// What is done, in order.
    pub stages: Vec<Stage>,
    /// The columns of the answer: names as they stand after the last stage.
    pub columns: Vec<String>,
    /// Most rows of the answer, in the order the stages left; without a sort the newest.
    pub limit: usize,
}

/// What a name reads in a stored row.
#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// The same in every row; missing: nothing.
    Constant(Value<'static>),
    /// The event's time.
    Time,
    /// When it was taken.
    IngestTime,
    /// The text of a log event or an exception.
    Body,
    /// The text this asker knows its dataset by: [`super::Source::label`].
    Source,
    /// What finds the row again: [`super::Pointer`] as text.
    Pointer,
    /// The field of that visible name: an attribute, else the fixed column under it.
    Field(String),
    /// The attribute of that name, never the fixed column under it.
    Attribute(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Defines names, each seeing those before it.
    Compute(Vec<(String, Expr)>),
    /// Keeps rows for which it is true.
    Filter(Expr),
    /// Takes pieces of a text into names; a row that does not match keeps none of them.
    Parse(Parse),
    /// One row per group; nothing else is visible afterwards.
    Stats(Stats),
    /// Orders rows; among equals the order before stands.
    Sort(Vec<SortKey>),
    /// Keeps the first rows.
    Limit(usize),
    /// Keeps the first row of each key; rows without one are kept.
    Dedup(Vec<Expr>),
}

/// One key of an order. Numbers come before text; what is missing is last in both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// By what.
    pub by: Expr,
    /// Greatest first.
    pub descending: bool,
}

/// Pieces of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// The text.
    pub from: Expr,
    /// How it is cut.
    pub pattern: ParsePattern,
    /// A name for each piece.
    pub names: Vec<String>,
}

/// How a text is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsePattern {
    /// Literals between the pieces, one more than there are pieces. The first is found anywhere (when
    /// empty: at the start), each piece ends at the next literal, a last empty literal is the end.
    Literals(Vec<String>),
    /// A regular expression; the pieces are its groups of these names, of the first match.
    Regex(String),
}

/// Groups and what is computed of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Names and aggregates.
    pub aggregates: Vec<(String, Aggregate)>,
    /// Names and keys; none: one group, if there is any row.
    pub by: Vec<(String, Expr)>,
}

/// What is computed of the rows of a group. Values that are missing do not count; those that are no
/// number do not where numbers are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregate {
    /// Number of rows.
    Count,
    /// Number of rows that have a value.
    CountOf(Expr),
    /// Number of values; exact up to 1,024, then within a few percent.
    CountDistinct(Expr),
    /// Sum.
    Sum(Expr),
    /// Mean.
    Avg(Expr),
    /// Smallest number; of no numbers the first text.
    Min(Expr),
    /// Greatest number; of no numbers the last text.
    Max(Expr),
    /// Standard deviation of a sample: over n − 1; of one value 0.
    Stddev(Expr),
    /// Percentile, 0 to 100, by nearest rank; exact up to 1,024 values, then within 0.8 %.
    Percentile(Expr, f64),
    /// The value of the oldest row that has one.
    Earliest(Expr),
    /// The value of the newest row that has one.
    Latest(Expr),
    /// The first value in the order of sorts.
    SortsFirst(Expr),
    /// The last value in the order of sorts.
    SortsLast(Expr),
}

/// An expression over the names of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant. Text is quoted text: it is compared as a number with numbers only.
    Literal(Value<'static>),
    /// A name.
    Name(String),
    /// A member of a map or an element of a list; text is read as JSON.
    Path(Box<Self>, Vec<Segment>),
    /// Arithmetic; missing when a side is no number or the result is none.
    Arithmetic(Arithmetic, Box<Self>, Box<Self>),
    /// Change of sign.
    Negate(Box<Self>),
    /// A comparison; false when a side is missing.
    Compare(Comparison, Box<Self>, Box<Self>),
    /// Whether text matches; `negated` as well is false when it is missing.
    Matches {
        /// The text.
        text: Box<Self>,
        /// What it must match.
        pattern: Pattern,
        /// Whether it must not.
        negated: bool,
    },
    /// Whether a value equals one of these; `negated` as well is false when it is missing. An
    /// element that is a list stands for its elements.
    Among {
        /// The value.
        value: Box<Self>,
        /// The candidates.
        list: Vec<Self>,
        /// Whether it must equal none.
        negated: bool,
    },
    /// True unless it is true.
    Not(Box<Self>),
    /// Both are true.
    And(Box<Self>, Box<Self>),
    /// One is true.
    Or(Box<Self>, Box<Self>),
    /// The boundary of a period before (or, `up`, after) a moment.
    Round {
        /// The moment.
        time: Box<Self>,
        /// The period.
        period: Period,
        /// Up instead of down.
        up: bool,
    },
    /// A function.
    Call(Function, Vec<Self>),
}

/// A step into a map or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member of a map; digits: also an element of a list.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say what they are")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say what they are")]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What text must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Has this inside.
    Contains(String),
    /// Begins with this.
    StartsWith(String),
    /// Ends with this.
    EndsWith(String),
    /// A regular expression finds something in it.
    Regex(String),
}

/// Functions of values. Unless told otherwise a missing argument makes the result missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Absolute value.
    Abs,
    /// Rounded up.
    Ceil,
    /// Rounded down.
    Floor,
    /// The greatest of the numbers among the arguments.
    Greatest,
    /// The least of the numbers among the arguments.
    Least,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// Whether it is missing or empty.
    IsEmpty,
    /// Whether it is missing, empty or white space.
    IsBlank,
    /// One after the other; what is missing is empty.
    Concat,
    /// Without white space, or the characters of the second, at its start.
    TrimStart,
    /// At its end.
    TrimEnd,
    /// At both.
    Trim,
    /// Number of code points.
    Length,
    /// In capitals.
    Upper,
    /// In small letters.
    Lower,
    /// From a position (from 0), as many code points as the third says, or all.
    Substring,
    /// Every occurrence of the second replaced by the third.
    Replace,
    /// Whether the second is inside; false when one is missing.
    Contains,
    /// Milliseconds as a moment.
    FromMillis,
    /// A moment as milliseconds.
    ToMillis,
    /// Seconds since 1970, the same for the whole question.
    Now,
    /// Whether there is a value.
    IsPresent,
    /// The first value that is there.
    Coalesce,
    /// Text read as JSON.
    JsonParse,
    /// A value as JSON.
    JsonStringify,
    /// Whether it is an address.
    IsIp,
    /// Whether it is an IPv4 address.
    IsIpV4,
    /// Whether it is an IPv6 address.
    IsIpV6,
    /// Whether an address is in a subnet.
    InSubnet,
    /// As before, IPv4 only.
    InSubnetV4,
    /// As before, IPv6 only.
    InSubnetV6,
    /// SHA-256 in hex.
    Sha256,
    /// MD5 in hex.
    Md5,
}

impl Function {
    /// Fewest and most arguments.
    #[must_use]
    pub fn arity(self) -> (usize, usize) {
        match self {
            Self::Now => (0, 0),
            Self::Greatest | Self::Least | Self::Concat | Self::Coalesce => (1, usize::MAX),
            Self::TrimStart | Self::TrimEnd | Self::Trim => (1, 2),
            Self::Substring => (2, 3),
            Self::Replace => (3, 3),
            Self::Contains | Self::InSubnet | Self::InSubnetV4 | Self::InSubnetV6 => (2, 2),
            _ => (1, 1),
        }
    }
}

impl Expr {
    /// A name.
    #[must_use]
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    /// Calls `f` with every expression directly inside.
    pub fn for_each_child<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        match self {
            Self::Literal(_) | Self::Name(_) => {}
            Self::Path(e, _) | Self::Negate(e) | Self::Not(e) => f(e),
            Self::Arithmetic(_, a, b)
            | Self::Compare(_, a, b)
            | Self::And(a, b)
            | Self::Or(a, b) => {
                f(a);
                f(b);
            }
            Self::Matches { text: e, .. } | Self::Round { time: e, .. } => f(e),
            Self::Among { value, list, .. } => {
                f(value);
                list.iter().for_each(f);
            }
            Self::Call(_, list) => list.iter().for_each(f),
        }
    }
}

impl Aggregate {
    /// What it is computed of; none for [`Self::Count`].
    #[must_use]
    pub fn of(&self) -> Option<&Expr> {
        match self {
            Self::Count => None,
            Self::CountOf(e)
            | Self::CountDistinct(e)
            | Self::Sum(e)
            | Self::Avg(e)
            | Self::Min(e)
            | Self::Max(e)
            | Self::Stddev(e)
            | Self::Percentile(e, _)
            | Self::Earliest(e)
            | Self::Latest(e)
            | Self::SortsFirst(e)
            | Self::SortsLast(e) => Some(e),
        }
    }
}
