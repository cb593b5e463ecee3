use super::*;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, Ordering};

struct Fake(AtomicI64);

impl store::Clock for Fake {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn arrivals() -> (Arrivals, Arc<Fake>) {
    let clock = Arc::new(Fake(AtomicI64::new(1_700_000_000_000_000_000)));
    (Arrivals::new(clock.clone(), HashMap::new()), clock)
}

fn delivery(sender: u32) -> Delivery {
    Delivery {
        protocol: Protocol::OtlpHttp,
        sender: IpAddr::V4(Ipv4Addr::from_bits(sender)),
        user_agent: Some("python/1.x".into()),
        signal: Some("traces"),
        wire_bytes: 100,
    }
}

#[test]
fn like_deliveries_share_a_row_and_others_do_not() {
    let (a, _) = arrivals();
    for _ in 0..14 {
        a.note(
            &delivery(1),
            Some("abcd…"),
            None,
            Outcome::refused(1, Reason::UnknownKey),
        );
    }
    a.note(
        &delivery(1),
        Some("fs_in_x…"),
        Some(EnvId(1)),
        Outcome::taken(
            &Receipt {
                stored: 2,
                merged: 0,
            },
            0,
            None,
        )
        .into_datasets(vec!["backend-flask".into()]),
    );
    let rows = a.list(&ArrivalFilter::default());
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].datasets, ["backend-flask".into()]);
    assert_eq!((rows[1].counts.refused, rows[1].received_last_5m), (14, 14));
    assert_eq!(rows[1].latest.outcome.reason, Some(Reason::UnknownKey));
    let refused = ArrivalFilter {
        show: Show::Refused,
        ..ArrivalFilter::default()
    };
    assert_eq!(a.list(&refused).len(), 1);
    let env = ArrivalFilter {
        env: Some(EnvId(1)),
        ..ArrivalFilter::default()
    };
    assert_eq!(a.list(&env).len(), 1);
}

/// Guarantees: received = stored + refused + dropped + merged, per key and protocol (P4).
#[test]
fn sums_are_conserved_per_key_and_protocol() {
    let (a, _) = arrivals();
    for i in 0..1_000u64 {
        let receipt = Receipt {
            stored: i % 7,
            merged: i % 3,
        };
        a.note(
            &delivery(u32::try_from(i % 5).unwrap()),
            Some(["a…", "b…"][usize::from(i % 2 == 0)]),
            Some(EnvId(1)),
            Outcome::taken(&receipt, i % 4, Some(Reason::TooOld)),
        );
    }
    let counters = a.counters();
    assert_eq!(counters.len(), 2);
    assert!(
        counters
            .iter()
            .all(|(_, c)| c.is_conserved() && c.received > 0)
    );
    assert_eq!(
        counters.iter().map(|(_, c)| c.deliveries).sum::<u64>(),
        1_000
    );
}

#[test]
fn what_was_refused_is_forgotten_after_five_minutes_in_the_badge_only() {
    let (a, clock) = arrivals();
    a.note(
        &delivery(1),
        None,
        None,
        Outcome::refused(3, Reason::MissingKey),
    );
    assert_eq!(a.refused_last_5m(), 3);
    clock.0.fetch_add(6 * 60_000_000_000, Ordering::Relaxed);
    assert_eq!(a.refused_last_5m(), 0);
    let rows = a.list(&ArrivalFilter::default());
    assert_eq!((rows[0].counts.refused, rows[0].received_last_5m), (3, 0));
}

#[test]
fn rows_are_bounded_and_counters_lose_nothing() {
    let (a, _) = arrivals();
    let n = u32::try_from(limits::ARRIVAL_ROWS + 5_000).unwrap();
    for sender in 0..n {
        let mut d = delivery(sender);
        d.user_agent = None;
        a.note(&d, None, None, Outcome::refused(1, Reason::MissingKey));
    }
    let all = ArrivalFilter {
        limit: usize::MAX,
        ..ArrivalFilter::default()
    };
    assert!(a.list(&all).len() <= limits::ARRIVAL_ROWS);
    assert_eq!(a.latest(&all).len(), limits::ARRIVAL_RECENT);
    assert_eq!(a.counters()[0].1.received, u64::from(n));
}

