//! Requests seen lately, so that a repeat is acknowledged and not stored again (reliability.md §4).

use hashbrown::HashMap;
use std::collections::VecDeque;

const ENTRY_BYTES: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    identity: [u8; 16],
    sequence: u64,
    at_ms: i64,
}

/// Identities of a window of time, the oldest out first.
#[derive(Debug)]
pub(crate) struct Seen {
    window_ms: i64,
    limit: usize,
    by_identity: HashMap<[u8; 16], u64, ahash::RandomState>,
    order: VecDeque<Entry>,
    /// Entries up to this sequence are in the manifest.
    written_seq: u64,
}

impl Seen {
    pub(crate) fn new(window_ms: u64, limit: usize) -> Self {
        Self {
            window_ms: i64::try_from(window_ms).unwrap_or(i64::MAX),
            limit,
            by_identity: HashMap::default(),
            order: VecDeque::new(),
            written_seq: 0,
        }
    }

    /// The sequence under which the identity was stored within the window.
    pub(crate) fn find(&mut self, identity: &[u8; 16], now_ms: i64) -> Option<u64> {
        self.expire(now_ms);
        self.by_identity.get(identity).copied()
    }

    pub(crate) fn insert(&mut self, identity: [u8; 16], sequence: u64, at_ms: i64) {
        self.by_identity.insert(identity, sequence);
        self.order.push_back(Entry {
            identity,
            sequence,
            at_ms,
        });
        while self.order.len() > self.limit {
            self.drop_oldest();
        }
    }

    /// Takes back the entries from `sequence` on: their group was not stored.
    pub(crate) fn forget_from(&mut self, sequence: u64) {
        while self.order.back().is_some_and(|e| e.sequence >= sequence) {
            if let Some(e) = self.order.pop_back() {
                self.by_identity.remove(&e.identity);
            }
        }
    }

    fn expire(&mut self, now_ms: i64) {
        while self
            .order
            .front()
            .is_some_and(|e| e.at_ms < self.oldest_ms(now_ms))
        {
            self.drop_oldest();
        }
    }

    /// Receipt times before this are out of the window.
    pub(crate) fn oldest_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.window_ms)
    }

    fn drop_oldest(&mut self) {
        let Some(e) = self.order.pop_front() else {
            return;
        };
        if self.by_identity.get(&e.identity) == Some(&e.sequence) {
            self.by_identity.remove(&e.identity);
        }
    }

    /// The entries up to `last_seq` that are not in the manifest yet, as it keeps them, with the
    /// newest receipt time among them.
    pub(crate) fn unwritten(&self, last_seq: u64) -> Option<(Vec<u8>, i64)> {
        let mut bytes = Vec::new();
        let mut newest = i64::MIN;
        for e in &self.order {
            if e.sequence > self.written_seq && e.sequence <= last_seq {
                bytes.extend_from_slice(&e.identity);
                bytes.extend_from_slice(&e.sequence.to_le_bytes());
                bytes.extend_from_slice(&e.at_ms.to_le_bytes());
                newest = newest.max(e.at_ms);
            }
        }
        (!bytes.is_empty()).then_some((bytes, newest))
    }

    /// Notes that entries up to `last_seq` are in the manifest.
    pub(crate) fn mark_written(&mut self, last_seq: u64) {
        self.written_seq = self.written_seq.max(last_seq);
    }

    /// Takes back what the manifest kept. Called in order of sequence, before anything is inserted.
    pub(crate) fn restore(&mut self, entries: &[u8]) {
        let (chunks, _) = entries.as_chunks::<ENTRY_BYTES>();
        for c in chunks {
            let (mut identity, mut sequence, mut at) = ([0; 16], [0; 8], [0; 8]);
            identity.copy_from_slice(&c[..16]);
            sequence.copy_from_slice(&c[16..24]);
            at.copy_from_slice(&c[24..]);
            let sequence = u64::from_le_bytes(sequence);
            self.insert(identity, sequence, i64::from_le_bytes(at));
            self.mark_written(sequence);
        }
    }

    /// Whether the identity is known under that sequence.
    pub(crate) fn has(&self, identity: &[u8; 16], sequence: u64) -> bool {
        self.by_identity.get(identity) == Some(&sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_known_within_its_window_and_through_the_manifest() {
        let mut seen = Seen::new(1_000, 10);
        seen.insert([1; 16], 7, 100);
        seen.insert([2; 16], 8, 900);
        assert_eq!(seen.find(&[1; 16], 1_100), Some(7));
        let (bytes, newest) = seen.unwritten(7).unwrap();
        assert_eq!(newest, 100);
        seen.mark_written(7);
        assert!(seen.unwritten(7).is_none());
        let mut again = Seen::new(1_000, 10);
        again.restore(&bytes);
        assert_eq!(again.find(&[1; 16], 1_100), Some(7));
        assert_eq!(again.find(&[1; 16], 1_101), None);
        assert_eq!(seen.find(&[2; 16], 1_500), Some(8));
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many_and_a_failed_group_is_taken_back() {
        let mut seen = Seen::new(1_000, 2);
        for n in 1..=3u8 {
            seen.insert([n; 16], u64::from(n), 0);
        }
        assert_eq!(seen.find(&[1; 16], 0), None);
        seen.forget_from(3);
        assert_eq!(seen.find(&[3; 16], 0), None);
        assert_eq!(seen.find(&[2; 16], 0), Some(2));
    }
}
