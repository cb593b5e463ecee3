//! The weight of a span or record (honeycomb.md §1.8).

use event::ValueRef;

/// Below this, a fractional count is one of its two whole neighbours, so that the mean is right.
const RANDOMISED_BELOW: f64 = 100.0;
/// Thresholds are fractions of 2⁵⁶, written as up to 14 hex digits with zeros at the end left out.
const THRESHOLD_DIGITS: usize = 14;

/// The weight an attribute `sampleRate` stands for: whole, at least 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "capped at 2^31 - 1, where both are exact"
)]
pub(super) fn rate_of_attribute(value: ValueRef<'_>) -> i64 {
    let rate = match value {
        ValueRef::Int(i) => i as f64,
        ValueRef::Float(f) => f,
        ValueRef::Str(s) => s.trim().parse().unwrap_or(1.0),
        ValueRef::Bool(_) => 1.0,
    };
    if rate.is_nan() {
        return 1;
    }
    (rate + 0.5).floor().clamp(1.0, f64::from(i32::MAX)) as i64
}

/// The weight a W3C `tracestate` stands for: OpenTelemetry's sampling threshold in
/// `ot=th:<hex>;…`, or the older `th=<hex>`. `None` when it says nothing about sampling.
///
/// `randomness` decides the neighbour of a fractional count; the span id, so that the same span
/// has the same weight each time it is sent.
pub(super) fn rate_of_tracestate(tracestate: &str, randomness: u64) -> Option<i64> {
    let threshold = tracestate.split(',').find_map(|member| {
        let (key, value) = member.trim().split_once('=')?;
        match key.trim() {
            "th" => Some(value),
            "ot" => value
                .split(';')
                .find_map(|field| field.strip_prefix("th:").or(field.strip_prefix("th="))),
            _ => None,
        }
    })?;
    adjusted_count(threshold.trim(), randomness)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a threshold has 56 bits; counts are capped"
)]
fn adjusted_count(threshold: &str, randomness: u64) -> Option<i64> {
    if threshold.is_empty() || threshold.len() > THRESHOLD_DIGITS {
        return None;
    }
    if !threshold.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = u64::from_str_radix(threshold, 16).ok()?;
    let threshold = digits << (4 * (THRESHOLD_DIGITS - threshold.len()));
    let kept = (1u64 << 56) - threshold;
    let count = (1u64 << 56) as f64 / kept as f64;
    let whole = if count.fract() == 0.0 || count > RANDOMISED_BELOW {
        count.round()
    } else {
        // Bits of an id are not always random where one looks, so they are mixed first.
        let mixed = randomness.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let fraction = (mixed >> 11) as f64 / (1u64 << 53) as f64;
        count.floor() + f64::from(u8::from(fraction < count.fract()))
    };
    Some(whole.min(f64::from(i32::MAX)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_rounded_half_up_and_kept_in_range() {
        for (value, want) in [
            (ValueRef::Int(10), 10),
            (ValueRef::Int(0), 1),
            (ValueRef::Int(-4), 1),
            (ValueRef::Int(i64::MAX), i64::from(i32::MAX)),
            (ValueRef::Float(2.5), 3),
            (ValueRef::Float(2.49), 2),
            (ValueRef::Float(f64::NAN), 1),
            (ValueRef::Float(f64::INFINITY), i64::from(i32::MAX)),
            (ValueRef::Str("4.5"), 5),
            (ValueRef::Str("many"), 1),
            (ValueRef::Bool(true), 1),
        ] {
            assert_eq!(rate_of_attribute(value), want, "{value:?}");
        }
    }

    #[test]
    fn thresholds_give_the_inverse_of_the_share_kept() {
        for (tracestate, want) in [
            ("ot=th:0", Some(1)),
            ("ot=th:8", Some(2)),
            ("ot=rv:abc;th:c", Some(4)),
            ("vendor=x, ot=th:fd70a3d70a3d71", Some(100)),
            ("ot=th=8", Some(2)),
            ("th=c", Some(4)),
            ("ot=rv:1234", None),
            ("ot=th:", None),
            ("ot=th:xyz", None),
            ("ot=th:123456789abcdef", None),
            ("ot=th:+8", None),
            ("", None),
        ] {
            assert_eq!(rate_of_tracestate(tracestate, 7), want, "{tracestate}");
        }
    }

    #[test]
    fn a_fractional_count_is_right_on_average() {
        // 0x6666…/2⁵⁶ is 0.4: one in 0.6 is kept, so a count of 1.666….
        let n = 30_000;
        let sum: i64 = (0..n)
            .map(|i: u64| {
                rate_of_tracestate(
                    "ot=th:66666666666666",
                    i.wrapping_mul(0x1234_5678_9abc_def1),
                )
                .unwrap()
            })
            .sum();
        let mean = sum as f64 / n as f64;
        assert!((mean - 1.0 / 0.6).abs() < 0.02, "{mean}");
    }
}
