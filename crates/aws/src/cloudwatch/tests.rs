//! Calls and answers of the service, through the router (cloudwatch.md §5).

use crate::wire::testing::{Answer, Fixture, Request};
use serde_json::{Value, json};

mod groups;
mod lines;

struct Logs(Fixture);

impl Logs {
    fn new() -> Self {
        Self(Fixture::new(true))
    }

    async fn call(&self, operation: &str, body: Value) -> Answer {
        let request = Request::new("logs", "/", body.to_string())
            .header("x-amz-target", &format!("Logs_20140328.{operation}"))
            .header("content-type", "application/x-amz-json-1.1");
        self.0.send(request.sign()).await
    }

    async fn ok(&self, operation: &str, body: Value) -> Value {
        let answer = self.call(operation, body).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{operation}: {text}");
        match answer.body.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }

    async fn refused(&self, operation: &str, body: Value, code: &str, message: &str) {
        let answer = self.call(operation, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code));
        assert_eq!(answer.message(), message, "{operation}");
    }

    async fn stream(&self, group: &str, stream: &str) {
        let made = json!({"logGroupName": group});
        self.call("CreateLogGroup", made).await;
        let body = json!({"logGroupName": group, "logStreamName": stream});
        assert_eq!(self.ok("CreateLogStream", body).await, Value::Null);
    }

    async fn put(&self, group: &str, stream: &str, lines: &[(i64, &str)]) -> Value {
        let events: Vec<Value> = lines
            .iter()
            .map(|(ms, m)| json!({"timestamp": ms, "message": m}))
            .collect();
        let body = json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
        self.ok("PutLogEvents", body).await
    }

    fn now_ms(&self) -> i64 {
        self.0.engine.now() / 1_000_000
    }
}

fn messages(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|e| e["message"].as_str().unwrap())
        .collect()
}
