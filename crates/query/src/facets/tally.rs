//! What one pass over the rows counts of each field.
//!
//! Text comes with the dictionary of the file or batch: codes are counted first, and only codes
//! that occur are looked up as text. Numbers go into a fine histogram; while they have few distinct
//! values these are counted too.

use super::histogram::{Histogram, bucket};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hashbrown::HashMap;

/// Distinct texts tracked per field; with more it is an id (storage.md §5.1).
pub(super) const DISTINCT_LIMIT: usize = 10_000;
/// Distinct integers up to which a field is a dimension; with more it is a measure.
pub(super) const FEW_NUMBERS: usize = 32;

/// Weight selected, weight of the baseline, rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) selected: u64,
    pub(super) baseline: u64,
    pub(super) rows: u64,
}

impl Count {
    #[inline]
    pub(super) fn add(&mut self, side: Side) {
        self.selected += side.selected;
        self.baseline += side.baseline;
        self.rows += u64::from(side.selected + side.baseline > 0);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.selected += other.selected;
        self.baseline += other.baseline;
        self.rows += other.rows;
    }
}

/// The weight of one row, on its side; zero on both: the row is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    pub(super) selected: u64,
    pub(super) baseline: u64,
}

/// What is counted of one field.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Rows with a value.
    pub(super) present: Count,
    pub(super) texts: HashMap<Box<str>, Count>,
    /// More texts than are tracked: it is an id.
    pub(super) overflowed: bool,
    pub(super) numbers: Numbers,
}

/// What is counted of a numeric field.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Whether values are truth values or integers, as far as seen.
    pub(super) kind: Option<Kind>,
    /// By value (bits), until there are more than [`FEW_NUMBERS`].
    pub(super) values: Vec<(u64, Count)>,
    pub(super) many: bool,
    /// By fine bucket, in the order of the values.
    pub(super) histogram: Histogram,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    /// Against the measured field.
    pub(super) together: Together,
}

/// The type of a numeric field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
}

/// A number on a logarithmic scale that goes through zero: log2 of a thousand times its size and one, straight between powers of
/// two. A correlation does not feel the difference from the true logarithm, a pass over all rows does. Not finite: NaN.
#[inline]
#[expect(
    clippy::cast_precision_loss,
    reason = "52 bits of mantissa and 11 of exponent"
)]
pub(super) fn scaled(v: f64) -> f64 {
    const ONE: u64 = 1023 << 52;
    if !v.is_finite() {
        return f64::NAN;
    }
    let size = (v.abs() * 1_000.0 + 1.0).min(f64::MAX);
    let log2 = (size.to_bits() - ONE) as f64 / (1u64 << 52) as f64;
    if v < 0.0 { -log2 } else { log2 }
}

/// Sums for the correlation of two fields, on a logarithmic scale.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Together {
    pub(super) n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Together {
    /// Adds a pair, both as [`scaled`] gives them; one that is no finite number is left out.
    #[inline]
    fn add(&mut self, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }

    /// Pearson's correlation, 0 where it is not defined.
    pub(super) fn correlation(&self) -> f64 {
        let cov = self.n * self.xy - self.x * self.y;
        let var = (self.n * self.xx - self.x * self.x) * (self.n * self.yy - self.y * self.y);
        if var > 0.0 { cov / var.sqrt() } else { 0.0 }
    }
}

impl Tally {
    /// Counts a batch. `sides` has one entry per row; `measured` too, as [`scaled`], NaN where there is none.
    pub(super) fn add(&mut self, array: &ArrayRef, sides: &[Side], measured: Option<&[f64]>) {
        match array.data_type() {
            DataType::Int64 => {
                let a = array.as_primitive::<Int64Type>();
                self.numbers.see(Kind::Int);
                #[expect(clippy::cast_precision_loss, reason = "a histogram is no exact thing")]
                self.add_numbers(array, sides, measured, |i| {
                    let v = a.value(i);
                    (v as f64, v.cast_unsigned())
                });
            }
            DataType::Float64 => {
                let a = array.as_primitive::<Float64Type>();
                self.numbers.see(Kind::Float);
                self.add_numbers(array, sides, measured, |i| {
                    let v = a.value(i);
                    (v, v.to_bits())
                });
            }
            DataType::Boolean => {
                let a = array.as_boolean();
                self.numbers.see(Kind::Bool);
                self.add_numbers(array, sides, None, |i| {
                    let v = a.value(i);
                    (f64::from(u8::from(v)), u64::from(v))
                });
            }
            _ => self.add_texts(array, sides),
        }
    }

