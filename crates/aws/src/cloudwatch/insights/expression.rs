//! Expressions, by how tightly their signs bind (cloudwatch.md §7.4): access, minus, `^`, `* / %`,
//! `+ -`, comparisons, `not`, `and`, `or`.

use super::lexer::Token;
use super::parser::{DEPTH_LIMIT, Parser};
use super::syntax::{Fault, Kind, Node, Operator, is_reserved};
use engine::query::pipeline::Segment;

const COMPARISONS: [Operator; 6] = [
    Operator::Eq,
    Operator::Ne,
    Operator::Le,
    Operator::Ge,
    Operator::Lt,
    Operator::Gt,
];

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Node, Fault> {
        self.deeper(Self::or)
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Fault::new(
                self.at.clone(),
                format!("expressions nest deeper than {DEPTH_LIMIT} levels"),
            ));
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }

    fn node(&self, start: usize, kind: Kind) -> Node {
        Node::new(kind, start..self.end)
    }

    fn or(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let mut left = self.and()?;
        while self.accept_word("or")? {
            let right = self.and()?;
            left = self.node(start, Kind::Or(Box::new(left), Box::new(right)));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let mut left = self.not()?;
        while self.accept_word("and")? {
            let right = self.not()?;
            left = self.node(start, Kind::And(Box::new(left), Box::new(right)));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        if self.accept_word("not")? {
            let inner = self.deeper(Self::not)?;
            return Ok(self.node(start, Kind::Not(Box::new(inner))));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let left = self.sum()?;
        for op in COMPARISONS {
            if self.accept(op.sign())? {
                let right = self.sum()?;
                return Ok(self.node(start, Kind::Binary(op, Box::new(left), Box::new(right))));
            }
        }
        if self.is_sign("=~") {
            self.advance()?;
            let Some(regex) = self.accept_regex()? else {
                return Err(self.unexpected("a regular expression"));
            };
            return Ok(self.node(start, Kind::Finds(Box::new(left), regex, false)));
        }
        let negated = self.accept_word("not")?;
        if self.accept_word("like")? {
            if let Some(regex) = self.accept_regex()? {
                return Ok(self.node(start, Kind::Finds(Box::new(left), regex, negated)));
            }
            let Token::Text(text) = self.token.clone() else {
                return Err(self.unexpected("text in quotes or a regular expression"));
            };
            self.advance()?;
            return Ok(self.node(start, Kind::Like(Box::new(left), text, negated)));
        }
        if self.accept_word("in")? {
            let list = self.candidates()?;
            return Ok(self.node(start, Kind::In(Box::new(left), list, negated)));
        }
        if negated {
            return Err(self.unexpected("like or in"));
        }
        Ok(left)
    }

    /// What `in` looks through.
    fn candidates(&mut self) -> Result<Vec<Node>, Fault> {
        if self.is_sign("(") {
            return Err(Fault::new(
                self.at.clone(),
                "a subquery after in is not supported; a list stands in [ ]",
            ));
        }
        if !self.accept("[")? {
            return Ok(vec![self.sum()?]);
        }
        if self.accept("]")? {
            return Ok(Vec::new());
        }
        let mut out = vec![self.expression()?];
        while self.accept(",")? {
            out.push(self.expression()?);
        }
        self.expect("]")?;
        Ok(out)
    }

    fn sum(&mut self) -> Result<Node, Fault> {
        self.chain(&[Operator::Add, Operator::Subtract], Self::product)
    }

    fn product(&mut self) -> Result<Node, Fault> {
        let signs = [Operator::Multiply, Operator::Divide, Operator::Remainder];
        self.chain(&signs, Self::power)
    }

    fn chain(
        &mut self,
        signs: &[Operator],
        part: fn(&mut Self) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        let start = self.at.start;
        let mut left = part(self)?;
        loop {
            let next = signs.iter().find(|op| self.is_sign(op.sign()));
            let Some(op) = next else {
                return Ok(left);
            };
            self.advance()?;
            let right = part(self)?;
            left = self.node(start, Kind::Binary(*op, Box::new(left), Box::new(right)));
        }
    }

    fn power(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let base = self.minus()?;
        if self.accept("^")? {
            let exponent = self.deeper(Self::power)?;
            let both = Kind::Binary(Operator::Power, Box::new(base), Box::new(exponent));
            return Ok(self.node(start, both));
        }
        Ok(base)
    }

    fn minus(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        if self.accept("-")? {
            let inner = self.deeper(Self::minus)?;
            return Ok(self.node(
                start,
                match inner.kind {
                    Kind::Int(i) if i > 0 => Kind::Int(-i),
                    Kind::Float(x) if x > 0.0 => Kind::Float(-x),
                    _ => Kind::Negate(Box::new(inner)),
                },
            ));
        }
        self.operand()
    }

    /// A value with steps into it.
    pub(super) fn operand(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let mut node = self.atom()?;
        let mut segments = Vec::new();
        loop {
            if self.is_sign("[") {
                self.advance()?;
                let Token::Int(i) = self.token else {
                    return Err(self.unexpected("the number of an element, from 0"));
                };
                let Ok(i) = usize::try_from(i) else {
                    return Err(self.unexpected("the number of an element, from 0"));
                };
                self.advance()?;
                self.expect("]")?;
                segments.push(Segment::Index(i));
            } else if self.is_sign(".") {
                self.advance()?;
                match self.token.clone() {
                    Token::Word(w) => {
                        segments.extend(w.split('.').map(|k| Segment::Key(k.to_owned())));
                    }
                    Token::Quoted(keys) => segments.extend(keys.into_iter().map(Segment::Key)),
                    _ => return Err(self.unexpected("the name of a member")),
                }
                self.advance()?;
            } else {
                break;
            }
        }
        if !segments.is_empty() {
            node = self.node(start, Kind::Path(Box::new(node), segments));
        }
        Ok(node)
    }

    fn atom(&mut self) -> Result<Node, Fault> {
        let start = self.at.start;
        let kind = match self.token.clone() {
            Token::Int(i) => Kind::Int(i),
            Token::Float(x) => Kind::Float(x),
            Token::Text(t) => Kind::Text(t),
            Token::Period(p) => Kind::Period(p),
            Token::Quoted(segments) => Kind::Name(segments.join(".")),
            Token::Word(word) => return self.word(start, word),
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(Node::new(inner.kind, start..self.end));
            }
            _ => return Err(self.unexpected("an expression")),
        };
        self.advance()?;
        Ok(self.node(start, kind))
    }

    fn word(&mut self, start: usize, word: String) -> Result<Node, Fault> {
        let constant = [
            ("true", Kind::Truth(true)),
            ("false", Kind::Truth(false)),
            ("null", Kind::Null),
        ];
        for (name, kind) in constant {
            if word.eq_ignore_ascii_case(name) {
                self.advance()?;
                return Ok(self.node(start, kind));
            }
        }
        if is_reserved(&word) {
            return Err(self.unexpected("an expression"));
        }
        self.advance()?;
        if !self.accept("(")? {
            return Ok(self.node(start, Kind::Name(word)));
        }
        let mut args = Vec::new();
        if self.is_sign("*") {
            let at = self.at.clone();
            self.advance()?;
            args.push(Node::new(Kind::Star, at));
        } else if !self.is_sign(")") {
            args.push(self.expression()?);
            while self.accept(",")? {
                args.push(self.expression()?);
            }
        }
        self.expect(")")?;
        Ok(self.node(start, Kind::Call(word, args)))
    }
}
