//! A log-linear histogram: percentiles within 1.6 % (5 bits), heat maps (7 bits).
//!
//! A bucket is a double cut after its first mantissa bits, so its number is a shift of the
//! double's own bits and rises with the value; negative values are mirrored, zero has its own.
//! NaN is no value. Merging is addition.

/// Mantissa bits for percentiles: a bucket is 1/32 of its octave wide, its middle within 1/64 of
/// every value in it.
pub(crate) const PERCENTILE_BITS: u32 = 5;
/// Mantissa bits under a heat map: a linear axis of 50 bins shows stripes at 5.
pub(crate) const HEATMAP_BITS: u32 = 7;

/// Values kept one by one before they are counted.
const FEW_LIMIT: usize = 64;
/// Buckets kept as pairs before a dense window is worth it.
const SPARSE_LIMIT: usize = 64;

/// Counts of one sign.
#[derive(Clone, Debug)]
enum Bins {
    /// The bucket of each value of weight 1, as they came: with very many groups most have few values, and
    /// adding one costs one line of memory.
    Few(Vec<u32>),
    /// (bucket, weight), rising.
    Sparse(Vec<(u32, u64)>),
    /// Weights from bucket `first` on.
    Dense { first: u32, counts: Vec<u64> },
}

impl Default for Bins {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// Buckets as (bucket, weight), rising.
fn counted(mut few: Vec<u32>) -> Vec<(u32, u64)> {
    few.sort_unstable();
    few.chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len() as u64))
        .collect()
}

impl Bins {
    #[inline]
    fn add(&mut self, bucket: u32, weight: u64) {
        match self {
            Self::Dense { first, counts } => {
                if let Some(c) = counts.get_mut(bucket.wrapping_sub(*first) as usize) {
                    *c += weight;
                    return;
                }
            }
            Self::Few(few) if weight == 1 && few.len() < FEW_LIMIT => return few.push(bucket),
            _ => {}
        }
        self.add_slow(bucket, weight);
    }

    #[cold]
    fn grow(first: &mut u32, counts: &mut Vec<u64>, bucket: u32) {
        const SLACK: u32 = 32;
        if bucket < *first {
            let new = bucket.saturating_sub(SLACK);
            counts.splice(0..0, std::iter::repeat_n(0, (*first - new) as usize));
            *first = new;
        } else {
            counts.resize((bucket - *first + SLACK) as usize, 0);
        }
    }

    fn add_slow(&mut self, bucket: u32, weight: u64) {
        if let Self::Few(few) = self {
            *self = Self::Sparse(counted(std::mem::take(few)));
        }
        match self {
            Self::Few(_) => {}
            Self::Dense { first, counts } => {
                Self::grow(first, counts, bucket);
                counts[(bucket - *first) as usize] += weight;
            }
            Self::Sparse(list) => match list.binary_search_by_key(&bucket, |p| p.0) {
                Ok(i) => list[i].1 += weight,
                Err(i) => {
                    list.insert(i, (bucket, weight));
                    let (low, high) = (list[0].0, list[list.len() - 1].0);
                    // Values spread over many octaves stay pairs: a window would be mostly empty.
                    if list.len() > SPARSE_LIMIT && ((high - low) as usize) < 64 * list.len() {
                        let mut counts = vec![0; (high - low + 1) as usize];
                        list.iter()
                            .for_each(|(b, w)| counts[(b - low) as usize] = *w);
                        *self = Self::Dense { first: low, counts };
                    }
                }
            },
        }
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> + '_ {
        let none = Vec::new();
        let (few, list, first, counts): (_, &[(u32, u64)], u32, &[u64]) = match self {
            Self::Few(few) => (counted(few.clone()), &[], 0, &[]),
            Self::Sparse(list) => (none, list, 0, &[]),
            Self::Dense { first, counts } => (none, &[], *first, counts),
        };
        #[expect(clippy::cast_possible_truncation, reason = "bucket numbers are u32")]
        let dense = counts
            .iter()
            .enumerate()
            .filter(|(_, w)| **w > 0)
            .map(move |(i, w)| (first + i as u32, *w));
        few.into_iter().chain(list.iter().copied()).chain(dense)
    }

