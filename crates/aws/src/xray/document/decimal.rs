//! Times as documents write them: seconds since 1970 with a fraction or an exponent, read from their
//! decimal text. A double has seven digits left for the fraction; clients send more.

/// Digits of a fraction that count: nanoseconds.
const FRACTION: i32 = 9;
/// Longest text that is read: what a number of JSON may be long is not limited, what a time needs is.
const LONGEST: usize = 64;

/// Nanoseconds of a JSON number of seconds, rounded half up below one. `None`: no number, or out of
/// range.
#[must_use]
pub fn nanos(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Place of the unit of nanoseconds among the digits.
    let whole_digits = i32::try_from(whole.len()).ok()?;
    let end = whole_digits.checked_add(exponent)?.checked_add(FRACTION)?;
    let mut nanos: i128 = 0;
    for i in 0..end.clamp(0, 40) {
        let digit = usize::try_from(i)
            .ok()
            .and_then(|i| digits.get(i))
            .map_or(0, |d| i128::from(d - b'0'));
        nanos = nanos.checked_mul(10)?.checked_add(digit)?;
    }
    if end > 40 && nanos != 0 {
        return None;
    }
    let next = usize::try_from(end).ok().and_then(|i| digits.get(i));
    if next.is_some_and(|d| *d >= b'5') {
        nanos += 1;
    }
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

#[cfg(test)]
mod tests {
    use super::nanos;

    /// Expected values by hand: the decimal point moved nine places.
    #[test]
    fn every_digit_down_to_the_nanosecond_counts() {
        for (text, want) in [
            ("1461096053.37518", Some(1_461_096_053_375_180_000)),
            ("1.461096053E9", Some(1_461_096_053_000_000_000)),
            ("1795166160.570000001", Some(1_795_166_160_570_000_001)),
            ("1795166160.5700000005", Some(1_795_166_160_570_000_001)),
            ("1795166160.5700000004", Some(1_795_166_160_570_000_000)),
            ("1795166160", Some(1_795_166_160_000_000_000)),
            ("0.1e-8", Some(1)),
            ("12e-10", Some(1)),
            ("-1.5", Some(-1_500_000_000)),
            ("0", Some(0)),
            ("0e99", Some(0)),
            ("1e30", None),
            ("1e99999999999", None),
            ("", None),
            ("abc", None),
            ("1.2.3", None),
            ("\"1\"", None),
        ] {
            assert_eq!(nanos(text), want, "{text}");
        }
    }
}
