//! Joins against known truth: routes, seeds and clocks that tuning never saw.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use joins::keep::Kept;
use joins::routes::{HELD_OUT, OTHER, RouteSet, TUNING, UNSEEN};
use joins::score::{Score, score};
use joins::world::{Setting, Traffic};

fn run(settings: impl Iterator<Item = Setting>, anchors: usize) -> Score {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut all = Score::default();
    for setting in settings {
        let kept = Kept::new(&setting);
        let one = runtime.block_on(score(&kept, anchors));
        let total = one.total();
        eprintln!(
            "seed {} {} {:?}{}: precision {:.4} recall {:.4}",
            setting.seed,
            setting.routes.name,
            setting.traffic,
            if setting.late { " late" } else { "" },
            total.precision(),
            total.recall()
        );
        for (kind, count) in one.by_kind() {
            eprintln!("    {}: {count:?}", kind.one());
        }
        all.add(&one);
    }
    eprintln!("{}", all.report());
    all
}

fn worlds(
    sets: &'static [RouteSet],
    seeds: std::ops::RangeInclusive<u64>,
) -> impl Iterator<Item = Setting> {
    seeds.flat_map(|seed| sets.iter().map(move |set| Setting::hard(seed, set)))
}

/// Scenario: ten requests at once, clocks off by a constant of up to 50 ms, one in ten missing in each
/// source, no shared id; asked from rows of each source. Guarantees: of what is joined at least
/// 98 % is right, of what there is at least 90 % is joined, over all worlds and pairs of sources.
#[test]
fn without_ids_joins_are_right_and_most_are_made() {
    let all = run(worlds(UNSEEN, 31..=32), 7).total();
    assert!(all.precision() >= 0.98, "{}", all.precision());
    assert!(all.recall() >= 0.9, "{}", all.recall());
}

/// Every other kind of traffic, on time and late.
fn kinds(sets: &'static [RouteSet], seed: u64) -> impl Iterator<Item = Setting> {
    let kinds = [
        (Traffic::Beat, false),
        (Traffic::Beat, true),
        (Traffic::Bursts, false),
        (Traffic::FailingRoutes, true),
        (Traffic::Chance, true),
    ];
    let of = move |(set, (i, (traffic, late)))| Setting {
        traffic,
        late,
        ..Setting::hard(seed + i, set)
    };
    let numbered = move |set| (0_u64..).zip(kinds).map(move |kind| (set, kind));
    sets.iter().flat_map(numbered).map(of)
}

/// For those who change the join: `JOINS_KINDS=1` asks the other kinds of traffic, `JOINS_KINDS=held-out` those kept
/// for the end, `JOINS_KINDS=651` the world of one seed.
#[test]
fn other_kinds_of_traffic() {
    match std::env::var("JOINS_KINDS").as_deref() {
        Err(_) => {}
        Ok("held-out") => drop(run(kinds(HELD_OUT, 871), 7)),
        Ok(one) => {
            let seed: Option<u64> = one.parse().ok().filter(|seed| *seed > 1);
            let asked = move |s: &Setting| seed.is_none_or(|seed| s.seed == seed);
            drop(run(kinds(OTHER, 651).filter(asked), 7));
        }
    }
}

/// Scenario: the same, and each request has ids in some of the forms clients write. Guarantees: every row is
/// found and no other is.
#[test]
fn with_ids_every_row_is_found_and_no_other() {
    let settings = worlds(UNSEEN, 41..=41).map(|s| Setting { ids: true, ..s });
    let all = run(settings, 7).total();
    assert_eq!((all.wrong, all.missed), (0, 0));
}

/// For those who tune the constants: `JOINS_TUNE=1 cargo test -p joins tuning -- --nocapture`.
#[test]
fn tuning() {
    if std::env::var_os("JOINS_TUNE").is_none() {
        return;
    }
    run(worlds(TUNING, 1..=5), 6);
}
