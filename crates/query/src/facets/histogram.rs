//! Counts of a numeric field by fine bucket.

use super::tally::{Count, Side};

/// Buckets of a page: those of one sign and exponent.
const PAGE: usize = 128;
/// Signs and exponents of a double.
const PAGES: usize = 1 << 12;

/// The bucket of a number, rising with it: sign, exponent and seven bits of mantissa.
pub(super) fn bucket(x: f64) -> u32 {
    let bits = x.to_bits();
    let ordered = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    (ordered >> 45) as u32
}

/// A number in the middle of a bucket.
pub(super) fn middle(bucket: u32) -> f64 {
    let ordered = u64::from(bucket) << 45 | 1 << 44;
    let bits = if ordered >> 63 == 1 {
        ordered & !(1 << 63)
    } else {
        !ordered
    };
    let x = f64::from_bits(bits);
    // The bucket of zero holds only numbers too small to tell from it.
    if x.abs() < 1e-300 { 0.0 } else { x }
}

/// Counts by bucket. Values of a field share few exponents: a page of counts is made for each that occurs, and found without a
/// hash, as every value of every field of every row comes by here.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// By sign and exponent: the number of its page, from 1; 0: none yet. Empty until the first value.
    numbers: Vec<u16>,
    pages: Vec<[Count; PAGE]>,
}

impl Histogram {
    /// Counts a row on its side.
    #[inline]
    pub(super) fn add(&mut self, bucket: u32, side: Side) {
        self.at(bucket).add(side);
    }

    /// The count of a bucket below 2^19.
    #[inline]
    fn at(&mut self, bucket: u32) -> &mut Count {
        let (page, slot) = (bucket as usize / PAGE, bucket as usize % PAGE);
        let number = match self.numbers.get(page) {
            Some(n) if *n > 0 => *n,
            _ => self.new_page(page),
        };
        &mut self.pages[usize::from(number) - 1][slot]
    }

    #[cold]
    fn new_page(&mut self, page: usize) -> u16 {
        self.numbers.resize(PAGES, 0);
        self.pages.push([Count::default(); PAGE]);
        let number = u16::try_from(self.pages.len()).unwrap_or(u16::MAX);
        self.numbers[page] = number;
        number
    }

    /// Buckets that were met, rising.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Count)> + '_ {
        let pages = self.numbers.iter().enumerate().filter(|(_, n)| **n > 0);
        pages.flat_map(|(page, number)| {
            let counts = self.pages[usize::from(*number) - 1].iter().enumerate();
            #[expect(clippy::cast_possible_truncation, reason = "below 2^19")]
            counts
                .filter(|(_, c)| c.rows > 0)
                .map(move |(slot, c)| ((page * PAGE + slot) as u32, *c))
        })
    }

    /// Adds another's counts.
    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.iter() {
            self.at(bucket).merge(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [f64; 10] = [-1e9, -3.5, -1e-6, 0.0, 1e-9, 0.1, 1.0, 1.5, 250.0, 1e12];

    #[test]
    fn buckets_rise_with_the_numbers_and_hold_their_middle() {
        for pair in NUMBERS.windows(2) {
            assert!(bucket(pair[0]) < bucket(pair[1]), "{pair:?}");
        }
        for x in NUMBERS {
            let m = middle(bucket(x));
            assert!((m - x).abs() <= x.abs() * 0.008, "{x}: {m}");
        }
    }

    /// Guarantees: the same counts as by a map, rising, for every double there may be; two add up.
    #[test]
    fn counts_are_kept_by_bucket_whatever_the_numbers() {
        let one = Side {
            selected: 1,
            baseline: 0,
        };
        let mut by_map = std::collections::BTreeMap::<u32, u64>::new();
        let (mut a, mut b) = (Histogram::default(), Histogram::default());
        let extremes = [f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, 5e-324];
        let numbers = NUMBERS.iter().chain(&extremes).cycle().take(100);
        for (i, x) in numbers.enumerate() {
            let half = if i % 3 == 0 { &mut a } else { &mut b };
            half.add(bucket(*x), one);
            *by_map.entry(bucket(*x)).or_default() += 1;
        }
        a.merge(&b);
        let found: Vec<_> = a.iter().map(|(bucket, c)| (bucket, c.rows)).collect();
        assert_eq!(found, by_map.into_iter().collect::<Vec<_>>());
    }
}
