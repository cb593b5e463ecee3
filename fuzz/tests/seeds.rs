//! Runs every target over its seeds, over each seed cut short, and over each with bits flipped: what a
//! fuzzer does for hours, for a second. A fuzzer's finds are kept here as seeds of their target.

use fuzz::TARGETS;

/// Most variations of each kind of one seed.
const VARIATIONS: usize = 200;

#[test]
fn no_seed_nor_a_damaged_one_breaks_a_decoder() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in seeds {
            (target.run)(&seed);
            let step = (seed.len() / VARIATIONS).max(1);
            for at in (0..seed.len()).step_by(step) {
                (target.run)(&seed[..at]);
                let mut bad = seed.clone();
                bad[at] ^= 1 << (at % 8);
                (target.run)(&bad);
                bad[at] = 0xff;
                (target.run)(&bad);
            }
        }
    }
}

#[test]
fn names_are_distinct() {
    let mut names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TARGETS.len());
}
