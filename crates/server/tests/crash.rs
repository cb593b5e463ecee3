//! kill -9 under load: what was acknowledged is there, once, and start-up asks for nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const ROUNDS: usize = 30;
const SPANS_PER_BATCH: u64 = 20;
const SENDERS: u64 = 4;

/// *Scenario*: thirty times, four clients send batches and note each one after its
/// acknowledgement; the server is killed at a random moment and started again on the same
/// directory. *Guarantees*: every noted batch is whole and there once, at once after the start; a
/// batch whose answer never came is there whole or not at all.
#[test]
fn acked_spans_survive_kill_dash_nine() {
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    eprintln!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    let data = tempfile::tempdir().unwrap();
    let acked: Arc<Mutex<Vec<u64>>> = Arc::default();
    let next = Arc::new(AtomicU64::new(0));
    for round in 0..ROUNDS {
        let server = Server::start(BINARY, data.path(), &["--dev"]);
        check(&server, &acked.lock().unwrap(), round);
        let stop = Arc::new(AtomicBool::new(false));
        let url = server.url_of("otlp_http", "/v1/traces");
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (acked, next, stop, url) = (
                    Arc::clone(&acked),
                    Arc::clone(&next),
                    Arc::clone(&stop),
                    url.clone(),
                );
                std::thread::spawn(move || send_until(&url, &next, &stop, &acked))
            })
            .collect();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(5 + (random >> 33) % 395));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        senders.into_iter().for_each(|s| s.join().unwrap());
    }
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let acked = acked.lock().unwrap();
    check(&server, &acked, ROUNDS);
    assert!(
        acked.len() > ROUNDS,
        "only {} batches were acknowledged: the load was no load",
        acked.len()
    );
}

/// Every batch there is whole, and every acknowledged one is there.
fn check(server: &Server, acked: &[u64], round: usize) {
    let query = json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["ledger.batch"], "limit": 10_000, "time_range": 7_200});
    let reply = support::request(
        "POST",
        &server.url("/foursight/v1/query"),
        &[
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-foursight-csrf", "1"),
        ],
        Some(json!({"env": "dev", "query": query}).to_string().as_bytes()),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let stored: BTreeMap<u64, u64> = reply.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|r| Some((r["ledger.batch"].as_u64()?, r["COUNT"].as_u64()?)))
        .collect();
    for (batch, spans) in &stored {
        assert_eq!(
            *spans, SPANS_PER_BATCH,
            "batch {batch} before round {round}"
        );
    }
    for batch in acked {
        assert!(
            stored.contains_key(batch),
            "batch {batch} was acknowledged and is gone before round {round}"
        );
    }
}

fn send_until(url: &str, next: &AtomicU64, stop: &AtomicBool, acked: &Mutex<Vec<u64>>) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !stop.load(Ordering::Relaxed) && Instant::now() < deadline {
        let batch = next.fetch_add(1, Ordering::Relaxed);
        let sent = agent
            .post(url)
            .header("content-type", "application/json")
            .header("x-honeycomb-team", "fsdev_ingest_key_000000")
            .send(body(batch).to_string());
        match sent {
            Ok(reply) if reply.status() == 200 => acked.lock().unwrap().push(batch),
            // The server is gone, or going: the outcome of this batch is unknown.
            _ => return,
        }
        // Leaves the disk's queue to the server, and keeps the batches below the limit of groups.
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn body(batch: u64) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let spans: Vec<Value> = (0..SPANS_PER_BATCH)
        .map(|i| {
            json!({
                "traceId": format!("{:032x}", u128::from(batch) + 1),
                "spanId": format!("{:016x}", batch * SPANS_PER_BATCH + i + 1),
                "name": "ledger",
                "kind": 1,
                "startTimeUnixNano": now.to_string(),
                "endTimeUnixNano": (now + 1_000_000).to_string(),
                "attributes": [{"key": "ledger.batch", "value": {"intValue": batch.to_string()}}],
            })
        })
        .collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "ledger"}}]},
        "scopeSpans": [{"spans": spans}],
    }]})
}
