//! Looking probes up by the server's own API: their rows, what Arrivals says of them, and whether
//! anything else came.

use super::address::Address;
use super::finding::Finding;
use super::probe::Probe;
use crate::cli::Target;
use crate::client::{Client, Missing};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a probe that nobody answers (UDP) may take until it can be asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server's own API, and the environments there are.
pub(crate) struct Lookup {
    client: Client,
    pub(crate) url: String,
    environments: Vec<String>,
}

impl Lookup {
    /// Finds the API: at `--url`, else where the variables send data, on their port or on 8080.
    pub(crate) async fn open(target: &Target, sent_to: &[Address]) -> Result<Self, Finding> {
        let urls: Vec<String> = match &target.url {
            Some(url) => vec![url.clone()],
            None => guesses(sent_to),
        };
        let mut failure = "no address is known".to_owned();
        for url in urls {
            match Self::at(target, &url).await {
                Ok(found) => return Ok(found),
                Err(why) => failure = format!("{url}: {why:#}"),
            }
        }
        Err(Finding::note(
            "not_looked_up",
            None,
            format!("probes cannot be looked up ({failure})"),
            "give the server's address with --url, and outside --dev the owner token with --token (FOURSIGHT_TOKEN)",
        ))
    }

    async fn at(target: &Target, url: &str) -> anyhow::Result<Self> {
        let target = Target {
            url: Some(url.to_owned()),
            ..target.clone()
        };
        let client = Client::open(&target, Missing::Refuse).await?;
        let listed = client.get("/environments").await?;
        let slugs = listed["environments"].as_array().into_iter().flatten();
        Ok(Self {
            client,
            url: url.to_owned(),
            environments: slugs
                .filter_map(|e| e["slug"].as_str().map(str::to_owned))
                .collect(),
        })
    }

    /// The environment that holds a row with this mark; waits for it a little.
    pub(crate) async fn find(&self, mark: &Value) -> anyhow::Result<Option<String>> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            for env in &self.environments {
                let ask = json!({"env": env, "limit": 1, "query": {"filters": [mark]}});
                let found = self.client.post("/rows", &ask).await?;
                if found["rows"].as_array().is_some_and(|r| !r.is_empty()) {
                    return Ok(Some(env.clone()));
                }
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Why this run's delivery of that protocol was refused, as Arrivals has it.
    pub(crate) async fn refusal(&self, protocols: &[&str], probe: &Probe) -> Option<Finding> {
        let own = |row: &Value| row["user_agent"] == probe.user_agent.as_str();
        let row = self.refused(protocols, own).await?;
        let reason = &row["reason"];
        let word = |name: &str| reason[name].as_str().unwrap_or_default().to_owned();
        let detail = reason["detail"].as_str().map(|d| format!(" ({d})"));
        let fix = match reason["copy"].as_str() {
            Some(copy) => format!("{}: {copy}", word("fix")),
            None => word("fix"),
        };
        Some(Finding::error(
            &word("code"),
            None,
            format!(
                "it is refused: {}{}",
                word("text"),
                detail.unwrap_or_default()
            ),
            fix,
        ))
    }

    /// The latest refusal of somebody else's deliveries of that protocol within five minutes.
    pub(crate) async fn refused_of_others(&self, protocols: &[&str]) -> Option<Finding> {
        let other = |row: &Value| {
            let agent = row["user_agent"].as_str().unwrap_or_default();
            row["received_last_5m"].as_u64() > Some(0) && !agent.starts_with(super::probe::SERVICE)
        };
        let row = self.refused(protocols, other).await?;
        let reason = &row["reason"];
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = row["key_prefix"]
            .as_str()
            .map_or(String::new(), |k| format!(", key {k}"));
        let agent = row["user_agent"]
            .as_str()
            .map_or(String::new(), |a| format!(", {a}"));
        Some(Finding::warning(
            &word(&reason["code"]),
            None,
            format!(
                "{} of {} items from {}{key}{agent} were refused: {}",
                row["counters"]["refused"],
                row["counters"]["received"],
                word(&row["sender"]),
                word(&reason["text"])
            ),
            word(&reason["fix"]),
        ))
    }

    async fn refused(&self, protocols: &[&str], wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut latest: Option<(String, Value)> = None;
        for protocol in protocols {
            let encoded = protocol.replace('/', "%2F");
            let path = format!("/arrivals?outcome=refused&limit=1000&protocol={encoded}");
            // What Arrivals does not tell is told less well, not at all wrongly.
            let listed = self.client.get(&path).await.unwrap_or_default();
            for row in listed["rows"].as_array().into_iter().flatten() {
                let at = row["last_ns"].as_str().unwrap_or_default().to_owned();
                let is_later = latest.as_ref().is_none_or(|(known, _)| at > *known);
                if wanted(row) && !row["reason"].is_null() && is_later {
                    latest = Some((at, row.clone()));
                }
            }
        }
        latest.map(|(_, row)| row)
    }

    /// Rows of the last day in that environment that pass all filters.
    pub(crate) async fn count(&self, env: &str, filters: &Value) -> anyhow::Result<u64> {
        let query =
            json!({"calculations": [{"op": "COUNT"}], "filters": filters, "time_range": 86_400});
        let ask = json!({"env": env, "query": query});
        let answer = self.client.post("/query", &ask).await?;
        Ok(answer["total"]["COUNT"].as_u64().unwrap_or(0))
    }

    /// The environment a key belongs to, whether or not it still works.
    pub(crate) async fn environment_of(&self, key: &str) -> Option<String> {
        let headers = [("x-honeycomb-team", key)];
        let found = self.client.get_with("/whoami", &headers).await.ok()?;
        found["environment"]["slug"].as_str().map(str::to_owned)
    }
}

/// Where the API may be: the ports data goes to, and 8080 of the same hosts.
fn guesses(sent_to: &[Address]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let own = sent_to.iter().map(|a| (a.host.as_str(), a.port));
    let usual = sent_to.iter().map(|a| (a.host.as_str(), 8080));
    for (host, port) in own.chain(usual) {
        let url = format!("http://{host}:{port}");
        if !out.contains(&url) {
            out.push(url);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_sought_where_data_goes_and_on_8080() {
        let sent = ["http://foursight:4318/v1/traces", "http://foursight:8080/"];
        let sent = sent.map(|a| Address::parse(a).unwrap());
        assert_eq!(
            guesses(&sent),
            ["http://foursight:4318", "http://foursight:8080"]
        );
    }
}