#[test]
fn unknown_prefixes_beyond_the_limit_are_counted_together() {
    let (a, _) = arrivals();
    for i in 0..limits::COUNTED_PREFIXES + 50 {
        a.note(
            &delivery(1),
            Some(&format!("{i}…")),
            None,
            Outcome::refused(1, Reason::UnknownKey),
        );
    }
    let counters = a.counters();
    assert_eq!(counters.len(), limits::COUNTED_PREFIXES + 1);
    assert_eq!(counters[0].0.key_prefix, None);
    assert_eq!(counters[0].1.received, 50);
}

#[tokio::test]
async fn listeners_hear_deliveries_as_they_come() {
    let (a, _) = arrivals();
    let mut live = a.subscribe();
    a.note(
        &delivery(9),
        None,
        None,
        Outcome::refused(1, Reason::MissingKey),
    );
    let heard = live.recv().await.unwrap();
    assert_eq!(heard.outcome.reason, Some(Reason::MissingKey));
}

/// Scenario: a key sends today, tomorrow and eight days later, by two protocols; another key and another
/// environment send too; the sums of before the start were 100.
/// Guarantees: each UTC day has what was taken on it, not what was refused; days of last week's slots are empty again, the sum
/// has what was before.
#[test]
fn a_keys_use_is_told_day_by_day_and_as_a_sum() {
    const DAY: i64 = 86_400_000_000_000;
    // 2023-11-14 22:13:20 UTC: two hours later is the next day.
    let start = 1_700_000_000_000_000_000;
    let clock = Arc::new(Fake(AtomicI64::new(start)));
    let before = CounterKey {
        env: Some(EnvId(1)),
        key_prefix: Some("a…".into()),
        protocol: Protocol::OtlpHttp,
    };
    let counts = Counts {
        received: 100,
        stored: 100,
        ..Counts::default()
    };
    let a = Arrivals::new(clock.clone(), HashMap::from([(before, counts)]));
    let send = |prefix: &str, env: u32, protocol: Protocol, stored: u64| {
        let mut d = delivery(1);
        d.protocol = protocol;
        let receipt = Receipt { stored, merged: 0 };
        let outcome = Outcome::taken(&receipt, 0, None);
        a.note(&d, Some(prefix), Some(EnvId(env)), outcome);
    };
    let prefix: Arc<str> = "a…".into();
    let told = || a.key_use(EnvId(1), &prefix);
    let stored = || told().counts.stored;
    assert_eq!((told().days, stored()), ([0; 7], 100));
    send("a…", 1, Protocol::OtlpHttp, 5);
    send("b…", 1, Protocol::OtlpHttp, 1_000);
    send("a…", 2, Protocol::OtlpHttp, 1_000);
    a.note(
        &delivery(1),
        Some("a…"),
        Some(EnvId(1)),
        Outcome::refused(50, Reason::RevokedKey),
    );
    clock.0.fetch_add(DAY / 12, Ordering::Relaxed);
    send("a…", 1, Protocol::Rollbar, 3);
    send("a…", 1, Protocol::OtlpHttp, 4);
    assert_eq!(told().days, [0, 0, 0, 0, 0, 5, 7]);
    assert_eq!((stored(), told().counts.refused), (112, 50));
    clock.0.fetch_add(5 * DAY, Ordering::Relaxed);
    assert_eq!(told().days, [5, 7, 0, 0, 0, 0, 0]);
    clock.0.fetch_add(DAY, Ordering::Relaxed);
    assert_eq!(told().days, [7, 0, 0, 0, 0, 0, 0]);
    clock.0.fetch_add(DAY, Ordering::Relaxed);
    send("a…", 1, Protocol::OtlpHttp, 2);
    assert_eq!(told().days, [0, 0, 0, 0, 0, 0, 2]);
    assert_eq!((told().days_since_ns, stored()), (start, 114));
}