    fn add_numbers(
        &mut self,
        array: &ArrayRef,
        sides: &[Side],
        measured: Option<&[f64]>,
        value: impl Fn(usize) -> (f64, u64),
    ) {
        let n = &mut self.numbers;
        let nulls = array.nulls();
        for (i, side) in sides.iter().enumerate() {
            if nulls.is_some_and(|n| n.is_null(i)) || side.selected + side.baseline == 0 {
                continue;
            }
            self.present.add(*side);
            let (x, key) = value(i);
            if !n.many {
                n.value(key).add(*side);
                if n.values.len() > FEW_NUMBERS {
                    n.many = true;
                    n.values = Vec::new();
                }
            }
            if x.is_nan() {
                continue;
            }
            n.histogram.add(bucket(x), *side);
            n.min = Some(n.min.map_or(x, |m| m.min(x)));
            n.max = Some(n.max.map_or(x, |m| m.max(x)));
            if let Some(measured) = measured {
                n.together.add(measured[i], scaled(x));
            }
        }
    }

    fn add_texts(&mut self, array: &ArrayRef, sides: &[Side]) {
        if let Some(d) = array.as_dictionary_opt::<UInt32Type>()
            && d.values().len() <= 2 * sides.len()
        {
            let mut counts = vec![Count::default(); d.values().len()];
            let keys = d.keys();
            for (i, side) in sides.iter().enumerate() {
                if keys.is_valid(i) {
                    counts[keys.value(i) as usize].add(*side);
                }
            }
            for (code, count) in counts.into_iter().enumerate() {
                if count.rows > 0
                    && let Some(text) = event::column::text_at(d.values().as_ref(), code)
                {
                    self.add_text(text, count);
                }
            }
            return;
        }
        for (i, side) in sides.iter().enumerate() {
            if side.selected + side.baseline > 0
                && let Some(text) = event::column::text_at(array.as_ref(), i)
            {
                let mut count = Count::default();
                count.add(*side);
                self.add_text(text, count);
            }
        }
    }

    fn add_text(&mut self, text: &str, count: Count) {
        self.present.merge(count);
        if let Some(c) = self.texts.get_mut(text) {
            c.merge(count);
        } else if self.texts.len() < DISTINCT_LIMIT {
            self.texts.insert(text.into(), count);
        } else {
            self.overflowed = true;
        }
    }

    /// Adds what another thread counted.
    pub(super) fn merge(&mut self, other: Self) {
        let mut present = self.present;
        present.merge(other.present);
        for (text, count) in other.texts {
            self.add_text(&text, count);
        }
        self.present = present;
        self.overflowed |= other.overflowed;
        self.numbers.merge(other.numbers);
    }
}

impl Numbers {
    /// The count of a value, while they are few: so few that a look at each is faster than a hash.
    #[inline]
    fn value(&mut self, key: u64) -> &mut Count {
        let at = self.values.iter().position(|(k, _)| *k == key);
        let at = at.unwrap_or_else(|| {
            self.values.push((key, Count::default()));
            self.values.len() - 1
        });
        &mut self.values[at].1
    }

    fn see(&mut self, kind: Kind) {
        self.kind = Some(match self.kind {
            None => kind,
            Some(k) if k == kind => k,
            Some(_) => Kind::Float,
        });
    }

