//! Expressions: what names read, what functions mean, aggregates.

use super::{Aggregate, Base, Expr, Lower, POINTER, Value};
use crate::cloudwatch::insights::functions::{self, Aggregation, Meaning};
use crate::cloudwatch::insights::syntax::{Fault, Kind, Node, Operator};
use engine::logs::STREAM_FIELD;
use engine::query::pipeline::{Arithmetic, Comparison, Pattern, Period};
use std::ops::Range;

/// Fields of lines whose names the event model uses for columns of its own: here they are fields only.
const OWN: [&str; 6] = [
    "timestamp",
    "dataset",
    "body",
    "type",
    "error",
    "status_code",
];
/// The trace id found in a line (cloudwatch.md §11).
const TRACE: &str = "@xrayTraceId";

impl Lower<'_> {
    /// An expression of a row.
    pub(super) fn expr(&mut self, node: &Node) -> Result<Expr, Fault> {
        if let Some(name) = self.group_column(node) {
            return Ok(Expr::Name(name));
        }
        let at = node.range();
        Ok(match &node.kind {
            Kind::Int(i) => Expr::Literal(Value::Int(*i)),
            Kind::Float(x) => Expr::Literal(Value::Float(*x)),
            Kind::Text(t) => Expr::Literal(Value::Text(t.clone().into())),
            Kind::Truth(b) => Expr::Literal(Value::Bool(*b)),
            Kind::Null => {
                return Err(Fault::new(
                    at,
                    "comparing with null is not supported: use ispresent()",
                ));
            }
            Kind::Star => return Err(Fault::new(at, "* stands in count(*) only")),
            Kind::Period(_) => {
                return Err(Fault::new(
                    at,
                    "a period stands in bin(), datefloor() and dateceil() only",
                ));
            }
            Kind::Name(name) => self.name(name, at)?,
            Kind::Call(name, args) => self.call(name, args, at)?,
            Kind::Path(of, segments) => Expr::Path(self.boxed(of)?, segments.clone()),
            Kind::Negate(e) => Expr::Negate(self.boxed(e)?),
            Kind::Binary(op, a, b) => self.binary(*op, a, b)?,
            Kind::Not(e) => Expr::Not(self.boxed(e)?),
            Kind::And(a, b) => Expr::And(self.boxed(a)?, self.boxed(b)?),
            Kind::Or(a, b) => Expr::Or(self.boxed(a)?, self.boxed(b)?),
            Kind::Like(e, text, negated) => Expr::Matches {
                text: self.boxed(e)?,
                pattern: like(text),
                negated: *negated,
            },
            Kind::Finds(e, regex, negated) => Expr::Matches {
                text: self.boxed(e)?,
                pattern: Pattern::Regex(regex.clone()),
                negated: *negated,
            },
            Kind::In(e, list, negated) => Expr::Among {
                value: self.boxed(e)?,
                list: list
                    .iter()
                    .map(|c| self.beside(c, e))
                    .collect::<Result<_, _>>()?,
                negated: *negated,
            },
        })
    }

    fn boxed(&mut self, node: &Node) -> Result<Box<Expr>, Fault> {
        Ok(Box::new(self.expr(node)?))
    }

    /// The column of groups that was computed from this very expression.
    fn group_column(&self, node: &Node) -> Option<String> {
        let groups = self.groups.as_ref()?;
        match &node.kind {
            Kind::Name(_) => None,
            _ => groups.printed.get(&node.to_string()).cloned(),
        }
    }

    /// A value compared with `other`: a trace id is found in each way of writing it.
    fn beside(&mut self, node: &Node, other: &Node) -> Result<Expr, Fault> {
        if let (Kind::Text(t), Kind::Name(name)) = (&node.kind, &other.kind)
            && name == TRACE
            && !self.defined.contains(TRACE)
            && let Some(id) = event::TraceId::parse(t)
        {
            return Ok(Expr::Literal(Value::Text(id.to_string().into())));
        }
        self.expr(node)
    }

    fn binary(&mut self, op: Operator, a: &Node, b: &Node) -> Result<Expr, Fault> {
        let (left, right) = (Box::new(self.beside(a, b)?), Box::new(self.beside(b, a)?));
        let compare = |op| Ok(Expr::Compare(op, left.clone(), right.clone()));
        let compute = |op| Ok(Expr::Arithmetic(op, left.clone(), right.clone()));
        match op {
            Operator::Add => compute(Arithmetic::Add),
            Operator::Subtract => compute(Arithmetic::Subtract),
            Operator::Multiply => compute(Arithmetic::Multiply),
            Operator::Divide => compute(Arithmetic::Divide),
            Operator::Remainder => compute(Arithmetic::Remainder),
            Operator::Power => compute(Arithmetic::Power),
            Operator::Eq => compare(Comparison::Eq),
            Operator::Ne => compare(Comparison::Ne),
            Operator::Lt => compare(Comparison::Lt),
            Operator::Le => compare(Comparison::Le),
            Operator::Gt => compare(Comparison::Gt),
            Operator::Ge => compare(Comparison::Ge),
        }
    }

    /// What a name reads.
    pub(super) fn name(&mut self, name: &str, at: Range<usize>) -> Result<Expr, Fault> {
        let expr = Expr::Name(name.to_owned());
        let is_inside = |outer: &str| {
            let rest = name.strip_prefix(outer);
            rest.is_some_and(|r| r.is_empty() || r.starts_with('.'))
        };
        if self.defined.iter().any(|d| is_inside(d)) {
            return Ok(expr);
        }
        if let Some(groups) = &self.groups {
            return match groups.names.iter().any(|g| is_inside(g)) {
                true => Ok(expr),
                false => Err(Fault::new(
                    at,
                    format!("{name} is not there: stats leaves only its own columns"),
                )),
            };
        }
        let base = match name {
            "@timestamp" => Base::Time,
            "@ingestionTime" => Base::IngestTime,
            "@message" => Base::Body,
            "@log" => Base::Source,
            "@logStream" => Base::Attribute(STREAM_FIELD.to_owned()),
            POINTER => Base::Pointer,
            TRACE => Base::Field("trace.trace_id".to_owned()),
            "@aws.region" => Base::Attribute("cloud.region".to_owned()),
            "@aws.account" => Base::Constant(Value::Text(self.account.to_owned().into())),
            own if OWN.contains(&own) => Base::Attribute(own.to_owned()),
            other => match (other.strip_prefix("@@"), other.starts_with('@')) {
                (Some(key), _) => Base::Attribute(format!("@{key}")),
                // A field of the service's own that our lines do not have.
                (None, true) => Base::Constant(Value::Missing),
                (None, false) => return Ok(expr),
            },
        };
        self.base.insert(name.to_owned(), base);
        Ok(expr)
    }

    fn call(&mut self, name: &str, args: &[Node], at: Range<usize>) -> Result<Expr, Fault> {
        let word = at.start..at.start + name.len();
        let Some(known) = functions::find(name) else {
            return Err(unknown(name, word));
        };
        match known.meaning {
            Meaning::Aggregate(_) => Err(Fault::new(
                word,
                format!("{} stands in stats only", known.name),
            )),
            Meaning::Value(function) => {
                let (least, most) = function.arity();
                if !(least..=most).contains(&args.len()) {
                    return Err(arity(known, at));
                }
                let args = args
                    .iter()
                    .map(|a| self.expr(a))
                    .collect::<Result<_, _>>()?;
                Ok(Expr::Call(function, args))
            }
            Meaning::Bin => {
                let period = match args {
                    [one] => period(one)?,
                    _ => return Err(arity(known, at)),
                };
                let time = self.name("@timestamp", word)?;
                Ok(round(time, period, false))
            }
            Meaning::Round(up) => {
                let [time, length] = args else {
                    return Err(arity(known, at));
                };
                let period = period(length)?;
                Ok(round(self.expr(time)?, period, up))
            }
        }
    }

    /// The aggregate that an expression is, if it is just one.
    pub(super) fn aggregate_of(&mut self, node: &Node) -> Result<Option<Aggregate>, Fault> {
        let Kind::Call(name, args) = &node.kind else {
            return Ok(None);
        };
        let at = node.range();
        let word = at.start..at.start + name.len();
        let Some(known) = functions::find(name) else {
            return Err(unknown(name, word));
        };
        let Meaning::Aggregate(of) = known.meaning else {
            return Ok(None);
        };
        let star = matches!(args.as_slice(), [one] if one.kind == Kind::Star);
        match (of, args.as_slice()) {
            (Aggregation::Count, []) => return Ok(Some(Aggregate::Count)),
            (Aggregation::Count, _) if star => return Ok(Some(Aggregate::Count)),
            (Aggregation::Percentile, [value, percent]) => {
                let share = match percent.kind {
                    #[expect(clippy::cast_precision_loss, reason = "0 to 100")]
                    Kind::Int(i) => i as f64,
                    Kind::Float(x) => x,
                    _ => f64::NAN,
                };
                if !(0.0..=100.0).contains(&share) {
                    return Err(Fault::new(percent.range(), "a percentile is 0 to 100"));
                }
                return Ok(Some(Aggregate::Percentile(self.expr(value)?, share)));
            }
            (Aggregation::Percentile, _) => return Err(arity(known, at)),
            (_, [_]) => {}
            _ => return Err(arity(known, at)),
        }
        if matches!(of, Aggregation::Earliest | Aggregation::Latest) && self.groups.is_some() {
            let why = format!(
                "{} needs @timestamp, which stats does not leave",
                known.name
            );
            return Err(Fault::new(word, why));
        }
        let value = self.expr(&args[0])?;
        Ok(Some(match of {
            Aggregation::Count => Aggregate::CountOf(value),
            Aggregation::CountDistinct => Aggregate::CountDistinct(value),
            Aggregation::Sum => Aggregate::Sum(value),
            Aggregation::Avg => Aggregate::Avg(value),
            Aggregation::Min => Aggregate::Min(value),
            Aggregation::Max => Aggregate::Max(value),
            Aggregation::Stddev => Aggregate::Stddev(value),
            Aggregation::Percentile | Aggregation::Median => Aggregate::Percentile(value, 50.0),
            Aggregation::Earliest => Aggregate::Earliest(value),
            Aggregation::Latest => Aggregate::Latest(value),
            Aggregation::SortsFirst => Aggregate::SortsFirst(value),
            Aggregation::SortsLast => Aggregate::SortsLast(value),
        }))
    }

    /// An expression over aggregates: each is added under a name nobody can write.
    pub(super) fn of_aggregates(
        &mut self,
        node: &Node,
        aggregates: &mut Vec<(String, Aggregate)>,
    ) -> Result<Expr, Fault> {
        if let Some(aggregate) = self.aggregate_of(node)? {
            let name = format!("\0{}", aggregates.len());
            aggregates.push((name.clone(), aggregate));
            return Ok(Expr::Name(name));
        }
        let at = node.range();
        match &node.kind {
            Kind::Int(_) | Kind::Float(_) | Kind::Text(_) => self.expr(node),
            Kind::Negate(e) => Ok(Expr::Negate(Box::new(self.of_aggregates(e, aggregates)?))),
            Kind::Binary(op, a, b) => {
                let a = Box::new(self.of_aggregates(a, aggregates)?);
                let b = Box::new(self.of_aggregates(b, aggregates)?);
                let op = match op {
                    Operator::Add => Arithmetic::Add,
                    Operator::Subtract => Arithmetic::Subtract,
                    Operator::Multiply => Arithmetic::Multiply,
                    Operator::Divide => Arithmetic::Divide,
                    Operator::Remainder => Arithmetic::Remainder,
                    Operator::Power => Arithmetic::Power,
                    _ => return Err(Fault::new(at, "a comparison is no aggregate")),
                };
                Ok(Expr::Arithmetic(op, a, b))
            }
            Kind::Call(name, args) => {
                let Some(Meaning::Value(function)) = functions::find(name).map(|k| k.meaning)
                else {
                    let why = format!("{name} cannot stand around aggregates");
                    return Err(Fault::new(at, why));
                };
                let (least, most) = function.arity();
                if !(least..=most).contains(&args.len()) {
                    let why = format!("{name} does not take {} arguments", args.len());
                    return Err(Fault::new(at, why));
                }
                let args = args
                    .iter()
                    .map(|a| self.of_aggregates(a, aggregates))
                    .collect::<Result<_, _>>()?;
                Ok(Expr::Call(function, args))
            }
            _ => Err(Fault::new(
                at.clone(),
                format!("{node} stands outside of an aggregate"),
            )),
        }
    }
}

