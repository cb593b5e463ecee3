//! From a query's commands to a pipeline: what names read, which columns show, which order stands.

mod expr;

use super::syntax::{CommandKind, Fault, Item, Kind, Node, ParsePattern, Query};
use engine::query::pipeline::{
    self, Aggregate, Base, Expr, Pipeline, SortKey, Stage, Stats, Value,
};
use std::collections::{BTreeMap, BTreeSet};

/// Most rows of an answer whatever was asked (cloudwatch.md §5.13).
pub const ROWS_LIMIT: usize = 100_000;
/// Most rows when nothing was said (cloudwatch.md §7.2).
pub const ROWS_DEFAULT: usize = 10_000;

/// What finds a row again, the last column of rows that are not groups.
pub const POINTER: &str = "@ptr";

/// What a query becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowered {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Whether its rows are groups.
    pub grouped: bool,
}

/// Makes a pipeline of a query. `account`: of `@aws.account`; `limit`: most rows, unless the query
/// says itself.
///
/// # Errors
/// What cannot be asked, with its place.
pub fn lower(
    text: &str,
    query: &Query,
    account: &str,
    limit: Option<usize>,
) -> Result<Lowered, Fault> {
    let mut l = Lower {
        text,
        account,
        base: BTreeMap::new(),
        stages: Vec::new(),
        defined: BTreeSet::new(),
        groups: None,
        shown: Vec::new(),
        display: None,
        limited: false,
        deduped: false,
    };
    for command in &query.commands {
        let at = command.at.0.clone();
        let name = l.text.get(at.clone()).unwrap_or_default();
        if l.deduped && !matches!(command.kind, CommandKind::Limit(_)) {
            let why = format!("{name} stands after dedup, where only limit may");
            return Err(Fault::new(at, why));
        }
        if l.groups.is_some()
            && matches!(
                command.kind,
                CommandKind::Parse { .. } | CommandKind::Dedup(_)
            )
        {
            return Err(Fault::new(at, format!("{name} cannot stand after stats")));
        }
        l.command(&command.kind)?;
    }
    Ok(l.finish(limit))
}

/// The columns of groups.
struct Groups {
    /// Names.
    names: BTreeSet<String>,
    /// Names by the expression they were computed from, as it is printed.
    printed: BTreeMap<String, String>,
}

struct Lower<'t> {
    text: &'t str,
    account: &'t str,
    base: BTreeMap<String, Base>,
    stages: Vec<Stage>,
    /// Names that commands have defined since the start or the last `stats`.
    defined: BTreeSet<String>,
    /// After a `stats`: what is visible.
    groups: Option<Groups>,
    /// Columns that `fields` adds.
    shown: Vec<String>,
    /// Columns of the last `display`.
    display: Option<Vec<String>>,
    limited: bool,
    deduped: bool,
}

