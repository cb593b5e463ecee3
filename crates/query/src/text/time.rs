//! The time range in the text.

use crate::Query;

/// What `from …` says, as the query's three fields.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Range {
    pub(super) time_range: Option<u64>,
    pub(super) start_time: Option<f64>,
    pub(super) end_time: Option<f64>,
}

const UNITS: [(char, u64); 5] = [
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 604_800),
];

/// Reads `-2h` or `from..to`.
pub(super) fn parse(text: &str) -> Option<Range> {
    if let Some(last) = text.strip_prefix('-') {
        let unit = last.chars().next_back()?;
        let digits = last.strip_suffix(unit)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let time_range = digits
            .parse::<u64>()
            .ok()?
            .checked_mul(*seconds)
            .filter(|s| *s > 0);
        return Some(Range {
            time_range: Some(time_range?),
            ..Range::default()
        });
    }
    let (from, to) = text.split_once("..")?;
    let side = |text: &str| match text {
        "" => Some(None),
        text => instant(text).map(Some),
    };
    let (start_time, end_time) = (side(from)?, side(to)?);
    match (start_time, end_time) {
        (None, None) => None,
        (Some(start), Some(end)) if end <= start => None,
        _ => Some(Range {
            time_range: None,
            start_time,
            end_time,
        }),
    }
}

/// Seconds since 1970: a number of them, or ISO 8601 (UTC unless it says otherwise).
fn instant(text: &str) -> Option<f64> {
    if text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        return text.parse().ok().filter(|s: &f64| s.is_finite());
    }
    let timestamp = text.parse::<jiff::Timestamp>().or_else(|_| {
        text.parse::<jiff::civil::DateTime>()
            .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
            .map(|zoned| zoned.timestamp())
    });
    timestamp
        .ok()
        .map(|t| t.as_second() as f64 + f64::from(t.subsec_nanosecond()) / 1e9)
}

/// Writes the query's range; empty when it says none.
pub(super) fn render(query: &Query) -> String {
    let length = query.time_range.map(|s| s as f64);
    match (query.start_time, query.end_time, query.time_range) {
        (Some(start), Some(end), _) => format!("{}..{}", side(start), side(end)),
        (Some(start), None, Some(_)) => {
            format!("{}..{}", side(start), side(start + length.unwrap_or(0.0)))
        }
        (None, Some(end), Some(_)) => {
            format!("{}..{}", side(end - length.unwrap_or(0.0)), side(end))
        }
        (Some(start), None, None) => format!("{}..", side(start)),
        (None, Some(end), None) => format!("..{}", side(end)),
        (None, None, Some(seconds)) => last(seconds),
        (None, None, None) => String::new(),
    }
}

/// `-2h`: in the greatest unit that fits, weeks aside, as people say 7 days.
fn last(seconds: u64) -> String {
    UNITS
        .iter()
        .rev()
        .filter(|(name, _)| *name != 'w')
        .find(|(_, size)| seconds.is_multiple_of(*size))
        .map_or_else(
            || format!("-{seconds}s"),
            |(name, size)| format!("-{}{name}", seconds / size),
        )
}

/// ISO 8601 for whole seconds; else the number, which comes back exactly.
fn side(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and what does not fit is no timestamp"
    )]
    let whole = (seconds.fract() == 0.0)
        .then(|| jiff::Timestamp::from_second(seconds as i64).ok())
        .flatten();
    whole.map_or_else(|| seconds.to_string(), |t| t.to_string())
}
