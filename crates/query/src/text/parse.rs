//! Text as a question.

use super::word::{self, Kind, Token, mistake};
use super::{time, word::tokens};
use crate::spec::{Calculation, Combination, Direction, Filter, FilterOp, Having, Op, Order};
use crate::{Error, Query};
use serde_json::Value;

pub(super) fn query(text: &str) -> Result<Query, Error> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        next: 0,
    };
    let mut out = Query::default();
    if !reader.at_clause() {
        out.calculations = reader.list(Reader::calculation)?;
    }
    if reader.word("where") {
        (out.filters, out.filter_combination) = reader.conditions()?;
    }
    if reader.word("group") {
        reader.expect("by")?;
        out.breakdowns = reader.list(Reader::field)?;
    }
    if reader.word("order") {
        reader.expect("by")?;
        out.orders = reader.list(Reader::order)?;
    }
    if reader.word("having") {
        out.havings = vec![reader.having()?];
        while reader.word("and") {
            out.havings.push(reader.having()?);
        }
    }
    if reader.word("limit") {
        out.limit = Some(reader.number("a number from 1 to 10,000", |n: &u32| {
            (1..=10_000).contains(n)
        })?);
    }
    if reader.word("granularity") {
        out.granularity = Some(reader.number("a number of seconds above 0", |n: &f64| {
            n.is_finite() && *n > 0.0
        })?);
    }
    out.usage_mode = reader.word("unweighted");
    if reader.word("from") {
        let range = match reader.peek() {
            Kind::Word(text) => time::parse(text),
            _ => None,
        };
        let Some(range) = range else {
            return reader
                .fail("a range such as -2h or 2026-03-03T10:00:00Z..2026-03-03T11:00:00Z");
        };
        reader.take();
        (out.time_range, out.start_time, out.end_time) =
            (range.time_range, range.start_time, range.end_time);
    }
    match reader.peek() {
        Kind::End => Ok(out),
        _ => reader.fail("the end"),
    }
}

struct Reader {
    tokens: Vec<Token>,
    next: usize,
}

const CLAUSES: [&str; 8] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "granularity",
    "unweighted",
    "from",
];

impl Reader {
    fn ahead(&self, by: usize) -> &Kind {
        self.tokens
            .get(self.next + by)
            .map_or(&Kind::End, |t| &t.kind)
    }

    fn peek(&self) -> &Kind {
        self.ahead(0)
    }

    fn take(&mut self) {
        self.next += 1;
    }

    fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(0, |t| t.at)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, word: &str) -> Result<(), Error> {
        if self.word(word) {
            Ok(())
        } else {
            self.fail(&format!("`{word}`"))
        }
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let is = matches!(self.peek(), Kind::Symbol(s) if *s == symbol);
        self.next += usize::from(is);
        is
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.symbol(")") {
            Ok(())
        } else {
            self.fail("`)`")
        }
    }

    fn at_clause(&self) -> bool {
        match self.peek() {
            Kind::End => true,
            Kind::Word(w) => CLAUSES.iter().any(|c| c.eq_ignore_ascii_case(w)),
            _ => false,
        }
    }

    fn fail<T>(&self, expected: &str) -> Result<T, Error> {
        let found = match self.peek() {
            Kind::End => "the end".to_owned(),
            Kind::Word(text) | Kind::Name(text) | Kind::Text(text) => format!("`{text}`"),
            Kind::Symbol(symbol) => format!("`{symbol}`"),
        };
        Err(mistake(
            self.at(),
            &format!("expected {expected}, found {found}"),
        ))
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut out = vec![one(self)?];
        while self.symbol(",") {
            out.push(one(self)?);
        }
        Ok(out)
    }

    fn number<T: std::str::FromStr>(
        &mut self,
        expected: &str,
        fits: impl Fn(&T) -> bool,
    ) -> Result<T, Error> {
        let found = match self.peek() {
            Kind::Word(text) => text.parse().ok().filter(fits),
            _ => None,
        };
        match found {
            Some(number) => {
                self.take();
                Ok(number)
            }
            None => self.fail(expected),
        }
    }

    fn field(&mut self) -> Result<String, Error> {
        let name = match self.peek() {
            Kind::Name(name) => name.clone(),
            Kind::Word(word) if word::is_field(word) => word.clone(),
            _ => return self.fail("a field"),
        };
        self.take();
        Ok(name)
    }

    /// An operation and its field, if the next word is one: a field may bear the name of an operation.
    fn target(&mut self) -> Result<Option<(Op, Option<String>)>, Error> {
        let Kind::Word(word) = self.peek() else {
            return Ok(None);
        };
        let Some(op) = word::op(word) else {
            return Ok(None);
        };
        let fieldless = matches!(op, Op::Count | Op::Concurrency);
        if *self.ahead(1) != Kind::Symbol("(") {
            if !fieldless {
                return Ok(None);
            }
            self.take();
            return Ok(Some((op, None)));
        }
        self.take();
        self.take();
        if fieldless && self.symbol(")") {
            return Ok(Some((op, None)));
        }
        let column = self.field()?;
        self.close()?;
        Ok(Some((op, Some(column))))
    }

    fn calculation(&mut self) -> Result<Calculation, Error> {
        let Some((op, column)) = self.target()? else {
            return self.fail("a calculation such as COUNT or P95(duration_ms)");
        };
        let name = if self.word("as") {
            Some(self.field()?)
        } else {
            None
        };
        let (filters, filter_combination) = if self.word("if") {
            if !self.symbol("(") {
                return self.fail("`(`");
            }
            let found = self.conditions()?;
            self.close()?;
            found
        } else {
            Default::default()
        };
        Ok(Calculation {
            op,
            column,
            name,
            filters,
            filter_combination,
        })
    }

    fn conditions(&mut self) -> Result<(Vec<Filter>, Combination), Error> {
        let mut filters = vec![self.filter()?];
        let mut combination = None;
        loop {
            let next = if self.is_word("and") {
                Combination::And
            } else if self.is_word("or") {
                Combination::Or
            } else {
                return Ok((filters, combination.unwrap_or_default()));
            };
            if combination.is_some_and(|before| before != next) {
                return self.fail("one of and and or throughout: they are not mixed");
            }
            combination = Some(next);
            self.take();
            filters.push(self.filter()?);
        }
    }

    fn filter(&mut self) -> Result<Filter, Error> {
        let column = self.field()?;
        let op = match self.peek() {
            Kind::Word(word) => word::filter_op(word),
            Kind::Symbol(symbol) => word::filter_op(symbol),
            _ => None,
        };
        let Some(op) = op else {
            return self.fail("a comparison such as = or exists");
        };
        self.take();
        let value = match op {
            FilterOp::Exists | FilterOp::DoesNotExist => None,
            FilterOp::In | FilterOp::NotIn if *self.peek() != Kind::Symbol("(") => {
                return self.fail("`(` and values");
            }
            _ => Some(self.value()?),
        };
        Ok(Filter { column, op, value })
    }

    fn value(&mut self) -> Result<Value, Error> {
        if self.symbol("(") {
            let list = self.list(Self::scalar)?;
            self.close()?;
            return Ok(Value::Array(list));
        }
        self.scalar()
    }

    fn scalar(&mut self) -> Result<Value, Error> {
        let value = match self.peek() {
            Kind::Text(text) => Value::String(text.clone()),
            Kind::Word(word) => word::value(word),
            _ => return self.fail("a value"),
        };
        self.take();
        Ok(value)
    }

    fn order(&mut self) -> Result<Order, Error> {
        let (op, column) = match self.target()? {
            Some((op, column)) => (Some(op), column),
            None => (None, Some(self.field()?)),
        };
        let order = if self.word("desc") {
            Direction::Descending
        } else {
            self.word("asc");
            Direction::Ascending
        };
        Ok(Order { column, op, order })
    }

    fn having(&mut self) -> Result<Having, Error> {
        let Some((calculate_op, column)) = self.target()? else {
            return self.fail("a calculation such as COUNT");
        };
        let op = match self.peek() {
            Kind::Symbol(symbol) => word::filter_op(symbol),
            _ => None,
        };
        let Some(op) = op else {
            return self.fail("one of = != > >= < <=");
        };
        self.take();
        let value = self.number("a number", |n: &f64| n.is_finite())?;
        Ok(Having {
            calculate_op,
            column,
            op,
            value,
        })
    }
}
