//! From text to commands: one function for each command.

use super::lexer::{Lexer, Token};
use super::syntax::{
    Command, CommandKind, Fault, Item, Node, ParsePattern, Place, Query, is_reserved,
};
use engine::query::pipeline;
use std::ops::Range;

/// Longest query, characters (cloudwatch.md §7.7).
pub const QUERY_CHARS_LIMIT: usize = 10_000;
/// Most rows a `limit` may ask for (cloudwatch.md §7.3).
pub const LIMIT_ROWS: usize = 10_000;
/// Longest source of a regular expression, bytes (reliability.md §3).
const REGEX_BYTES_LIMIT: usize = 4 << 10;
/// Deepest nesting of expressions.
pub(super) const DEPTH_LIMIT: usize = 48;

/// Commands of the language that are not built: each is refused by its name.
pub const NOT_BUILT: [&str; 20] = [
    "source",
    "filterIndex",
    "pattern",
    "diff",
    "anomaly",
    "unmask",
    "unnest",
    "lookup",
    "join",
    "addtotals",
    "accum",
    "countFrequent",
    "count_frequent",
    "filldown",
    "fillmissing",
    "logcompare",
    "sessionize",
    "appendcols",
    "union",
    "tail",
];

/// Commands that are.
pub const COMMANDS: [&str; 8] = [
    "fields", "display", "filter", "stats", "sort", "limit", "parse", "dedup",
];

/// An old name of `limit`, which the vendor still takes (cloudwatch.md §7.3).
const LIMIT_BEFORE: &str = "head";

/// Reads a query.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(text: &str) -> Result<Query, Fault> {
    if text.chars().count() > QUERY_CHARS_LIMIT {
        return Err(Fault::new(
            0..text.len(),
            format!("the query is longer than {QUERY_CHARS_LIMIT} characters"),
        ));
    }
    let mut p = Parser::new(text)?;
    if p.token == Token::End {
        return Err(Fault::new(0..text.len(), "the query is empty"));
    }
    let mut commands = vec![p.command()?];
    while p.accept("|")? {
        commands.push(p.command()?);
    }
    if p.token != Token::End {
        return Err(p.unexpected("| or the end of the query"));
    }
    Ok(Query { commands })
}

