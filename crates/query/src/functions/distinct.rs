//! Number of distinct values: exact up to 1,024, then a HyperLogLog of 4 KiB (standard error 1.6 %).

use hashbrown::HashTable;

/// Most values kept exactly.
pub(crate) const EXACT_LIMIT: usize = 1_024;
/// Index bits of the HyperLogLog.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// A set of 64-bit hashes, or what is left of it.
#[derive(Clone, Debug)]
pub(crate) enum Distinct {
    /// All hashes.
    Exact(HashTable<u64>),
    /// Greatest rank per register.
    Sketch(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(HashTable::new())
    }
}

impl Distinct {
    /// Adds a value by its hash; all bits must be well mixed.
    pub(crate) fn add(&mut self, hash: u64) {
        match self {
            Self::Exact(set) => {
                if set.find(hash, |h| *h == hash).is_none() {
                    set.insert_unique(hash, hash, |h| *h);
                    if set.len() > EXACT_LIMIT {
                        self.make_sketch();
                    }
                }
            }
            Self::Sketch(registers) => register(registers, hash),
        }
    }

    fn make_sketch(&mut self) {
        if let Self::Exact(set) = self {
            let mut registers = Box::new([0; REGISTERS]);
            set.iter().for_each(|h| register(&mut registers, *h));
            *self = Self::Sketch(registers);
        }
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        match other {
            Self::Exact(set) => set.iter().for_each(|h| self.add(*h)),
            Self::Sketch(theirs) => {
                self.make_sketch();
                if let Self::Sketch(ours) = self {
                    ours.iter_mut()
                        .zip(theirs.iter())
                        .for_each(|(a, b)| *a = (*a).max(*b));
                }
            }
        }
    }

    /// How many distinct values were added.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Exact(set) => set.len() as u64,
            Self::Sketch(registers) => estimate(registers),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Exact(set) => set.capacity() * 9,
            Self::Sketch(_) => REGISTERS,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the rank of 52 bits fits a byte"
)]
fn register(registers: &mut [u8; REGISTERS], hash: u64) {
    let index = (hash >> (64 - BITS)) as usize;
    // The guard bit bounds the rank at 53 when all others are zero.
    let rank = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() as u8 + 1;
    registers[index] = registers[index].max(rank);
}

/// Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017,
/// algorithm 6): no bias over the whole range, no tables.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an estimate of a count"
)]
fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    const Q: usize = 64 - BITS as usize;
    let mut histogram = [0u32; Q + 2];
    for r in registers {
        histogram[usize::from(*r).min(Q + 1)] += 1;
    }
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - f64::from(histogram[Q + 1]) / m);
    for k in (1..=Q).rev() {
        z = 0.5 * (z + f64::from(histogram[k]));
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    (m * m / (2.0 * std::f64::consts::LN_2 * z)).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(i: u64) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&i.to_le_bytes())
    }

    #[test]
    fn exact_up_to_the_limit() {
        let mut d = Distinct::default();
        (0..1024).for_each(|i| d.add(hash(i)));
        (0..1024).for_each(|i| d.add(hash(i)));
        assert_eq!(d.count(), 1024);
        assert!(matches!(d, Distinct::Exact(_)));
    }

    #[test]
    fn within_five_percent_beyond_it() {
        for n in [1_100u64, 3_000, 20_000, 300_000] {
            let mut d = Distinct::default();
            (0..n).for_each(|i| d.add(hash(i)));
            let error = (d.count() as f64 / n as f64 - 1.0).abs();
            assert!(error < 0.05, "{n}: {}", d.count());
        }
    }

    #[test]
    fn merging_equals_adding_all() {
        for (a, b) in [(10, 20), (500, 900), (2_000, 100), (5_000, 9_000)] {
            let (mut x, mut y, mut all) = Default::default();
            (0..a).for_each(|i| Distinct::add(&mut x, hash(i)));
            (a / 2..b).for_each(|i| Distinct::add(&mut y, hash(i)));
            (0..a.max(b)).for_each(|i| Distinct::add(&mut all, hash(i)));
            x.merge(&y);
            assert_eq!(x.count(), all.count(), "{a} {b}");
        }
    }
}
