//! Groups: keys of rows become small numbers.
//!
//! Each breakdown column numbers its values (0 is "no value"); with several columns pairs of
//! numbers are numbered in turn. Text that comes as a dictionary is looked up once per entry, not
//! once per row. Group 0 stands for rows whose group is not kept.

use crate::answer::Cell;
use crate::values::type_of;
use ahash::RandomState;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, StringArray};
use event::Type;
use hashbrown::{HashMap, HashTable};

/// The group of rows that are not kept apart.
pub(crate) const REST: u32 = 0;
/// A value or pair that a frozen table does not have.
const MISS: u32 = u32::MAX;

/// Distinct texts, numbered.
#[derive(Clone, Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Texts {
    fn get(&self, i: u32) -> &str {
        // Only whole texts are ever pushed.
        std::str::from_utf8(Self::bytes_of(&self.bytes, &self.ends, i)).unwrap_or_default()
    }

    fn bytes_of<'a>(bytes: &'a [u8], ends: &[usize], i: u32) -> &'a [u8] {
        let i = i as usize;
        let start = if i == 0 { 0 } else { ends[i - 1] };
        &bytes[start..ends[i]]
    }

    fn find(&self, text: &str) -> (u64, Option<u32>) {
        let hash = self.hasher.hash_one(text.as_bytes());
        let is = |i: &u32| Self::bytes_of(&self.bytes, &self.ends, *i) == text.as_bytes();
        (hash, self.table.find(hash, is).copied())
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "groups are bounded far below 2^32"
    )]
    fn intern(&mut self, text: &str) -> u32 {
        let (hash, hit) = self.find(text);
        if let Some(i) = hit {
            return i;
        }
        let i = self.ends.len() as u32;
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
        let Self {
            bytes,
            ends,
            table,
            hasher,
        } = self;
        table.insert_unique(hash, i, |j| {
            hasher.hash_one(Self::bytes_of(bytes, ends, *j))
        });
        i
    }
}

/// The values of one breakdown, numbered from 1; 0 is no value.
#[derive(Clone, Debug)]
enum Values {
    Text(Texts),
    Int(HashMap<i64, u32, RandomState>, Vec<i64>),
    /// By bits; the two zeros are one value.
    Float(HashMap<u64, u32, RandomState>, Vec<f64>),
    Bool,
}

#[derive(Clone, Debug)]
struct Key {
    values: Values,
    /// The dictionary last seen and the numbers of its entries, found when first met.
    cache: Option<(StringArray, Vec<u32>)>,
}

impl Key {
    fn new(ty: Type) -> Self {
        let values = match ty {
            Type::Str => Values::Text(Texts::default()),
            Type::Int => Values::Int(HashMap::default(), Vec::new()),
            Type::Float => Values::Float(HashMap::default(), Vec::new()),
            Type::Bool => Values::Bool,
        };
        Self {
            values,
            cache: None,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "groups are bounded far below 2^32"
    )]
    fn number(&mut self, cell: &Cell, frozen: bool) -> u32 {
        match (&mut self.values, cell) {
            (_, Cell::Null | Cell::Buckets { .. }) => 0,
            (Values::Text(t), Cell::Text(s)) => text(t, s, frozen),
            (Values::Int(map, list), Cell::Int(i)) => *map.entry(*i).or_insert_with(|| {
                list.push(*i);
                list.len() as u32
            }),
            (Values::Float(map, list), Cell::Float(x)) => {
                let x = if *x == 0.0 { 0.0 } else { *x };
                *map.entry(x.to_bits()).or_insert_with(|| {
                    list.push(x);
                    list.len() as u32
                })
            }
            (Values::Bool, Cell::Bool(b)) => 1 + u32::from(*b),
            (_, other) => {
                debug_assert!(false, "{other:?} is not of its column's type");
                0
            }
        }
    }

