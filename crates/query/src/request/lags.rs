//! How two sources' times relate: where the lags of what fits heap up, and how they lie about their middle.

/// Fewest pairs that replace an assumption about lags.
pub(super) const ENOUGH: usize = 5;
/// How much higher the heap of lags has to be than any other, each counted from what chance makes.
const STANDS_OUT: f64 = 2.0;

/// From which end of a span lags are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Start,
    End,
}

/// How two sources' times relate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lag {
    pub(super) from: From,
    /// What is usual, nanoseconds.
    pub(super) shift: f64,
    /// Mean distance from it, nanoseconds: of what comes before, and of what comes after. What waits on its
    /// way is never early, and now and then late by much.
    pub(super) spread: Spread,
}

/// How far values lie from their middle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) before: f64,
    pub(super) after: f64,
}

impl Spread {
    pub(super) fn even(both: f64) -> Self {
        Self {
            before: both,
            after: both,
        }
    }

    pub(super) fn each(self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            before: f(self.before),
            after: f(self.after),
        }
    }

    pub(super) fn clamp(self, least: f64, most: Self) -> Self {
        Self {
            before: self.before.clamp(least, most.before),
            after: self.after.clamp(least, most.after),
        }
    }

    /// Density of a Laplace distribution with a side of its own either way of its median, per second;
    /// `x` in nanoseconds.
    pub(super) fn density(self, x: f64) -> f64 {
        density(x, if x < 0.0 { self.before } else { self.after })
    }
}

/// Density of a Laplace distribution, per second; arguments in nanoseconds.
pub(super) fn density(x: f64, spread: f64) -> f64 {
    (-(x.abs() / spread)).exp() / (2.0 * spread / 1e9)
}

/// The lags of two units that may be one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    /// By [`From`], nanoseconds.
    pub(super) lags: [f64; 2],
    /// Its part among all pairs of either unit, 0 to 1.
    pub(super) share: f64,
    /// How much it counts in a heap.
    pub(super) weight: f64,
}

/// Where the lags of all that fit heap up, when they do.
pub(super) fn heap(pairs: &[Weighted], assumed: Lag, floor: f64, reach: (f64, f64)) -> Option<Lag> {
    let width = (assumed.spread.before / 6.0).max(4.0 * floor);
    let from_either = [From::Start, From::End].map(|from| {
        let mut lags: Vec<(f64, f64)> = pairs
            .iter()
            .map(|p| (p.lags[from as usize], p.weight * p.share))
            .collect();
        lags.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, sum) = highest(&lags, width, |_| true);
        let inside = &lags[best];
        let middle = inside.get(inside.len() / 2).map_or(0.0, |l| l.0);
        let (_, next) = highest(&lags, width, |at| (at - middle).abs() > 2.0 * width);
        Heap {
            from,
            middle,
            inside: inside.len(),
            sum,
            next,
        }
    });
    // The end that was assumed stands unless the other heaps up clearly higher.
    let (one, other) = match assumed.from {
        From::Start => (from_either[0], from_either[1]),
        From::End => (from_either[1], from_either[0]),
    };
    let best = if other.sum > 1.5 * one.sum + 1.0 {
        other
    } else {
        one
    };
    let all: f64 = pairs.iter().map(|p| p.share).sum();
    // By chance they would lie spread over the reach. Where a few paths are asked for again and again each unit fits many, and the
    // heap is a small part of all: then it has to be far above what chance makes of so many, and above every
    // other heap, of which a steady beat makes many alike.
    let chance = width / (reach.1 - reach.0);
    #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
    let (inside, by_chance) = (best.inside as f64, pairs.len() as f64 * chance);
    let is_more_than_chance =
        best.sum >= 0.25 * all || inside >= by_chance + 4.0 * by_chance.sqrt() + 3.0;
    let stands_out = best.sum - chance * all >= STANDS_OUT * (best.next - chance * all).max(0.0);
    (best.inside >= ENOUGH && is_more_than_chance && stands_out).then_some(Lag {
        from: best.from,
        shift: best.middle,
        spread: Spread::even(width),
    })
}

/// Lags that lie close together.
#[derive(Clone, Copy, Debug)]
struct Heap {
    from: From,
    /// The median, nanoseconds.
    middle: f64,
    /// How many.
    inside: usize,
    /// What they weigh together.
    sum: f64,
    /// What the highest heap elsewhere weighs.
    next: f64,
}

