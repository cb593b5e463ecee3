//! Bytes in, bytes out, through the router, without a socket.

mod events;
mod questions;
mod settings;

use super::*;
use axum::body::Body;
use engine::{
    ArrivalFilter, Config, InitialKey, KeyKind, Permission, Permissions, SystemClock, dev,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::Write;
use tower::ServiceExt;

const INGEST: &str = dev::INGEST_KEY;
const CONFIGURATION: &str = dev::CONFIGURATION_KEY;

struct Fixture {
    engine: Engine,
    router: Router,
    _dir: tempfile::TempDir,
}

struct Reply {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

fn start_with(initial_keys: Vec<InitialKey>) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        initial_keys,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
    Fixture {
        router: router(engine.clone()),
        engine,
        _dir: dir,
    }
}

fn start() -> Fixture {
    start_with(Vec::new())
}

impl Fixture {
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "foursight:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// With the configuration key.
    async fn api(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let key = [("x-honeycomb-team", CONFIGURATION)];
        self.send(method, path, &key, body).await
    }

    async fn batch(&self, dataset: &str, body: Value) -> Reply {
        let key = [("x-honeycomb-team", INGEST)];
        let path = format!("/1/batch/{dataset}");
        self.send("POST", &path, &key, body.to_string()).await
    }

    fn rows(&self) -> u64 {
        let tables = self.engine.store_stats().tables;
        tables.iter().map(|t| t.part_rows + t.buffered_rows).sum()
    }

    fn last_reason(&self) -> Option<&'static str> {
        let latest = self.engine.arrivals().latest(&ArrivalFilter::default());
        latest[0].outcome.reason.map(engine::Reason::code)
    }

    async fn close(self) {
        let counters = self.engine.arrivals().counters();
        assert!(counters.iter().all(|(_, c)| c.is_conserved()));
        let stored: u64 = counters.iter().map(|(_, c)| c.stored).sum();
        assert_eq!(stored, self.rows());
        self.engine.close().await.unwrap();
    }
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let list = reply.json();
    let list = list.as_array().unwrap();
    list.iter().map(|s| s["status"].as_u64().unwrap()).collect()
}
