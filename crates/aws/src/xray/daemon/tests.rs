//! Datagrams and their losses.

use super::*;
use crate::xray::testing::Bench;
use engine::ArrivalFilter;
use std::sync::atomic::AtomicU64;

/// xray.md §3: parsed, not compared; extra keys pass; split at the first newline.
#[test]
fn headers_are_read_in_every_spelling() {
    for (datagram, want) in [
        ("{\"format\":\"json\",\"version\":1}\n{}", Some(30)),
        ("{\"format\": \"json\", \"version\": 1}\n{}", Some(33)),
        (
            "{\"version\":1,\"format\":\"JSON\",\"x\":[]}\n{\n}",
            Some(37),
        ),
        ("{\"format\":\"json\",\"version\":2}\n{}", None),
        ("{\"format\":\"xml\",\"version\":1}\n{}", None),
        ("{\"name\":\"web\"}", None),
        ("\n{}", None),
        ("", None),
    ] {
        assert_eq!(after_header(datagram.as_bytes()), want, "{datagram}");
    }
}

/// (reason, sender, received, stored, dropped) of every row of Arrivals, by reason.
fn rows(bench: &Bench) -> Vec<(&'static str, String, u64, u64, u64)> {
    let mut out: Vec<_> = bench
        .engine
        .arrivals()
        .list(&ArrivalFilter::default())
        .into_iter()
        .map(|r| {
            let reason = r.latest.outcome.reason.map_or("", |r| r.code());
            let c = r.counts;
            (
                reason,
                r.latest.sender.to_string(),
                c.received,
                c.stored,
                c.dropped,
            )
        })
        .collect();
    out.sort();
    out
}

/// *Scenario*: good and bad datagrams, and a system that says it dropped three. *Guarantees*: each is
/// counted by sender and cause; what the system dropped is counted once, with no sender.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_loss_is_counted() {
    let bench = Bench::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = socket.local_addr().unwrap();
    let told = Arc::new(AtomicU64::new(40));
    let tells = Arc::clone(&told);
    let lent = Socket {
        socket,
        dropped: Box::new(move || Some(tells.load(Ordering::Relaxed))),
    };
    let (close, closing) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(run(bench.engine.clone(), bench.app.known(), lent, closing));
    let at = bench.base();
    let header = "{\"format\":\"json\",\"version\":1}\n";
    let good = format!(
        r#"{header}{{"name":"w","id":"0000000000000001","trace_id":"1-5c1fa200-000000000000000000000001","start_time":{at},"end_time":{at}.5}}"#
    );
    let old = good
        .replace(&format!("{at}"), "1000000")
        .replace("0001\",\"trace", "0002\",\"trace");
    let nameless = good.replace("\"name\":\"w\",", "");
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for text in [
        good.as_str(),
        &good,
        "GET / HTTP/1.1\r\n\r\n",
        &old,
        &nameless,
        &format!("{header}{{"),
    ] {
        sender.send_to(text.as_bytes(), to).unwrap();
    }
    let total = || rows(&bench).iter().map(|r| r.2).sum::<u64>();
    for _ in 0..200 {
        if total() == 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    told.store(43, Ordering::Relaxed);
    close.send(true).unwrap();
    running.await.unwrap().unwrap();
    let own = "127.0.0.1".to_owned();
    assert_eq!(
        rows(&bench),
        [
            // The second of the same bytes is merged.
            ("", own.clone(), 2, 1, 0),
            ("bad_segment", own.clone(), 1, 0, 0),
            ("kernel_drop", "0.0.0.0".to_owned(), 3, 0, 3),
            ("missing_header", own.clone(), 1, 0, 0),
            ("too_old", own.clone(), 1, 0, 0),
            ("undecodable", own, 1, 0, 0),
        ]
    );
}

#[test]
fn packs_beyond_the_queue_are_dropped_and_counted() {
    let bench = Bench::new();
    let shared = Shared {
        queued_bytes: AtomicU64::new(QUEUE_BYTES),
        stop: AtomicBool::new(false),
    };
    let (send, mut packs) = mpsc::unbounded_channel();
    let from: IpAddr = [10, 0, 0, 7].into();
    let pack = Pack {
        bytes: b"abcdef".to_vec(),
        datagrams: vec![(from, 2), (from, 6)],
    };
    pass_on(&bench.engine, pack, &shared, &send);
    assert!(packs.try_recv().is_err());
    assert_eq!(
        rows(&bench),
        [("queue_full", "10.0.0.7".to_owned(), 2, 0, 2)]
    );
}
