//! Sums that do not lose small terms, whatever the order.

/// A sum of doubles carried in two doubles, about 106 bits: without cancellation the rounded result
/// is the same for any order of any realistic number of terms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FloatSum {
    high: f64,
    low: f64,
}

/// The exact sum of two doubles, as a rounded sum and its error (Knuth's two-sum).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

impl FloatSum {
    /// Adds `value` × `weight`.
    #[expect(clippy::cast_precision_loss, reason = "weights are below 2^31")]
    pub(crate) fn add(&mut self, value: f64, weight: i64) {
        if weight == 1 {
            self.push(value, 0.0);
        } else {
            let weight = weight as f64;
            let product = value * weight;
            self.push(product, value.mul_add(weight, -product));
        }
    }

    fn push(&mut self, high: f64, low: f64) {
        let (sum, error) = two_sum(self.high, high);
        let (sum, error) = two_sum(sum, error + self.low + low);
        (self.high, self.low) = (sum, if sum.is_finite() { error } else { 0.0 });
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.push(other.high, other.low);
    }

    /// The sum.
    pub(crate) fn value(&self) -> f64 {
        self.high + self.low
    }
}

/// A sum of squares, as carefully.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SquareSum(FloatSum);

impl SquareSum {
    /// Adds the square of `x`.
    pub(crate) fn add(&mut self, x: f64) {
        let square = x * x;
        self.0.push(square, x.mul_add(x, -square));
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    /// The sum of squares less the square of `sum` over `count`: the squared deviations from the mean,
    /// also where the mean is large and they are small.
    pub(crate) fn less_square_over(&self, sum: &FloatSum, count: f64) -> f64 {
        let square = sum.high * sum.high;
        let square_low = sum.high.mul_add(sum.high, -square) + 2.0 * sum.high * sum.low;
        let mean = square / count;
        let mean_low = ((-mean).mul_add(count, square) + square_low) / count;
        (self.0.high - mean) + (self.0.low - mean_low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_large_ones_in_any_order() {
        let terms = [1e16, 1.0, -1e16, 1e-3, 0.1, 0.2, 0.3, 7.0];
        let sum = |order: &[f64]| {
            let mut s = FloatSum::default();
            order.iter().for_each(|x| s.add(*x, 1));
            s.value()
        };
        let mut back = terms;
        back.reverse();
        // Plain addition gives 8.6 less the 1.0 that 1e16 swallows.
        assert!((sum(&terms) - 8.601).abs() < 1e-14);
        assert!((sum(&back) - 8.601).abs() < 1e-14);
    }

    #[test]
    fn a_weight_counts_as_that_many_terms() {
        let mut weighted = FloatSum::default();
        weighted.add(0.1, 1000);
        let mut single = FloatSum::default();
        (0..1000).for_each(|_| single.add(0.1, 1));
        assert_eq!(weighted.value(), single.value());
    }

    #[test]
    fn deviations_survive_a_large_mean() {
        let (mut sum, mut squares) = (FloatSum::default(), SquareSum::default());
        for x in [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0] {
            sum.add(x, 1);
            squares.add(x);
        }
        // 1 + 0 + 1.
        assert!((squares.less_square_over(&sum, 3.0) - 2.0).abs() < 1e-9);
    }
}
