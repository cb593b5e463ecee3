//! X-Ray: the daemon's address judged, one segment by UDP, and the sampling rules asked for over TCP as
//! the SDKs do.
//!
//! Source: the SDKs' own parsers of `AWS_XRAY_DAEMON_ADDRESS` (xray.md §3).

use super::address::Address;
use super::finding::Finding;
use super::http;
use super::probe::{Judged, Probe, SERVICE, Taken};
use super::variables::Variables;
use ::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

const DAEMON: &str = "AWS_XRAY_DAEMON_ADDRESS";
/// Where the SDKs send when the variable is not set.
const USUAL: &str = "127.0.0.1:2000";
const FORM: &str = "write host:port, e.g. foursight:2000, or `tcp:host:port udp:host:port`";

/// Where segments and questions about sampling go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// `host:port` of UDP.
    pub(crate) udp: String,
    tcp: String,
    /// The name by which sampling rules know the app, as far as variables tell.
    service: Option<String>,
}

/// Reads and judges the variables.
pub(crate) fn judge(v: &Variables) -> Judged<Plan> {
    if !v.names().any(|n| n.starts_with("AWS_XRAY_")) {
        return Judged::unused();
    }
    let mut findings = Vec::new();
    if v.get("AWS_XRAY_SDK_ENABLED")
        .is_some_and(|e| ["false", "0", "no", "off", "f", "n"].contains(&e.to_lowercase().as_str()))
    {
        findings.push(Finding::error(
            "switched_off",
            Some("AWS_XRAY_SDK_ENABLED"),
            "the SDK records nothing",
            "take the variable out",
        ));
    }
    if v.get("AWS_XRAY_URL").is_some_and(|u| u.contains("://")) {
        findings.push(Finding::warning(
            "never_matches",
            Some("AWS_XRAY_URL"),
            "the pattern is compared with the Host header, which has no scheme: segments get the service's fixed name",
            "take http:// or https:// out of the pattern",
        ));
    }
    let (udp, tcp) = match v.get(DAEMON) {
        None => {
            findings.push(Finding::warning(
                "missing_variable",
                Some(DAEMON),
                format!("it is not set: the SDK sends to {USUAL}, its own machine"),
                FORM,
            ));
            (USUAL.to_owned(), USUAL.to_owned())
        }
        Some(text) => match addresses(text) {
            Ok(both) => both,
            Err(why) => {
                findings.push(Finding::error("bad_address", Some(DAEMON), why, FORM));
                return Judged {
                    is_used: true,
                    plan: None,
                    findings,
                };
            }
        },
    };
    let service = v.first(&["AWS_XRAY_TRACING_NAME", "OTEL_SERVICE_NAME"]);
    Judged {
        is_used: true,
        plan: Some(Plan {
            udp,
            tcp,
            service: service.map(|(_, s)| s.to_owned()),
        }),
        findings,
    }
}

/// UDP's and TCP's `host:port`.
fn addresses(text: &str) -> Result<(String, String), String> {
    if text.contains("://") {
        return Err(format!(
            "`{text}` has a scheme; the daemon's address has none"
        ));
    }
    if text.contains('[') {
        return Err(format!(
            "`{text}`: SDKs do not read IPv6 addresses in brackets; use a name"
        ));
    }
    let parts: Vec<&str> = text.split(' ').collect();
    match parts[..] {
        [one] => {
            if one.starts_with("udp:") || one.starts_with("tcp:") {
                return Err(format!("`{one}` names one protocol; both must be given"));
            }
            let one = host_and_port(one)?;
            Ok((one.clone(), one))
        }
        [a, b] => {
            let find = |prefix: &str| {
                let found = [a, b].into_iter().find_map(|p| p.strip_prefix(prefix));
                host_and_port(found.ok_or_else(|| {
                    format!("`{text}` has two parts, and none begins with {prefix}")
                })?)
            };
            Ok((find("udp:")?, find("tcp:")?))
        }
        _ => Err(format!(
            "`{text}` has {} parts; SDKs read one or two, one space apart",
            parts.len()
        )),
    }
}

fn host_and_port(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not host:port");
    let (host, port) = text.split_once(':').ok_or_else(wrong)?;
    let is_port = port.parse::<u16>().is_ok_and(|p| p > 0);
    match !host.is_empty() && is_port {
        true => Ok(text.to_owned()),
        false => Err(wrong()),
    }
}

