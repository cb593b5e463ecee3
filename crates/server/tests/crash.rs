//! kill -9 under load: what was acknowledged is there, once, and start-up asks for nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ledger;
mod signed;

use ledger::{Address, Datagrams, Kind, Ledger};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const ROUNDS: usize = 30;
/// Bytes of rows in memory: a few deliveries.
const SMALL_BUFFER: &str = "262144";
/// How long a first part and a first merge are waited for under load: merges yield to ingest, and the
/// senders leave a small machine little.
const UNDER_LOAD: Duration = Duration::from_secs(30);
/// Of each protocol.
const SENDERS: usize = 2;

/// *Scenario*: thirty times, clients of all four protocols send at once (spans, signed log lines, signed
/// segments, occurrences; documents by UDP beside them) and note each delivery after its
/// acknowledgement; the server is killed at a random moment and started again on the same directory.
/// What had no answer is sent again then, as SDKs do. *Guarantees*: at once after each start, every
/// noted delivery is whole and there once, and every other is there whole or not at all; the counts of
/// items are the occurrences that are there. At the end all that was sent is there once: line by line
/// and document by document.
#[test]
fn what_was_acked_in_four_protocols_survives_kill_dash_nine() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = now.subsec_nanos();
    eprintln!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    let base_ms = u64::try_from(now.as_millis()).unwrap() - 600_000;
    let data = tempfile::tempdir().unwrap();
    let ledgers = Kind::ALL.map(|kind| Ledger::new(kind, base_ms));
    let datagrams = Datagrams::default();
    for round in 0..ROUNDS {
        // Every second round with so little memory that parts are written under load; every fourth is
        // killed only after a first merge, while the next ones are made.
        let small = ["--dev", "--ingest-buffer-bytes", SMALL_BUFFER];
        let options = if round % 2 == 1 {
            &small[..]
        } else {
            &small[..1]
        };
        let server = Server::start(BINARY, data.path(), options);
        if round == 0 {
            Address::make_stream(&server);
        }
        check(&server, &ledgers, &datagrams, round);
        let (address, stop) = (Address::of(&server), AtomicBool::new(false));
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let pause = Duration::from_millis(5 + (random >> 33) % 395);
        std::thread::scope(|scope| {
            for ledger in ledgers.iter().flat_map(|l| [l; SENDERS]) {
                scope.spawn(|| ledger.send_until(&address, &stop));
            }
            scope.spawn(|| datagrams.send_until(&address, &stop, base_ms));
            let written = round % 4 != 1 || has_written(&server);
            std::thread::sleep(pause);
            server.kill();
            stop.store(true, Ordering::Relaxed);
            // Only now: the senders end by the line above.
            assert!(written, "no part or no merge in {UNDER_LOAD:?} of load");
        });
    }
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    check(&server, &ledgers, &datagrams, ROUNDS);
    for ledger in &ledgers {
        ledger.check_all(&server);
        let acked = ledger.acked();
        assert!(
            acked > ROUNDS,
            "{acked} of {ledger:?}: the load was no load"
        );
    }
    assert!(datagrams.check(&server) > ROUNDS);
}

/// Waits until the server has written a part and merged some, under load; false if it does not.
fn has_written(server: &Server) -> bool {
    let since = Instant::now();
    while since.elapsed() < UNDER_LOAD {
        let metrics = support::get(&server.url("/metrics")).text();
        if ["flushes", "merges"]
            .iter()
            .all(|of| counter(&metrics, of) > 0)
        {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Flushes or merges since the start.
fn counter(metrics: &str, of: &str) -> u64 {
    let name = format!("foursight_{of}_total ");
    let line = metrics.lines().find_map(|l| l.strip_prefix(&name));
    line.expect(&name).trim().parse().unwrap()
}

/// What is there after a start, and again after what had no answer was sent again.
fn check(server: &Server, ledgers: &[Ledger], datagrams: &Datagrams, round: usize) {
    let address = Address::of(server);
    for ledger in ledgers {
        ledger.check(server, round);
        ledger.send_again(&address);
    }
    datagrams.check(server);
    let arrivals = support::get(&server.url("/foursight/v1/arrivals")).json();
    let of = |name: &str| arrivals["counters"][name].as_u64().unwrap();
    assert_eq!(
        of("received"),
        of("stored") + of("refused") + of("dropped") + of("merged"),
        "{arrivals}"
    );
}
