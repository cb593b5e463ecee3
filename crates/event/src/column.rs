//! One column of a batch: which rows have a value, and the values, dense.

use crate::value::{Type, ValueRef};
use arrow_array::builder::BooleanBuilder;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int64Array,
    StringArray, UInt32Array, cast::AsArray, types::UInt32Type,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use std::sync::Arc;

/// Which rows of the batch have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every row.
    All,
    /// Bit `i % 64` of word `i / 64` is set where row `i` has one.
    Bits(Vec<u64>),
    /// The rows that have one, rising: for columns filled in fewer than one row of 32.
    Rows(Vec<u32>),
}

impl Presence {
    /// The smallest form for `filled` (rising row numbers) of `rows` rows.
    #[must_use]
    pub fn from_rows(filled: Vec<u32>, rows: usize) -> Self {
        if filled.len() == rows {
            Self::All
        } else if filled.len() * 32 >= rows {
            let mut bits = vec![0u64; rows.div_ceil(64)];
            for r in &filled {
                bits[*r as usize / 64] |= 1 << (r % 64);
            }
            Self::Bits(bits)
        } else {
            Self::Rows(filled)
        }
    }

    /// How many of `rows` rows have a value.
    #[must_use]
    pub fn count(&self, rows: usize) -> usize {
        match self {
            Self::All => rows,
            Self::Bits(bits) => bits.iter().map(|w| w.count_ones() as usize).sum(),
            Self::Rows(r) => r.len(),
        }
    }

    /// The place of `row`'s value among the dense values; `None` when it has none.
    #[must_use]
    pub fn rank(&self, row: usize) -> Option<usize> {
        match self {
            Self::All => Some(row),
            Self::Bits(bits) => {
                let word = *bits.get(row / 64)?;
                let bit = 1u64 << (row % 64);
                (word & bit != 0).then(|| {
                    bits[..row / 64]
                        .iter()
                        .map(|w| w.count_ones() as usize)
                        .sum::<usize>()
                        + (word & (bit - 1)).count_ones() as usize
                })
            }
            Self::Rows(r) => r.binary_search(&u32::try_from(row).ok()?).ok(),
        }
    }

    /// Calls `f` with every row that has a value, rising.
    pub fn for_each(&self, rows: usize, mut f: impl FnMut(usize)) {
        match self {
            Self::All => (0..rows).for_each(f),
            Self::Bits(bits) => {
                for (w, word) in bits.iter().enumerate() {
                    let mut word = *word;
                    while word != 0 {
                        f(w * 64 + word.trailing_zeros() as usize);
                        word &= word - 1;
                    }
                }
            }
            Self::Rows(r) => r.iter().for_each(|r| f(*r as usize)),
        }
    }

    /// As an Arrow null buffer; `None` when every row has a value.
    #[must_use]
    pub fn nulls(&self, rows: usize) -> Option<NullBuffer> {
        let bits = match self {
            Self::All => return None,
            Self::Bits(bits) => Buffer::from_vec(bits.clone()),
            Self::Rows(r) => {
                let mut bits = vec![0u64; rows.div_ceil(64)];
                for r in r {
                    bits[*r as usize / 64] |= 1 << (r % 64);
                }
                Buffer::from_vec(bits)
            }
        };
        Some(NullBuffer::new(BooleanBuffer::new(bits, 0, rows)))
    }
}

/// Indexes into a dictionary, as narrow as it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// The `i`-th value is the `i`-th entry: nothing repeats.
    Identity,
    /// At most 256 entries.
    U8(Vec<u8>),
    /// At most 65,536 entries.
    U16(Vec<u16>),
    /// Any number of entries.
    U32(Vec<u32>),
}