    fn merge(&mut self, other: Self) {
        if let Some(kind) = other.kind {
            self.see(kind);
        }
        self.many |= other.many;
        if !self.many {
            for (value, count) in other.values {
                self.value(value).merge(count);
            }
            self.many = self.values.len() > FEW_NUMBERS;
        }
        if self.many {
            self.values = Vec::new();
        }
        self.histogram.merge(&other.histogram);
        let pick = |a: Option<f64>, b: Option<f64>, f: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(f(a, b)),
            (a, b) => a.or(b),
        };
        self.min = pick(self.min, other.min, f64::min);
        self.max = pick(self.max, other.max, f64::max);
        self.together.merge(&other.together);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Float64Array, Int64Array, StringArray, StringViewArray};
    use std::sync::Arc;

    fn side(selected: u64, baseline: u64) -> Side {
        Side { selected, baseline }
    }

    #[test]
    fn dictionary_codes_and_plain_texts_count_the_same() {
        let sides = [side(2, 0), side(0, 3), side(0, 0), side(1, 0)];
        let plain: ArrayRef = Arc::new(StringViewArray::from(vec![
            Some("a"),
            Some("b"),
            Some("a"),
            None,
        ]));
        let dict: DictionaryArray<UInt32Type> = vec![Some("a"), Some("b"), Some("a"), None]
            .into_iter()
            .collect();
        let mut counted = Vec::new();
        for array in [plain, Arc::new(dict) as ArrayRef] {
            let mut t = Tally::default();
            t.add(&array, &sides, None);
            assert_eq!(
                t.present,
                Count {
                    selected: 2,
                    baseline: 3,
                    rows: 2
                }
            );
            let mut texts: Vec<_> = t.texts.into_iter().collect();
            texts.sort_by(|a, b| a.0.cmp(&b.0));
            counted.push(texts);
        }
        assert_eq!(counted[0], counted[1]);
        assert_eq!(counted[0][0].1.selected, 2);
    }

    #[test]
    fn a_field_with_too_many_texts_is_an_id_also_when_threads_meet() {
        let texts = |from: usize| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(
                (from..from + DISTINCT_LIMIT - 1).map(|i| i.to_string()),
            ))
        };
        let sides = vec![side(1, 0); DISTINCT_LIMIT - 1];
        let (mut a, mut b) = (Tally::default(), Tally::default());
        a.add(&texts(0), &sides, None);
        b.add(&texts(5_000), &sides, None);
        assert!(!a.overflowed && !b.overflowed);
        a.merge(b);
        assert!(a.overflowed);
        assert_eq!(a.present.rows, 2 * (DISTINCT_LIMIT as u64 - 1));
    }

    #[test]
    fn numbers_are_counted_by_value_only_while_few() {
        let mut t = Tally::default();
        let few: ArrayRef = Arc::new(Int64Array::from(vec![Some(200), None, Some(404)]));
        t.add(&few, &[side(1, 0), side(1, 0), side(0, 5)], None);
        assert_eq!(t.numbers.values.len(), 2);
        assert_eq!(t.present.rows, 2);
        let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..40));
        t.add(&many, &[side(1, 0); 40], None);
        assert!(t.numbers.many && t.numbers.values.is_empty());
        assert_eq!(t.numbers.max, Some(404.0));
    }

    #[test]
    fn a_field_that_follows_the_measured_one_correlates() {
        let scaled_ms: Vec<f64> = (1..200).map(|v| scaled(f64::from(v))).collect();
        let ns: ArrayRef = Arc::new(Int64Array::from_iter_values(
            (1..200).map(|v| v * 1_000_000),
        ));
        let noise: ArrayRef = Arc::new(Float64Array::from_iter_values(
            (1..200).map(|v| f64::from(v * 7919 % 101)),
        ));
        let sides = vec![side(1, 0); 199];
        let mut t = Tally::default();
        t.add(&ns, &sides, Some(&scaled_ms));
        assert!(t.numbers.together.correlation() > 0.99);
        let mut t = Tally::default();
        t.add(&noise, &sides, Some(&scaled_ms));
        assert!(t.numbers.together.correlation().abs() < 0.3);
    }
}
