//! The app answers as the team's does, and is slow where its seed says.

use cruddur::{Config, Truth};
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
