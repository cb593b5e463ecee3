//! Rate limits of tokens: a window opens with the first occurrence after the last one closed
//! (rollbar.md §2.4).

use engine::issues::RateLimit;
use parking_lot::Mutex;
use std::collections::HashMap;

/// A window, as its answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Occurrences it takes.
    pub(crate) limit: u32,
    /// Occurrences it takes still.
    pub(crate) remaining: u32,
    /// When it closes, nanoseconds.
    pub(crate) ends_ns: i64,
}

impl Window {
    pub(crate) fn seconds_left(self, now: i64) -> i64 {
        ((self.ends_ns - now).max(0) + 999_999_999) / 1_000_000_000
    }
}

/// The open windows, by key.
#[derive(Default)]
pub(crate) struct Rates(Mutex<HashMap<String, Window>>);

impl Rates {
    /// Takes one occurrence of a key's window; says whether it fits. Without a limit everything does.
    pub(crate) fn take(&self, key: &str, limit: RateLimit, now: i64) -> (Option<Window>, bool) {
        if limit.count == 0 || limit.window_s == 0 {
            return (None, true);
        }
        let mut windows = self.0.lock();
        let fresh = Window {
            limit: limit.count,
            remaining: limit.count,
            ends_ns: now + i64::from(limit.window_s) * 1_000_000_000,
        };
        let window = windows.entry(key.to_owned()).or_insert(fresh);
        if window.ends_ns <= now || window.limit != limit.count {
            *window = fresh;
        }
        let fits = window.remaining > 0;
        window.remaining = window.remaining.saturating_sub(1);
        (Some(*window), fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_with_its_first_occurrence() {
        let rates = Rates::default();
        let limit = RateLimit {
            count: 2,
            window_s: 60,
        };
        let second = 1_000_000_000;
        let take = |at: i64| {
            let (window, fits) = rates.take("k", limit, at * second);
            let window = window.unwrap();
            (fits, window.remaining, window.seconds_left(at * second))
        };
        assert_eq!(take(1_000), (true, 1, 60));
        assert_eq!(take(1_010), (true, 0, 50));
        assert_eq!(take(1_059), (false, 0, 1));
        assert_eq!(take(1_060), (true, 1, 60));
        assert_eq!(rates.take("other", RateLimit::default(), 0), (None, true));
    }
}