/// The parser: one token ahead.
pub(super) struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    pub(super) token: Token,
    pub(super) at: Range<usize>,
    /// End of the token before.
    pub(super) end: usize,
    pub(super) depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, Fault> {
        let mut lexer = Lexer::new(text);
        let (token, at) = lexer.next()?;
        Ok(Self {
            text,
            lexer,
            token,
            at,
            end: 0,
            depth: 0,
        })
    }

    /// Goes to the next token; returns the one before.
    pub(super) fn advance(&mut self) -> Result<Token, Fault> {
        let (token, at) = self.lexer.next()?;
        self.end = self.at.end;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    /// Takes a sign if it is next.
    pub(super) fn accept(&mut self, sign: &str) -> Result<bool, Fault> {
        let found = matches!(&self.token, Token::Sign(s) if *s == sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.token, Token::Sign(s) if *s == sign)
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.accept(sign)? {
            return Ok(());
        }
        Err(self.unexpected(sign))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    /// Takes a keyword if it is next.
    pub(super) fn accept_word(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.is_word(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// What is next is not what may stand here.
    pub(super) fn unexpected(&self, wanted: &str) -> Fault {
        if self.token == Token::End {
            return Fault::new(
                self.at.clone(),
                format!("the query ends where {wanted} is expected"),
            );
        }
        let found = &self.text[self.at.clone()];
        let hint = match found {
            "||" => "; || is no operator: use or, or concat()",
            "&&" => "; && is no operator: use and",
            "==" => "; == is no operator: use =",
            "<>" => "; <> is no operator: use !=",
            _ => "",
        };
        Fault::new(
            self.at.clone(),
            format!("{found} stands where {wanted} is expected{hint}"),
        )
    }

    /// Takes a regular expression if the token that is next begins one.
    pub(super) fn accept_regex(&mut self) -> Result<Option<String>, Fault> {
        if !self.is_sign("/") {
            return Ok(None);
        }
        let mut lexer = Lexer::starting_at(self.text, self.at.start);
        let (regex, at) = lexer.regex()?;
        if regex.len() > REGEX_BYTES_LIMIT {
            return Err(Fault::new(
                at,
                format!("a regular expression has at most {REGEX_BYTES_LIMIT} bytes"),
            ));
        }
        if let Err(why) = pipeline::regex(&regex) {
            let why = why.lines().last().unwrap_or_default().trim();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            return Err(Fault::new(
                at,
                format!("the regular expression is wrong: {why}"),
            ));
        }
        self.lexer = lexer;
        self.at = at;
        self.advance()?;
        Ok(Some(regex))
    }

    fn command(&mut self) -> Result<Command, Fault> {
        let at = self.at.clone();
        let word = match &self.token {
            Token::Word(w) => w.clone(),
            _ => return Err(self.unexpected("a command")),
        };
        let name = match word.eq_ignore_ascii_case(LIMIT_BEFORE) {
            true => "limit",
            false => &word,
        };
        let known = COMMANDS.iter().find(|c| c.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            return Err(Fault::new(
                at,
                match NOT_BUILT.iter().find(|c| c.eq_ignore_ascii_case(&word)) {
                    Some(name) => format!("the command {name} is not supported"),
                    None => format!("{word} is no command"),
                },
            ));
        };
        self.advance()?;
        let kind = match *known {
            "fields" => CommandKind::Fields(self.items(true)?),
            "display" => CommandKind::Display(self.items(true)?),
            "filter" => CommandKind::Filter(self.expression()?),
            "stats" => self.stats()?,
            "sort" => CommandKind::Sort(self.sort()?),
            "limit" => CommandKind::Limit(self.limit()?),
            "parse" => self.parse_command()?,
            _ => CommandKind::Dedup(self.list()?),
        };
        Ok(Command {
            kind,
            at: Place(at),
        })
    }

    fn item(&mut self, may_alias: bool) -> Result<Item, Fault> {
        let node = self.expression()?;
        let alias = if may_alias && self.accept_word("as")? {
            Some(self.name("a name")?)
        } else {
            None
        };
        Ok(Item { node, alias })
    }

    fn items(&mut self, may_alias: bool) -> Result<Vec<Item>, Fault> {
        let mut out = vec![self.item(may_alias)?];
        while self.accept(",")? {
            out.push(self.item(may_alias)?);
        }
        Ok(out)
    }

    fn list(&mut self) -> Result<Vec<Node>, Fault> {
        let mut out = vec![self.expression()?];
        while self.accept(",")? {
            out.push(self.expression()?);
        }
        Ok(out)
    }

    /// A name that is given.
    fn name(&mut self, wanted: &str) -> Result<String, Fault> {
        match &self.token {
            Token::Word(w) if is_reserved(w) => Err(Fault::new(
                self.at.clone(),
                format!("{w} is a word of the language: as a name it stands in backticks"),
            )),
            Token::Word(w) => {
                let name = w.clone();
                self.advance()?;
                Ok(name)
            }
            Token::Quoted(segments) => {
                let name = segments.join(".");
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn stats(&mut self) -> Result<CommandKind, Fault> {
        let values = self.items(true)?;
        let by = match self.accept_word("by")? {
            true => self.items(true)?,
            false => Vec::new(),
        };
        if self.is_word("offset") {
            return Err(Fault::new(self.at.clone(), "offset is not supported"));
        }
        Ok(CommandKind::Stats { values, by })
    }

    fn sort(&mut self) -> Result<Vec<(Node, bool)>, Fault> {
        let mut out = Vec::new();
        loop {
            let node = self.expression()?;
            let descending = self.accept_word("desc")?;
            if !descending {
                self.accept_word("asc")?;
            }
            out.push((node, descending));
            if !self.accept(",")? {
                return Ok(out);
            }
        }
    }

    fn limit(&mut self) -> Result<usize, Fault> {
        let at = self.at.clone();
        let Token::Int(n) = self.token else {
            return Err(self.unexpected("a whole number"));
        };
        let n = usize::try_from(n).ok();
        match n.filter(|n| (1..=LIMIT_ROWS).contains(n)) {
            Some(n) => {
                self.advance()?;
                Ok(n)
            }
            None => Err(Fault::new(at, format!("limit is 1 to {LIMIT_ROWS}"))),
        }
    }

    fn parse_command(&mut self) -> Result<CommandKind, Fault> {
        let from = match &self.token {
            Token::Text(_) => None,
            Token::Sign("/") => None,
            _ => Some(self.operand()?),
        };
        if let Token::Word(w) = &self.token {
            let mode = w.to_ascii_lowercase();
            if mode == "logfmt" || mode == "csv" {
                return Err(Fault::new(
                    self.at.clone(),
                    format!("parse with {mode} is not supported"),
                ));
            }
        }
        let mut at = self.at.clone();
        if let Some(regex) = self.accept_regex()? {
            at.end = self.end;
            let names = match pipeline::regex(&regex) {
                Ok(r) => r.capture_names().flatten().map(str::to_owned).collect(),
                Err(_) => Vec::new(),
            };
            if names.is_empty() {
                return Err(Fault::new(
                    at,
                    "the regular expression has no named group: (?<name>…)",
                ));
            }
            if self.is_word("as") {
                return Err(Fault::new(
                    self.at.clone(),
                    "as is for patterns with *: a regular expression names its groups itself",
                ));
            }
            let pattern = ParsePattern::Regex(regex);
            return Ok(CommandKind::Parse {
                from,
                pattern,
                names,
            });
        }
        let Token::Text(glob) = self.token.clone() else {
            return Err(self.unexpected("a pattern in quotes or a regular expression"));
        };
        self.advance()?;
        if !self.accept_word("as")? {
            return Err(self.unexpected("as"));
        }
        let mut names = vec![self.name("a name")?];
        while self.accept(",")? {
            names.push(self.name("a name")?);
        }
        let pieces = glob.matches('*').count();
        if pieces != names.len() {
            return Err(Fault::new(
                at,
                format!("the pattern has {pieces} * for {} names", names.len()),
            ));
        }
        Ok(CommandKind::Parse {
            from,
            pattern: ParsePattern::Glob(glob),
            names,
        })
    }
}
