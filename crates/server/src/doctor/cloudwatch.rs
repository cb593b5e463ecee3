//! CloudWatch Logs: the variables judged, and one line put, and read again, signed by the client's own pair.
//!
//! Source: botocore's loading of endpoints, regions and credentials (the service's id is
//! "CloudWatch Logs", which is what its endpoint variable is named after).

use super::address::{Address, is_vendor};
use super::finding::Finding;
use super::http::{self, Answer};
use super::probe::{Judged, Probe, SERVICE, Taken, no_answer, refused};
use super::variables::Variables;
use crate::sigv4::Signer;
use ::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

/// The service's own variable comes first, and wins.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL"];
/// A variable many guides name, and no SDK reads.
const IGNORED: &str = "AWS_ENDPOINT_URL_LOGS";
const REGIONS: [&str; 2] = ["AWS_DEFAULT_REGION", "AWS_REGION"];
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const PORTS: &str = "AWS's APIs are taken on 8080: write http://foursight:8080";

/// What is sent, where, and who signs.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) address: Address,
    key_id: String,
    secret: String,
    token: Option<String>,
    region: String,
}

/// Reads and judges the variables.
pub(crate) fn judge(v: &Variables) -> Judged<Plan> {
    let used = [ENDPOINTS[0], ENDPOINTS[1], IGNORED, KEY_ID, SECRET];
    if v.first(&used).is_none() {
        return Judged::unused();
    }
    let mut findings = Vec::new();
    let address = address(v, &mut findings);
    let mut need = |name: &'static str, fix: &str| {
        let found = v.get(name).map(str::to_owned);
        if found.is_none() {
            let text = "it is not set, so nothing can be signed";
            findings.push(Finding::error("missing_key", Some(name), text, fix));
        }
        found
    };
    let make = "make a pair: foursight keys create --kind signing";
    let (key_id, secret) = (need(KEY_ID, make), need(SECRET, make));
    let region = v.first(&REGIONS).map(|(_, r)| r.to_owned());
    if region.is_none() {
        findings.push(Finding::error(
            "missing_variable",
            Some(REGIONS[0]),
            "no region is set: SDKs make no client without one",
            format!("{}=us-east-1", REGIONS[0]),
        ));
    }
    if let Some(profile) = v.get("AWS_PROFILE") {
        findings.push(Finding::note(
            "overruled_variable",
            Some("AWS_PROFILE"),
            format!("profile `{profile}` may bring an address and keys of its own"),
            "",
        ));
    }
    let plan = match (address, key_id, secret) {
        (Some(address), Some(key_id), Some(secret)) => Some(Plan {
            address,
            key_id,
            secret,
            token: v.get("AWS_SESSION_TOKEN").map(str::to_owned),
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        }),
        _ => None,
    };
    Judged {
        is_used: true,
        plan,
        findings,
    }
}

fn address(v: &Variables, findings: &mut Vec<Finding>) -> Option<Address> {
    let found = v.first(&ENDPOINTS);
    if let Some(text) = v.get(IGNORED) {
        let (name, fix) = ("ignored_variable", format!("{}={text}", ENDPOINTS[0]));
        let what = "no SDK reads it: the service's id is \"CloudWatch Logs\"";
        findings.push(match found {
            Some((other, _)) => Finding::warning(
                name,
                Some(IGNORED),
                format!("{what}; {other} is what counts"),
                fix,
            ),
            None => Finding::error(name, Some(IGNORED), format!("{what}; logs go to AWS"), fix),
        });
    }
    let Some((name, text)) = found else {
        if v.get(IGNORED).is_none() {
            findings.push(Finding::error(
                "missing_variable",
                Some(ENDPOINTS[1]),
                "it is not set: logs go to AWS",
                "write Foursight's address, e.g. http://foursight:8080",
            ));
        }
        return None;
    };
    if v.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        findings.push(Finding::error(
            "ignored_variable",
            Some("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
            format!("it makes SDKs pass over {name}: logs go to AWS"),
            "take the variable out",
        ));
        return None;
    }
    let mut address = match Address::parse(text) {
        Ok(address) => address,
        Err(why) => {
            let fix = "write it as http://foursight:8080";
            findings.push(Finding::error("bad_address", Some(name), why, fix));
            return None;
        }
    };
    if is_vendor(&address.host) {
        findings.push(Finding::error(
            "not_sent_here",
            Some(name),
            format!("it sends to {}", address.host),
            "write Foursight's address, e.g. http://foursight:8080",
        ));
        return None;
    }
    if address.is_https {
        findings.push(Finding::error(
            "https_to_http",
            Some(name),
            "it says https, and Foursight's ports speak plain http",
            format!("{name}={}", address.plain()),
        ));
        address.is_https = false;
    }
    Some(address)
}

