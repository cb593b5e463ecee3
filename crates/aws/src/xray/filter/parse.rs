//! Text → tree, by descent (xray.md §7.1). Keywords and operators are read whatever their case.

use super::Wrong;
use super::ast::{CauseOf, Expr, KEYWORDS, Key, Kind, Level, Operator, Place, Ref, Test, Value};

/// Deepest nesting.
const DEPTH: usize = 50;

/// Reads an expression; an empty one means every trace.
///
/// # Errors
/// See [`Wrong`].
pub fn parse(text: &str) -> Result<Expr, Wrong> {
    let mut p = Parser {
        chars: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    p.space();
    if p.peek().is_none() {
        return Ok(Expr::And(Vec::new()));
    }
    let expr = p.or(Place::Trace)?;
    p.space();
    match p.peek() {
        None => Ok(expr),
        Some(')') => p.wrong("a parenthesis closes that was not opened"),
        Some('}') => p.wrong("a brace closes that was not opened"),
        Some(c) => p.wrong(format!("expected a keyword, not `{c}`")),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, Wrong> {
        self.wrong_at(self.at, what)
    }

    fn wrong_at<T>(&self, at: usize, what: impl Into<String>) -> Result<T, Wrong> {
        Err(Wrong {
            column: at + 1,
            what: what.into(),
        })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, text: &str) -> bool {
        let n = text.chars().count();
        let here = self.chars.get(self.at..self.at + n);
        let is = here.is_some_and(|h| h.iter().copied().eq(text.chars()));
        if is {
            self.at += n;
        }
        is
    }

    fn expect(&mut self, text: &str, why: &str) -> Result<(), Wrong> {
        self.space();
        match self.eat(text) {
            true => Ok(()),
            false => self.wrong(format!("expected `{text}` {why}")),
        }
    }

    /// A word at this place, not taken.
    fn word(&self) -> String {
        self.chars[self.at..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
            .collect()
    }

    fn take_word(&mut self) -> String {
        let word = self.word();
        self.at += word.chars().count();
        word
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.space();
        let is = self.word().eq_ignore_ascii_case(word);
        if is {
            self.at += word.len();
        }
        is
    }

    fn or(&mut self, place: Place) -> Result<Expr, Wrong> {
        if self.depth == DEPTH {
            return self.wrong(format!("nested deeper than {DEPTH} levels"));
        }
        self.depth += 1;
        let mut list = vec![self.and(place)?];
        while self.eat_word("OR") {
            list.push(self.and(place)?);
        }
        self.depth -= 1;
        Ok(one_or(list, Expr::Or))
    }

    fn and(&mut self, place: Place) -> Result<Expr, Wrong> {
        let mut list = vec![self.not(place)?];
        loop {
            if self.eat_word("AND") {
                list.push(self.not(place)?);
                continue;
            }
            self.space();
            // What stands beside another holds as well.
            match self.peek() {
                None | Some(')' | '}') => break,
                _ if self.word().eq_ignore_ascii_case("OR") => break,
                _ => list.push(self.not(place)?),
            }
        }
        Ok(one_or(list, Expr::And))
    }

    fn not(&mut self, place: Place) -> Result<Expr, Wrong> {
        let mut negated = false;
        loop {
            self.space();
            if self.eat_word("NOT") || self.eat("!") {
                negated = !negated;
            } else {
                break;
            }
        }
        let inner = self.primary(place)?;
        Ok(match negated {
            true => Expr::Not(Box::new(inner)),
            false => inner,
        })
    }

    fn primary(&mut self, place: Place) -> Result<Expr, Wrong> {
        self.space();
        let start = self.at;
        if self.eat("(") {
            let inner = self.or(place)?;
            self.expect(")", "to close the parenthesis")?;
            return Ok(inner);
        }
        let word = self.word();
        if word.is_empty() {
            return match self.peek() {
                None => self.wrong("expected a keyword, but the expression ends"),
                Some('"') => self.wrong("expected a keyword, not a text"),
                Some(c) => self.wrong(format!("expected a keyword, not `{c}`")),
            };
        }
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "service" | "edge" if place != Place::Trace => {
                self.wrong(format!("`{word}` is not known inside of braces"))
            }
            "service" => self.service(),
            "edge" => self.edge(),
            "group.name" | "group.arn" if place != Place::Trace => {
                self.wrong(format!("`{word}` is not known inside of braces"))
            }
            "group.name" | "group.arn" => self.group(lower == "group.name"),
            _ if lower == "rootcause" || lower.starts_with("rootcause.") => match place {
                Place::Trace => self.root_cause(&lower),
                _ => self.wrong_at(start, format!("`{word}` is not known inside of braces")),
            },
            _ => self.test(place),
        }
    }

    fn inner(&mut self, place: Place) -> Result<Option<Box<Expr>>, Wrong> {
        self.space();
        if !self.eat("{") {
            return Ok(None);
        }
        self.space();
        if self.eat("}") {
            return Ok(None);
        }
        let inner = self.or(place)?;
        self.expect("}", "to close the brace")?;
        Ok(Some(Box::new(inner)))
    }

    fn service(&mut self) -> Result<Expr, Wrong> {
        self.take_word();
        self.expect("(", "after service")?;
        self.space();
        let node = match self.peek() {
            Some(')') => Ref::default(),
            _ => self.node("service")?,
        };
        self.expect(")", "after the service")?;
        let inner = self.inner(Place::Node)?;
        Ok(Expr::Service(node, inner))
    }

    fn edge(&mut self) -> Result<Expr, Wrong> {
        self.take_word();
        self.expect("(", "after edge")?;
        let from = self.end_of_edge(',')?;
        self.expect(",", "between the two services of an edge")?;
        let to = self.end_of_edge(')')?;
        self.expect(")", "after the two services of an edge")?;
        let inner = self.inner(Place::Node)?;
        Ok(Expr::Edge(from, to, inner))
    }

    fn end_of_edge(&mut self, end: char) -> Result<Ref, Wrong> {
        self.space();
        match self.peek() {
            Some(c) if c == end => Ok(Ref::default()),
            _ => self.node("edge"),
        }
    }

    fn node(&mut self, of: &str) -> Result<Ref, Wrong> {
        self.space();
        if self.peek() == Some('"') {
            let name = self.text()?;
            return Ok(Ref {
                name: Some(name),
                ..Ref::default()
            });
        }
        if self.word().eq_ignore_ascii_case("id") {
            return self.id();
        }
        // A shell may have eaten the quotes.
        let bare: String = self.chars[self.at..]
            .iter()
            .take_while(|c| !matches!(c, ')' | ',' | ' '))
            .collect();
        self.wrong(format!(
            "the name of a service must be in double quotes: {of}(\"{bare}\"); a shell takes them off unless the expression is in single quotes"
        ))
    }

    fn id(&mut self) -> Result<Ref, Wrong> {
        self.take_word();
        self.expect("(", "after id")?;
        let mut node = Ref::default();
        loop {
            self.space();
            let start = self.at;
            let word = self.take_word().to_ascii_lowercase();
            if word.is_empty() {
                return self.wrong("id() needs name, type or account.id");
            }
            if !matches!(word.as_str(), "name" | "type" | "account.id") {
                return self.wrong_at(
                    start,
                    format!("id() knows name, type and account.id, not `{word}`"),
                );
            }
            self.expect(":", "after the field of id()")?;
            self.space();
            let text = Some(self.text()?);
            let before = match word.as_str() {
                "name" => std::mem::replace(&mut node.name, text),
                "type" => std::mem::replace(&mut node.kind, text),
                _ => std::mem::replace(&mut node.account, text),
            };
            if before.is_some() {
                return self.wrong_at(start, format!("`{word}` is given twice"));
            }
            self.space();
            if self.eat(")") {
                return Ok(node);
            }
            self.expect(",", "or `)` in id()")?;
        }
    }

    fn root_cause(&mut self, lower: &str) -> Result<Expr, Wrong> {
        let start = self.at;
        self.take_word();
        let cause = |word: &str| match word {
            "fault" => Some(CauseOf::Fault),
            "error" => Some(CauseOf::Error),
            "responsetime" => Some(CauseOf::ResponseTime),
            _ => None,
        };
        let level = |word: &str| match word {
            "service" => Some(Level::Service),
            "entity" => Some(Level::Entity),
            "exception" => Some(Level::Exception),
            _ => None,
        };
        let words: Vec<&str> = lower.split('.').skip(1).collect();
        match words[..] {
            ["json"] => return self.shape(None),
            [of, "json"] => {
                if let Some(of) = cause(of) {
                    return self.shape(Some(of));
                }
            }
            [of, at] => {
                // Slowness has no exceptions.
                if let (Some(of), Some(level)) = (cause(of), level(at))
                    && (of, level) != (CauseOf::ResponseTime, Level::Exception)
                {
                    self.expect("{", "after a root cause")?;
                    let inner = self.or(Place::Cause(level))?;
                    self.expect("}", "to close the brace")?;
                    return Ok(Expr::RootCause(of, level, Box::new(inner)));
                }
            }
            _ => {}
        }
        self.wrong_at(
            start,
            format!(
                "`{lower}` is none of rootcause.json, rootcause.(fault|error|responsetime).(service|entity|json) and rootcause.(fault|error).exception"
            ),
        )
    }

    fn shape(&mut self, of: Option<CauseOf>) -> Result<Expr, Wrong> {
        self.expect("=", "after the shape of a root cause")?;
        self.expect("#", "before the JSON of a root cause")?;
        self.space();
        let rest: String = self.chars[self.at..].iter().collect();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<serde_json::Value>();
        match stream.next() {
            Some(Ok(value @ serde_json::Value::Array(_))) => {
                self.at += rest[..stream.byte_offset()].chars().count();
                Ok(Expr::RootCauseShape(of, value))
            }
            Some(Err(e)) => self.wrong(format!("the JSON of a root cause: {e}")),
            _ => self.wrong("expected a JSON array after `#`"),
        }
    }

    fn group(&mut self, by_name: bool) -> Result<Expr, Wrong> {
        let column = self.at + 1;
        let word = self.take_word();
        let negated = match self.operator()? {
            Some(Operator::Eq) => false,
            Some(Operator::Ne) => true,
            _ => return self.wrong(format!("expected `=` or `!=` after `{word}`")),
        };
        self.space();
        let text = self.text()?;
        Ok(Expr::Group {
            by_name,
            text,
            column,
            negated,
        })
    }

    fn test(&mut self, place: Place) -> Result<Expr, Wrong> {
        let start = self.at;
        let (key, word) = self.key()?;
        if let Key::Annotation(_) = key {
            if matches!(place, Place::Cause(_)) {
                return self.wrong_at(start, "an annotation is not known in a root cause");
            }
        } else if !key.is_known_in(place) {
            let what = match place {
                Place::Trace => "is known inside of service(…){} or rootcause only",
                Place::Node => "is known inside of rootcause only",
                Place::Cause(_) => "is not known of this part of a root cause",
            };
            return self.wrong_at(start, format!("`{word}` {what}"));
        }
        self.space();
        let operator_at = self.at;
        let Some(operator) = self.operator()? else {
            return Ok(Expr::Test(Test { key, compare: None }));
        };
        let kind = key.kind();
        if !operator.is_known_for(kind) {
            return self.wrong_at(
                operator_at,
                format!("this comparison is not known for `{word}`"),
            );
        }
        self.space();
        let value_at = self.at;
        let value = self.value(&key)?;
        let of_value = match &value {
            Value::Text(_) => Kind::Text,
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Bool,
        };
        let fits = match kind {
            Kind::Any => operator.is_known_for(of_value),
            kind => kind == of_value,
        };
        if !fits {
            let needs = match kind {
                Kind::Bool => "true or false",
                Kind::Number => "a number",
                Kind::Text => "a text in double quotes",
                Kind::Any => "a value this comparison is known for",
            };
            return self.wrong_at(value_at, format!("`{word}` is compared with {needs}"));
        }
        Ok(Expr::Test(Test {
            key,
            compare: Some((operator, value)),
        }))
    }

    fn key(&mut self) -> Result<(Key, String), Wrong> {
        let start = self.at;
        let word = self.take_word();
        let lower = word.to_ascii_lowercase();
        if let Some((_, key, _)) = KEYWORDS.iter().find(|(w, ..)| *w == lower) {
            return Ok((key.clone(), word));
        }
        if lower == "annotation" {
            self.space();
            if !self.eat("[") {
                return self.wrong("expected `.` and a key, or `[` and a key, after `annotation`");
            }
            self.space();
            let key = match self.peek() {
                Some('"') => self.text()?,
                _ => self.take_word(),
            };
            if key.is_empty() {
                return self.wrong("expected the key of an annotation");
            }
            self.expect("]", "after the key of an annotation")?;
            return Ok((Key::Annotation(key), word));
        }
        if lower.starts_with("annotation.") {
            let key = word["annotation.".len()..].to_owned();
            if key.is_empty() {
                return self.wrong("expected the key of an annotation");
            }
            return Ok((Key::Annotation(key), word));
        }
        self.space();
        match self.peek() {
            Some('(') => self.wrong_at(
                start,
                format!("there is no function `{word}`: service, edge and id are known"),
            ),
            _ => self.wrong_at(start, format!("there is no keyword `{word}`")),
        }
    }

    fn operator(&mut self) -> Result<Option<Operator>, Wrong> {
        self.space();
        for (text, operator) in [
            ("!=", Operator::Ne),
            ("<=", Operator::Le),
            (">=", Operator::Ge),
            ("=", Operator::Eq),
            ("<", Operator::Lt),
            (">", Operator::Gt),
        ] {
            if self.eat(text) {
                return match self.peek() {
                    Some('=' | '<' | '>') => self.wrong("there is no such comparison"),
                    _ => Ok(Some(operator)),
                };
            }
        }
        for (word, operator) in [
            ("CONTAINS", Operator::Contains),
            ("BEGINSWITH", Operator::BeginsWith),
            ("ENDSWITH", Operator::EndsWith),
        ] {
            if self.eat_word(word) {
                return Ok(Some(operator));
            }
        }
        Ok(None)
    }

    fn value(&mut self, key: &Key) -> Result<Value, Wrong> {
        match self.peek() {
            None => return self.wrong("expected a value, but the expression ends"),
            Some('"') => return self.text().map(Value::Text),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => return self.number(),
            Some(_) => {}
        }
        if self.eat_word("true") {
            return Ok(Value::Bool(true));
        }
        if self.eat_word("false") {
            return Ok(Value::Bool(false));
        }
        let bare: String = self.chars[self.at..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'))
            .collect();
        let takes_bare = matches!(key, Key::Name | Key::Type | Key::Message);
        match bare.is_empty() || !takes_bare {
            true => self.wrong("expected a text in double quotes, a number, true or false"),
            false => {
                self.at += bare.chars().count();
                Ok(Value::Text(bare))
            }
        }
    }

    fn number(&mut self) -> Result<Value, Wrong> {
        let start = self.at;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            let is_sign = matches!(c, '-' | '+') && (text.is_empty() || text.ends_with(['e', 'E']));
            if !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || is_sign) {
                break;
            }
            text.push(c);
            self.at += 1;
        }
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(Value::Number(n)),
            _ => self.wrong_at(start, format!("`{text}` is no number")),
        }
    }

    /// A text in double quotes.
    fn text(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        if !self.eat("\"") {
            return self.wrong("expected a text in double quotes");
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else {
                return self.wrong_at(start, "the quote is not closed");
            };
            self.at += 1;
            match c {
                '"' => return Ok(out),
                '\\' => out.push(self.escaped()?),
                c => out.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Wrong> {
        let at = self.at;
        let Some(c) = self.peek() else {
            return self.wrong("the quote is not closed");
        };
        self.at += 1;
        match c {
            '"' | '\\' | '/' => Ok(c),
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'r' => Ok('\r'),
            'u' => {
                let hex: String = self.chars[self.at..].iter().take(4).collect();
                let is_hex = hex.len() == 4 && hex.bytes().all(|b| b.is_ascii_hexdigit());
                let code = is_hex.then(|| u32::from_str_radix(&hex, 16).ok()).flatten();
                match code.and_then(char::from_u32) {
                    Some(c) => {
                        self.at += 4;
                        Ok(c)
                    }
                    None => self.wrong_at(at, "\\u needs four hex digits of a character"),
                }
            }
            c => self.wrong_at(at, format!("there is no escape \\{c}")),
        }
    }
}

fn one_or(mut list: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match list.len() {
        1 => list.remove(0),
        _ => many(list),
    }
}
