//! Conditions on rows, with the vendor's meaning (honeycomb.md §5).
//!
//! A positive test holds for a row when the field has a value and the value passes; a negative
//! test is its exact opposite, so it also holds where the field is missing. Each typed sibling of
//! a field is tested in its own type, so nothing is cast on the way.

pub(crate) mod bounds;
mod eval;

use crate::Error;
use crate::spec::{Combination, Filter, FilterOp};
use crate::values::parse_number;
use event::{SpanId, TraceId, ValueRef};
use hashbrown::HashSet;

pub(crate) use eval::{Sibling, passes};

/// Conditions and how they combine.
#[derive(Clone, Debug)]
pub(crate) enum Predicate {
    /// All hold; with none: true.
    All(Vec<Self>),
    /// One holds; with none: false.
    Any(Vec<Self>),
    /// A test of one field.
    Test(Test),
}

/// One condition on a field.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    /// The visible name.
    pub(crate) field: String,
    /// Whether the opposite is wanted.
    pub(crate) negated: bool,
    /// What a value must pass.
    pub(crate) condition: Condition,
}

/// What a present value must pass.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// Nothing: it is there.
    Exists,
    /// Equal to one of these.
    Among(Among),
    /// Numeric order.
    Number(Order, Number),
    /// Order of bytes, over canonical text.
    Text(Order, String),
    /// Canonical text begins with this.
    StartsWith(String),
    /// Canonical text ends with this.
    EndsWith(String),
    /// Canonical text has this inside.
    Contains(String),
}

/// A comparison by order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<`
    Lt,
    /// `<=`
    Le,
}

impl Order {
    /// Whether `a` stands so to `b`, given how they compare; incomparable never does.
    pub(crate) fn holds(self, ordering: Option<std::cmp::Ordering>) -> bool {
        ordering.is_some_and(|o| match self {
            Self::Gt => o.is_gt(),
            Self::Ge => o.is_ge(),
            Self::Lt => o.is_lt(),
            Self::Le => o.is_le(),
        })
    }
}

/// A number as it was written: integers stay exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Fits 64 bits.
    Int(i64),
    /// Anything else.
    Float(f64),
}

impl Number {
    /// As a double.
    #[expect(clippy::cast_precision_loss, reason = "compared with doubles only")]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(x) => x,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let x = parse_number(text)?;
        Some(text.parse().map_or(Self::Float(x), Self::Int))
    }
}

/// A set of values, each in every type it can have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Among {
    pub(crate) texts: HashSet<String>,
    pub(crate) ints: HashSet<i64>,
    pub(crate) floats: Vec<f64>,
    pub(crate) bools: [bool; 2],
    pub(crate) trace_ids: Vec<[u8; 16]>,
    pub(crate) span_ids: Vec<[u8; 8]>,
}

impl Among {
    fn add_number(&mut self, n: Number) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "kept only when it converts back to the same number"
        )]
        match n {
            Number::Int(i) => {
                self.ints.insert(i);
                self.floats.push(i as f64);
            }
            Number::Float(x) => {
                if x as i64 as f64 == x && x.abs() < 9e18 {
                    self.ints.insert(x as i64);
                }
                self.floats.push(x);
            }
        }
    }

    fn add(&mut self, value: &serde_json::Value) -> Result<(), String> {
        match value {
            serde_json::Value::String(s) => {
                self.texts.insert(s.clone());
                if let Some(n) = Number::of_text(s) {
                    self.add_number(n);
                }
                match s.as_str() {
                    "false" => self.bools[0] = true,
                    "true" => self.bools[1] = true,
                    _ => {}
                }
                self.trace_ids.extend(TraceId::parse(s).map(|id| id.0));
                self.span_ids.extend(SpanId::parse(s).map(|id| id.0));
            }
            serde_json::Value::Number(n) => {
                let n = number(n)?;
                self.add_number(n);
                self.texts.insert(match n {
                    Number::Int(i) => ValueRef::Int(i).to_string(),
                    Number::Float(x) => ValueRef::Float(x).to_string(),
                });
            }
            serde_json::Value::Bool(b) => {
                self.bools[usize::from(*b)] = true;
                self.texts.insert(b.to_string());
            }
            other => return Err(format!("{other} cannot be compared with a field")),
        }
        Ok(())
    }
}

