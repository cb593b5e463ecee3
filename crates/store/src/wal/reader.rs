//! Reads WAL files: valid groups in order, torn tails and damage told apart.

use super::format::{GROUP_HEADER_BYTES, HEADER_BYTES, Header, group_crc, u32_at, u64_at};
use std::ops::Range;

/// What lies in a WAL file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A group that matches its checksum: its first sequence, and where its records lie.
    Group {
        first_seq: u64,
        records: Range<usize>,
    },
    /// Bytes that are no group, followed by a valid one: damage.
    Damage(Range<usize>),
    /// Bytes that are no group, and no valid one after: the last write of a crash, unless a later
    /// file shows that more was acknowledged.
    Tail(Range<usize>),
}

/// A WAL file's contents.
#[derive(Debug)]
pub(crate) struct Scan {
    /// `None`: damaged, or torn when the file was begun.
    pub header: Option<Header>,
    pub found: Vec<Found>,
}

/// Finds the groups of a file. `salt` is used when the header is damaged.
pub(crate) fn scan(bytes: &[u8], salt: u32) -> Scan {
    let header = Header::decode(bytes);
    let salt = header.map_or(salt, |h| h.salt);
    let mut found = Vec::new();
    let mut at = HEADER_BYTES;
    let mut next_seq = header.map_or(0, |h| h.first_seq);
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        if let Some(end) = group_at(bytes, at, next_seq, salt) {
            let first_seq = u64_at(bytes, at).unwrap_or(next_seq);
            let records = at + GROUP_HEADER_BYTES..end;
            next_seq = first_seq + count(&bytes[records.clone()]);
            found.push(Found::Group { first_seq, records });
            at = end;
            continue;
        }
        let Some(last) = rest.iter().rposition(|b| *b != 0) else {
            break;
        };
        let valid = (at + 1..bytes.len()).find(|p| group_at(bytes, *p, next_seq, salt).is_some());
        match valid {
            Some(p) => {
                found.push(Found::Damage(at..p));
                at = p;
            }
            None => {
                found.push(Found::Tail(at..at + last + 1));
                break;
            }
        }
    }
    Scan { header, found }
}

/// The end of the group at `at`, if there is a valid one whose sequences follow `next_seq`.
fn group_at(bytes: &[u8], at: usize, next_seq: u64, salt: u32) -> Option<usize> {
    let first_seq = u64_at(bytes, at)?;
    // A group has fewer records than bytes; one byte more than the file would be another log's.
    let plausible = next_seq..=next_seq.saturating_add(1 << 40);
    if !plausible.contains(&first_seq) || (next_seq == 0 && first_seq == 0) {
        return None;
    }
    let len = usize::try_from(u32_at(bytes, at + 8)?).ok()?;
    if len == 0 {
        return None;
    }
    let end = at.checked_add(GROUP_HEADER_BYTES)?.checked_add(len)?;
    let group = bytes.get(at..end)?;
    (group_crc(group, salt) == u32_at(bytes, at + 12)?).then_some(end)
}

/// Records of a group, by their lengths alone.
fn count(mut records: &[u8]) -> u64 {
    let mut n = 0;
    while let Some(len) = u32_at(records, 0) {
        n += 1;
        let whole = super::format::RECORD_HEADER_BYTES + len as usize;
        records = records.get(whole..).unwrap_or_default();
    }
    n
}

#[cfg(test)]
mod tests {
    use super::super::format::GroupBuilder;
    use super::*;
    use event::TableId;

    const SALT: u32 = 0x5eed;

    fn file(groups: &[&[&[u8]]]) -> (Vec<u8>, Vec<Range<usize>>) {
        let header = Header {
            first_seq: 10,
            after_seq: 0,
            salt: SALT,
        };
        let mut bytes = header.encode().to_vec();
        let (mut places, mut seq) = (Vec::new(), 10);
        for records in groups {
            let mut g = GroupBuilder::default();
            g.clear();
            for r in *records {
                g.push(TableId::from_u32(4), 77, Some(&[9; 16]), r);
            }
            let from = bytes.len();
            bytes.extend_from_slice(g.finish(seq, SALT));
            places.push(from..bytes.len());
            seq += records.len() as u64;
        }
        (bytes, places)
    }

    fn seqs(scan: &Scan) -> Vec<u64> {
        let group = |f: &Found| match f {
            Found::Group { first_seq, .. } => Some(*first_seq),
            _ => None,
        };
        scan.found.iter().filter_map(group).collect()
    }

    #[test]
    fn groups_read_back_and_the_zeros_after_them_are_the_end() {
        let (mut bytes, _) = file(&[&[b"a", b"b"], &[b"c"], &[b"d"]]);
        bytes.resize(bytes.len() + 5_000, 0);
        let scan = scan(&bytes, 0);
        assert_eq!(seqs(&scan), [10, 12, 13]);
        assert_eq!(scan.found.len(), 3);
        let Found::Group { records, .. } = &scan.found[0] else {
            panic!("a group")
        };
        let records: Vec<_> = super::super::format::records(&bytes[records.clone()]).collect();
        let b = records[1].unwrap();
        assert_eq!(
            (b.batch, b.ingest_ms, b.identity),
            (&b"b"[..], 77, Some([9; 16]))
        );
    }

    #[test]
    fn a_group_cut_anywhere_is_a_tail() {
        let (bytes, places) = file(&[&[b"first"], &[b"second"]]);
        for cut in places[1].start + 1..bytes.len() {
            let scan = scan(&bytes[..cut], 0);
            assert_eq!(seqs(&scan), [10], "cut at {cut}");
            assert!(matches!(scan.found[1], Found::Tail(_)));
        }
    }

    #[test]
    fn any_flipped_bit_of_a_middle_group_is_damage_and_the_rest_is_read() {
        let (bytes, places) = file(&[&[b"first"], &[b"second"], &[b"third"]]);
        for at in places[1].clone() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                let scan = scan(&bad, 0);
                assert_eq!(seqs(&scan), [10, 12], "byte {at}");
                assert_eq!(scan.found[1], Found::Damage(places[1].clone()));
            }
        }
    }

    #[test]
    fn a_damaged_header_costs_nothing_when_the_salt_is_known() {
        let (mut bytes, _) = file(&[&[b"a"], &[b"b"]]);
        bytes[3] ^= 1;
        assert_eq!(seqs(&scan(&bytes, SALT)), [10, 11]);
        assert!(seqs(&scan(&bytes, SALT + 1)).is_empty());
    }

    #[test]
    fn a_group_inside_a_payload_is_never_taken_for_one() {
        let mut forged = GroupBuilder::default();
        forged.clear();
        forged.push(TableId::from_u32(4), 77, None, b"forged");
        // The forger knows the sequence but not the salt.
        let forged = forged.finish(11, SALT ^ 1).to_vec();
        let (mut bytes, places) = file(&[&[b"a"], &[&forged], &[b"c"]]);
        bytes[places[1].start] ^= 1;
        assert_eq!(seqs(&scan(&bytes, 0)), [10, 12]);
    }
}