/// The places, in a sorted list of values and weights, of the heaviest ones within `width` of each other, and their
/// weight. Of those alone whose last value `counts`.
fn highest(
    sorted: &[(f64, f64)],
    width: f64,
    counts: impl Fn(f64) -> bool,
) -> (std::ops::Range<usize>, f64) {
    let (mut best, mut best_sum, mut first, mut sum) = (0..0, 0.0, 0, 0.0);
    for (last, (at, weight)) in sorted.iter().enumerate() {
        sum += weight;
        while at - sorted[first].0 > width {
            sum -= sorted[first].1;
            first += 1;
        }
        if sum > best_sum && counts(*at) {
            (best, best_sum) = (first..last + 1, sum);
        }
    }
    (best, best_sum)
}

/// Median, and the mean distance from it either way, without the farthest twentieth of each.
pub(super) fn middle(mut values: Vec<f64>) -> (f64, Spread) {
    values.sort_by(f64::total_cmp);
    let at = values.len() / 2;
    let median = values.get(at).copied().unwrap_or(0.0);
    let mean = |mut far: Vec<f64>| {
        far.sort_by(f64::total_cmp);
        far.truncate((far.len() - far.len() / 20).max(1));
        #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
        let mean = far.iter().sum::<f64>() / far.len().max(1) as f64;
        mean
    };
    let (before, after) = values.split_at(at);
    let spread = Spread {
        before: mean(before.iter().map(|v| median - v).collect()),
        after: mean(after.iter().map(|v| v - median).collect()),
    };
    (median, spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1e6;

    #[test]
    fn either_side_of_the_middle_has_a_width_of_its_own() {
        // Median 10; 1 and 2 before it; 0, 0.5 and 20 after it.
        let (median, spread) = middle(vec![30.0, 9.0, 10.0, 8.0, 10.5]);
        assert!((median - 10.0).abs() < 1e-12, "{median}");
        assert!((spread.before - 1.5).abs() < 1e-12, "{spread:?}");
        assert!((spread.after - 20.5 / 3.0).abs() < 1e-12, "{spread:?}");
    }

    #[test]
    fn half_of_the_density_lies_on_either_side() {
        let spread = Spread {
            before: 2.0 * MS,
            after: 30.0 * MS,
        };
        // Trapezoids of 10 µs; densities are per second.
        let area = |from: i32, to: i32| -> f64 {
            let at = |i: i32| spread.density((f64::from(i) + 0.5) * 1e4);
            (from..to).map(|i| at(i) * 1e-5).sum()
        };
        assert!((area(-60_000, 0) - 0.5).abs() < 1e-3);
        assert!((area(0, 60_000) - 0.5).abs() < 1e-3);
    }

    /// Lags at each 20 ms from −280 to 280, twenty at each, as a beat makes them; `more` of them at 40 ms.
    fn beat(more: usize) -> Vec<Weighted> {
        let every = (-14..=14).flat_map(|i| std::iter::repeat_n(f64::from(i) * 20.0 * MS, 20));
        let lags = every.chain(std::iter::repeat_n(40.0 * MS, more));
        // By the ends they lie anywhere: 601 is a prime.
        let one = |(i, lag)| Weighted {
            lags: [lag, (f64::from(7 * i % 601) - 300.0) * MS],
            share: 1.0 / 29.0,
            weight: 1.0,
        };
        (0..).zip(lags).map(one).collect()
    }

    /// Three heaps alike, each a third of all: a beat of 200 ms of which every pair is one of three.
    #[test]
    fn of_few_heaps_alike_none_is_taken_either() {
        let three = (0..30).map(|i| Weighted {
            lags: [
                f64::from(i % 3 - 1) * 200.0 * MS,
                f64::from(i * 17 % 600 - 300) * MS,
            ],
            share: 1.0 / 3.0,
            weight: 1.0,
        });
        let assumed = Lag {
            from: From::Start,
            shift: 0.0,
            spread: Spread::even(30.0 * MS),
        };
        let reach = (-300.0 * MS, 300.0 * MS);
        let three: Vec<Weighted> = three.collect();
        assert!(heap(&three, assumed, 0.2 * MS, reach).is_none());
        let one = &three
            .iter()
            .copied()
            .filter(|p| p.lags[0].abs() < MS)
            .collect::<Vec<_>>();
        assert!(heap(one, assumed, 0.2 * MS, reach).is_some());
    }

    #[test]
    fn of_many_heaps_alike_none_is_taken_and_of_unlike_ones_the_highest() {
        let assumed = Lag {
            from: From::Start,
            shift: 0.0,
            spread: Spread::even(30.0 * MS),
        };
        let heap = |more| heap(&beat(more), assumed, 0.2 * MS, (-300.0 * MS, 300.0 * MS));
        assert!(heap(0).is_none());
        assert!(heap(8).is_none());
        let found = heap(60).unwrap();
        assert_eq!(found.from, From::Start);
        assert!((found.shift - 40.0 * MS).abs() < 1e-3, "{found:?}");
    }
}
