//! Rates, by a clock that stands still until it is moved.

use super::*;
use engine::Clock;
use engine::issues::RateLimit;
use std::sync::atomic::{AtomicI64, Ordering};

const SECOND: i64 = 1_000_000_000;

/// Time as it is told.
struct Told(AtomicI64);

impl Clock for Told {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Timed {
    f: Fixture,
    clock: Arc<Told>,
}

fn timed() -> Timed {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir.path())
    };
    let now = SystemClock.now();
    let clock = Arc::new(Told(AtomicI64::new(now - now % SECOND)));
    let engine = Engine::open(config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let f = Fixture {
        router: router(engine.clone()),
        engine,
        dir,
    };
    Timed { f, clock }
}

impl Timed {
    fn wait(&self, nanos: i64) {
        self.clock.0.fetch_add(nanos, Ordering::Relaxed);
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        let headers = [("x-rollbar-access-token", token)];
        self.f.send("POST", path, &headers, body.to_string()).await
    }

    async fn item(&self, token: &str, n: usize) -> Reply {
        self.post(token, "/api/1/item/", &page(n)).await
    }

    /// Occurrences stored and refused over all time.
    fn counted(&self) -> (u64, u64) {
        let counters = self.f.engine.arrivals().counters();
        let of = counters
            .iter()
            .filter(|(k, _)| k.protocol == engine::Protocol::Rollbar);
        of.fold((0, 0), |(stored, refused), (_, c)| {
            assert_eq!(c.received, c.stored + c.refused + c.dropped + c.merged);
            (stored + c.stored, refused + c.refused)
        })
    }
}

/// What a page reports.
fn page(n: usize) -> Value {
    json!({"data": {"uuid": format!("u{n}"), "platform": "browser", "body": {"message": {"body": "x"}}}})
}

/// A page's report of so many bytes, at least.
fn large(n: usize, bytes: usize) -> Value {
    let mut page = page(n);
    page["data"]["custom"] = json!({"text": "x".repeat(bytes)});
    page
}

/// Each header of a limit as a number.
fn window(reply: &Reply) -> [i64; 4] {
    ["limit", "remaining", "reset", "remaining-seconds"].map(|name| {
        let value = reply.header(&format!("x-rate-limit-{name}")).unwrap();
        value.parse().unwrap()
    })
}

/// *Guarantees*: in the vendor's own form, with what its SDKs wait by; what was taken stays, and the next
/// second takes again.
#[tokio::test]
async fn a_token_that_stands_in_pages_posts_100_requests_a_second() {
    let t = timed();
    let token = t.f.token(&[Permission::SendClientEvents]);
    let ends = t.clock.now() / SECOND + 1;
    for n in 0..100 {
        let reply = t.item(&token, n).await;
        assert_eq!(reply.status, 200, "{n}");
        let left = 99 - i64::try_from(n).unwrap();
        assert_eq!(window(&reply), [100, left, ends, 1]);
    }
    t.wait(SECOND - 1);
    let reply = t.item(&token, 100).await;
    assert_eq!(reply.status, 429);
    assert_eq!(window(&reply), [100, 0, ends, 1]);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let said = reply.json();
    assert_eq!(said["err"], 1);
    let message = said["message"].as_str().unwrap();
    assert!(
        message.contains("100 requests and 5 MiB a second"),
        "{message}"
    );
    assert!(!message.contains('"'), "{message}");
    let arrival = t.f.latest();
    assert_eq!((arrival.outcome.received, arrival.outcome.refused), (1, 1));
    let reason = arrival.outcome.reason.unwrap();
    assert_eq!(reason.code(), "public_rate");
    assert!(
        reason.fix().contains("make a new token"),
        "{}",
        reason.fix()
    );
    assert_eq!(t.counted(), (100, 1));
    t.wait(1);
    assert_eq!(t.item(&token, 100).await.status, 200);
    assert_eq!(t.counted(), (101, 1));
    let items = t.f.items().await;
    assert_eq!(items[0]["total_occurrences"], 101);
}