    fn merge(&mut self, other: &Self) {
        match other {
            // In no order, as they came.
            Self::Few(few) => few.iter().for_each(|b| self.add(*b, 1)),
            _ => other.iter().for_each(|(b, w)| self.add(b, w)),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(few) => few.capacity() * 4,
            Self::Sparse(list) => list.capacity() * 16,
            Self::Dense { counts, .. } => counts.capacity() * 8,
        }
    }
}

/// The histogram: 64 bytes, a line of memory.
#[derive(Clone, Debug)]
pub(crate) struct LogHist {
    total: u64,
    min: f64,
    max: f64,
    positive: Bins,
    rest: Option<Box<Rest>>,
}

/// What most columns do not have.
#[derive(Clone, Debug, Default)]
struct Rest {
    zeros: u64,
    negative: Bins,
}

impl Default for LogHist {
    fn default() -> Self {
        Self {
            total: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            positive: Bins::default(),
            rest: None,
        }
    }
}

/// The bucket of a positive value.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 11 + bits bits are left"
)]
fn bucket(x: f64, bits: u32) -> u32 {
    (x.to_bits() >> (52 - bits)) as u32
}

/// The smallest value of a bucket.
fn floor_of(bucket: u32, bits: u32) -> f64 {
    f64::from_bits(u64::from(bucket) << (52 - bits))
}

impl LogHist {
    /// Adds a value. `bits` must be the same in all calls and merges.
    #[inline]
    pub(crate) fn add(&mut self, x: f64, weight: u64, bits: u32) {
        if x > 0.0 {
            self.positive.add(bucket(x, bits), weight);
        } else if x < 0.0 {
            let rest = self.rest.get_or_insert_default();
            rest.negative.add(bucket(-x, bits), weight);
        } else if x == 0.0 {
            self.rest.get_or_insert_default().zeros += weight;
        } else {
            return;
        }
        self.total += weight;
        self.min = self.min.min(x);
        self.max = self.max.max(x);
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.positive.merge(&other.positive);
        if let Some(theirs) = &other.rest {
            let ours = self.rest.get_or_insert_default();
            ours.negative.merge(&theirs.negative);
            ours.zeros += theirs.zeros;
        }
        self.total += other.total;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    fn zeros(&self) -> u64 {
        self.rest.as_ref().map_or(0, |r| r.zeros)
    }

    /// Buckets of negative values, the value rising.
    fn negative(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.rest.iter().flat_map(|r| r.negative.iter().rev())
    }

    /// Weight of all values.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Smallest and greatest value; `None` when there is none.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        (self.total > 0).then_some((self.min, self.max))
    }