impl Codes {
    /// The narrowest form of `codes` over a dictionary of `entries`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the dictionary's size bounds every code"
    )]
    pub fn narrow(codes: Vec<u32>, entries: usize) -> Self {
        if codes.len() == entries && codes.iter().enumerate().all(|(i, c)| i == *c as usize) {
            Self::Identity
        } else if entries <= 1 << 8 {
            Self::U8(codes.into_iter().map(|c| c as u8).collect())
        } else if entries <= 1 << 16 {
            Self::U16(codes.into_iter().map(|c| c as u16).collect())
        } else {
            Self::U32(codes)
        }
    }

    /// The `i`-th code.
    #[must_use]
    pub fn get(&self, i: usize) -> usize {
        match self {
            Self::Identity => i,
            Self::U8(c) => usize::from(c[i]),
            Self::U16(c) => usize::from(c[i]),
            Self::U32(c) => c[i] as usize,
        }
    }
}

/// Text values: the column's own dictionary, and a code per value.
#[derive(Clone, Debug, PartialEq)]
pub struct StrData {
    /// The distinct texts, in order of first appearance. Never null.
    pub dict: StringArray,
    /// One code per present value.
    pub codes: Codes,
}

/// The dense values of a column, one per row that has one.
#[derive(Clone, Debug)]
pub enum Data {
    /// Text.
    Str(StrData),
    /// Integers; also times and durations.
    Int(Vec<i64>),
    /// Doubles.
    Float(Vec<f64>),
    /// Truth values.
    Bool(Vec<bool>),
    /// 16-byte ids.
    Id16(Vec<[u8; 16]>),
    /// 8-byte ids.
    Id8(Vec<[u8; 8]>),
}

/// Doubles compare by their bits, so that a decoded NaN equals the encoded one.
impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
            }
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Id16(a), Self::Id16(b)) => a == b,
            (Self::Id8(a), Self::Id8(b)) => a == b,
            _ => false,
        }
    }
}

impl Data {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Str(s) => match &s.codes {
                Codes::Identity => s.dict.len(),
                Codes::U8(c) => c.len(),
                Codes::U16(c) => c.len(),
                Codes::U32(c) => c.len(),
            },
            Self::Int(v) => v.len(),
            Self::Float(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Id16(v) => v.len(),
            Self::Id8(v) => v.len(),
        }
    }

    /// Whether it has no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The attribute type; `None` for ids, which no attribute has.
    #[must_use]
    pub fn ty(&self) -> Option<Type> {
        match self {
            Self::Str(_) => Some(Type::Str),
            Self::Int(_) => Some(Type::Int),
            Self::Float(_) => Some(Type::Float),
            Self::Bool(_) => Some(Type::Bool),
            Self::Id16(_) | Self::Id8(_) => None,
        }
    }
}

/// One column: presence and dense values. `data.len()` equals the presence count.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Which rows have a value.
    pub presence: Presence,
    /// Their values, by rising row.
    pub data: Data,
}

impl Column {
    /// A column with a value in every row.
    #[must_use]
    pub fn dense(data: Data) -> Self {
        Self {
            presence: Presence::All,
            data,
        }
    }

