//! Rollbar: address and token judged, and one item of level debug.
//!
//! pyrollbar and most of its sisters read no variable for their address: apps hand it over themselves,
//! as the walkthrough's does from `ROLLBAR_ENDPOINT`. Source: pyrollbar's `rollbar.init`.

use super::address::{Address, is_vendor};
use super::finding::Finding;
use super::http;
use super::probe::{Judged, Probe, SERVICE, Taken, no_answer, refused};
use super::variables::Variables;
use ::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

const ENDPOINT: &str = "ROLLBAR_ENDPOINT";
const TOKENS: [&str; 2] = ["ROLLBAR_ACCESS_TOKEN", "ROLLBAR_SERVER_TOKEN"];
const PORTS: &str = "Rollbar's items are taken on 8080: write http://foursight:8080/api/1/";

/// What is sent, and where.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) address: Address,
    token: String,
}

/// Reads and judges the variables.
pub(crate) fn judge(v: &Variables) -> Judged<Plan> {
    if !v.names().any(|n| n.starts_with("ROLLBAR_")) {
        return Judged::unused();
    }
    let mut findings = Vec::new();
    let token = v.first(&TOKENS).map(|(_, t)| t.to_owned());
    if token.is_none() {
        findings.push(Finding::error(
            "missing_key",
            Some(TOKENS[0]),
            "no token is set",
            "create a token on the Send data page, and set it here",
        ));
    }
    let address = address(v, &mut findings);
    Judged {
        is_used: true,
        plan: token
            .zip(address)
            .map(|(token, address)| Plan { address, token }),
        findings,
    }
}

fn address(v: &Variables, findings: &mut Vec<Finding>) -> Option<Address> {
    let Some(text) = v.get(ENDPOINT) else {
        findings.push(Finding::error(
            "missing_variable",
            Some(ENDPOINT),
            "it is not set: items go to api.rollbar.com (unless the app's code gives another address)",
            "hand endpoint='http://foursight:8080/api/1/' to rollbar.init",
        ));
        return None;
    };
    let mut address = match Address::parse(text) {
        Ok(address) => address,
        Err(why) => {
            let fix = "write it as http://foursight:8080/api/1/";
            findings.push(Finding::error("bad_address", Some(ENDPOINT), why, fix));
            return None;
        }
    };
    if is_vendor(&address.host) {
        findings.push(Finding::error(
            "not_sent_here",
            Some(ENDPOINT),
            format!("it sends to {}", address.host),
            "write Foursight's address, e.g. http://foursight:8080/api/1/",
        ));
        return None;
    }
    if address.is_https {
        findings.push(Finding::error(
            "https_to_http",
            Some(ENDPOINT),
            "it says https, and Foursight's ports speak plain http",
            format!("{ENDPOINT}={}", address.plain()),
        ));
        address.is_https = false;
    }
    if !address.path.ends_with('/') {
        findings.push(Finding::error(
            "wrong_path",
            Some(ENDPOINT),
            format!(
                "without a slash at its end pyrollbar drops the last part of {}",
                address.path
            ),
            format!("{ENDPOINT}={}/", address.plain()),
        ));
        address.path.push('/');
    }
    Some(address)
}

/// Sends one item.
///
/// # Errors
/// Why it was not taken.
pub(crate) async fn probe(plan: &Plan, probe: &Probe) -> Result<Taken, Finding> {
    let item = json!({"access_token": plan.token, "data": {
        "environment": SERVICE,
        "level": "debug",
        "timestamp": probe.now_ns / 1_000_000_000,
        "uuid": hex::encode(probe.trace_id),
        "title": "foursight doctor",
        "body": {"message": {"body": "foursight doctor"}},
        // Arrivals names the sender by this rather than by its HTTP client.
        "notifier": {"name": SERVICE, "version": format!("{} run/{}", env!("CARGO_PKG_VERSION"), probe.run)},
    }});
    let headers = [
        ("content-type", "application/json"),
        ("x-rollbar-access-token", plan.token.as_str()),
        ("user-agent", probe.user_agent.as_str()),
    ];
    let address = plan.address.join("/item/");
    let answer = http::send(
        &address,
        Method::POST,
        &headers,
        Bytes::from(item.to_string()),
    )
    .await
    .map_err(|e| no_answer(&e, &address))?;
    match answer.status {
        200 => Ok(Taken::by(&answer, probe)),
        _ => Err(refused(&answer, &address, PORTS)),
    }
}

/// How the probe's row is told from others.
pub(crate) fn mark(probe: &Probe) -> Value {
    json!({"column": "rollbar.uuid", "op": "=", "value": hex::encode(probe.trace_id)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::probe::codes;

    fn check(endpoint: &str, wanted: &[&str], path: Option<&str>) {
        let judged = judge(&Variables::of(&[(TOKENS[0], "t"), (ENDPOINT, endpoint)]));
        assert_eq!(codes(&judged.findings), wanted, "{endpoint}");
        let found = judged.plan.map(|p| p.address.join("/item/").path);
        assert_eq!(found.as_deref(), path, "{endpoint}");
    }

    #[test]
    fn endpoints() {
        let item = Some("/api/1/item/");
        check("http://foursight:8080/api/1/", &[], item);
        check("http://foursight:8080/api/1", &["wrong_path"], item);
        check("https://foursight:8080/api/1/", &["https_to_http"], item);
        check("https://api.rollbar.com/api/1/", &["not_sent_here"], None);
        check("foursight:8080/api/1/", &["bad_address"], None);
        let without = judge(&Variables::of(&[(TOKENS[0], "t")]));
        assert_eq!(codes(&without.findings), ["missing_variable"]);
        let keyless = judge(&Variables::of(&[(ENDPOINT, "http://h:8080/api/1/")]));
        assert_eq!(codes(&keyless.findings), ["missing_key"]);
        assert!(!judge(&Variables::of(&[("HOME", "/")])).is_used);
    }
}
