//! Order and paging, the same on buffers, parts, and after compaction.

use super::*;
use crate::testing::{T0, wait};
use event::{BatchBuilder, RowPolicy, TableId, ValueRef};
use store::disk::RealDisk;
use store::{Append, Options, Store};

const ENV: EnvId = EnvId(3);
const MS: i64 = 1_000_000;

struct Now;

impl store::Clock for Now {
    fn now(&self) -> i64 {
        T0 + 3_600_000_000_000
    }
}

/// A line: its stream, milliseconds after [`T0`], its text.
type Line = (&'static str, i64, String);

fn append(store: &Store, dataset: &str, lines: &[Line]) {
    let mut b = BatchBuilder::new(TableKind::Logs, RowPolicy::unlimited(T0 + 3_600_000 * MS));
    for (stream, ms, text) in lines {
        assert!(b.begin_row(T0 + ms * MS));
        b.set_dataset(dataset);
        b.set_body(text);
        b.put_named("aws.log.stream.name", ValueRef::Str(stream));
        b.end_row();
    }
    let (send, receive) = std::sync::mpsc::channel();
    let append = Append {
        table: TableId {
            env: ENV,
            kind: TableKind::Logs,
        },
        batch: b.finish(),
        identity: None,
    };
    store.append(append, Box::new(move |r| send.send(r).unwrap()));
    receive.recv().unwrap().unwrap();
}

fn open() -> (tempfile::TempDir, Store, Querier) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        background: false,
        reserve_bytes: 0,
        slice_rows: 64,
        ..Options::new(dir.path())
    };
    let clock = Arc::new(Now);
    let (store, _) = Store::open(options, clock.clone(), Arc::new(RealDisk)).unwrap();
    let querier = Querier::new(store.clone(), clock, 2);
    (dir, store, querier)
}

fn ask() -> LogAsk {
    LogAsk {
        env: ENV,
        dataset: "logs-g".into(),
        stream_field: "aws.log.stream.name",
        streams: Streams::All,
        range: (i64::MIN, i64::MAX),
        beyond: None,
        backwards: false,
        matcher: None,
        limit: 10_000,
        bytes: 1 << 20,
    }
}

/// All pages of an ask, as texts; each page but the last says that there are more.
fn walk(querier: &Querier, mut ask: LogAsk) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    loop {
        let page = wait(querier.log_lines(&ask)).unwrap();
        ask.beyond = page.lines.last().map(|l| l.place);
        out.push(page.lines.into_iter().map(|l| l.message).collect());
        if !page.more {
            return out;
        }
    }
}

/// Batches in the order of arrival, with times that share milliseconds and go back.
fn batches() -> Vec<Vec<Line>> {
    (0..8)
        .map(|batch: i64| {
            (0..9)
                .map(|i: i64| {
                    let ms = (batch * 7 + i / 4) % 11;
                    let stream = if batch % 3 == 0 { "a/1" } else { "b" };
                    (stream, ms, format!("{batch}:{i}"))
                })
                .collect()
        })
        .collect()
}

/// What the order has to be, by a plain stable sort of what arrived.
fn expected(stream: Option<&str>) -> Vec<String> {
    let mut all: Vec<Line> = batches().into_iter().flatten().collect();
    all.retain(|(s, _, _)| stream.is_none_or(|want| want == *s));
    all.sort_by_key(|(_, ms, _)| *ms);
    all.into_iter().map(|(_, _, text)| text).collect()
}

fn check(querier: &Querier) {
    let all = expected(None);
    for limit in [5, 10_000] {
        let forward = walk(querier, LogAsk { limit, ..ask() });
        assert!(forward.iter().all(|page| page.len() <= limit));
        assert_eq!(forward.concat(), all, "limit {limit}");
        let back = LogAsk {
            limit,
            backwards: true,
            ..ask()
        };
        let mut back = walk(querier, back).concat();
        back.reverse();
        assert_eq!(back, all, "backwards, limit {limit}");
    }
    // 300 bytes hold about ten short lines.
    let by_bytes = walk(
        querier,
        LogAsk {
            bytes: 300,
            ..ask()
        },
    );
    let weight = |page: &Vec<String>| page.iter().map(|l| l.len() + 26).sum::<usize>();
    assert!(by_bytes.iter().all(|page| weight(page) <= 300));
    assert!(by_bytes.len() > 6, "{}", by_bytes.len());
    assert_eq!(by_bytes.concat(), all);
    let tiny = wait(querier.log_lines(&LogAsk { bytes: 1, ..ask() })).unwrap();
    assert!(tiny.lines.len() == 1 && tiny.more);

    for (streams, want) in [
        (Streams::Named(vec!["b".into()]), "b"),
        (Streams::Prefix("a/".into()), "a/1"),
    ] {
        let some = LogAsk {
            streams,
            limit: 10,
            ..ask()
        };
        assert_eq!(walk(querier, some).concat(), expected(Some(want)));
    }
    let matched = LogAsk {
        matcher: Some(Arc::new(|text| text.ends_with(":3"))),
        limit: 3,
        ..ask()
    };
    let pages = walk(querier, matched);
    // 8 lines match: two pages of three, one of two.
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 2]);
    let ranged = LogAsk {
        range: (T0 + 5 * MS, T0 + 6 * MS),
        ..ask()
    };
    let page = wait(querier.log_lines(&ranged)).unwrap();
    assert!(!page.lines.is_empty() && !page.more);
    assert!(page.lines.iter().all(|l| l.place.ts_ns == T0 + 5 * MS));

    let counted = LogAsk {
        range: (T0, T0 + 11 * MS),
        ..ask()
    };
    let counts = wait(querier.log_counts(&counted, 11)).unwrap();
    let sum: u64 = counts.intervals.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(sum, 72);

    let place = page.lines[0].place;
    let row = wait(querier.log_line(ENV, "logs-g", place))
        .unwrap()
        .unwrap();
    assert_eq!(
        row["body"],
        crate::Cell::Text(page.lines[0].message.clone())
    );
    let nowhere = Place {
        ts_ns: place.ts_ns + 1,
        ..place
    };
    assert_eq!(
        wait(querier.log_line(ENV, "logs-g", nowhere)).unwrap(),
        None
    );
}

#[test]
fn pages_hold_every_line_once_and_in_order_however_rows_are_kept() {
    let (_dir, store, querier) = open();
    for (i, batch) in batches().iter().enumerate() {
        append(&store, "logs-g", batch);
        append(&store, "logs-other", &[("b", 3, "elsewhere".into())]);
        if i == 5 {
            // Some rows in parts, the rest in the buffer.
            store.flush().unwrap();
        }
    }
    check(&querier);
    store.flush().unwrap();
    check(&querier);
    store.compact(true).unwrap();
    check(&querier);
    store.close().unwrap();
}

#[test]
fn a_line_is_there_once_its_append_is_answered() {
    let (_dir, store, querier) = open();
    for i in 0..20 {
        append(&store, "logs-g", &[("s", 5, format!("line {i}"))]);
        let last = LogAsk {
            backwards: true,
            limit: 1,
            ..ask()
        };
        let page = wait(querier.log_lines(&last)).unwrap();
        assert_eq!(page.lines[0].message, format!("line {i}"));
    }
    store.close().unwrap();
}
