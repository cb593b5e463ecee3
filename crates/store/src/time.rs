//! Hours and days of an event time, and their names in paths.

/// Nanoseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000_000_000;
/// Nanoseconds of a day.
pub(crate) const DAY: i64 = 24 * HOUR;
/// Rows older than this when flushed are late: they share one part per day.
pub(crate) const LATE: i64 = 3 * HOUR;
/// Days per part for rows so late that even a part per day would be many files (forged times).
const VERY_LATE_BLOCK_DAYS: i64 = 30;
/// From this age on rows are very late.
const VERY_LATE: i64 = 90 * DAY;

/// Where rows go: an hour, or the part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Period {
    /// Days since 1970; for very late rows the first of a block of 30.
    pub day: i64,
    /// 0–23; `None`: the day's part.
    pub hour: Option<u8>,
}

impl Period {
    /// The period a flush at `now` gives to a row of `ts` (nanoseconds both).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0–23"
    )]
    pub(crate) fn of(ts: i64, now: i64) -> Self {
        let day = ts.div_euclid(DAY);
        let age = now.saturating_sub(ts);
        if age <= LATE {
            let hour = ts.rem_euclid(DAY) / HOUR;
            Self {
                day,
                hour: Some(hour as u8),
            }
        } else if age <= VERY_LATE {
            Self { day, hour: None }
        } else {
            Self {
                day: day.div_euclid(VERY_LATE_BLOCK_DAYS) * VERY_LATE_BLOCK_DAYS,
                hour: None,
            }
        }
    }

    /// `yyyy-mm-dd`.
    pub(crate) fn day_name(self) -> String {
        event::builder::rfc3339(self.day.saturating_mul(DAY))
            .split('T')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// `hh` or `day`.
    pub(crate) fn hour_name(self) -> String {
        self.hour
            .map_or_else(|| "day".to_owned(), |h| format!("{h:02}"))
    }

    /// First nanosecond after the period (of its first day, for a block of very late ones).
    pub(crate) fn end(self) -> i64 {
        let start = self.day.saturating_mul(DAY);
        match self.hour {
            Some(h) => start + (i64::from(h) + 1) * HOUR,
            None => start.saturating_add(DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_rows_go_by_hour_late_ones_by_day_forged_ones_by_month() {
        let now = 20_000 * DAY + 5 * HOUR + 1;
        let p = |ts| Period::of(ts, now);
        assert_eq!((p(now).day, p(now).hour), (20_000, Some(5)));
        assert_eq!(p(now - 2 * HOUR).hour, Some(3));
        assert_eq!(
            p(now - 4 * HOUR),
            Period {
                day: 20_000,
                hour: None
            }
        );
        assert_eq!(
            p(now - 10 * DAY),
            Period {
                day: 19_990,
                hour: None
            }
        );
        assert_eq!(p(now - 200 * DAY).day % 30, 0);
        assert_eq!(p(now).day_name(), "2024-10-04");
        assert_eq!(
            (p(now).hour_name(), p(now - DAY).hour_name()),
            ("05".into(), "day".into())
        );
    }
}