    /// The scalar value of `row`; `None` where it has none, and for id columns.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<ValueRef<'_>> {
        let i = self.presence.rank(row)?;
        match &self.data {
            Data::Str(s) => Some(ValueRef::Str(s.dict.value(s.codes.get(i)))),
            Data::Int(v) => v.get(i).copied().map(ValueRef::Int),
            Data::Float(v) => v.get(i).copied().map(ValueRef::Float),
            Data::Bool(v) => v.get(i).copied().map(ValueRef::Bool),
            Data::Id16(_) | Data::Id8(_) => None,
        }
    }

    /// The 16-byte id of `row`.
    #[must_use]
    pub fn id16(&self, row: usize) -> Option<[u8; 16]> {
        let i = self.presence.rank(row)?;
        if let Data::Id16(v) = &self.data {
            v.get(i).copied()
        } else {
            None
        }
    }

    /// The 8-byte id of `row`.
    #[must_use]
    pub fn id8(&self, row: usize) -> Option<[u8; 8]> {
        let i = self.presence.rank(row)?;
        if let Data::Id8(v) = &self.data {
            v.get(i).copied()
        } else {
            None
        }
    }

    /// The column over all `rows` rows as an Arrow array: string views for text (sharing the
    /// dictionary's bytes, no copy per row), `Int64`, `Float64`, `Boolean`, `FixedSizeBinary`.
    #[must_use]
    pub fn to_array(&self, rows: usize) -> ArrayRef {
        let nulls = self.presence.nulls(rows);
        match &self.data {
            Data::Str(s) => {
                let views = arrow_array::StringViewArray::from(&s.dict);
                if matches!((&self.presence, &s.codes), (Presence::All, Codes::Identity)) {
                    return Arc::new(views);
                }
                let keys = self.keys(s, rows, nulls);
                arrow_select::take::take(&views, &keys, None).unwrap_or_else(|_| {
                    debug_assert!(
                        false,
                        "codes are checked against their dictionary when built and decoded"
                    );
                    arrow_array::new_null_array(&arrow_schema::DataType::Utf8View, rows)
                })
            }
            Data::Int(v) => Arc::new(Int64Array::new(self.spread(v, rows).into(), nulls)),
            Data::Float(v) => Arc::new(Float64Array::new(self.spread(v, rows).into(), nulls)),
            Data::Bool(v) => {
                let mut b = BooleanBuilder::with_capacity(rows);
                for x in self.spread(v, rows) {
                    b.append_value(x);
                }
                Arc::new(BooleanArray::new(b.finish().values().clone(), nulls))
            }
            Data::Id16(v) => self.id_array(v, rows, nulls),
            Data::Id8(v) => self.id_array(v, rows, nulls),
        }
    }

    /// Text as a dictionary array over its own dictionary; `None` for other types.
    #[must_use]
    pub fn to_dictionary(&self, rows: usize) -> Option<DictionaryArray<UInt32Type>> {
        let Data::Str(s) = &self.data else {
            return None;
        };
        let keys = self.keys(s, rows, self.presence.nulls(rows));
        DictionaryArray::try_new(keys, Arc::new(s.dict.clone())).ok()
    }

    #[expect(clippy::cast_possible_truncation, reason = "codes are u32")]
    fn keys(&self, s: &StrData, rows: usize, nulls: Option<NullBuffer>) -> UInt32Array {
        let mut keys = vec![0u32; rows];
        let mut i = 0;
        self.presence.for_each(rows, |r| {
            keys[r] = s.codes.get(i) as u32;
            i += 1;
        });
        UInt32Array::new(keys.into(), nulls)
    }

    fn spread<T: Copy + Default>(&self, values: &[T], rows: usize) -> Vec<T> {
        if matches!(self.presence, Presence::All) {
            return values.to_vec();
        }
        let mut out = vec![T::default(); rows];
        let mut values = values.iter();
        self.presence.for_each(rows, |r| {
            if let Some(v) = values.next() {
                out[r] = *v;
            }
        });
        out
    }

    #[expect(
        clippy::cast_possible_wrap,
        clippy::cast_possible_truncation,
        reason = "N is 8 or 16"
    )]
    fn id_array<const N: usize>(
        &self,
        values: &[[u8; N]],
        rows: usize,
        nulls: Option<NullBuffer>,
    ) -> ArrayRef {
        let mut out = vec![0u8; rows * N];
        let mut values = values.iter();
        self.presence.for_each(rows, |r| {
            if let Some(v) = values.next() {
                out[r * N..(r + 1) * N].copy_from_slice(v);
            }
        });
        Arc::new(FixedSizeBinaryArray::new(
            N as i32,
            Buffer::from_vec(out),
            nulls,
        ))
    }

    /// Roughly the bytes it holds in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let presence = match &self.presence {
            Presence::All => 0,
            Presence::Bits(b) => b.len() * 8,
            Presence::Rows(r) => r.len() * 4,
        };
        let data = match &self.data {
            Data::Str(s) => {
                let codes = match &s.codes {
                    Codes::Identity => 0,
                    Codes::U8(c) => c.len(),
                    Codes::U16(c) => c.len() * 2,
                    Codes::U32(c) => c.len() * 4,
                };
                codes + s.dict.get_array_memory_size()
            }
            Data::Int(v) => v.len() * 8,
            Data::Float(v) => v.len() * 8,
            Data::Bool(v) => v.len(),
            Data::Id16(v) => v.len() * 16,
            Data::Id8(v) => v.len() * 8,
        };
        presence + data + std::mem::size_of::<Self>()
    }

    /// Stacks columns one after another: `parts` are (column or none, rows) in order. `None` when
    /// no part has a value, or when types differ, which callers rule out by grouping on type.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a batch has fewer than 2^32 rows"
    )]
    pub fn concat(parts: &[(Option<&Self>, usize)]) -> Option<Self> {
        let rows: usize = parts.iter().map(|p| p.1).sum();
        let mut filled: Vec<u32> = Vec::new();
        let mut base = 0usize;
        for (column, n) in parts {
            if let Some(c) = column {
                c.presence.for_each(*n, |r| filled.push((base + r) as u32));
            }
            base += n;
        }
        let columns: Vec<&Self> = parts.iter().filter_map(|p| p.0).collect();
        macro_rules! join {
            ($variant:ident) => {{
                let mut out = Vec::with_capacity(filled.len());
                for c in &columns {
                    let Data::$variant(v) = &c.data else {
                        return None;
                    };
                    out.extend_from_slice(v);
                }
                Data::$variant(out)
            }};
        }
        let data = match &columns.first()?.data {
            Data::Int(_) => join!(Int),
            Data::Float(_) => join!(Float),
            Data::Bool(_) => join!(Bool),
            Data::Id16(_) => join!(Id16),
            Data::Id8(_) => join!(Id8),
            Data::Str(_) => {
                let mut dict = crate::builder::Dictionary::default();
                let mut codes = Vec::with_capacity(filled.len());
                for c in &columns {
                    let Data::Str(s) = &c.data else { return None };
                    let map: Vec<u32> = (0..s.dict.len())
                        .map(|i| dict.intern(s.dict.value(i)))
                        .collect();
                    codes.extend((0..c.data.len()).map(|i| map[s.codes.get(i)]));
                }
                let entries = dict.len();
                Data::Str(StrData {
                    dict: dict.finish(),
                    codes: Codes::narrow(codes, entries),
                })
            }
        };
        Some(Self {
            presence: Presence::from_rows(filled, rows),
            data,
        })
    }
}

