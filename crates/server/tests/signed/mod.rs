//! Calls of AWS's services with the key of `--dev`, signed by the code that signs doctor's probe: it is
//! written apart from the server's check.
#![allow(dead_code, reason = "each test binary uses its part")]

#[path = "../../src/sigv4.rs"]
mod sign;

use serde_json::Value;
use support::{Reply, Server};

pub(crate) const KEY_ID: &str = "AKIAFOURSIGHTDEV0000";
pub(crate) const SECRET: &str = "foursight/dev/secret/not/for/production";

/// A call before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    key: (String, String),
    service: &'static str,
    pub(crate) path: &'static str,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// An operation of CloudWatch Logs.
    pub(crate) fn logs(operation: &str, input: &Value) -> Self {
        let target = format!("Logs_20140328.{operation}");
        Self {
            key: (KEY_ID.to_owned(), SECRET.to_owned()),
            service: "logs",
            path: "/",
            headers: Vec::new(),
            body: input.to_string().into_bytes(),
        }
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", &target)
    }

    /// An operation of X-Ray, by its path.
    pub(crate) fn xray(path: &'static str, input: &Value) -> Self {
        Self {
            key: (KEY_ID.to_owned(), SECRET.to_owned()),
            service: "xray",
            path,
            headers: Vec::new(),
            body: input.to_string().into_bytes(),
        }
    }

    /// With another key than that of `--dev`.
    pub(crate) fn by(mut self, id: &str, secret: &str) -> Self {
        self.key = (id.to_owned(), secret.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Every header of the call to the server at `authority` (`host:port`) but `host`, which the
    /// transport writes.
    pub(crate) fn signed(&self, authority: &str) -> Vec<(String, String)> {
        let signer = sign::Signer {
            key_id: &self.key.0,
            secret: &self.key.1,
            token: None,
            region: "us-east-1",
            service: self.service,
        };
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let stamp = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let mut all = signer.headers(authority, self.path, &headers, &self.body, &stamp);
        all.retain(|(name, _)| name != "host");
        all
    }

    /// Sends it, whatever the answer.
    pub(crate) fn send(&self, server: &Server) -> Reply {
        let authority = server.ready["http"].as_str().unwrap();
        let signed = self.signed(authority);
        let headers: Vec<(&str, &str)> = signed
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        support::request("POST", &server.url(self.path), &headers, Some(&self.body))
    }

    /// `BatchGetTraces`, page by page: the documents of each trace that was found.
    pub(crate) fn documents(server: &Server, ids: &[String]) -> Vec<(String, Vec<String>)> {
        let mut input = serde_json::json!({"TraceIds": ids});
        let mut all = Vec::new();
        loop {
            let page = Self::xray("/Traces", &input).ok(server);
            for trace in page["Traces"].as_array().unwrap() {
                let segments = trace["Segments"].as_array().unwrap().iter();
                let documents = segments.map(|s| s["Document"].as_str().unwrap().to_owned());
                all.push((
                    trace["Id"].as_str().unwrap().to_owned(),
                    documents.collect(),
                ));
            }
            match page["NextToken"].as_str() {
                Some(token) => input["NextToken"] = token.into(),
                None => return all,
            }
        }
    }

    /// Sends it, and is answered 200.
    pub(crate) fn ok(&self, server: &Server) -> Value {
        let reply = self.send(server);
        assert_eq!(reply.status, 200, "{}", reply.text());
        match reply.body.is_empty() {
            true => Value::Null,
            false => reply.json(),
        }
    }
}
