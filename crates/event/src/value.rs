//! The four types of a field's value. Values are never cast when taken (storage.md §2.1).

use std::fmt;

/// A type of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Type {
    /// UTF-8 text.
    Str = 0,
    /// Signed 64-bit integer.
    Int = 1,
    /// IEEE double.
    Float = 2,
    /// Truth value.
    Bool = 3,
}

impl Type {
    /// All types, by number.
    pub const ALL: [Self; 4] = [Self::Str, Self::Int, Self::Float, Self::Bool];

    /// The letter that stands for the type in physical column names and overflow values.
    #[must_use]
    pub fn tag(self) -> char {
        match self {
            Self::Str => 's',
            Self::Int => 'i',
            Self::Float => 'f',
            Self::Bool => 'b',
        }
    }

    /// The type with that letter.
    #[must_use]
    pub fn from_tag(tag: char) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.tag() == tag)
    }

    /// The type with that number.
    #[must_use]
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n)).copied()
    }
}

/// One value, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Str(String),
    /// Integer.
    Int(i64),
    /// Double.
    Float(f64),
    /// Truth value.
    Bool(bool),
}

/// One value, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// Text.
    Str(&'a str),
    /// Integer.
    Int(i64),
    /// Double.
    Float(f64),
    /// Truth value.
    Bool(bool),
}

impl ValueRef<'_> {
    /// Its type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Str(_) => Type::Str,
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Bool(_) => Type::Bool,
        }
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(&self) -> Value {
        match *self {
            Self::Str(s) => Value::Str(s.to_owned()),
            Self::Int(i) => Value::Int(i),
            Self::Float(f) => Value::Float(f),
            Self::Bool(b) => Value::Bool(b),
        }
    }
}

impl Value {
    /// A borrowed view.
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Str(s) => ValueRef::Str(s),
            Self::Int(i) => ValueRef::Int(*i),
            Self::Float(f) => ValueRef::Float(*f),
            Self::Bool(b) => ValueRef::Bool(*b),
        }
    }
}

/// The canonical text of a value: what string comparisons and GROUP BY see for non-strings.
/// Floats print the shortest text that reads back as the same double; whole ones without a point.
impl fmt::Display for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(s) => f.write_str(s),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Bool(b) => write!(f, "{b}"),
        }
    }
}