/// The text at `i` of any of Arrow's three text layouts, or of a dictionary over them. `None` when null.
#[must_use]
pub fn text_at(array: &dyn Array, i: usize) -> Option<&str> {
    if array.is_null(i) {
        return None;
    }
    if let Some(a) = array.as_string_view_opt() {
        return Some(a.value(i));
    }
    if let Some(a) = array.as_string_opt::<i32>() {
        return Some(a.value(i));
    }
    if let Some(a) = array.as_dictionary_opt::<UInt32Type>() {
        return text_at(a.values().as_ref(), a.keys().value(i) as usize);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(rows: &[u32], n: usize) -> Column {
        Column {
            presence: Presence::from_rows(rows.to_vec(), n),
            data: Data::Int(rows.iter().map(|r| i64::from(*r) * 10).collect()),
        }
    }

    #[test]
    fn presence_takes_its_smallest_form_and_ranks_the_same_in_each() {
        let n = 200;
        for rows in [
            (0..200).collect::<Vec<u32>>(),
            (0..200).step_by(3).collect(),
            vec![5, 199],
            vec![],
        ] {
            let c = ints(&rows, n);
            for r in 0..n {
                let want = rows
                    .iter()
                    .any(|x| *x as usize == r)
                    .then(|| ValueRef::Int(i64::try_from(r).unwrap() * 10));
                assert_eq!(c.value(r), want, "row {r} of {rows:?}");
            }
            assert_eq!(c.presence.count(n), rows.len());
            let a = c.to_array(n);
            assert_eq!(a.null_count(), n - rows.len());
        }
    }

    #[test]
    fn stacked_columns_keep_each_row_where_it_was() {
        let (a, b) = (ints(&[1, 2], 4), ints(&[0], 2));
        let c = Column::concat(&[(Some(&a), 4), (None, 3), (Some(&b), 2)]).unwrap();
        let got: Vec<_> = (0..9).map(|r| c.value(r)).collect();
        let i = |v| Some(ValueRef::Int(v));
        assert_eq!(
            got,
            [None, i(10), i(20), None, None, None, None, i(0), None]
        );
    }
}