/// Puts one line and reads it again, all with the client's own pair.
///
/// # Errors
/// Why it was not taken.
pub(crate) async fn probe(plan: &Plan, probe: &Probe) -> Result<Taken, Finding> {
    let group = json!({"logGroupName": SERVICE});
    let stream = json!({"logGroupName": SERVICE, "logStreamName": probe.run});
    for (operation, body) in [("CreateLogGroup", &group), ("CreateLogStream", &stream)] {
        let answer = call(plan, probe, operation, body).await?;
        let exists = answer.json()["__type"]
            .as_str()
            .is_some_and(|t| t.ends_with("ResourceAlreadyExistsException"));
        if answer.status != 200 && !exists {
            return Err(refused(&answer, &plan.address, PORTS));
        }
    }
    let message = format!("foursight doctor, run {}", probe.run);
    let put = json!({"logGroupName": SERVICE, "logStreamName": probe.run,
        "logEvents": [{"timestamp": probe.now_ms(), "message": message}]});
    let answer = call(plan, probe, "PutLogEvents", &put).await?;
    if answer.status != 200 {
        return Err(refused(&answer, &plan.address, PORTS));
    }
    let mut taken = Taken::by(&answer, probe);
    let rejected = &answer.json()["rejectedLogEventsInfo"];
    if !rejected.is_null() {
        taken.findings.push(Finding::error(
            "log_event_rejected",
            None,
            format!("the line was rejected: {rejected}"),
            "check this machine's clock: a line may be 14 days old or 2 hours ahead at most",
        ));
        return Ok(taken);
    }
    let get = json!({"logGroupName": SERVICE, "logStreamName": probe.run, "startFromHead": true});
    let answer = call(plan, probe, "GetLogEvents", &get).await?;
    let events = &answer.json()["events"];
    taken.is_found = events
        .as_array()
        .is_some_and(|e| e.iter().any(|e| e["message"] == message));
    Ok(taken)
}

async fn call(
    plan: &Plan,
    probe: &Probe,
    operation: &str,
    body: &Value,
) -> Result<Answer, Finding> {
    let body = Bytes::from(body.to_string());
    let signer = Signer {
        key_id: &plan.key_id,
        secret: &plan.secret,
        token: plan.token.as_deref(),
        region: &plan.region,
        service: "logs",
    };
    let target = format!("Logs_20140328.{operation}");
    let signed = signer.headers(
        &plan.address.authority(),
        &plan.address.path,
        &[
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &target),
        ],
        &body,
        &probe.stamp(),
    );
    let mut headers: Vec<(&str, &str)> = signed
        .iter()
        .filter(|(n, _)| n != "host")
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    headers.push(("user-agent", &probe.user_agent));
    http::send(&plan.address, Method::POST, &headers, body)
        .await
        .map_err(|e| no_answer(&e, &plan.address))
}

/// How the probe's row is told from others.
pub(crate) fn mark(probe: &Probe) -> Value {
    json!({"column": "aws.log.stream.name", "op": "=", "value": probe.run})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::probe::codes;

    const PAIR: [(&str, &str); 3] = [
        (KEY_ID, "AKIA"),
        (SECRET, "s"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];

    fn check(more: &[(&str, &str)], wanted: &[&str], authority: Option<&str>) {
        let all: Vec<_> = PAIR.iter().chain(more).copied().collect();
        let judged = judge(&Variables::of(&all));
        assert_eq!(codes(&judged.findings), wanted, "{more:?}");
        let found = judged.plan.map(|p| p.address.authority());
        assert_eq!(found.as_deref(), authority, "{more:?}");
    }

    #[test]
    fn endpoints() {
        let (own, all) = (ENDPOINTS[0], ENDPOINTS[1]);
        let here = "http://foursight:8080";
        let there = Some("foursight:8080");
        check(&[(all, here)], &[], there);
        check(&[(own, here)], &[], there);
        check(&[(own, here), (all, "http://other:1")], &[], there);
        check(&[(IGNORED, here)], &["ignored_variable"], None);
        check(
            &[(IGNORED, here), (all, here)],
            &["ignored_variable"],
            there,
        );
        check(&[], &["missing_variable"], None);
        check(
            &[(all, "https://foursight:8080")],
            &["https_to_http"],
            there,
        );
        check(
            &[(all, "https://logs.us-east-1.amazonaws.com")],
            &["not_sent_here"],
            None,
        );
        check(&[(all, "foursight:8080")], &["bad_address"], None);
        let passed_over = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        check(&[(all, here), passed_over], &["ignored_variable"], None);
    }

    #[test]
    fn keys_and_region() {
        let judged = judge(&Variables::of(&[(ENDPOINTS[1], "http://h:8080")]));
        assert_eq!(
            codes(&judged.findings),
            ["missing_key", "missing_key", "missing_variable"]
        );
        assert!(!judge(&Variables::of(&[("AWS_REGION", "x")])).is_used);
    }
}