fn number(n: &serde_json::Number) -> Result<Number, String> {
    if let Some(i) = n.as_i64() {
        return Ok(Number::Int(i));
    }
    n.as_f64()
        .filter(|x| x.is_finite())
        .map(Number::Float)
        .ok_or_else(|| format!("{n} is too large"))
}

impl Predicate {
    /// No condition.
    pub(crate) fn always() -> Self {
        Self::All(Vec::new())
    }

    /// Reads a list of filters.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the filter and what is wrong with its value.
    pub(crate) fn of_filters(filters: &[Filter], combination: Combination) -> Result<Self, Error> {
        let tests = filters
            .iter()
            .map(|f| Test::of_filter(f).map(Self::Test))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match combination {
            Combination::And => Self::All(tests),
            Combination::Or if tests.is_empty() => Self::always(),
            Combination::Or => Self::Any(tests),
        })
    }

    /// Calls `f` with the name of every field tested.
    pub(crate) fn for_each_field<'a>(&'a self, f: &mut impl FnMut(&'a str)) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|p| p.for_each_field(f)),
            Self::Test(t) => f(&t.field),
        }
    }
}

impl Test {
    fn of_filter(filter: &Filter) -> Result<Self, Error> {
        use FilterOp as Op;
        let fail = |why: &str| {
            Err(Error::Invalid(format!(
                "filter on {:?} with {}: {why}",
                filter.column,
                filter.op.as_str()
            )))
        };
        let takes_none = matches!(filter.op, Op::Exists | Op::DoesNotExist);
        let value = match (&filter.value, takes_none) {
            (None | Some(serde_json::Value::Null), true) => &serde_json::Value::Null,
            (Some(_), true) => return fail("takes no value"),
            (None | Some(serde_json::Value::Null), false) => return fail("needs a value"),
            (Some(v), false) => v,
        };
        let takes_list = matches!(filter.op, Op::In | Op::NotIn);
        if value.is_array() != takes_list {
            return fail(if takes_list {
                "needs a list of values"
            } else {
                "takes one value, not a list"
            });
        }
        let one = std::slice::from_ref(value);
        let list = value.as_array().map_or(one, Vec::as_slice);
        let among = || {
            let mut among = Among::default();
            list.iter().try_for_each(|v| among.add(v)).map(|()| among)
        };
        let ordered = |order| {
            Ok(match value {
                serde_json::Value::Number(n) => Condition::Number(order, number(n)?),
                serde_json::Value::Bool(b) => Condition::Number(order, Number::Int(i64::from(*b))),
                serde_json::Value::String(s) => match Number::of_text(s) {
                    Some(n) => Condition::Number(order, n),
                    None => Condition::Text(order, s.clone()),
                },
                other => return Err(format!("{other} has no order")),
            })
        };
        let text = || match value {
            serde_json::Value::String(s) => Ok(s.clone()),
            serde_json::Value::Number(n) => Ok(match number(n)? {
                Number::Int(i) => i.to_string(),
                Number::Float(x) => ValueRef::Float(x).to_string(),
            }),
            serde_json::Value::Bool(b) => Ok(b.to_string()),
            other => Err(format!("{other} is no text")),
        };
        let condition = match filter.op {
            Op::Eq | Op::Ne | Op::In | Op::NotIn => among().map(Condition::Among),
            Op::Gt => ordered(Order::Gt),
            Op::Ge => ordered(Order::Ge),
            Op::Lt => ordered(Order::Lt),
            Op::Le => ordered(Order::Le),
            Op::StartsWith | Op::DoesNotStartWith => text().map(Condition::StartsWith),
            Op::EndsWith | Op::DoesNotEndWith => text().map(Condition::EndsWith),
            Op::Contains | Op::DoesNotContain => text().map(Condition::Contains),
            Op::Exists | Op::DoesNotExist => Ok(Condition::Exists),
        };
        match condition {
            Ok(condition) => Ok(Self {
                field: filter.column.clone(),
                negated: filter.op.is_negative(),
                condition,
            }),
            Err(why) => fail(&why),
        }
    }
}
