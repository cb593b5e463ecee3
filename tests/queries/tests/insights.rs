//! Logs Insights QL over some fifty lines, in every layout, against answers by a plain walk in Python
//! (`insights.py`) that our engine had no part in.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws::cloudwatch::insights;
use event::{BatchBuilder, EventBatch, RowPolicy, TableKind, ValueRef};
use golden::layout::{ENV, Layout, Rig};
use golden::rows::NOW_NS;
use query::Limits;
use query::pipeline::{Ask, Source};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::process::Command;

/// Rows of one request: not a divisor of anything.
const BATCH_ROWS: usize = 3;

#[derive(Deserialize)]
struct Document {
    start_ms: i64,
    end_ms: i64,
    lines: Vec<Line>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Line {
    ts_ms: i64,
    group: String,
    stream: String,
    message: String,
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct Case {
    section: String,
    query: String,
    groups: Vec<String>,
    limit: Option<usize>,
    rows: Vec<Vec<(String, String)>>,
    matched: Option<u64>,
}

fn document() -> Document {
    let text = std::fs::read_to_string(golden::home().join("insights.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// As intake lays a line of a log group out (mapping.md §2, §5).
fn batch(lines: &[Line]) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Logs, RowPolicy::unlimited(NOW_NS));
    for line in lines {
        assert!(b.begin_row(line.ts_ms * 1_000_000));
        b.set_dataset(&format!("logs-{}", line.group));
        b.put_named("aws.log.group.name", ValueRef::Str(&line.group));
        b.put_named("aws.log.stream.name", ValueRef::Str(&line.stream));
        for (name, value) in &line.fields {
            match value {
                Value::String(s) => b.put_named(name, ValueRef::Str(s)),
                Value::Bool(x) => b.put_named(name, ValueRef::Bool(*x)),
                v => match v.as_i64() {
                    Some(i) => b.put_named(name, ValueRef::Int(i)),
                    None => b.put_named(name, ValueRef::Float(v.as_f64().unwrap())),
                },
            }
        }
        b.put_named("body", ValueRef::Str(&line.message));
        b.end_row();
    }
    b.finish()
}

/// What is wrong with an answer; nothing when it is right.
fn ask(rig: &Rig, document: &Document, case: &Case) -> Option<String> {
    let lowered = match insights::compile(&case.query, "000000000000", case.limit) {
        Ok(lowered) => lowered,
        Err(fault) => return Some(format!("refused at {:?}: {fault}", fault.at)),
    };
    let ask = Ask {
        env: ENV,
        sources: case
            .groups
            .iter()
            .map(|g| Source {
                dataset: format!("logs-{g}"),
                label: format!("000000000000:{g}"),
            })
            .collect(),
        range: (document.start_ms * 1_000_000, document.end_ms * 1_000_000),
        pipeline: lowered.pipeline,
        step_ns: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let answer = runtime
        .unwrap()
        .block_on(rig.querier.pipeline(ask, Limits::default(), None));
    let outcome = match answer {
        Ok(outcome) => outcome,
        Err(e) => return Some(e.to_string()),
    };
    let mut rows: Vec<_> = outcome
        .rows
        .iter()
        .map(|r| insights::render::row(&outcome, r))
        .collect();
    if !lowered.grouped {
        for row in &mut rows {
            let last = row.pop();
            if last.is_none_or(|(name, _)| name != insights::POINTER) {
                return Some("a row does not end with @ptr".to_owned());
            }
        }
    }
    let groups = |l: &&Line| case.groups.contains(&l.group);
    let in_range = document.lines.iter().filter(groups).count() as u64;
    if outcome.scanned != in_range {
        return Some(format!("{} rows scanned, not {in_range}", outcome.scanned));
    }
    if case.matched.is_some_and(|m| m != outcome.matched) {
        return Some(format!("{} rows matched", outcome.matched));
    }
    (rows != case.rows).then(|| format!("got  {rows:?}\n    want {:?}", case.rows))
}

fn check(layout: Layout) {
    let mut document = document();
    // Out of order, as from several senders.
    let count = document.lines.len();
    let mut numbered: Vec<(usize, Line)> = document.lines.drain(..).enumerate().collect();
    numbered.sort_by_key(|(i, _)| i * 29 % count);
    document.lines = numbered.into_iter().map(|(_, line)| line).collect();
    let batches = document.lines.chunks(BATCH_ROWS).map(batch).collect();
    let rig = Rig::of_batches(layout, batches);
    let only = std::env::var("GOLDEN").unwrap_or_default();
    let asked = document.cases.iter().filter(|c| c.section.contains(&only));
    let wrong: Vec<String> = asked
        .filter_map(|case| {
            let why = ask(&rig, &document, case)?;
            Some(format!("{}: {}\n    {why}", case.section, case.query))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{layout:?}: {} of {} wrong\n{}",
        wrong.len(),
        document.cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn answers_from_the_buffer_are_right() {
    check(Layout::Buffer);
}

#[test]
fn answers_from_one_part_are_right() {
    check(Layout::OnePart);
}

#[test]
fn answers_from_many_parts_are_right() {
    check(Layout::ManyParts);
}

#[test]
fn answers_after_a_restart_are_right() {
    check(Layout::Restarted);
}

#[test]
fn answers_after_compaction_are_right() {
    check(Layout::Compacted);
}

/// *Guarantees*: at least 80 cases, each with its section, and the kept file is what the walk gives.
#[test]
fn expected_answers_follow_from_the_lines() {
    let cases = document().cases;
    assert!(cases.len() >= 80);
    assert!(cases.iter().all(|c| c.section.starts_with(['5', '7'])));
    let script = "import insights, json; print(json.dumps(insights.document(), ensure_ascii=False, indent=1))";
    let out = Command::new("python3")
        .args(["-B", "-X", "utf8", "-c", script])
        .current_dir(golden::home())
        .output();
    let out = match out {
        Ok(out) => out,
        Err(e) => {
            return support::not_run(
                "insights expected_answers_follow_from_the_lines",
                &e.to_string(),
            );
        }
    };
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let kept = std::fs::read_to_string(golden::home().join("insights.json")).unwrap();
    assert!(
        kept == String::from_utf8_lossy(&out.stdout),
        "insights.json is not fresh"
    );
}
