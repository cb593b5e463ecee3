//! CloudWatch Logs: one line per request, collected and put once a second, as logging handlers do.

use crate::sigv4::Signer;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two batches.
const EVERY: Duration = Duration::from_secs(1);
/// Lines of one batch, and lines that wait while the collector is away; the oldest give way.
const LINES: usize = 5_000;
const GROUP: &str = "cruddur";

/// Where lines go.
#[derive(Clone, Debug)]
pub struct Logs {
    /// Base address, e.g. `http://127.0.0.1:8080`.
    pub endpoint: String,
    /// Access key id.
    pub key_id: String,
    /// Its secret.
    pub secret: String,
    /// Region in the signature's scope.
    pub region: String,
}

/// A line and its time, milliseconds since 1970.
pub(crate) type Line = (i64, String);

/// Puts what is sent to it until the sender is gone.
pub(crate) async fn run(logs: Logs, mut lines: mpsc::UnboundedReceiver<Line>) {
    let Ok(client) = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()
    else {
        return;
    };
    let stream = format!("cruddur-backend/{}", std::process::id());
    let put = Put {
        client,
        signer: Signer {
            key_id: logs.key_id,
            secret: logs.secret,
            region: logs.region,
            service: "logs",
        },
        endpoint: logs.endpoint.trim_end_matches('/').to_owned(),
        stream,
    };
    // As agents do at their start: a group that is there already is no harm.
    put.make_group().await;
    let mut waiting: Vec<Line> = Vec::new();
    let mut is_open = true;
    while is_open {
        let tick = tokio::time::sleep(EVERY);
        tokio::pin!(tick);
        loop {
            tokio::select! {
                () = &mut tick => break,
                line = lines.recv() => match line {
                    Some(line) => waiting.push(line),
                    None => {
                        is_open = false;
                        break;
                    }
                },
            }
        }
        let too_many = waiting.len().saturating_sub(LINES);
        waiting.drain(..too_many);
        if !waiting.is_empty() && put.lines(&mut waiting).await {
            waiting.clear();
        }
    }
}

struct Put {
    client: reqwest::Client,
    signer: Signer,
    endpoint: String,
    stream: String,
}

impl Put {
    async fn make_group(&self) {
        let group = json!({"logGroupName": GROUP});
        let stream = json!({"logGroupName": GROUP, "logStreamName": self.stream});
        self.call("CreateLogGroup", &group).await;
        self.call("CreateLogStream", &stream).await;
    }

    /// Whether the lines were taken. Group and stream are made when they are missing: somebody may have deleted them.
    async fn lines(&self, lines: &mut [Line]) -> bool {
        // Within a batch by time: requests end in another order than they are logged in.
        lines.sort_by_key(|(at, _)| *at);
        let events: Vec<Value> = lines
            .iter()
            .map(|(at, text)| json!({"timestamp": at, "message": text}))
            .collect();
        let body =
            json!({"logGroupName": GROUP, "logStreamName": self.stream, "logEvents": events});
        if self.call("PutLogEvents", &body).await {
            return true;
        }
        self.make_group().await;
        self.call("PutLogEvents", &body).await
    }

    async fn call(&self, operation: &str, body: &Value) -> bool {
        let body = body.to_string();
        let host = self.endpoint.rsplit("//").next().unwrap_or_default();
        let stamp = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let target = format!("Logs_20140328.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("host", host),
            ("x-amz-date", &stamp),
            ("x-amz-target", &target),
        ];
        let authorization = self.signer.authorization(&headers, body.as_bytes(), &stamp);
        let mut request = self.client.post(format!("{}/", self.endpoint));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let sent = request
            .header("authorization", authorization)
            .body(body)
            .send()
            .await;
        // The collector may be away: the lines wait for the next second.
        sent.is_ok_and(|reply| reply.status().is_success())
    }
}