    /// The numbers of a column's values.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "groups are bounded far below 2^32"
    )]
    fn numbers(&mut self, array: &ArrayRef, frozen: bool, out: &mut Vec<u32>) {
        out.clear();
        let rows = array.len();
        out.reserve(rows);
        match &mut self.values {
            Values::Text(texts) => {
                if let Some(d) = array.as_dictionary_opt::<UInt32Type>()
                    && let Some(values) = d.values().as_string_opt::<i32>()
                {
                    let known = self.cache.take().filter(|(of, _)| same(of, values));
                    let mut cache =
                        known.unwrap_or_else(|| (values.clone(), vec![MISS - 1; values.len()]));
                    for i in 0..rows {
                        if d.is_null(i) {
                            out.push(0);
                            continue;
                        }
                        let k = d.keys().value(i) as usize;
                        let mut n = cache.1[k];
                        if n == MISS - 1 {
                            n = text(texts, values.value(k), frozen);
                            cache.1[k] = n;
                        }
                        out.push(n);
                    }
                    self.cache = Some(cache);
                    return;
                }
                let mut last: Option<(usize, u32)> = None;
                for i in 0..rows {
                    let Some(t) = event::column::text_at(array.as_ref(), i) else {
                        out.push(0);
                        continue;
                    };
                    // The same text as in the row before: the usual case, and cheaper than a hash.
                    let n = match last {
                        Some((j, n)) if event::column::text_at(array.as_ref(), j) == Some(t) => n,
                        _ => text(texts, t, frozen),
                    };
                    last = Some((i, n));
                    out.push(n);
                }
            }
            Values::Int(map, list) => {
                let Some(a) = array.as_primitive_opt::<Int64Type>() else {
                    return out.resize(rows, 0);
                };
                for v in a {
                    out.push(match v {
                        None => 0,
                        Some(v) if frozen => map.get(&v).copied().unwrap_or(MISS),
                        Some(v) => *map.entry(v).or_insert_with(|| {
                            list.push(v);
                            list.len() as u32
                        }),
                    });
                }
            }
            Values::Float(map, list) => {
                let Some(a) = array.as_primitive_opt::<Float64Type>() else {
                    return out.resize(rows, 0);
                };
                for v in a {
                    let v = v.map(|v| if v == 0.0 { 0.0 } else { v });
                    out.push(match v {
                        None => 0,
                        Some(v) if frozen => map.get(&v.to_bits()).copied().unwrap_or(MISS),
                        Some(v) => *map.entry(v.to_bits()).or_insert_with(|| {
                            list.push(v);
                            list.len() as u32
                        }),
                    });
                }
            }
            Values::Bool => {
                let Some(a) = array.as_boolean_opt() else {
                    return out.resize(rows, 0);
                };
                out.extend(a.iter().map(|v| v.map_or(0, |b| 1 + u32::from(b))));
            }
        }
        debug_assert!(
            array.is_empty() || type_of(array.as_ref()) == self.ty(),
            "a column has one type over a whole scan"
        );
    }

    fn ty(&self) -> Type {
        match self.values {
            Values::Text(_) => Type::Str,
            Values::Int(..) => Type::Int,
            Values::Float(..) => Type::Float,
            Values::Bool => Type::Bool,
        }
    }

    fn cell(&self, n: u32) -> Cell {
        if n == 0 {
            return Cell::Null;
        }
        match &self.values {
            Values::Text(t) => Cell::Text(t.get(n - 1).to_owned()),
            Values::Int(_, list) => Cell::Int(list[n as usize - 1]),
            Values::Float(_, list) => Cell::Float(list[n as usize - 1]),
            Values::Bool => Cell::Bool(n == 2),
        }
    }

    fn heap_bytes(&self) -> usize {
        match &self.values {
            Values::Text(t) => t.bytes.capacity() + t.ends.capacity() * 8 + t.table.capacity() * 5,
            Values::Int(m, l) => m.capacity() * 17 + l.capacity() * 8,
            Values::Float(m, l) => m.capacity() * 17 + l.capacity() * 8,
            Values::Bool => 0,
        }
    }
}

fn text(texts: &mut Texts, t: &str, frozen: bool) -> u32 {
    if frozen {
        texts.find(t).1.map_or(MISS, |i| i + 1)
    } else {
        texts.intern(t) + 1
    }
}

/// Whether two arrays are the same memory.
fn same(a: &StringArray, b: &StringArray) -> bool {
    a.len() == b.len()
        && a.values().as_ptr() == b.values().as_ptr()
        && a.offsets().as_ptr() == b.offsets().as_ptr()
}

/// Pairs of numbers, numbered.
#[derive(Clone, Debug, Default)]
struct Pairs {
    map: HashMap<u64, u32, RandomState>,
    list: Vec<(u32, u32)>,
}

impl Pairs {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "groups are bounded far below 2^32"
    )]
    fn number(&mut self, a: u32, b: u32, frozen: bool) -> u32 {
        if a == MISS || b == MISS {
            return MISS;
        }
        let key = u64::from(a) << 32 | u64::from(b);
        if frozen {
            return self.map.get(&key).copied().unwrap_or(MISS);
        }
        let list = &mut self.list;
        *self.map.entry(key).or_insert_with(|| {
            list.push((a, b));
            list.len() as u32 - 1
        })
    }
}

/// The groups met so far.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    keys: Vec<Key>,
    pairs: Vec<Pairs>,
    frozen: bool,
    scratch: (Vec<u32>, Vec<u32>),
}

impl Groups {
    /// No group yet, of keys of these types.
    pub(crate) fn new(types: &[Type]) -> Self {
        Self {
            keys: types.iter().map(|t| Key::new(*t)).collect(),
            pairs: vec![Pairs::default(); types.len().saturating_sub(1)],
            frozen: false,
            scratch: Default::default(),
        }
    }

