//! The tree of an expression.

use super::Wrong;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Every one holds; none: every trace.
    And(Vec<Self>),
    /// One holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// Some node of the trace for which the inner one holds.
    Service(Ref, Option<Box<Self>>),
    /// Some edge of the trace for which the inner one holds.
    Edge(Ref, Ref, Option<Box<Self>>),
    /// Some element of the root causes for which the inner one holds.
    RootCause(CauseOf, Level, Box<Self>),
    /// Some root cause of that shape; of any kind without one.
    RootCauseShape(Option<CauseOf>, serde_json::Value),
    /// Membership of a group.
    Group {
        /// Rather than by resource name.
        by_name: bool,
        /// Name or resource name.
        text: String,
        /// Where it stands.
        column: usize,
        /// `!=`.
        negated: bool,
    },
    /// A test of one value.
    Test(Test),
}

/// Which node is meant; nothing: any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ref {
    /// Its name.
    pub name: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// Its account.
    pub account: Option<String>,
}

/// Kinds of root causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vendor's words")]
pub enum CauseOf {
    Fault,
    Error,
    ResponseTime,
}

/// What of a root cause is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vendor's words")]
pub enum Level {
    Service,
    Entity,
    Exception,
}

/// What is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords of xray.md §7.2")]
pub enum Key {
    Ok,
    Error,
    Throttle,
    Fault,
    Partial,
    Inferred,
    Root,
    Remote,
    First,
    Last,
    ResponseTime,
    Duration,
    Status,
    Index,
    Coverage,
    Url,
    Method,
    UserAgent,
    ClientIp,
    User,
    Name,
    Type,
    Message,
    Zone,
    Instance,
    Resource,
    Account,
    Annotation(String),
}

/// Kinds of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Number,
    Text,
    /// Any: an annotation's own.
    Any,
}

/// Where a keyword means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Trace,
    Node,
    Cause(Level),
}

/// Keywords: spelling, key, kind of value.
pub(crate) const KEYWORDS: &[(&str, Key, Kind)] = &[
    ("ok", Key::Ok, Kind::Bool),
    ("error", Key::Error, Kind::Bool),
    ("throttle", Key::Throttle, Kind::Bool),
    ("fault", Key::Fault, Kind::Bool),
    ("partial", Key::Partial, Kind::Bool),
    ("inferred", Key::Inferred, Kind::Bool),
    ("root", Key::Root, Kind::Bool),
    ("remote", Key::Remote, Kind::Bool),
    ("first", Key::First, Kind::Bool),
    ("last", Key::Last, Kind::Bool),
    ("responsetime", Key::ResponseTime, Kind::Number),
    ("duration", Key::Duration, Kind::Number),
    ("http.status", Key::Status, Kind::Number),
    ("index", Key::Index, Kind::Number),
    ("coverage", Key::Coverage, Kind::Number),
    ("http.url", Key::Url, Kind::Text),
    ("http.method", Key::Method, Kind::Text),
    ("http.useragent", Key::UserAgent, Kind::Text),
    ("http.clientip", Key::ClientIp, Kind::Text),
    ("user", Key::User, Kind::Text),
    ("name", Key::Name, Kind::Text),
    ("type", Key::Type, Kind::Text),
    ("message", Key::Message, Kind::Text),
    ("availabilityzone", Key::Zone, Kind::Text),
    ("instance.id", Key::Instance, Kind::Text),
    ("resource.arn", Key::Resource, Kind::Text),
    ("account.id", Key::Account, Kind::Text),
];

impl Key {
    pub(crate) fn kind(&self) -> Kind {
        KEYWORDS
            .iter()
            .find(|(_, key, _)| key == self)
            .map_or(Kind::Any, |(.., kind)| *kind)
    }

    /// Whether it means something there.
    pub(crate) fn is_known_in(&self, place: Place) -> bool {
        match place {
            Place::Trace => !matches!(
                self,
                Self::Inferred
                    | Self::Root
                    | Self::Remote
                    | Self::First
                    | Self::Last
                    | Self::Index
                    | Self::Coverage
                    | Self::Name
                    | Self::Type
                    | Self::Message
            ),
            Place::Node => !matches!(
                self,
                Self::First | Self::Last | Self::Index | Self::Coverage | Self::Message
            ),
            Place::Cause(level) => match self {
                Self::Name | Self::First | Self::Last | Self::Index => true,
                Self::Type | Self::Account | Self::Inferred => level == Level::Service,
                Self::Coverage => level == Level::Entity,
                Self::Remote => level != Level::Service,
                Self::Message => level == Level::Exception,
                _ => false,
            },
        }
    }
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vendor's words")]
pub enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    BeginsWith,
    EndsWith,
}

impl Operator {
    pub(crate) fn is_known_for(self, kind: Kind) -> bool {
        match self {
            Self::Eq | Self::Ne => true,
            Self::Lt | Self::Le | Self::Gt | Self::Ge => matches!(kind, Kind::Number | Kind::Any),
            Self::Contains | Self::BeginsWith | Self::EndsWith => {
                matches!(kind, Kind::Text | Kind::Any)
            }
        }
    }
}

/// What is compared with.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "types")]
pub enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// A test of one value; without comparison: whether it is set, or true.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What is tested.
    pub key: Key,
    /// Comparison.
    pub compare: Option<(Operator, Value)>,
}

/// Called with each group named: by name, text, column, negated; returns what takes its place.
type OnGroup<'a> = dyn FnMut(bool, &str, usize, bool) -> Result<Expr, Wrong> + 'a;

impl Expr {
    /// Replaces every group named by what `on` makes of it.
    pub(crate) fn for_each_group(&mut self, on: &mut OnGroup<'_>) -> Result<(), Wrong> {
        match self {
            Self::And(list) | Self::Or(list) => {
                list.iter_mut().try_for_each(|e| e.for_each_group(on))
            }
            Self::Not(inner)
            | Self::RootCause(_, _, inner)
            | Self::Service(_, Some(inner))
            | Self::Edge(_, _, Some(inner)) => inner.for_each_group(on),
            Self::Group {
                by_name,
                text,
                column,
                negated,
            } => {
                *self = on(*by_name, text, *column, *negated)?;
                Ok(())
            }
            Self::Service(_, None)
            | Self::Edge(_, _, None)
            | Self::RootCauseShape(..)
            | Self::Test(_) => Ok(()),
        }
    }

    /// Calls `on` with each name of a service that is asked for.
    pub(crate) fn for_each_service(&self, on: &mut impl FnMut(&str)) {
        match self {
            Self::And(list) | Self::Or(list) => {
                for e in list {
                    e.for_each_service(on);
                }
            }
            Self::Service(r, _) => r.name.iter().for_each(|n| on(n)),
            Self::Edge(a, b, _) => a.name.iter().chain(&b.name).for_each(|n| on(n)),
            Self::Not(_)
            | Self::RootCause(..)
            | Self::RootCauseShape(..)
            | Self::Group { .. }
            | Self::Test(_) => {}
        }
    }
}
