//! Parquet's hybrid encoding of small numbers: runs of equal ones, and groups of eight packed ones.

/// Bits of a code into so many entries.
#[expect(clippy::cast_possible_truncation, reason = "at most 64")]
pub(super) fn width(entries: usize) -> u8 {
    (usize::BITS - entries.saturating_sub(1).leading_zeros()) as u8
}

fn push_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits and the mark")]
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(n as u8);
}

/// A run of `rows` equal values.
pub(super) fn push_run(out: &mut Vec<u8>, rows: usize, value: &[u8]) {
    push_varint(out, rows << 1);
    out.extend_from_slice(value);
}

/// Single bits of `rows` rows, by bytes: alike ones as runs, others packed as they are.
pub(super) fn push_bits(out: &mut Vec<u8>, bytes: &[u8], rows: usize) {
    // Shorter runs cost more than they save.
    const RUN: usize = 4;
    let mut at = 0;
    let mut packed = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        // The bits after the last row are not looked at: a byte that holds any is packed.
        let whole = rows / 8;
        let alike = if byte == 0 || byte == 0xff {
            bytes[at..whole.max(at)]
                .iter()
                .take_while(|b| **b == byte)
                .count()
        } else {
            0
        };
        if alike >= RUN {
            push_packed(out, &bytes[packed..at]);
            push_run(out, alike * 8, &[byte & 1]);
            at += alike;
            packed = at;
        } else {
            at += alike.max(1);
        }
    }
    push_packed(out, &bytes[packed..]);
}

/// Groups of eight values of one bit each.
fn push_packed(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        push_varint(out, bytes.len() << 1 | 1);
        out.extend_from_slice(bytes);
    }
}

/// Codes of `width` bits, as runs of at least eight equal ones and groups of eight packed ones.
pub(super) fn push_codes(out: &mut Vec<u8>, codes: &[u32], width: u8) {
    let run_bytes = usize::from(width).div_ceil(8);
    let mut packed = 0;
    let mut at = 0;
    while at < codes.len() {
        let code = codes[at];
        let alike = codes[at..].iter().take_while(|c| **c == code).count();
        // What is packed before a run are whole groups: the run lends the rest of the last one.
        let lent = (at - packed).next_multiple_of(8) - (at - packed);
        if alike >= 8 + lent {
            pack_codes(out, &codes[packed..at + lent], width);
            push_run(out, alike - lent, &code.to_le_bytes()[..run_bytes]);
            at += alike;
            packed = at;
        } else {
            at += alike;
        }
    }
    pack_codes(out, &codes[packed..], width);
}

/// Groups of eight codes; the last is filled up with zeros.
fn pack_codes(out: &mut Vec<u8>, codes: &[u32], width: u8) {
    if codes.is_empty() {
        return;
    }
    push_varint(out, codes.len().div_ceil(8) << 1 | 1);
    let (mut held, mut bits) = (0u64, 0u32);
    let zeros = codes.len().next_multiple_of(8) - codes.len();
    for code in codes.iter().copied().chain(std::iter::repeat_n(0, zeros)) {
        held |= u64::from(code) << bits;
        bits += u32::from(width);
        if bits >= 32 {
            #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
            out.extend_from_slice(&(held as u32).to_le_bytes());
            held >>= 32;
            bits -= 32;
        }
    }
    // Eight codes are whole bytes.
    let bytes = bits.div_ceil(8) as usize;
    out.extend_from_slice(&held.to_le_bytes()[..bytes]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_and_the_group_it_completes() {
        // By the grammar of Parquet's hybrid encoding: one packed group of 1,2,3,3,3,3,3,3 at width 2
        // (least bits first: 0b11_11_10_01, 0b11…), then a run of ten threes.
        let mut out = Vec::new();
        let codes: Vec<u32> = [1, 2].into_iter().chain([3; 16]).collect();
        push_codes(&mut out, &codes, 2);
        assert_eq!(out, [3, 0b1111_1001, 0xff, 20, 3]);
    }
}
