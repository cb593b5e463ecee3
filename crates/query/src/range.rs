//! Which time a question is about, and how wide its buckets are (honeycomb.md §5).

use crate::Error;
use crate::aggregate::Buckets;
use crate::spec::Query;

const SECOND: i64 = 1_000_000_000;
/// Length of the range when none is given, seconds.
const DEFAULT_RANGE_S: u64 = 7_200;
/// Most points the chosen width may give.
const POINTS: i64 = 240;
/// Fewest and most buckets a width asked for may give.
const POINTS_LIMIT: i64 = 1_000;

/// Widths that are chosen from, nanoseconds.
const STEPS: &[i64] = &[
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
    300 * SECOND,
    600 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    7_200 * SECOND,
    10_800 * SECOND,
    14_400 * SECOND,
    21_600 * SECOND,
    43_200 * SECOND,
    86_400 * SECOND,
];

/// The range of a question, nanoseconds, half open, given the time now.
///
/// # Errors
/// [`Error::Invalid`] when all three of range, start and end are given, or nothing is left.
pub(crate) fn range(query: &Query, now: i64) -> Result<(i64, i64), Error> {
    let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
    let nanos = |seconds: f64| -> Result<i64, Error> {
        if !seconds.is_finite() || seconds.abs() > 9e9 {
            return Err(Error::Invalid(format!("{seconds} is no time in seconds")));
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        let ns = (seconds * 1e6).round() as i64 * 1_000;
        Ok(ns)
    };
    let length = |s: u64| {
        i64::try_from(s)
            .ok()
            .and_then(|s| s.checked_mul(SECOND))
            .ok_or_else(|| Error::Invalid(format!("time_range of {s} s is too long")))
    };
    let (start, end) = match (query.time_range, query.start_time, query.end_time) {
        (Some(_), Some(_), Some(_)) => {
            return invalid("at most two of time_range, start_time and end_time");
        }
        (r, None, None) => (
            now.saturating_sub(length(r.unwrap_or(DEFAULT_RANGE_S))?),
            now,
        ),
        (None, Some(s), None) => (nanos(s)?, now),
        (Some(r), Some(s), None) => {
            let s = nanos(s)?;
            (s, s.saturating_add(length(r)?))
        }
        (r, None, Some(e)) => {
            let e = nanos(e)?;
            (e.saturating_sub(length(r.unwrap_or(DEFAULT_RANGE_S))?), e)
        }
        (None, Some(s), Some(e)) => (nanos(s)?, nanos(e)?),
    };
    // Rows may be up to an hour ahead of our clock; an end that was asked for may show them.
    let end = end.min(now.saturating_add(3_600 * SECOND));
    if start >= end {
        return invalid("the time range is empty: its start is not before its end");
    }
    Ok((start, end))
}

/// The time buckets over a range.
///
/// # Errors
/// [`Error::Invalid`] when the width asked for gives more than 1,000 buckets.
pub(crate) fn buckets(query: &Query, (start, end): (i64, i64)) -> Result<Buckets, Error> {
    let length = end - start;
    let step = match query.granularity {
        Some(s) if s > 0.0 => {
            let ns = s * 1e9;
            #[expect(clippy::cast_precision_loss, reason = "compared loosely")]
            if !ns.is_finite() || ns * (POINTS_LIMIT as f64) < length as f64 || ns < 1.0 {
                return Err(Error::Invalid(format!(
                    "granularity of {s} s gives more than {POINTS_LIMIT} points"
                )));
            }
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            let ns = ns.round() as i64;
            ns.min(length)
        }
        Some(s) if s < 0.0 || s.is_nan() => {
            return Err(Error::Invalid("granularity is negative".to_owned()));
        }
        _ => STEPS
            .iter()
            .copied()
            .find(|s| length / s <= POINTS)
            .unwrap_or_else(|| {
                let days = length / (86_400 * SECOND);
                (days / POINTS + 1) * 86_400 * SECOND
            }),
    };
    let first = start.div_euclid(step) * step;
    let count = (end - 1).div_euclid(step) - start.div_euclid(step) + 1;
    Ok(Buckets {
        first,
        step,
        count: usize::try_from(count).unwrap_or(1),
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000 * SECOND;

    fn check(range_s: Option<u64>, start: Option<f64>, end: Option<f64>) -> Option<(i64, i64)> {
        let query = Query {
            time_range: range_s,
            start_time: start,
            end_time: end,
            ..Query::default()
        };
        let (s, e) = range(&query, NOW).ok()?;
        Some((s / SECOND - 1_700_000_000, e / SECOND - 1_700_000_000))
    }

    #[test]
    fn two_of_three_give_the_range() {
        let at = |s: i64| Some((1_700_000_000 + s) as f64);
        assert_eq!(check(None, None, None), Some((-7200, 0)));
        assert_eq!(check(Some(60), None, None), Some((-60, 0)));
        assert_eq!(check(Some(60), at(-600), None), Some((-600, -540)));
        assert_eq!(check(Some(60), None, at(-600)), Some((-660, -600)));
        assert_eq!(check(None, at(-600), at(-300)), Some((-600, -300)));
        assert_eq!(check(None, at(-600), None), Some((-600, 0)));
        assert_eq!(check(Some(60), at(-600), at(-300)), None);
        assert_eq!(check(None, at(-300), at(-600)), None);
        assert_eq!(check(None, at(-600), at(100_000)), Some((-600, 3600)));
    }

    #[test]
    fn widths_give_at_most_240_points_and_align_to_the_epoch() {
        for (length_s, want_s) in [(600, 5), (7200, 30), (86_400, 600), (60 * 86_400, 21_600)] {
            let start = NOW - length_s * SECOND + 1;
            let b = buckets(&Query::default(), (start, NOW)).unwrap();
            assert_eq!(b.step, want_s * SECOND, "{length_s}");
            assert_eq!(b.first % b.step, 0);
            assert!(b.first <= start && b.start_of(b.count) >= NOW && b.count <= 242);
        }
        let b = buckets(&Query::default(), (NOW, NOW + SECOND)).unwrap();
        assert_eq!(b.step, 5_000_000);
    }

    #[test]
    fn a_width_asked_for_is_kept_or_refused() {
        let ask = |g: f64| {
            let query = Query {
                granularity: Some(g),
                ..Query::default()
            };
            buckets(&query, (NOW, NOW + 1000 * SECOND)).map(|b| b.step / SECOND)
        };
        assert_eq!(ask(7.0).unwrap(), 7);
        assert!(ask(0.5).is_err());
        assert_eq!(ask(5000.0).unwrap(), 1000);
    }
}
