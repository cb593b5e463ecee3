//! A word that no log line has: what it costs to find nothing.

use crate::common::{ENV, LINES_S, LOGS, SECOND, fill_lines, open_with};
use crate::stock::Stock;
use crate::{THREADS, both, faster};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{ident, lit};
use query::pipeline::{Aggregate, Ask, Base, Expr, Pattern, Pipeline, Source, Stage, Stats};
use query::{Limits, Querier};
use std::sync::Arc;
use store::{Clock, Options, SystemClock};

const LINES: u64 = 1_000_000;
const WORD: &str = "xylophone";

/// Prints the rows that a table of log lines answers.
pub(crate) fn print() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_with(Options::new(dir.path()));
    fill_lines(&store, LINES);
    store.compact(false).expect("merged");
    let snapshot = store.snapshot(LOGS);
    let stock = Stock::new(&snapshot);
    let querier = Querier::new(store.clone(), Arc::new(SystemClock), THREADS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let now = SystemClock.now();
    let has_word = Stage::Filter(Expr::Matches {
        text: Box::new(Expr::Name("@message".into())),
        pattern: Pattern::Contains(WORD.into()),
        negated: false,
    });
    let counted = Stage::Stats(Stats {
        aggregates: vec![("n".into(), Aggregate::Count)],
        by: Vec::new(),
    });
    let ask = Ask {
        env: ENV,
        sources: vec![Source {
            dataset: "logs-web".into(),
            label: "web".into(),
        }],
        range: (now - 2 * LINES_S * SECOND, now),
        pipeline: Pipeline {
            base: [("@timestamp", Base::Time), ("@message", Base::Body)]
                .map(|(n, b)| (n.to_owned(), b))
                .into(),
            stages: vec![has_word, counted],
            columns: vec!["n".into()],
            limit: 10,
        },
        step_ns: 0,
    };
    let costs = both(
        || {
            let told = querier.pipeline(ask.clone(), Limits::default(), None);
            runtime.block_on(told).expect("an answer");
        },
        || {
            stock.run(|t| {
                t.filter(ident("body").like(lit(format!("%{WORD}%"))))?
                    .aggregate(vec![], vec![count(lit(1))])
            });
        },
    );
    faster("absent word in a million lines : LIKE scan", costs, 5.0);
    drop(querier);
    store.close().expect("a clean end");
}
