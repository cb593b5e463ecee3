//! The app answers as the team's does, and is slow where its seed says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cruddur::{Config, Truth};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn routes_answer_and_the_pair_of_the_seed_is_slow() {
    let running = cruddur::start(Config {
        // Nobody listens there: an app must work without its collector.
        otlp_endpoint: "http://127.0.0.1:9".into(),
        key: "none".into(),
        xray: None,
        logs: None,
        rollbar: None,
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        seed: 3,
        requests_per_second: 5.0,
    })
    .await
    .unwrap();
    let base = format!("http://{}", running.address());
    let client = reqwest::Client::new();
    let get = async |path: &str, user: &str| {
        let started = Instant::now();
        let reply = client
            .get(format!("{base}{path}"))
            .header(cruddur::routes::USER_HEADER, user)
            .send()
            .await
            .unwrap();
        (reply.status().as_u16(), started.elapsed())
    };
    for path in [
        "/api/activities/home",
        "/api/activities/notifications",
        "/api/activities/search?term=fun",
        "/api/activities/@worf",
        "/api/messages/@worf",
    ] {
        assert_eq!(get(path, "nobody").await.0, 200, "{path}");
    }
    assert_eq!(get("/api/activities/search", "nobody").await.0, 422);
    assert_eq!(get("/api/none", "nobody").await.0, 404);

    let truth = running.truth().clone();
    assert_eq!(truth, Truth::of_seed(3));
    let path = match truth.slow_route {
        "/api/activities/search" => "/api/activities/search?term=fun",
        "/api/messages/{handle}" => "/api/messages/@worf",
        other => other,
    };
    let (status, took) = get(path, truth.slow_handle).await;
    assert_eq!(status, 200);
    assert!(took >= Duration::from_millis(700), "{took:?}");
    running.stop().await;
}

/// A collector for all three: HTTP bodies with their paths, and datagrams.
struct Collector {
    http: std::net::SocketAddr,
    udp: std::net::UdpSocket,
    bodies: Arc<Mutex<Vec<(String, Value)>>>,
}

async fn collector() -> Collector {
    let bodies: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let kept = Arc::clone(&bodies);
    let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let kept = Arc::clone(&kept);
        async move {
            let target = request.headers().get("x-amz-target");
            let name = match target {
                Some(target) => target.to_str().unwrap().to_owned(),
                None => request.uri().path().to_owned(),
            };
            assert!(target.is_none() || request.headers().contains_key("authorization"));
            let body = axum::body::to_bytes(request.into_body(), 1 << 20)
                .await
                .unwrap();
            if let Ok(body) = serde_json::from_slice(&body) {
                kept.lock().unwrap().push((name, body));
            }
            "{}"
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    Collector { http, udp, bodies }
}

/// *Scenario*: one request that fails. *Guarantees*: its segment, its line and its item say the same
/// method, path and status, and share no id.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_to_all_three() {
    let collector = collector().await;
    // A seed whose failing route is asked for by GET.
    let seed = (0..100)
        .find(|s| Truth::of_seed(*s).failing_route == "/api/activities/{uuid}")
        .unwrap();
    let running = cruddur::start(Config {
        otlp_endpoint: "http://127.0.0.1:9".into(),
        key: "none".into(),
        xray: Some(collector.udp.local_addr().unwrap()),
        logs: Some(cruddur::Logs {
            endpoint: format!("http://{}", collector.http),
            key_id: "AKIA".into(),
            secret: "s".into(),
            region: "us-east-1".into(),
        }),
        rollbar: Some(cruddur::Rollbar {
            endpoint: format!("http://{}/api/1/", collector.http),
            token: "t".into(),
        }),
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        seed,
        requests_per_second: 0.01,
    })
    .await
    .unwrap();
    let path = "/api/activities/00000000-0000-0000-0000-000000000001";
    let url = format!("http://{}{path}", running.address());
    let client = reqwest::Client::new();
    // One in four fails: a hundred successes in a row are one in 3 * 10^12.
    let mut failed = false;
    for _ in 0..100 {
        failed = client.get(&url).send().await.unwrap().status() == 500;
        if failed {
            break;
        }
    }
    assert!(failed);
    running.stop().await;

    let mut datagram = [0; 65_536];
    let segment = loop {
        let length = collector.udp.recv(&mut datagram).unwrap();
        let text = std::str::from_utf8(&datagram[..length]).unwrap();
        let (header, document) = text.split_once('\n').unwrap();
        let header: Value = serde_json::from_str(header).unwrap();
        assert_eq!(header, json!({"format": "json", "version": 1}));
        let document: Value = serde_json::from_str(document).unwrap();
        if document["fault"] == true {
            break document;
        }
    };
    assert_eq!(segment["http"]["request"]["url"], url.as_str());
    assert_eq!(segment["http"]["response"]["status"], 500);
    let bodies = collector.bodies.lock().unwrap().clone();
    let of = |name: &str| {
        bodies
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, b)| b.clone())
            .collect::<Vec<_>>()
    };
    let puts = of("Logs_20140328.PutLogEvents");
    let lines = puts.iter().flat_map(|p| p["logEvents"].as_array().unwrap());
    let wanted = format!("127.0.0.1 GET http {path}? 500 Internal Server Error");
    let line = lines
        .filter_map(|l| l["message"].as_str())
        .find(|l| l.ends_with(&wanted));
    let line = line.unwrap_or_else(|| panic!("no line ends with {wanted}: {puts:?}"));
    let items = of("/api/1/item/");
    let data = &items[0]["data"];
    assert_eq!(data["request"]["url"], url.as_str());
    assert_eq!(
        data["body"]["trace"]["exception"]["class"],
        "StaleConnection"
    );
    let trace = segment["trace_id"].as_str().unwrap();
    assert!(!line.contains(trace) && !data.to_string().contains(trace));
}
