//! Bytes in, bytes out, through the router, without a socket.

use super::*;
use axum::body::Body;
use engine::catalog::NewKey;
use engine::{Arrival, ArrivalFilter, Config, KeyKind, Permission, Permissions, SystemClock, dev};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::Write;
use tower::ServiceExt;

mod api;
mod intake;
mod rates;

const TOKEN: &str = dev::PROJECT_TOKEN;

struct Fixture {
    engine: Engine,
    router: Router,
    dir: tempfile::TempDir,
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

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn open(dir: &std::path::Path) -> Engine {
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir)
    };
    Engine::open(config, Arc::new(SystemClock)).unwrap()
}

fn start() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    Fixture {
        router: router(engine.clone()),
        engine,
        dir,
    }
}

fn item(uuid: &str, text: &str) -> Value {
    json!({"data": {
        "environment": "production", "level": "warning", "uuid": uuid, "platform": "linux",
        "body": {"message": {"body": text}}}})
}

fn boom(uuid: &str, function: &str) -> Value {
    json!({"data": {
        "environment": "production", "uuid": uuid, "language": "python 3.11", "code_version": "1",
        "server": {"root": "/app"},
        "body": {"trace": {"exception": {"class": "TypeError", "message": "no view"},
            "frames": [{"filename": "/app/a.py", "lineno": 3, "method": function}]}}}})
}

impl Fixture {
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = http::Request::builder().method(method).uri(path);
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

    async fn post(&self, body: &Value) -> Reply {
        let headers = [("x-rollbar-access-token", TOKEN)];
        self.send("POST", "/api/1/item/", &headers, body.to_string())
            .await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("x-rollbar-access-token", TOKEN)], "")
            .await
    }

    async fn items(&self) -> Vec<Value> {
        let reply = self.get("/api/1/items/").await;
        assert_eq!(reply.status, 200);
        reply.json()["result"]["items"].as_array().unwrap().clone()
    }

    fn latest(&self) -> Arc<Arrival> {
        let latest = self.engine.arrivals().latest(&ArrivalFilter::default());
        Arc::clone(&latest[0])
    }

    fn token(&self, permissions: &[Permission]) -> String {
        let env = self.engine.catalog().environments()[0].id;
        let mut new = NewKey::new(env, KeyKind::Project, "t");
        new.permissions = Some(Permissions::of(permissions));
        new.datasets = Some(vec!["rollbar-dev".into()]);
        let made = self
            .engine
            .catalog()
            .create_key(new, self.engine.now())
            .unwrap();
        assert_eq!(made.secret.len(), 32);
        made.secret
    }
}
