//! Grouping against pairs labelled by people: `tests/grouping/`.
//!
//! *Scenario*: every payload of the pairs, posted in several orders. *Guarantees*: of the pairs labelled
//! "same" and of those labelled "different", each at least 95 % come out so, and the items are the same
//! sets whatever the order.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use engine::{Config, Engine, SystemClock, dev};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

const RECALL_PERCENT: usize = 95;

struct Label {
    same: bool,
    pair: [String; 2],
    why: String,
}

fn corpus(files: &[&str], labels: &str) -> (BTreeMap<String, Value>, Vec<Label>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/grouping");
    let mut payloads = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(dir.join(file)).unwrap();
        let all: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        payloads.extend(all);
    }
    let labels = std::fs::read_to_string(dir.join(labels)).unwrap();
    let labels = labels
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .map(|line| {
            let mut words = line.splitn(4, ' ');
            let same = match words.next() {
                Some("same") => true,
                Some("different") => false,
                other => panic!("{other:?} in {line}"),
            };
            let pair = [words.next().unwrap().into(), words.next().unwrap().into()];
            let why = words.next().unwrap_or_default().to_owned();
            Label { same, pair, why }
        })
        .collect();
    (payloads, labels)
}

/// Posts all in that order; returns the item of each, and the sets of names that share one.
async fn post(
    payloads: &BTreeMap<String, Value>,
    order: &[&String],
) -> (BTreeMap<String, i64>, BTreeSet<BTreeSet<String>>) {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
    let router = rollbar::router(engine.clone());
    for name in order {
        let mut data = payloads[*name].clone();
        data["uuid"] = format!("{:.36}", name.as_str()).into();
        let request = http::Request::post("/api/1/item/")
            .header("x-rollbar-access-token", dev::PROJECT_TOKEN)
            .body(Body::from(json!({ "data": data }).to_string()))
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
    }
    let mut items = BTreeMap::new();
    let mut sets: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for name in order {
        let path = format!("/api/1/item/?uuid={name:.36}");
        let request = http::Request::get(path)
            .header("x-rollbar-access-token", dev::PROJECT_TOKEN)
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let id = body["result"]["id"].as_i64().unwrap();
        items.insert((*name).clone(), id);
        sets.entry(id).or_default().insert((*name).clone());
    }
    engine.close().await.unwrap();
    (items, sets.into_values().collect())
}

/// Asks for the recall of both labels; returns the sets of names that share an item.
#[expect(
    clippy::print_stdout,
    reason = "what it gets wrong is worth a look, though it is few enough to pass"
)]
async fn come_out_as_labelled(
    payloads: &BTreeMap<String, Value>,
    labels: &[Label],
) -> BTreeSet<BTreeSet<String>> {
    let names: Vec<&String> = payloads.keys().collect();
    let (items, sets) = post(payloads, &names).await;
    let mut wrong = Vec::new();
    for l in labels {
        let [a, b] = &l.pair;
        if (items[a] == items[b]) != l.same {
            wrong.push((l.same, format!("{a} {b} {}", l.why)));
        }
    }
    for same in [true, false] {
        let all = labels.iter().filter(|l| l.same == same).count();
        let missed: Vec<_> = wrong.iter().filter(|w| w.0 == same).collect();
        let recall = (all - missed.len()) * 100 / all;
        println!("same={same}: {recall} % of {all}; not so: {missed:?}");
        assert!(
            recall >= RECALL_PERCENT,
            "same={same}: {recall} %: {missed:?}"
        );
    }
    sets
}

#[tokio::test]
async fn labelled_pairs_come_out_as_labelled_in_any_order() {
    let (payloads, labels) = corpus(&["crashes.json", "hand.json"], "labels.txt");
    let different = labels.iter().filter(|l| !l.same).count();
    let crashed = labels
        .iter()
        .filter(|l| l.pair[0].ends_with("-one"))
        .count();
    assert!(labels.len() >= 60 && different >= 25 && crashed * 2 >= labels.len());

    let sets = come_out_as_labelled(&payloads, &labels).await;
    let names: Vec<&String> = payloads.keys().collect();
    let reversed: Vec<&String> = names.iter().rev().copied().collect();
    // Every third first: neither order of names nor of pairs.
    let mut mixed: Vec<&String> = Vec::new();
    for start in 0..3 {
        mixed.extend(names.iter().skip(start).step_by(3));
    }
    for order in [reversed, mixed] {
        assert_eq!(post(&payloads, &order).await.1, sets);
    }
}

/// Guarantees: the same of pairs that were labelled before the engine was asked about any of them.
#[tokio::test]
async fn pairs_it_was_not_tuned_on_come_out_as_labelled() {
    let (payloads, labels) = corpus(&["held-out.json"], "held-out.txt");
    assert!(labels.len() >= 40);
    come_out_as_labelled(&payloads, &labels).await;
}
