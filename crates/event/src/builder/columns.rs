//! One column under construction, and the dictionary of its texts.

use crate::column::{Codes, Column, Data, Presence, StrData};
use crate::value::{Type, Value, ValueRef};
use ahash::RandomState;
use arrow_array::StringArray;
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use hashbrown::HashTable;

/// Distinct texts with their codes, in order of first appearance.
#[derive(Default)]
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<Entry>,
    hasher: RandomState,
}

/// Half of a text's hash stands beside its code, so that a growing table need not read the texts again.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    code: u32,
}

impl Entry {
    /// The table takes its place from the lower bits, and tells neighbours by the upper ones.
    fn spread(hash: u32) -> u64 {
        u64::from(hash) << 32 | u64::from(hash)
    }
}

impl Dictionary {
    fn get<'a>(bytes: &'a [u8], ends: &[u32], code: u32) -> &'a [u8] {
        let code = code as usize;
        let start = if code == 0 {
            0
        } else {
            ends[code - 1] as usize
        };
        &bytes[start..ends[code] as usize]
    }

    /// The code of `text`, new or known.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bodies are bounded far below 4 GiB; half a hash is wanted"
    )]
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text.as_bytes()) as u32;
        let (bytes, ends) = (&mut self.bytes, &mut self.ends);
        let known = self.table.find(Entry::spread(hash), |e| {
            e.hash == hash && Self::get(bytes, ends, e.code) == text.as_bytes()
        });
        if let Some(entry) = known {
            return entry.code;
        }
        let code = ends.len() as u32;
        bytes.extend_from_slice(text.as_bytes());
        ends.push(bytes.len() as u32);
        let entry = Entry { hash, code };
        self.table
            .insert_unique(Entry::spread(hash), entry, |e| Entry::spread(e.hash));
        code
    }

    /// Whether `code` stands for `text`.
    fn is(&self, code: u32, text: &str) -> bool {
        (code as usize) < self.ends.len()
            && Self::get(&self.bytes, &self.ends, code) == text.as_bytes()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The entries as an Arrow array.
    #[must_use]
    pub fn finish(self) -> StringArray {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0i32);
        offsets.extend(
            self.ends
                .iter()
                .map(|e| i32::try_from(*e).unwrap_or(i32::MAX)),
        );
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        StringArray::try_new(offsets, self.bytes.into(), None).unwrap_or_else(|e| {
            debug_assert!(false, "entries are whole strings below 2 GiB: {e}");
            StringArray::from(Vec::<&str>::new())
        })
    }
}

/// The dense values of a column under construction.
pub(super) enum Values {
    Str { dict: Dictionary, codes: Vec<u32> },
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Id16(Vec<[u8; 16]>),
    Id8(Vec<[u8; 8]>),
}

pub(super) struct ColumnBuilder {
    pub(super) rows: Vec<u32>,
    pub(super) values: Values,
}

impl ColumnBuilder {
    pub(super) fn new(values: Values) -> Self {
        Self {
            rows: Vec::new(),
            values,
        }
    }

    pub(super) fn of_type(ty: Type) -> Self {
        Self::new(match ty {
            Type::Str => Values::Str {
                dict: Dictionary::default(),
                codes: Vec::new(),
            },
            Type::Int => Values::Int(Vec::new()),
            Type::Float => Values::Float(Vec::new()),
            Type::Bool => Values::Bool(Vec::new()),
        })
    }

    pub(super) fn has(&self, row: u32) -> bool {
        self.rows.last() == Some(&row)
    }

    /// Takes back the value of `row`, if it has one.
    pub(super) fn pop(&mut self, row: u32) -> bool {
        if !self.has(row) {
            return false;
        }
        self.rows.pop();
        match &mut self.values {
            Values::Str { codes, .. } => drop(codes.pop()),
            Values::Int(v) => drop(v.pop()),
            Values::Float(v) => drop(v.pop()),
            Values::Bool(v) => drop(v.pop()),
            Values::Id16(v) => drop(v.pop()),
            Values::Id8(v) => drop(v.pop()),
        }
        true
    }

    pub(super) fn push_str(&mut self, row: u32, text: &str) {
        self.pop(row);
        if let Values::Str { dict, codes } = &mut self.values {
            // The same text as in the row before: the usual case, and cheaper than a hash.
            let code = match codes.last() {
                Some(last) if dict.is(*last, text) => *last,
                _ => dict.intern(text),
            };
            codes.push(code);
            self.rows.push(row);
        }
    }

    pub(super) fn push(&mut self, row: u32, value: ValueRef<'_>) {
        if let ValueRef::Str(s) = value {
            return self.push_str(row, s);
        }
        self.pop(row);
        match (&mut self.values, value) {
            (Values::Int(v), ValueRef::Int(x)) => v.push(x),
            (Values::Float(v), ValueRef::Float(x)) => v.push(x),
            (Values::Bool(v), ValueRef::Bool(x)) => v.push(x),
            _ => return debug_assert!(false, "columns are found by type"),
        }
        self.rows.push(row);
    }

    pub(super) fn last_value(&self) -> Option<Value> {
        Some(match &self.values {
            Values::Str { dict, codes } => Value::Str(
                String::from_utf8_lossy(Dictionary::get(&dict.bytes, &dict.ends, *codes.last()?))
                    .into_owned(),
            ),
            Values::Int(v) => Value::Int(*v.last()?),
            Values::Float(v) => Value::Float(*v.last()?),
            Values::Bool(v) => Value::Bool(*v.last()?),
            Values::Id16(_) | Values::Id8(_) => return None,
        })
    }

    pub(super) fn finish(self, rows: usize) -> Option<Column> {
        if self.rows.is_empty() {
            return None;
        }
        let data = match self.values {
            Values::Str { dict, codes } => {
                let mut used = vec![false; dict.len()];
                codes.iter().for_each(|c| used[*c as usize] = true);
                let (dict, codes) = if used.iter().all(|u| *u) {
                    (dict, codes)
                } else {
                    compact(&dict, &codes)
                };
                let entries = dict.len();
                Data::Str(StrData {
                    dict: dict.finish(),
                    codes: Codes::narrow(codes, entries),
                })
            }
            Values::Int(v) => Data::Int(v),
            Values::Float(v) => Data::Float(v),
            Values::Bool(v) => Data::Bool(v),
            Values::Id16(v) => Data::Id16(v),
            Values::Id8(v) => Data::Id8(v),
        };
        Some(Column {
            presence: Presence::from_rows(self.rows, rows),
            data,
        })
    }
}

/// Drops entries whose only value was taken back, so that a dictionary lists what the batch holds.
fn compact(dict: &Dictionary, codes: &[u32]) -> (Dictionary, Vec<u32>) {
    let mut out = Dictionary::default();
    let codes = codes
        .iter()
        .map(|c| {
            out.intern(&String::from_utf8_lossy(Dictionary::get(
                &dict.bytes,
                &dict.ends,
                *c,
            )))
        })
        .collect();
    (out, codes)
}
