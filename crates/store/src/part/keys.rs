//! Which keys, datasets and services a part has: exact lists while short, Bloom filters beyond.

use event::Type;
use hashbrown::HashMap;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Overflow maps of a part.
pub const OVERFLOW_BUCKETS: u8 = 8;
/// Longest list kept as a list; above it a Bloom filter stands in.
pub(crate) const LIST_LIMIT: usize = 64;

/// The overflow map a key belongs to: `ovf_<n>`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "0–7")]
pub fn overflow_bucket(key: &str) -> u8 {
    (xxh3_64(key.as_bytes()) % u64::from(OVERFLOW_BUCKETS)) as u8
}

/// The physical name of an overflow map.
#[must_use]
pub fn overflow_column(bucket: u8) -> String {
    format!("ovf_{bucket}")
}

/// Every attribute name any part of the process has, numbered: 10,000 parts of 3,000 names each
/// would otherwise be 600 MB of text.
#[derive(Debug, Default)]
pub(crate) struct KeyTable(RwLock<Keys>);

#[derive(Debug, Default)]
struct Keys {
    ids: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl KeyTable {
    pub(crate) fn id(&self, key: &str) -> Option<u32> {
        self.0.read().ids.get(key).copied()
    }

    #[expect(clippy::cast_possible_truncation, reason = "far fewer than 2^30 names")]
    pub(crate) fn intern(&self, key: &str) -> u32 {
        if let Some(id) = self.id(key) {
            return id;
        }
        let mut keys = self.0.write();
        if let Some(id) = keys.ids.get(key) {
            return *id;
        }
        let id = keys.names.len() as u32;
        let key: Arc<str> = key.into();
        keys.names.push(Arc::clone(&key));
        keys.ids.insert(key, id);
        id
    }

    pub(crate) fn name(&self, id: u32) -> Option<Arc<str>> {
        self.0.read().names.get(id as usize).cloned()
    }

    /// The names from number `from` on.
    pub(crate) fn since(&self, from: usize) -> Vec<Arc<str>> {
        self.0.read().names.get(from..).unwrap_or_default().to_vec()
    }

    /// A key of a type as one number.
    pub(crate) fn typed(&self, key: &str, ty: Type) -> u32 {
        self.intern(key) << 2 | ty as u32
    }

    /// The number, if the key is known at all.
    pub(crate) fn find_typed(&self, key: &str, ty: Type) -> Option<u32> {
        self.id(key).map(|id| id << 2 | ty as u32)
    }

    /// The inverse of [`Self::typed`].
    pub(crate) fn untyped(&self, n: u32) -> Option<(Arc<str>, Type)> {
        Some((self.name(n >> 2)?, Type::ALL[(n & 3) as usize]))
    }
}

/// A Bloom filter: 10 bits an entry, 7 probes, 1 % wrong hits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bloom(Vec<u64>);

impl Bloom {
    pub(crate) fn new(entries: usize) -> Self {
        Self(vec![0; (entries * 10).div_ceil(64).max(1)])
    }

    fn probes(&self, hash: u128) -> impl Iterator<Item = (usize, u64)> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let (a, b) = (hash as u64, (hash >> 64) as u64 | 1);
        let bits = self.0.len() as u64 * 64;
        (0..7u64).map(move |i| {
            let bit = a.wrapping_add(i.wrapping_mul(b)) % bits;
            let word = (bit / 64) as usize;
            (word, 1u64 << (bit % 64))
        })
    }

    pub(crate) fn insert(&mut self, text: &[u8]) {
        for (word, bit) in self.probes(xxh3_128(text)) {
            self.0[word] |= bit;
        }
    }

    pub(crate) fn may_contain(&self, text: &[u8]) -> bool {
        // A filter without bits, which no version writes, rules nothing out.
        self.0.is_empty()
            || self
                .probes(xxh3_128(text))
                .all(|(word, bit)| self.0.get(word).is_some_and(|w| w & bit != 0))
    }
}

/// A set of texts: listed, or a Bloom filter when longer than [`LIST_LIMIT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TextSet {
    /// Sorted.
    List(Vec<String>),
    Bloom(Bloom),
}

impl TextSet {
    /// `texts` sorted and distinct.
    pub(crate) fn new(texts: Vec<String>) -> Self {
        debug_assert!(texts.is_sorted(), "the list is searched by halves");
        if texts.len() <= LIST_LIMIT {
            return Self::List(texts);
        }
        let mut bloom = Bloom::new(texts.len());
        texts.iter().for_each(|t| bloom.insert(t.as_bytes()));
        Self::Bloom(bloom)
    }

    pub(crate) fn may_contain(&self, text: &str) -> bool {
        match self {
            Self::List(list) => list.binary_search_by(|t| t.as_str().cmp(text)).is_ok(),
            Self::Bloom(bloom) => bloom.may_contain(text.as_bytes()),
        }
    }

    pub(crate) fn list(&self) -> Option<&[String]> {
        match self {
            Self::List(list) => Some(list),
            Self::Bloom(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bloom_filter_never_misses_and_seldom_lies() {
        let texts: Vec<String> = (0..1_000).map(|i| format!("key.{i:04}")).collect();
        let set = TextSet::new(texts.clone());
        assert!(set.list().is_none());
        assert!(texts.iter().all(|t| set.may_contain(t)));
        let lies = (0..10_000)
            .filter(|i| set.may_contain(&format!("other.{i}")))
            .count();
        assert!(lies < 300, "{lies} of 10000");
    }

    #[test]
    fn keys_keep_their_number() {
        let keys = KeyTable::default();
        let n = keys.typed("a", Type::Float);
        assert_eq!(keys.typed("a", Type::Float), n);
        assert_ne!(keys.typed("b", Type::Float), n);
        let (name, ty) = keys.untyped(n).unwrap();
        assert_eq!((&*name, ty), ("a", Type::Float));
        assert_eq!(keys.find_typed("c", Type::Str), None);
    }
}