/// Sends one segment by UDP, and asks for the sampling rules by TCP.
///
/// # Errors
/// The segment could not be sent.
pub(crate) async fn probe(plan: &Plan, probe: &Probe) -> Result<Taken, Finding> {
    send(plan, probe).await.map_err(|why| {
        Finding::error(
            "unreachable",
            Some(DAEMON),
            format!("no datagram can be sent to {}: {why}", plan.udp),
            FORM,
        )
    })?;
    let mut taken = Taken::default();
    let asked = Address {
        is_https: false,
        host: plan.tcp.rsplit_once(':').map_or("", |(h, _)| h).to_owned(),
        port: plan
            .tcp
            .rsplit_once(':')
            .and_then(|(_, p)| p.parse().ok())
            .unwrap_or(2000),
        path: "/GetSamplingRules".to_owned(),
    };
    let headers = [
        ("content-type", "application/json"),
        ("user-agent", probe.user_agent.as_str()),
    ];
    match http::send(&asked, Method::POST, &headers, Bytes::from_static(b"{}")).await {
        Ok(answer) if answer.status == 200 => {
            taken.clock_ahead_seconds = Taken::by(&answer, probe).clock_ahead_seconds;
            let rules = answer.json();
            taken.findings.extend(suppressed(&rules, plan.service.as_deref()));
        }
        Ok(answer) => taken.findings.push(Finding::warning(
            "sampling_not_answered",
            Some(DAEMON),
            format!(
                "{} refuses to tell the sampling rules with status {}: {}; SDKs fall back to one trace a second and 5 %",
                plan.tcp,
                answer.status,
                answer.text()
            ),
            "let TCP and UDP go to the same Foursight, by a name in http.allow_hosts",
        )),
        Err(error) => taken.findings.push(Finding::warning(
            "sampling_not_answered",
            Some(DAEMON),
            format!(
                "{}; SDKs get no sampling rules and fall back to one trace a second and 5 %",
                error.text(&plan.tcp)
            ),
            "publish the port for TCP too: 2000:2000/tcp beside 2000:2000/udp",
        )),
    }
    Ok(taken)
}

async fn send(plan: &Plan, probe: &Probe) -> std::io::Result<()> {
    let peer = tokio::net::lookup_host(&plan.udp).await?.next();
    let peer = peer.ok_or_else(|| std::io::Error::other("the name has no address"))?;
    let own: std::net::SocketAddr = match peer {
        std::net::SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        std::net::SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = tokio::net::UdpSocket::bind(own).await?;
    socket.connect(peer).await?;
    socket.send(&datagram(probe)).await?;
    // Where nothing listens on this very machine, the system says so after a moment.
    let mut nothing = [0; 1];
    let wait = std::time::Duration::from_millis(200);
    match tokio::time::timeout(wait, socket.recv(&mut nothing)).await {
        Ok(Err(e)) => Err(e),
        _ => Ok(()),
    }
}

/// The header line and a segment document.
fn datagram(probe: &Probe) -> Vec<u8> {
    let id = hex::encode(probe.trace_id);
    // Seconds with a millisecond's digits, written as text so that no float rounds it.
    let at = |ms: i64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let document = format!(
        r#"{{"name":"{SERVICE}","id":"{}","trace_id":"1-{}-{}","start_time":{},"end_time":{},"annotations":{{"foursight_doctor_run":"{}"}}}}"#,
        &id[16..],
        &id[..8],
        &id[8..],
        at(probe.now_ms()),
        at(probe.now_ms() + 1),
        probe.run
    );
    format!("{{\"format\":\"json\",\"version\":1}}\n{document}").into_bytes()
}

/// The rule that keeps none of the app's requests, if one does. Rules are tried by rising priority.
fn suppressed(rules: &Value, service: Option<&str>) -> Option<Finding> {
    let mut found: Vec<&Value> = rules["SamplingRuleRecords"]
        .as_array()?
        .iter()
        .map(|r| &r["SamplingRule"])
        .collect();
    found.sort_by_key(|r| {
        let name = r["RuleName"].as_str().unwrap_or_default();
        (r["Priority"].as_i64().unwrap_or(i64::MAX), name.to_owned())
    });
    for rule in found {
        let pattern = rule["ServiceName"].as_str().unwrap_or("*");
        if !service.map_or(pattern == "*", |s| is_like(pattern, s)) {
            continue;
        }
        let takes_all = ["Host", "HTTPMethod", "URLPath", "ServiceType"]
            .iter()
            .all(|f| rule[*f].as_str().is_none_or(|p| p == "*"));
        let keeps_none =
            rule["FixedRate"].as_f64() == Some(0.0) && rule["ReservoirSize"].as_i64() == Some(0);
        let name = rule["RuleName"].as_str().unwrap_or_default();
        match (keeps_none, takes_all) {
            (true, true) => {
                return Some(Finding::error(
                    "not_sampled",
                    None,
                    format!(
                        "the sampling rule {name} has rate 0 and no reservoir: the SDK records nothing"
                    ),
                    "give the rule a rate or a reservoir, or delete it",
                ));
            }
            (true, false) => {
                return Some(Finding::warning(
                    "not_sampled",
                    None,
                    format!(
                        "the sampling rule {name} has rate 0 and no reservoir: requests it matches are not recorded"
                    ),
                    "give the rule a rate or a reservoir, or delete it",
                ));
            }
            (false, true) => return None,
            (false, false) => {}
        }
    }
    None
}

/// `*` any characters, `?` one; case does not matter.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // Whether each beginning of the text fits the pattern so far.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        for i in 0..=text.len() {
            next[i] = match p {
                '*' => fits[i] || (i > 0 && next[i - 1]),
                '?' => i > 0 && fits[i - 1],
                c => i > 0 && fits[i - 1] && text[i - 1] == c,
            };
        }
        fits = next;
    }
    fits[text.len()]
}

