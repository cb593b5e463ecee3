//! What is wrong with the app, as its seed decides.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

/// Users of the micro-blog.
pub const HANDLES: [&str; 8] = [
    "andrewbrown",
    "bayko",
    "coco",
    "garek",
    "lore",
    "worf",
    "quark",
    "tora",
];

/// Routes that can be the slow one.
const SLOW_ROUTES: [&str; 5] = [
    "/api/activities/home",
    "/api/activities/notifications",
    "/api/activities/search",
    "/api/message_groups",
    "/api/messages/{handle}",
];

/// Routes that can be the failing one.
const FAILING_ROUTES: [&str; 3] = ["/api/activities/{uuid}", "/api/activities", "/api/messages"];

/// What a curious person should find out about the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// Where it comes from.
    pub seed: u64,
    /// This route (`http.route`) …
    pub slow_route: &'static str,
    /// … is slow for this user (`app.user_handle`), and only together.
    pub slow_handle: &'static str,
    /// This route fails now and then.
    pub failing_route: &'static str,
}

impl Truth {
    /// The same seed gives the same truth, for ever.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            seed,
            slow_route: SLOW_ROUTES[random.random_range(0..SLOW_ROUTES.len())],
            slow_handle: HANDLES[random.random_range(0..HANDLES.len())],
            failing_route: FAILING_ROUTES[random.random_range(0..FAILING_ROUTES.len())],
        }
    }

    /// Whether a request of `handle` to `route` meets the slow query.
    #[must_use]
    pub fn is_slow(&self, route: &str, handle: &str) -> bool {
        self.slow_route == route && self.slow_handle == handle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_seeds_differ() {
        assert_eq!(Truth::of_seed(7), Truth::of_seed(7));
        let pairs: std::collections::BTreeSet<_> = (0..40)
            .map(|s| {
                let t = Truth::of_seed(s);
                (t.slow_route, t.slow_handle)
            })
            .collect();
        assert!(pairs.len() > 10, "{pairs:?}");
    }

    #[test]
    fn only_the_pair_is_slow() {
        let t = Truth::of_seed(1);
        assert!(t.is_slow(t.slow_route, t.slow_handle));
        let other = HANDLES.iter().find(|h| **h != t.slow_handle).unwrap();
        assert!(!t.is_slow(t.slow_route, other));
        assert!(!t.is_slow("/api/other", t.slow_handle));
    }
}