/// SQL's `%` at the ends; else the text is sought anywhere.
fn like(text: &str) -> Pattern {
    let starts = text.len() > 1 && text.starts_with('%');
    let ends = text.len() > 1 && text.ends_with('%');
    match (starts, ends) {
        (true, true) => Pattern::Contains(text[1..text.len() - 1].to_owned()),
        (true, false) => Pattern::EndsWith(text[1..].to_owned()),
        (false, true) => Pattern::StartsWith(text[..text.len() - 1].to_owned()),
        (false, false) => Pattern::Contains(text.to_owned()),
    }
}

fn period(node: &Node) -> Result<Period, Fault> {
    match node.kind {
        Kind::Period(p) => Ok(p),
        _ => Err(Fault::new(node.range(), "a period is expected, as 5m")),
    }
}

fn round(time: Expr, period: Period, up: bool) -> Expr {
    Expr::Round {
        time: Box::new(time),
        period,
        up,
    }
}

fn unknown(name: &str, at: Range<usize>) -> Fault {
    let not_built = functions::NOT_BUILT
        .iter()
        .find(|f| f.eq_ignore_ascii_case(name));
    Fault::new(
        at,
        match not_built {
            Some(name) => format!("the function {name} is not supported"),
            None => format!("{name} is no function"),
        },
    )
}

fn arity(known: &functions::Known, at: Range<usize>) -> Fault {
    Fault::new(
        at,
        format!("{} is called as {}", known.name, known.signature),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_stand_for_anything_at_the_ends_only() {
        for (text, want) in [
            ("x", Pattern::Contains("x".into())),
            ("%x%", Pattern::Contains("x".into())),
            ("%x", Pattern::EndsWith("x".into())),
            ("x%", Pattern::StartsWith("x".into())),
            ("a%b", Pattern::Contains("a%b".into())),
            ("%", Pattern::Contains("%".into())),
        ] {
            assert_eq!(like(text), want, "{text}");
        }
    }
}