/// *Guarantees*: counted as unpacked, as that is what is kept; a body as large as one may be is taken.
#[tokio::test]
async fn a_token_that_stands_in_pages_posts_5_mib_a_second() {
    let t = timed();
    let token = t.f.token(&[Permission::SendClientEvents]);
    let mib = (1 << 20) - 1_000;
    let pages = |from: usize| (from..from + 7).map(|n| large(n, mib)).collect::<Vec<_>>();
    // 7 MiB: two fifths of a second more than one.
    let list = json!(pages(0)).to_string();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list.as_bytes()).unwrap();
    let headers = [
        ("x-rollbar-access-token", token.as_str()),
        ("content-encoding", "gzip"),
    ];
    let path = "/api/1/item_batch/";
    let reply =
        t.f.send("POST", path, &headers, packed.finish().unwrap())
            .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["result"]["stored"], 7);
    assert_eq!(window(&reply)[1], 0);
    t.wait(SECOND + SECOND / 3);
    let reply = t.item(&token, 100).await;
    assert_eq!(reply.status, 429);
    assert_eq!(t.f.latest().outcome.reason.unwrap().code(), "public_rate");
    t.wait(SECOND / 10);
    assert_eq!(t.item(&token, 100).await.status, 200);
    assert_eq!(t.counted(), (8, 1));
}

/// A server's token has no limit but its own.
#[tokio::test]
async fn a_servers_token_and_one_that_may_both_have_no_such_rate() {
    let t = timed();
    let both = [Permission::SendEvents, Permission::SendClientEvents];
    for token in [t.f.token(&both[..1]), t.f.token(&both)] {
        for n in 0..=100 {
            let reply = t.item(&token, n).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("x-rate-limit-limit"), None);
        }
    }
}

/// However it names itself: beside the body or in it; one request counts once, whatever the list holds.
#[tokio::test]
async fn a_token_in_the_body_counts_as_one_beside_it() {
    let t = timed();
    let token = t.f.token(&[Permission::SendClientEvents]);
    let other = t.f.token(&[Permission::SendClientEvents]);
    let named = |n: usize, token: &str| {
        let mut page = page(n);
        page["access_token"] = token.into();
        page
    };
    let send = async |list: Value| {
        let path = "/api/1/item_batch/";
        t.f.send("POST", path, &[], list.to_string()).await
    };
    for n in 0..50 {
        assert_eq!(t.item(&token, n).await.status, 200);
        let reply = send(json!([
            named(1_000 + 2 * n, &token),
            named(1_001 + 2 * n, &token)
        ]))
        .await;
        assert_eq!(reply.status, 200);
        assert_eq!(window(&reply)[1], 98 - 2 * i64::try_from(n).unwrap());
    }
    let reply = send(json!([named(9_000, &token)])).await;
    assert_eq!((reply.status, window(&reply)[1]), (429, 0));
    assert_eq!(t.counted(), (150, 1));
    // What another token of the same list may post is taken.
    let reply = send(json!([named(9_000, &token), named(9_001, &other)])).await;
    assert_eq!(reply.status, 200);
    let result = &reply.json()["result"];
    assert_eq!(
        (&result["stored"], &result["refused"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(t.counted(), (151, 2));
}

/// Whichever is reached first refuses; the answer tells the limit that its owner set.
#[tokio::test]
async fn a_public_token_with_a_limit_of_its_own_has_both() {
    let t = timed();
    let token = t.f.token(&[Permission::SendClientEvents]);
    let keys = t.f.engine.catalog().keys(None);
    let key = keys
        .iter()
        .find(|k| token.starts_with(k.prefix.trim_end_matches('…')))
        .unwrap();
    let limit = RateLimit {
        count: 2,
        window_s: 60,
    };
    t.f.engine.issues().set_rate_limit(&key.id, limit).unwrap();
    for (n, status, left) in [(0, 200, 1), (1, 200, 0), (2, 429, 0)] {
        let reply = t.item(&token, n).await;
        assert_eq!((reply.status, window(&reply)[1]), (status, left));
        assert_eq!(window(&reply)[3], 60);
    }
    assert_eq!(t.f.latest().outcome.reason.unwrap().code(), "quota_reached");
    // 103 requests in all: the second limit, of one second.
    for n in 3..100 {
        assert_eq!(window(&t.item(&token, n).await)[3], 60);
    }
    let reply = t.item(&token, 100).await;
    assert_eq!((reply.status, window(&reply)[3]), (429, 1));
    assert_eq!(t.f.latest().outcome.reason.unwrap().code(), "public_rate");
}
