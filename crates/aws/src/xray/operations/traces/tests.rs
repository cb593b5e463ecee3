//! Pages, ranges of every kind of time, shares.

use super::*;
use crate::xray::testing::Bench;
use std::collections::BTreeSet;

const NS: i64 = 1_000_000_000;

/// 600 traces a second apart, each half a second long.
async fn bench() -> (Bench, i64) {
    let bench = Bench::new();
    let at = bench.base() - 1_000;
    let documents: Vec<String> = (0..600)
        .map(|i| {
            format!(
                r#"{{"name":"w","id":"{:016x}","trace_id":"1-5c1fa200-{i:024x}","start_time":{},"end_time":{}.5}}"#,
                i + 1,
                at + i,
                at + i
            )
        })
        .collect();
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    bench.put(&texts).await;
    (bench, at)
}

async fn read(bench: &Bench, ask: CallsAsk) -> CallsRead {
    let read = bench.engine.querier().calls(&bench.scope(), ask).await;
    read.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_trace_once_newest_first() {
    let (bench, at) = bench().await;
    for is_in_parts in [false, true] {
        if is_in_parts {
            bench.engine.settle().unwrap();
        }
        let (mut after, mut starts) = (None, Vec::new());
        loop {
            let ask = CallsAsk {
                range: ((at + 100) * NS, (at + 500) * NS),
                after,
                limit: 150,
                ..CallsAsk::default()
            };
            let read = read(&bench, ask).await;
            starts.extend(read.traces.iter().map(|t| t.start_ns / NS - at));
            after = read.next;
            if after.is_none() {
                break;
            }
        }
        // Half open: 100 is in, 500 is not.
        let want: Vec<i64> = (100..500).rev().collect();
        assert_eq!(starts, want);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_of_starts_of_ends_or_of_arrivals() {
    let (bench, at) = bench().await;
    let count = async |time, from: i64, to: i64| {
        let ask = CallsAsk {
            range: (from, to),
            time,
            limit: 10_000,
            ..CallsAsk::default()
        };
        read(&bench, ask).await.traces.len()
    };
    // Ends half a second after its start: 10 began before the range, 20 ends after it.
    let (from, to) = ((at + 10) * NS + NS / 4, (at + 20) * NS + NS / 4);
    assert_eq!(count(TimeOf::Start, from, to).await, 10);
    assert_eq!(count(TimeOf::SegmentEnd, from, to).await, 10);
    assert_eq!(count(TimeOf::SegmentEnd, from, from + NS / 2).await, 1);
    assert_eq!(count(TimeOf::Start, from, from + NS / 2).await, 0);
    // All arrived just now, long after they began.
    let now = bench.engine.now();
    assert_eq!(count(TimeOf::Arrival, from, to).await, 0);
    assert_eq!(count(TimeOf::Arrival, now - 60 * NS, now + NS).await, 600);
}

#[test]
fn shares_are_kept_from_page_to_page() {
    let id = |n: u32| {
        let mut bytes = [7u8; 16];
        bytes[12..].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
        TraceId(bytes)
    };
    let of = |share: f64| -> BTreeSet<u32> {
        (0..10_000).filter(|n| is_in_share(id(*n), share)).collect()
    };
    let (tenth, half) = (of(0.1), of(0.5));
    assert!((900..1_100).contains(&tenth.len()), "{}", tenth.len());
    assert!((4_800..5_200).contains(&half.len()), "{}", half.len());
    assert!(tenth.is_subset(&half));
    assert_eq!((of(0.0).len(), of(1.0).len()), (0, 10_000));
    assert!(
        share(
            None,
            Some(&Strategy {
                name: Some("FixedRate".into()),
                value: Some(1.5)
            })
        )
        .is_err()
    );
    assert!(
        share(
            None,
            Some(&Strategy {
                name: Some("Other".into()),
                value: None
            })
        )
        .is_err()
    );
}
