//! Rate limits of tokens: a window opens with what comes first after the last one closed (rollbar.md §2.4).
//!
//! A token has the limit that its owner gave it, counted in occurrences. One that stands in pages has a
//! second one besides, counted in requests and bytes: anyone who reads the page can post with it
//! (reliability.md §3). Whichever is reached first refuses.

use engine::issues::RateLimit;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Requests that a public token posts in a second (reliability.md §3).
pub(crate) const PUBLIC_REQUESTS: u32 = 100;
/// Bytes, unpacked, that a public token posts in a second (reliability.md §3).
pub(crate) const PUBLIC_BYTES: u64 = 5 << 20;
/// The window of both, nanoseconds.
const PUBLIC_WINDOW_NS: i64 = 1_000_000_000;

/// A window, as its answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Occurrences, or requests, it takes.
    pub(crate) limit: u32,
    /// How many it takes still.
    pub(crate) remaining: u32,
    /// When it closes, nanoseconds.
    pub(crate) ends_ns: i64,
}

impl Window {
    pub(crate) fn seconds_left(self, now: i64) -> i64 {
        ((self.ends_ns - now).max(0) + 999_999_999) / 1_000_000_000
    }
}

/// The window of a public token.
#[derive(Clone, Copy)]
struct Public {
    window: Window,
    bytes: u64,
}

/// The open windows, by key.
#[derive(Default)]
pub(crate) struct Rates {
    own: Mutex<HashMap<String, Window>>,
    public: Mutex<HashMap<String, Public>>,
}

impl Rates {
    /// Takes one occurrence of a key's window; says whether it fits. Without a limit everything does.
    pub(crate) fn take(&self, key: &str, limit: RateLimit, now: i64) -> (Option<Window>, bool) {
        if limit.count == 0 || limit.window_s == 0 {
            return (None, true);
        }
        let mut windows = self.own.lock();
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

    /// Takes one request of a public token's window; says whether it fits. A body is never too large for
    /// it, as that would be refused for ever: the one that goes beyond the bytes of a second is taken, and
    /// the window stays open until the mean is kept again.
    pub(crate) fn take_public(&self, key: &str, bytes: u64, now: i64) -> (Window, bool) {
        let mut windows = self.public.lock();
        let fresh = Public {
            window: Window {
                limit: PUBLIC_REQUESTS,
                remaining: PUBLIC_REQUESTS,
                ends_ns: now.saturating_add(PUBLIC_WINDOW_NS),
            },
            bytes: 0,
        };
        let public = windows.entry(key.to_owned()).or_insert(fresh);
        if public.window.ends_ns <= now {
            *public = fresh;
        }
        if public.window.remaining == 0 {
            return (public.window, false);
        }
        public.window.remaining -= 1;
        public.bytes = public.bytes.saturating_add(bytes);
        if public.bytes >= PUBLIC_BYTES {
            public.window.remaining = 0;
            let over = public.bytes - PUBLIC_BYTES;
            let more = u128::from(over) * 1_000_000_000 / u128::from(PUBLIC_BYTES);
            let more = i64::try_from(more).unwrap_or(i64::MAX);
            public.window.ends_ns = public.window.ends_ns.saturating_add(more);
        }
        (public.window, true)
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
    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_public_token_has_100_requests_a_second() {
        let rates = Rates::default();
        let at = 1_000 * SECOND;
        for left in (0..100).rev() {
            let (window, fits) = rates.take_public("k", 1, at);
            assert_eq!((fits, window.limit, window.remaining), (true, 100, left));
        }
        let last = at + SECOND - 1;
        let (window, fits) = rates.take_public("k", 1, last);
        assert_eq!((fits, window.remaining), (false, 0));
        assert_eq!(window.seconds_left(last), 1);
        // What was refused counts for nothing, another key has its own window.
        assert!(rates.take_public("other", 1, last).1);
        assert!(rates.take_public("k", 1, at + SECOND).1);
    }

    #[test]
    fn a_public_token_has_5_mib_a_second_and_what_goes_beyond_is_waited_for() {
        let rates = Rates::default();
        let take = |mib: u64, ms: i64| rates.take_public("k", mib << 20, ms * 1_000_000).1;
        assert!(take(2, 0) && take(2, 0));
        assert!(take(6, 0), "the body that goes beyond is taken");
        assert!(!take(1, 0) && !take(1, 1_999), "10 MiB are two seconds");
        assert!(take(5, 2_000));
        assert!(!take(1, 2_999));
        assert!(take(1, 3_000));
    }
}
