//! Requests, as they happened.

use crate::routes::RouteSet;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The time of the first request: 2026-11-28T09:00:00Z, nanoseconds.
pub const T0: i64 = 1_795_856_400_000_000_000;

/// What a world is made of.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Everything else follows from it.
    pub seed: u64,
    /// What is served.
    pub routes: &'static RouteSet,
    /// Requests under way at once, about.
    pub in_flight: f64,
    /// How likely a source lacks a request.
    pub missing: f64,
    /// How far a source's clock may be off, milliseconds.
    pub skew_ms: f64,
    /// Seconds of traffic.
    pub seconds: f64,
    /// Whether the sources share ids, in one form or another.
    pub ids: bool,
    /// How requests come.
    pub traffic: Traffic,
    /// Whether each source tells of a request some time of its own later, lines after the answer.
    pub late: bool,
}

/// How requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// By chance, any route by its weight, failures anywhere.
    Chance,
    /// The heaviest route again and again by one client at a steady beat, as a demonstration or a probe does; every
    /// tenth request is of another route.
    Beat,
    /// Ten to thirty at once, then nothing for a while.
    Bursts,
    /// By chance, failures on every third route alone.
    FailingRoutes,
}

impl Setting {
    /// What the proof asks for: 10 in flight, 10 % missing, clocks off by up to 50 ms.
    #[must_use]
    pub fn hard(seed: u64, routes: &'static RouteSet) -> Self {
        Self {
            seed,
            routes,
            in_flight: 10.0,
            missing: 0.1,
            skew_ms: 50.0,
            seconds: 12.0,
            ids: false,
            traffic: Traffic::Chance,
            late: false,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Arrival, nanoseconds by the true clock.
    pub start: i64,
    /// Length, nanoseconds.
    pub duration: i64,
    /// Method.
    pub method: &'static str,
    /// Pattern of the router.
    pub route: String,
    /// Path.
    pub path: String,
    /// Behind the `?`.
    pub query: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// Address of the client.
    pub client: String,
    /// What the client calls itself.
    pub agent: String,
    /// Type and message, when it failed.
    pub exception: Option<(&'static str, String)>,
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "Mozilla/5.0 (Macintosh) Safari/605.1.15",
    "curl/8.5.0",
    "python-requests/2.32",
];

/// The requests of a world, by arrival.
#[must_use]
pub fn requests(setting: &Setting) -> Vec<Request> {
    let mut rng = StdRng::seed_from_u64(setting.seed);
    let routes = setting.routes;
    let total: u32 = routes.routes.iter().map(|r| r.2).sum();
    let mean_ms: f64 = routes
        .routes
        .iter()
        .map(|r| f64::from(r.2) * r.3)
        .sum::<f64>()
        / f64::from(total);
    let per_second = setting.in_flight * 1e3 / mean_ms;
    let (mut out, mut at): (Vec<Request>, f64) = (Vec::new(), 0.0);
    let mut in_burst = 0_u32;
    while at < setting.seconds {
        at += match setting.traffic {
            Traffic::Chance | Traffic::FailingRoutes => {
                -(1.0 - rng.random::<f64>()).ln() / per_second
            }
            // A timer is late by a little, never early.
            Traffic::Beat => (1.0 + 0.05 * rng.random::<f64>()) / per_second,
            Traffic::Bursts if in_burst > 0 => {
                in_burst -= 1;
                0.003 * rng.random::<f64>()
            }
            Traffic::Bursts => {
                in_burst = rng.random_range(9..30);
                f64::from(in_burst + 1) * (0.5 + rng.random::<f64>()) / per_second
            }
        };
        // Now and then a client asks the same again at once: a double click, a retry.
        let again = match out.last() {
            Some(last) if rng.random::<f64>() < 0.04 => Some(last.clone()),
            _ => None,
        };
        let mut request = again.unwrap_or_else(|| {
            if setting.traffic == Traffic::Beat && !out.len().is_multiple_of(10) {
                let heaviest = (0..routes.routes.len()).max_by_key(|i| routes.routes[*i].2);
                asked(&mut rng, routes, heaviest.unwrap_or(0), Some(0))
            } else {
                one(&mut rng, routes, total)
            }
        });
        if setting.traffic == Traffic::FailingRoutes {
            fail_by_route(&mut rng, routes, &mut request);
        }
        let take = routes
            .routes
            .iter()
            .find(|r| r.1.starts_with(request.route.as_str()))
            .map_or(mean_ms, |r| r.3);
        request.start = T0 + nanos(at * 1e3);
        // Log-normal, about a third up or down.
        request.duration = nanos(take * (0.35 * normal(&mut rng)).exp()).max(1_000_000);
        out.push(request);
    }
    out.sort_by_key(|r| r.start);
    out
}

fn one(rng: &mut StdRng, routes: &RouteSet, total: u32) -> Request {
    let mut pick = rng.random_range(0..total);
    let route = routes.routes.iter().position(|r| {
        let hit = pick < r.2;
        pick = pick.saturating_sub(r.2);
        hit
    });
    asked(rng, routes, route.unwrap_or(0), None)
}

/// In a world where only some routes fail, those fail in four of ten.
fn fail_by_route(rng: &mut StdRng, routes: &RouteSet, request: &mut Request) {
    let place = routes
        .routes
        .iter()
        .position(|r| r.1.split('?').next() == Some(request.route.as_str()));
    let fails = place.is_some_and(|i| i.is_multiple_of(3)) && rng.random::<f64>() < 0.4;
    let message = || "the answer took longer than 2 s".to_owned();
    (request.status, request.exception) = if fails {
        (503, Some(("TimeoutError", message())))
    } else {
        (200, None)
    };
}

/// A request of the route at a place, by a client or any.
fn asked(rng: &mut StdRng, routes: &RouteSet, route: usize, client: Option<u32>) -> Request {
    let route = &routes.routes[route];
    let mut target = route.1.to_owned();
    for (mark, text) in [
        ("{n}", rng.random_range(1..400_u32).to_string()),
        ("{h}", format!("user{}", rng.random_range(1..30_u32))),
        ("{u}", uuid(rng)),
    ] {
        target = target.replace(mark, &text);
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (target, None),
    };
    let client = client.unwrap_or_else(|| rng.random_range(0..routes.clients));
    let luck: f64 = rng.random();
    let (status, exception) = if luck < 0.12 {
        let kinds = [
            (
                "TypeError",
                "The view function did not return a valid response",
            ),
            ("KeyError", "'handle'"),
            ("OperationalError", "could not connect to server"),
        ];
        let (kind, message) = kinds[rng.random_range(0..kinds.len())];
        (500, Some((kind, message.to_owned())))
    } else if luck < 0.18 {
        (404, None)
    } else if route.0 == "POST" && luck < 0.25 {
        (422, None)
    } else {
        (200, None)
    };
    Request {
        start: 0,
        duration: 0,
        method: route.0,
        route: route.1.split('?').next().unwrap_or(route.1).to_owned(),
        path,
        query,
        status,
        client: format!("10.{}.0.{}", client / 200, 1 + client % 200),
        agent: AGENTS[client as usize % AGENTS.len()].to_owned(),
        exception,
    }
}

/// A random UUID, as text.
pub fn uuid(rng: &mut StdRng) -> String {
    let hex = format!("{:032x}", rng.random::<u128>());
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A standard normal value.
pub fn normal(rng: &mut StdRng) -> f64 {
    let (a, b): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Milliseconds as nanoseconds.
#[expect(clippy::cast_possible_truncation, reason = "far below 2^53")]
#[must_use]
pub fn nanos(ms: f64) -> i64 {
    (ms * 1e6).round() as i64
}