/// How the probe's row is told from others.
pub(crate) fn mark(probe: &Probe) -> Value {
    json!({"column": "trace.trace_id", "op": "=", "value": hex::encode(probe.trace_id)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::probe::codes;

    fn judged(text: &str) -> Judged<Plan> {
        judge(&Variables::of(&[(DAEMON, text)]))
    }

    /// The forms of xray.md §3.
    #[test]
    fn addresses_of_the_daemon() {
        let plan = judged("foursight:2000").plan.unwrap();
        assert_eq!(
            (&*plan.udp, &*plan.tcp),
            ("foursight:2000", "foursight:2000")
        );
        for both in ["tcp:a:2000 udp:b:2001", "udp:b:2001 tcp:a:2000"] {
            let plan = judged(both).plan.unwrap();
            assert_eq!((&*plan.udp, &*plan.tcp), ("b:2001", "a:2000"));
        }
        for wrong in [
            "http://foursight:2000",
            "foursight",
            "foursight:",
            ":2000",
            "foursight:0",
            "foursight:2000/udp",
            "udp:foursight:2000",
            "[::1]:2000",
            "tcp:a:2000  udp:b:2001",
            "tcp:a:2000 tcp:b:2001",
        ] {
            let judged = judged(wrong);
            assert_eq!(codes(&judged.findings), ["bad_address"], "{wrong}");
            assert!(judged.plan.is_none());
        }
    }

    #[test]
    fn names_and_switches() {
        let with = |name, value| judge(&Variables::of(&[(DAEMON, "h:2000"), (name, value)]));
        let codes_of = |j: Judged<Plan>| codes(&j.findings).join(" ");
        assert_eq!(
            codes_of(with("AWS_XRAY_SDK_ENABLED", "False")),
            "switched_off"
        );
        assert_eq!(
            codes_of(with("AWS_XRAY_URL", "https://4567-x.example")),
            "never_matches"
        );
        assert_eq!(codes_of(with("AWS_XRAY_URL", "*4567-x.example*")), "");
        let bare = judge(&Variables::of(&[("AWS_XRAY_URL", "*")]));
        assert_eq!(codes(&bare.findings), ["missing_variable"]);
        assert_eq!(bare.plan.unwrap().udp, USUAL);
        assert!(!judge(&Variables::of(&[("AWS_REGION", "x")])).is_used);
    }

    fn rule(
        name: &str,
        priority: i64,
        rate: f64,
        reservoir: i64,
        service: &str,
        path: &str,
    ) -> Value {
        json!({"SamplingRule": {"RuleName": name, "Priority": priority, "FixedRate": rate,
            "ReservoirSize": reservoir, "ServiceName": service, "Host": "*", "HTTPMethod": "*",
            "URLPath": path, "ServiceType": "*"}})
    }

    #[test]
    fn the_rule_that_suppresses_is_named() {
        let default = rule("Default", 10_000, 0.05, 1, "*", "*");
        let check = |more: Value, service: Option<&str>, wanted: Option<(&str, &str)>| {
            let rules = json!({"SamplingRuleRecords": [default, more]});
            let found = suppressed(&rules, service);
            let found = found.map(|f| (format!("{:?}", f.level), f.text));
            match wanted {
                None => assert_eq!(found, None),
                Some((level, name)) => {
                    let (found_level, text) = found.unwrap();
                    assert!(found_level == level && text.contains(name), "{text}");
                }
            }
        };
        let cruddur = rule("Cruddur", 9_000, 0.0, 0, "backend-*", "*");
        check(
            cruddur.clone(),
            Some("backend-flask"),
            Some(("Error", "Cruddur")),
        );
        check(cruddur.clone(), Some("other"), None);
        check(cruddur, None, None);
        let path = rule("Health", 1, 0.0, 0, "*", "/health");
        check(path, None, Some(("Warning", "Health")));
        check(rule("Cruddur", 9_000, 0.0, 5, "*", "*"), None, None);
        check(rule("Cruddur", 9_000, 0.1, 0, "*", "*"), None, None);
    }

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("backend-?lask", "Backend-Flask", true),
            ("*flask", "backend-flask", true),
            ("*flask", "backend-flasks", false),
            ("a*b*c", "aXbYbZc", true),
            ("?", "", false),
        ] {
            assert_eq!(is_like(pattern, text), fits, "{pattern} {text}");
        }
    }
}
