//! The value axis of a heat map: about 50 bins with round edges.

use crate::answer::Bin;

const BINS: f64 = 50.0;

/// Edges shared by all histograms of one heat map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Rising; one more than there are bins.
    edges: Vec<f64>,
}

impl Axis {
    /// An axis over all values. `log`: bins of equal ratio, where all values are positive or zero.
    pub(crate) fn over(range: Option<(f64, f64)>, log: bool) -> Self {
        let edges = match range {
            None => Vec::new(),
            Some((low, high)) if !low.is_finite() || !high.is_finite() => {
                vec![low, f64::MIN_POSITIVE, f64::INFINITY]
            }
            Some((low, high)) if log && high > 0.0 => logarithmic(low, high),
            Some((low, high)) => linear(low, high),
        };
        Self { edges }
    }

    /// The non-empty bins of a histogram that calls its argument with (value, weight), rising.
    pub(crate) fn bins(&self, for_each: impl FnOnce(&mut dyn FnMut(f64, u64))) -> Vec<Bin> {
        let mut out: Vec<Bin> = Vec::new();
        let last = self.edges.len().saturating_sub(2);
        // The values rise, so their bins do: a heat map has thousands of values for each of its columns.
        let mut i = 0;
        for_each(&mut |x, w| {
            while i < last && self.edges[i + 1] <= x {
                i += 1;
            }
            let (min, max) = (self.edges[i], self.edges[i + 1]);
            let w = i64::try_from(w).unwrap_or(i64::MAX);
            match out.last_mut() {
                #[expect(clippy::float_cmp, reason = "edges are taken from one list")]
                Some(b) if b.min == min => b.count = b.count.saturating_add(w),
                _ => out.push(Bin { min, max, count: w }),
            }
        });
        out
    }
}

/// The next of 1, 2, 5 × 10ⁿ at or above `x`.
fn round_up(x: f64) -> f64 {
    let power = 10f64.powi(exponent(x));
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= x * 0.999_999)
        .unwrap_or(x)
}

#[expect(clippy::cast_possible_truncation, reason = "the exponent of a double")]
fn exponent(x: f64) -> i32 {
    x.log10().floor() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "some fifty steps"
)]
fn linear(low: f64, high: f64) -> Vec<f64> {
    // Values from near zero on are drawn from zero on.
    let low = if low > 0.0 && low < high / 4.0 {
        0.0
    } else {
        low
    };
    let span = if high > low {
        high - low
    } else {
        low.abs().max(1.0)
    };
    let step = round_up(span / BINS);
    let first = (low / step).floor() as i64;
    let mut edges = Vec::new();
    for i in first.. {
        let edge = i as f64 * step;
        edges.push(edge);
        if edge > high || edges.len() > 200 {
            break;
        }
    }
    edges
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "some fifty steps"
)]
fn logarithmic(low: f64, high: f64) -> Vec<f64> {
    let smallest = if low > 0.0 { low } else { high / 1e6 };
    let decades = (high / smallest).log10().max(0.1);
    let per_decade = (BINS / decades).floor().clamp(1.0, 50.0);
    let first = (smallest.log10() * per_decade).floor() as i64;
    let mut edges = Vec::new();
    if low <= 0.0 {
        edges.push(low);
    }
    for i in first.. {
        let edge = 10f64.powf(i as f64 / per_decade);
        edges.push(edge);
        if edge > high || edges.len() > 200 {
            break;
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::loghist::{HEATMAP_BITS, LogHist};

    #[test]
    fn linear_edges_are_round_and_hold_all_values() {
        let axis = Axis::over(Some((1.3, 97.0)), false);
        assert_eq!(axis.edges.first(), Some(&0.0));
        assert_eq!(axis.edges[1], 2.0);
        assert_eq!(axis.edges.last(), Some(&98.0));
        let bins = axis.bins(|f| {
            f(1.3, 2);
            f(1.9, 1);
            f(97.0, 4);
        });
        let want = [(0.0, 2.0, 3), (96.0, 98.0, 4)];
        let got: Vec<_> = bins.iter().map(|b| (b.min, b.max, b.count)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn one_value_negative_values_and_zero() {
        for range in [(5.0, 5.0), (-3.0, -1.0), (0.0, 0.0), (-10.0, 1000.0)] {
            for log in [false, true] {
                let axis = Axis::over(Some(range), log);
                let bins = axis.bins(|f| {
                    f(range.0, 1);
                    f(range.1, 1);
                });
                let held = |x: f64| bins.iter().any(|b| b.min <= x && x < b.max);
                assert!(held(range.0) && held(range.1), "{range:?} {log} {bins:?}");
                assert_eq!(bins.iter().map(|b| b.count).sum::<i64>(), 2);
            }
        }
    }

    /// Guarantees: whole numbers lie in the bin that begins with them, below zero too.
    #[test]
    fn a_bin_holds_its_lower_edge_on_either_side_of_zero() {
        let mut of = LogHist::default();
        (-20..=20).for_each(|n| of.add(f64::from(n), 1, HEATMAP_BITS));
        let axis = Axis::over(of.range(), false);
        let bins = axis.bins(|f| of.for_each(HEATMAP_BITS, f));
        let begins: Vec<f64> = bins.iter().map(|b| b.min).collect();
        assert_eq!(begins, (-20..=20).map(f64::from).collect::<Vec<_>>());
        assert!(bins.iter().all(|b| b.count == 1), "{bins:?}");
    }

    #[test]
    fn logarithmic_edges_have_equal_ratios() {
        let axis = Axis::over(Some((1.0, 10_000.0)), true);
        assert!(axis.edges.len() > 40 && axis.edges.len() < 60);
        let ratio = axis.edges[1] / axis.edges[0];
        assert!(
            axis.edges
                .windows(2)
                .all(|w| (w[1] / w[0] / ratio - 1.0).abs() < 1e-9)
        );
    }
}
