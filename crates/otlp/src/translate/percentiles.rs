//! Percentiles of a histogram's buckets, as the columns of its metric (honeycomb.md §1.6).

/// The columns' suffixes and their quantiles.
pub(super) const QUANTILES: [(&str, f64); 11] = [
    (".p001", 0.001),
    (".p01", 0.01),
    (".p05", 0.05),
    (".p10", 0.10),
    (".p25", 0.25),
    (".p50", 0.50),
    (".p75", 0.75),
    (".p90", 0.90),
    (".p95", 0.95),
    (".p99", 0.99),
    (".p999", 0.999),
];

/// Cumulated counts at rising bounds, read off as they come.
#[derive(Debug, Default)]
pub(super) struct Cumulated {
    total: u64,
    seen: u64,
    lowest: Option<f64>,
    values: [Option<f64>; QUANTILES.len()],
}

impl Cumulated {
    /// For a histogram of `total` observations.
    pub(super) fn new(total: u64) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    /// Adds the next bucket: `count` observations not above `bound`, which is `None` for the last,
    /// open one.
    #[expect(clippy::cast_precision_loss, reason = "a share of observations")]
    pub(super) fn add(&mut self, count: u64, bound: Option<f64>) {
        self.seen = self.seen.saturating_add(count);
        let Some(bound) = bound.filter(|b| b.is_finite()) else {
            return;
        };
        self.lowest.get_or_insert(bound);
        let share = self.seen as f64 / self.total as f64;
        for ((_, quantile), value) in QUANTILES.iter().zip(&mut self.values) {
            if share <= *quantile {
                *value = Some(bound);
            }
        }
    }

    /// The percentiles: the highest bound with no more than that share of the observations below
    /// it, the lowest bound when there is none. Nothing for an empty histogram or one bucket.
    pub(super) fn finish(self) -> impl Iterator<Item = (&'static str, f64)> {
        let lowest = self.lowest.filter(|_| self.total > 0);
        QUANTILES
            .iter()
            .zip(self.values)
            .filter_map(move |((suffix, _), value)| Some((*suffix, value.or(lowest)?)))
            .filter(move |_| lowest.is_some())
    }
}

/// The column suffix of a summary's quantile: `.min` and `.max` at the ends, else `.p` and the
/// digits after the point, zeros at the end left out: 0.5 → `.p50`, 0.01 → `.p01`, 0.999 → `.p999`.
pub(super) fn suffix(quantile: f64) -> Option<String> {
    if quantile == 0.0 {
        return Some(".min".to_owned());
    }
    if quantile == 1.0 {
        return Some(".max".to_owned());
    }
    if !(quantile > 0.0 && quantile < 1.0) {
        return None;
    }
    let text = format!("{quantile:.3}");
    let digits = text.split_once('.')?.1;
    Some(format!(".p{}", digits.strip_suffix('0').unwrap_or(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_highest_bound_not_above_its_share() {
        // 10 up to 1, 40 up to 5, 40 up to 10, 10 above.
        let mut c = Cumulated::new(100);
        for (n, bound) in [
            (10, Some(1.0)),
            (40, Some(5.0)),
            (40, Some(10.0)),
            (10, None),
        ] {
            c.add(n, bound);
        }
        let got: Vec<_> = c.finish().collect();
        let want = [1.0, 1.0, 1.0, 1.0, 1.0, 5.0, 5.0, 10.0, 10.0, 10.0, 10.0];
        assert_eq!(got.len(), QUANTILES.len());
        for ((suffix, got), want) in got.into_iter().zip(want) {
            assert_eq!(got, want, "{suffix}");
        }
    }

    #[test]
    fn an_empty_histogram_has_no_percentiles() {
        let mut c = Cumulated::new(0);
        c.add(0, Some(1.0));
        assert_eq!(c.finish().count(), 0);
        let mut c = Cumulated::new(3);
        c.add(3, None);
        assert_eq!(c.finish().count(), 0);
    }

    #[test]
    fn quantiles_are_named_by_their_digits() {
        for (q, want) in [
            (0.0, ".min"),
            (0.5, ".p50"),
            (0.01, ".p01"),
            (0.05, ".p05"),
            (0.999, ".p999"),
            (1.0, ".max"),
        ] {
            assert_eq!(suffix(q).as_deref(), Some(want));
        }
        assert_eq!(suffix(f64::NAN), None);
        assert_eq!(suffix(1.5), None);
    }
}