    /// From now on unknown keys are of the group [`REST`].
    pub(crate) fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Whether unknown keys are the rest's.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// One more than the greatest group number. Not every number need have rows.
    pub(crate) fn len(&self) -> usize {
        match (self.keys.as_slice(), self.pairs.last()) {
            ([], _) => 2,
            (_, Some(p)) => p.list.len() + 1,
            ([only, ..], None) => {
                2 + match &only.values {
                    Values::Text(t) => t.ends.len(),
                    Values::Int(_, l) => l.len(),
                    Values::Float(_, l) => l.len(),
                    Values::Bool => 2,
                }
            }
        }
    }

    /// The group of each row, by its key columns.
    pub(crate) fn assign(&mut self, columns: &[&ArrayRef], rows: usize, out: &mut Vec<u32>) {
        out.clear();
        let Some((first, rest)) = columns.split_first() else {
            out.resize(rows, 1);
            return;
        };
        let (mut ids, mut codes) = std::mem::take(&mut self.scratch);
        self.keys[0].numbers(first, self.frozen, &mut ids);
        for (k, column) in rest.iter().enumerate() {
            self.keys[k + 1].numbers(column, self.frozen, &mut codes);
            let pairs = &mut self.pairs[k];
            let mut last = (MISS, MISS, MISS);
            for (id, code) in ids.iter_mut().zip(&codes) {
                if (last.0, last.1) != (*id, *code) || *id == MISS {
                    last = (*id, *code, pairs.number(*id, *code, self.frozen));
                }
                *id = last.2;
            }
        }
        out.extend(ids.iter().map(|id| if *id == MISS { REST } else { id + 1 }));
        self.scratch = (ids, codes);
    }

    /// The group with these keys, made when new.
    pub(crate) fn intern(&mut self, cells: &[Cell]) -> u32 {
        let Some(first) = cells.first() else {
            return 1;
        };
        let mut id = self.keys[0].number(first, false);
        for (k, cell) in cells.iter().enumerate().skip(1) {
            let n = self.keys[k].number(cell, false);
            id = self.pairs[k - 1].number(id, n, false);
        }
        id + 1
    }

    /// The keys of a group other than [`REST`].
    pub(crate) fn cells(&self, group: u32) -> Vec<Cell> {
        if self.keys.is_empty() || group == REST {
            return vec![Cell::Null; self.keys.len()];
        }
        let mut out = Vec::with_capacity(self.keys.len());
        let mut id = group - 1;
        for (k, pairs) in self.pairs.iter().enumerate().rev() {
            let (a, b) = pairs.list[id as usize];
            out.push(self.keys[k + 1].cell(b));
            id = a;
        }
        out.push(self.keys[0].cell(id));
        out.reverse();
        out
    }

    /// Bytes on the heap, roughly.
    pub(crate) fn heap_bytes(&self) -> usize {
        let keys: usize = self.keys.iter().map(Key::heap_bytes).sum();
        let pairs: usize = self
            .pairs
            .iter()
            .map(|p| p.map.capacity() * 17 + p.list.capacity() * 8)
            .sum();
        keys + pairs
    }

    /// The types of the keys.
    pub(crate) fn types(&self) -> Vec<Type> {
        self.keys.iter().map(Key::ty).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int64Array, StringViewArray};
    use std::sync::Arc;

    #[test]
    fn text_groups_are_the_same_in_every_layout() {
        let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), None, Some("b")]));
        let dict: ArrayRef = Arc::new(
            vec![Some("b"), Some("a"), None, Some("b")]
                .into_iter()
                .collect::<DictionaryArray<UInt32Type>>(),
        );
        let mut g = Groups::new(&[Type::Str]);
        let mut out = Vec::new();
        g.assign(&[&view], 3, &mut out);
        let (a, none, b) = (out[0], out[1], out[2]);
        g.assign(&[&dict], 4, &mut out);
        assert_eq!(out, [b, a, none, b]);
        assert_eq!(g.cells(a), [Cell::Text("a".into())]);
        assert_eq!(g.cells(none), [Cell::Null]);
    }

    #[test]
    fn several_keys_make_one_group_and_read_back() {
        let (x, y, z): (ArrayRef, ArrayRef, ArrayRef) = (
            Arc::new(Int64Array::from(vec![1, 1, 2])),
            Arc::new(StringViewArray::from(vec!["p", "p", "p"])),
            Arc::new(Int64Array::from(vec![None, None, Some(3)])),
        );
        let mut g = Groups::new(&[Type::Int, Type::Str, Type::Int]);
        let mut out = Vec::new();
        g.assign(&[&x, &y, &z], 3, &mut out);
        assert_eq!(out[0], out[1]);
        assert_ne!(out[0], out[2]);
        let want = [Cell::Int(2), Cell::Text("p".into()), Cell::Int(3)];
        assert_eq!(g.cells(out[2]), want);
        let mut other = Groups::new(&[Type::Int, Type::Str, Type::Int]);
        let kept = other.intern(&want);
        other.freeze();
        other.assign(&[&x, &y, &z], 3, &mut out);
        assert_eq!(out, [REST, REST, kept]);
    }
}
