//! A blocking HTTP client that treats every status as an answer.

use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none; the message shows it.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.body) {
            Ok(v) => v,
            Err(e) => panic!("no JSON ({e}), status {}: {}", self.status, self.text()),
        }
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// Sends a request; waits at most 60 s.
///
/// # Panics
/// When the connection fails.
#[must_use]
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut builder = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let sent = match builder.body(body.unwrap_or_default().to_vec()) {
        Ok(request) => agent.run(request),
        Err(e) => panic!("{method} {url}: {e}"),
    };
    let mut reply = match sent {
        Ok(reply) => reply,
        Err(e) => panic!("{method} {url}: {e}"),
    };
    let headers = reply
        .headers()
        .iter()
        .map(|(n, v)| {
            (
                n.as_str().to_owned(),
                String::from_utf8_lossy(v.as_bytes()).into_owned(),
            )
        })
        .collect();
    let body = match reply.body_mut().with_config().limit(1 << 30).read_to_vec() {
        Ok(body) => body,
        Err(e) => panic!("{method} {url}: {e}"),
    };
    Reply {
        status: reply.status().as_u16(),
        headers,
        body,
    }
}

/// GET.
#[must_use]
pub fn get(url: &str) -> Reply {
    request("GET", url, &[], None)
}

/// POST of JSON.
#[must_use]
pub fn post(url: &str, body: &serde_json::Value) -> Reply {
    request(
        "POST",
        url,
        &[("content-type", "application/json")],
        Some(body.to_string().as_bytes()),
    )
}
