//! Joins against known truth: routes, seeds and clocks that tuning never saw.

use joins::ask::{kinds, run, worlds};
use joins::routes::{OTHER, UNSEEN};
use joins::world::Setting;

/// Scenario: ten requests at once, clocks off by a constant of up to 50 ms, one in ten missing in each
/// source, no shared id; asked from rows of each source. Guarantees: of what is joined at least
/// 98 % is right, of what there is at least 90 % is joined, over all worlds and pairs of sources.
#[test]
fn without_ids_joins_are_right_and_most_are_made() {
    let all = run(worlds(UNSEEN, 31..=32), 7).total();
    assert!(all.precision() >= 0.98, "{}", all.precision());
    assert!(all.recall() >= 0.9, "{}", all.recall());
}

/// Scenario: requests at a steady beat, in bursts, failing on some routes alone; sources that tell of them late.
/// Guarantees: over all of these, what is joined is as right as with requests that come by chance.
#[test]
fn other_kinds_of_traffic_are_joined_as_rightly() {
    let all = run(kinds(OTHER, 651), 3).total();
    assert!(all.precision() >= 0.98, "{}", all.precision());
    assert!(all.recall() >= 0.9, "{}", all.recall());
}

/// Scenario: requests as in the proof, and each has ids in some of the forms clients write. Guarantees: every row is
/// found and no other is.
#[test]
fn with_ids_every_row_is_found_and_no_other() {
    let settings = worlds(UNSEEN, 41..=41).map(|s| Setting { ids: true, ..s });
    let all = run(settings, 7).total();
    assert_eq!((all.wrong, all.missed), (0, 0));
}
