//! The same questions in every layout, against answers our engine had no part in.

use golden::case::{self, Case, Expected};
use golden::compare::differences;
use golden::layout::{ENV, Layout, Rig};
use query::{Error, Limits, Query, Scope};

fn ask(rig: &Rig, case: &Case) -> Vec<String> {
    let query: Query = match serde_json::from_value(case.query.clone()) {
        Ok(query) => query,
        Err(e) => return vec![format!("it cannot be read: {e}")],
    };
    let scope = Scope {
        env: ENV,
        dataset: case.dataset.clone(),
    };
    let answer = wait(rig.querier.run(&scope, &query, Limits::default(), None));
    match (answer, &case.expected) {
        (Ok(answer), Expected::Answer(want)) => differences(&answer, want),
        (Err(Error::Invalid(_)), Expected::Error { error }) if error == "invalid" => Vec::new(),
        (Err(Error::Unsupported(_)), Expected::Error { error }) if error == "unsupported" => {
            Vec::new()
        }
        (Ok(_), Expected::Error { error }) => vec![format!("answered, but is {error}")],
        (Err(e), _) => vec![format!("{e:?}")],
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Asks every case and reports all that are wrong at once.
fn check(layout: Layout) {
    let rows = match golden::rows::generate() {
        Ok(rows) => rows,
        Err(why) => return support::not_run(&format!("golden {layout:?}"), &why),
    };
    let rig = Rig::new(layout, &rows);
    let only = std::env::var("GOLDEN").unwrap_or_default();
    let cases: Vec<Case> = case::all();
    let mut wrong = Vec::new();
    let asked: Vec<&Case> = cases.iter().filter(|c| c.name.contains(&only)).collect();
    assert!(!asked.is_empty(), "no case has {only:?} in its name");
    for case in &asked {
        let mut found = ask(&rig, case);
        if !found.is_empty() {
            let more = found.len().saturating_sub(5);
            found.truncate(5);
            let name = (&case.name, &case.spec, &case.dataset);
            let found = found.join("\n    ");
            let query = &case.query;
            wrong.push(format!(
                "{name:?}: {query}\n    {found}\n    (and {more} more)"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{layout:?}: {} of {} wrong\n{}",
        wrong.len(),
        asked.len(),
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