    /// The smallest value below or at which at least `per_mille` thousandths of the weight lie,
    /// within half a bucket; `integers`: the values are whole, and so is the answer.
    pub(crate) fn quantile(&self, per_mille: u32, bits: u32, integers: bool) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let wanted = u128::from(self.total) * u128::from(per_mille);
        let mut below = 0u128;
        let mut reached = |w: u64| {
            below += u128::from(w) * 1000;
            below >= wanted
        };
        let middle = |b: u32| {
            let (low, high) = (floor_of(b, bits), floor_of(b + 1, bits));
            if !high.is_finite() {
                return low;
            }
            if integers {
                // The whole numbers in [low, high); below 2^(bits+1) there is just one.
                let (first, last) = (low.ceil(), high.ceil() - 1.0);
                (first + (last - first) / 2.0).floor()
            } else {
                low + (high - low) / 2.0
            }
        };
        let value = self
            .negative()
            .find(|(_, w)| reached(*w))
            .map(|(b, _)| -middle(b))
            .or_else(|| reached(self.zeros()).then_some(0.0))
            .or_else(|| {
                self.positive
                    .iter()
                    .find(|(_, w)| reached(*w))
                    .map(|(b, _)| middle(b))
            })
            .unwrap_or(self.max);
        Some(value.clamp(self.min, self.max))
    }

    /// Calls `f` with a value of each bucket (within the extremes) and its weight, rising: the middle, or of negative ones the
    /// end nearest to zero. Bins hold their lower edge, and a whole number up to 256 is the end of its bucket: the middle of a
    /// positive bucket is above it, that of a negative one below, in the next bin.
    pub(crate) fn for_each(&self, bits: u32, mut f: impl FnMut(f64, u64)) {
        let middle = |b: u32| {
            let (low, high) = (floor_of(b, bits), floor_of(b + 1, bits));
            if high.is_finite() {
                low + (high - low) / 2.0
            } else {
                low
            }
        };
        let clamp = |x: f64| x.clamp(self.min, self.max);
        for (b, w) in self.negative() {
            f(clamp(-floor_of(b, bits)), w);
        }
        if self.zeros() > 0 {
            f(0.0, self.zeros());
        }
        for (b, w) in self.positive.iter() {
            f(clamp(middle(b)), w);
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let rest = self.rest.as_ref();
        self.positive.heap_bytes() + rest.map_or(0, |r| r.negative.heap_bytes() + size_of::<Rest>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const B: u32 = PERCENTILE_BITS;

    fn of(values: &[f64]) -> LogHist {
        let mut h = LogHist::default();
        values.iter().for_each(|x| h.add(*x, 1, B));
        h
    }

    #[test]
    fn percentiles_of_few_values_are_those_values() {
        let h = of(&[1.0, 2.0, 4.0, 8.0]);
        // Buckets of powers of two begin at the value; the middle is 1/64 above it.
        for (p, want) in [(1, 1.0), (250, 1.0), (500, 2.0), (510, 4.0), (1000, 8.0)] {
            let got = h.quantile(p, B, false).unwrap();
            assert!((got / want - 1.0).abs() <= 1.0 / 64.0, "{p}: {got}");
        }
    }

    #[test]
    fn the_error_is_at_most_one_sixty_fourth() {
        let mut x = 1e-9;
        while x < 1e12 {
            let mut h = of(&[x]);
            h.add(x * 0.5, 1, B);
            h.add(x * 2.0, 1, B);
            let got = h.quantile(500, B, false).unwrap();
            assert!((got / x - 1.0).abs() <= 1.0 / 64.0, "{x}: {got}");
            x *= 1.037;
        }
    }

    #[test]
    fn whole_numbers_below_64_are_exact_and_larger_ones_whole() {
        for n in 0..64 {
            let h = of(&[-1000.0, f64::from(n), 1000.0]);
            assert_eq!(h.quantile(500, B, true), Some(f64::from(n)));
        }
        let h = of(&[0.0, 12345.0, 99999.0]);
        let got = h.quantile(500, B, true).unwrap();
        assert_eq!(got.fract(), 0.0);
        assert!((got / 12345.0 - 1.0).abs() <= 1.0 / 64.0);
    }

    #[test]
    fn negatives_zero_and_extremes() {
        let h = of(&[-4.0, -2.0, 0.0, 0.0, 3.0]);
        assert_eq!(h.quantile(1, B, true), Some(-4.0));
        assert_eq!(h.quantile(400, B, true), Some(-2.0));
        assert_eq!(h.quantile(600, B, true), Some(0.0));
        assert_eq!(h.quantile(1000, B, true), Some(3.0));
        assert_eq!(of(&[f64::NAN]).quantile(500, B, false), None);
        assert_eq!(
            of(&[f64::INFINITY]).quantile(500, B, false),
            Some(f64::INFINITY)
        );
    }

    #[test]
    fn weights_shift_percentiles() {
        let mut h = LogHist::default();
        h.add(1.0, 99, B);
        h.add(1000.0, 1, B);
        assert_eq!(h.quantile(990, B, true), Some(1.0));
        assert_eq!(h.quantile(991, B, true), h.quantile(1000, B, true));
        assert!((h.quantile(999, B, true).unwrap() / 1000.0 - 1.0).abs() <= 1.0 / 64.0);
    }

    #[test]
    fn a_histogram_is_a_line_of_memory() {
        assert_eq!(size_of::<LogHist>(), 64);
    }

    #[test]
    fn merging_equals_adding_all_in_each_form() {
        for n in [10, 90, 5_000] {
            let values: Vec<f64> = (1..n).map(|i| f64::from(i * 7919 % 10_007)).collect();
            let (a, b) = values.split_at(values.len() / 3);
            let (mut x, y, all) = (of(a), of(b), of(&values));
            x.merge(&y);
            for p in [1, 100, 500, 900, 999] {
                assert_eq!(x.quantile(p, B, true), all.quantile(p, B, true));
            }
            assert_eq!(x.total(), all.total());
        }
    }
}
