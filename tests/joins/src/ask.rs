//! Asks a list of worlds, and prints what each comes to.

use crate::keep::Kept;
use crate::routes::RouteSet;
use crate::score::{Score, score};
use crate::world::{Setting, Traffic};

/// Makes each world, asks from `anchors` rows of each source of it, and adds up.
///
/// # Panics
/// When there is no room for a world, or no thread.
#[expect(clippy::unwrap_used, reason = "a proof ends where it cannot go on")]
#[must_use]
pub fn run(settings: impl Iterator<Item = Setting>, anchors: usize) -> Score {
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

/// Each set of routes with each seed, as the proof has them.
pub fn worlds(
    sets: &'static [RouteSet],
    seeds: std::ops::RangeInclusive<u64>,
) -> impl Iterator<Item = Setting> {
    seeds.flat_map(|seed| sets.iter().map(move |set| Setting::hard(seed, set)))
}

/// Every other kind of traffic, on time and late.
pub fn kinds(sets: &'static [RouteSet], seed: u64) -> impl Iterator<Item = Setting> {
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
