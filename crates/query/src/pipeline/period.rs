//! Lengths of time that moments are cut to: fixed ones from the epoch, months and years by calendar.

use jiff::civil::Date;

const SECOND: i64 = 1_000_000_000;
/// 1970-01-01 was a Thursday: weeks begin on the Monday before.
const MONDAY: i64 = -3 * 86_400 * SECOND;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Millisecond.
    Millisecond,
    /// Second.
    Second,
    /// Minute.
    Minute,
    /// Hour.
    Hour,
    /// Day of 24 hours, UTC.
    Day,
    /// Seven days from a Monday.
    Week,
    /// Month of the calendar.
    Month,
    /// Three months from January.
    Quarter,
    /// Year of the calendar.
    Year,
}

/// A length of time, at least one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// What a period is counted in.
enum Grid {
    Nanos { step: i64, from: i64 },
    Months(i64),
}

impl Period {
    fn grid(self) -> Grid {
        let n = i64::from(self.count.max(1));
        let nanos = |unit: i64| Grid::Nanos {
            step: n * unit,
            from: 0,
        };
        match self.unit {
            Unit::Millisecond => nanos(SECOND / 1_000),
            Unit::Second => nanos(SECOND),
            Unit::Minute => nanos(60 * SECOND),
            Unit::Hour => nanos(3_600 * SECOND),
            Unit::Day => Grid::Nanos {
                step: n.min(100_000) * 86_400 * SECOND,
                from: 0,
            },
            Unit::Week => Grid::Nanos {
                step: n.min(10_000) * 7 * 86_400 * SECOND,
                from: MONDAY,
            },
            Unit::Month => Grid::Months(n),
            Unit::Quarter => Grid::Months(3 * n),
            Unit::Year => Grid::Months(12 * n),
        }
    }

    /// The last boundary not after `ns`.
    #[must_use]
    pub fn floor(self, ns: i64) -> i64 {
        match self.grid() {
            Grid::Nanos { step, from } => {
                let past = ns.saturating_sub(from).rem_euclid(step);
                ns.saturating_sub(past)
            }
            Grid::Months(n) => month_start(month_of(ns).div_euclid(n) * n).unwrap_or(ns),
        }
    }

    /// The first boundary not before `ns`.
    #[must_use]
    pub fn ceil(self, ns: i64) -> i64 {
        let floor = self.floor(ns);
        if floor == ns {
            return ns;
        }
        match self.grid() {
            Grid::Nanos { step, .. } => floor.saturating_add(step),
            Grid::Months(n) => month_start((month_of(ns).div_euclid(n) + 1) * n).unwrap_or(ns),
        }
    }
}

/// Months since January 1970.
fn month_of(ns: i64) -> i64 {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map_or(0, |t| {
        let date = t.to_zoned(jiff::tz::TimeZone::UTC).date();
        (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1
    })
}

/// The beginning of that month, nanoseconds.
fn month_start(month: i64) -> Option<i64> {
    let year = i16::try_from(1970 + month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    let date = Date::new(year, month, 1).ok()?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    i64::try_from(start.timestamp().as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::value::time_text;
    use super::*;

    fn check(unit: Unit, count: u32, at: &str, floor: &str, ceil: &str) {
        let ns = at.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
        let ns = i64::try_from(ns).unwrap();
        let period = Period { count, unit };
        let short = |ns| time_text(ns)[..16].to_owned();
        assert_eq!(short(period.floor(ns)), floor, "{period:?}");
        assert_eq!(short(period.ceil(ns)), ceil, "{period:?}");
    }

    #[test]
    fn boundaries_are_those_of_clock_and_calendar() {
        // 2026-11-28 is a Saturday.
        let at = "2026-11-28T13:37:11.5Z";
        for (unit, count, floor, ceil) in [
            (Unit::Minute, 5, "2026-11-28 13:35", "2026-11-28 13:40"),
            (Unit::Hour, 1, "2026-11-28 13:00", "2026-11-28 14:00"),
            (Unit::Day, 1, "2026-11-28 00:00", "2026-11-29 00:00"),
            (Unit::Week, 1, "2026-11-23 00:00", "2026-11-30 00:00"),
            (Unit::Month, 1, "2026-11-01 00:00", "2026-12-01 00:00"),
            (Unit::Quarter, 1, "2026-10-01 00:00", "2027-01-01 00:00"),
            (Unit::Year, 1, "2026-01-01 00:00", "2027-01-01 00:00"),
        ] {
            check(unit, count, at, floor, ceil);
        }
        let edge = "2026-10-01T00:00:00Z";
        check(
            Unit::Quarter,
            1,
            edge,
            "2026-10-01 00:00",
            "2026-10-01 00:00",
        );
        check(
            Unit::Month,
            1,
            "1969-12-31T23:00:00Z",
            "1969-12-01 00:00",
            "1970-01-01 00:00",
        );
    }
}