impl Lower<'_> {
    fn finish(mut self, limit: Option<usize>) -> Lowered {
        let grouped = self.groups.is_some();
        let mut columns = self.display.take().unwrap_or(self.shown);
        if columns.is_empty() {
            columns = ["@timestamp", "@message"].map(str::to_owned).to_vec();
            self.base.insert("@timestamp".into(), Base::Time);
            self.base.insert("@message".into(), Base::Body);
        }
        if !grouped {
            columns.retain(|c| c != POINTER);
            columns.push(POINTER.to_owned());
            self.base.insert(POINTER.into(), Base::Pointer);
        }
        let mut seen = BTreeSet::new();
        columns.retain(|c| seen.insert(c.clone()));
        let limit = match (self.limited, limit) {
            // A limit of the query's own is one of its stages.
            (true, _) => ROWS_LIMIT,
            (false, asked) => asked.unwrap_or(ROWS_DEFAULT),
        };
        Lowered {
            pipeline: Pipeline {
                base: self.base,
                stages: self.stages,
                columns,
                limit,
            },
            grouped,
        }
    }

    fn command(&mut self, kind: &CommandKind) -> Result<(), Fault> {
        match kind {
            CommandKind::Fields(items) => {
                let names = self.columns(items)?;
                self.shown.extend(names);
            }
            CommandKind::Display(items) => {
                let names = self.columns(items)?;
                self.display = Some(names);
            }
            CommandKind::Filter(node) => {
                let expr = self.expr(node)?;
                self.stages.push(Stage::Filter(expr));
            }
            CommandKind::Sort(keys) => {
                let keys = keys
                    .iter()
                    .map(|(node, descending)| {
                        Ok(SortKey {
                            by: self.expr(node)?,
                            descending: *descending,
                        })
                    })
                    .collect::<Result<_, Fault>>()?;
                self.stages.push(Stage::Sort(keys));
            }
            CommandKind::Limit(n) => self.limit(*n),
            CommandKind::Dedup(keys) => {
                let keys = keys
                    .iter()
                    .map(|k| self.expr(k))
                    .collect::<Result<_, _>>()?;
                self.stages.push(Stage::Dedup(keys));
                self.deduped = true;
            }
            CommandKind::Parse {
                from,
                pattern,
                names,
            } => self.parse(from.as_ref(), pattern, names)?,
            CommandKind::Stats { values, by } => self.stats(values, by)?,
        }
        Ok(())
    }

    /// Of limits that follow each other, with nothing between that drops rows, the last one wins.
    fn limit(&mut self, n: usize) {
        let last = self
            .stages
            .iter()
            .rposition(|s| matches!(s, Stage::Limit(_)));
        let only_shape = |s: &Stage| {
            matches!(
                s,
                Stage::Compute(_) | Stage::Sort(_) | Stage::Parse(_) | Stage::Limit(_)
            )
        };
        if let Some(last) = last
            && self.stages[last..].iter().all(only_shape)
        {
            self.stages.remove(last);
        }
        self.stages.push(Stage::Limit(n));
        self.limited = true;
    }

    /// Names of items: those that are computed are defined on the way.
    fn columns(&mut self, items: &[Item]) -> Result<Vec<String>, Fault> {
        let mut out = Vec::new();
        for item in items {
            let expr = self.expr(&item.node)?;
            let name = match (&item.alias, &expr) {
                (None, Expr::Name(name)) => name.clone(),
                (alias, _) => {
                    let name = alias.clone().unwrap_or_else(|| self.source(&item.node));
                    self.stages.push(Stage::Compute(vec![(name.clone(), expr)]));
                    self.define(&name);
                    name
                }
            };
            out.push(name);
        }
        Ok(out)
    }

    fn define(&mut self, name: &str) {
        self.defined.insert(name.to_owned());
    }

    /// An expression as it was written: the name of its column.
    fn source(&self, node: &Node) -> String {
        self.text
            .get(node.range())
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
            .unwrap_or_else(|| node.to_string())
    }

    fn parse(
        &mut self,
        from: Option<&Node>,
        pattern: &ParsePattern,
        names: &[String],
    ) -> Result<(), Fault> {
        let from = match from {
            Some(node) => self.expr(node)?,
            None => self.name("@message", 0..0)?,
        };
        let pattern = match pattern {
            ParsePattern::Regex(r) => pipeline::ParsePattern::Regex(r.clone()),
            ParsePattern::Glob(g) => {
                pipeline::ParsePattern::Literals(g.split('*').map(str::to_owned).collect())
            }
        };
        self.stages.push(Stage::Parse(pipeline::Parse {
            from,
            pattern,
            names: names.to_vec(),
        }));
        names.iter().for_each(|n| self.define(n));
        Ok(())
    }

    fn stats(&mut self, values: &[Item], by: &[Item]) -> Result<(), Fault> {
        let mut stats = Stats::default();
        let mut columns: Vec<String> = Vec::new();
        let mut printed = BTreeMap::new();
        for item in by {
            let name = item.alias.clone().unwrap_or_else(|| match &item.node.kind {
                Kind::Name(n) => n.clone(),
                _ => self.source(&item.node),
            });
            if columns.contains(&name) {
                let why = format!("{name} stands twice after by");
                return Err(Fault::new(item.node.range(), why));
            }
            stats.by.push((name.clone(), self.expr(&item.node)?));
            printed.insert(item.node.to_string(), name.clone());
            columns.push(name);
        }
        let mut computed = Vec::new();
        let mut first = None;
        for item in values {
            let name = item
                .alias
                .clone()
                .unwrap_or_else(|| self.source(&item.node));
            if columns.contains(&name) {
                let why = format!("two columns of stats are named {name}");
                return Err(Fault::new(item.node.range(), why));
            }
            match self.aggregate_of(&item.node)? {
                Some(aggregate) => stats.aggregates.push((name.clone(), aggregate)),
                None => {
                    let before = stats.aggregates.len();
                    let expr = self.of_aggregates(&item.node, &mut stats.aggregates)?;
                    if stats.aggregates.len() == before {
                        let why = format!("{name} is no aggregate: stats needs count(), avg() …");
                        return Err(Fault::new(item.node.range(), why));
                    }
                    computed.push((name.clone(), expr));
                }
            }
            first.get_or_insert_with(|| name.clone());
            printed.insert(item.node.to_string(), name.clone());
            columns.push(name);
        }
        self.stages.push(Stage::Stats(stats));
        if !computed.is_empty() {
            self.stages.push(Stage::Compute(computed));
        }
        // Groups over time show the newest first, others the greatest (cloudwatch.md §7.5).
        let by_time = by.first().filter(|i| super::is_bin(&i.node));
        let key = match (by_time, by.first()) {
            (Some(_), _) => columns.first().cloned(),
            (None, Some(_)) => first,
            (None, None) => None,
        };
        if let Some(key) = key {
            self.stages.push(Stage::Sort(vec![SortKey {
                by: Expr::Name(key),
                descending: true,
            }]));
        }
        self.defined.clear();
        self.groups = Some(Groups {
            names: columns.iter().cloned().collect(),
            printed,
        });
        self.shown = columns;
        self.display = None;
        self.limited = false;
        Ok(())
    }
}
