//! OpenTelemetry: its variables judged, and one span by the client's own protocol and headers.
//!
//! Source: OpenTelemetry specification, "OTLP exporter configuration" and "Environment variables".

use super::address::{Address, is_vendor};
use super::finding::Finding;
use super::http::{self, Answer};
use super::probe::{Judged, Probe, Taken, no_answer, refused};
use super::variables::Variables;
use ::http::Method;
use bytes::Bytes;

/// The signal's own variable comes first, and wins.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
const HEADERS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
const PROTOCOLS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
/// The header that carries the key.
const KEY: &str = "x-honeycomb-team";
/// Where gRPC calls go.
const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const PORTS: &str = "OTLP is taken on 4318 (HTTP), 4317 (gRPC) and 8080 (both)";

/// What is sent, and where.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) is_grpc: bool,
    /// The app's own service name.
    pub(crate) service: Option<String>,
}

impl Plan {
    /// The key sent, when there is one.
    pub(crate) fn key(&self) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == KEY);
        found.map(|(_, v)| v.as_str())
    }
}

/// Reads and judges the variables.
pub(crate) fn judge(v: &Variables) -> Judged<Plan> {
    if !v.names().any(|n| n.starts_with("OTEL_")) {
        return Judged::unused();
    }
    let mut findings = switches(v);
    let is_grpc = v.first(&PROTOCOLS).is_some_and(|(_, p)| p == "grpc");
    if let Some((name, other)) = v.first(&PROTOCOLS)
        && !["grpc", "http/protobuf", "http/json"].contains(&other)
    {
        findings.push(Finding::error(
            "bad_value",
            Some(name),
            format!("`{other}` is no protocol of OTLP"),
            "write http/protobuf",
        ));
    }
    let headers = headers(v, &mut findings);
    let address = address(v, is_grpc, &mut findings);
    Judged {
        is_used: true,
        plan: address.map(|address| Plan {
            address,
            headers,
            is_grpc,
            service: v.get("OTEL_SERVICE_NAME").map(str::to_owned),
        }),
        findings,
    }
}

/// Variables that switch it off.
fn switches(v: &Variables) -> Vec<Finding> {
    let mut out = Vec::new();
    if v.is_true("OTEL_SDK_DISABLED") {
        out.push(Finding::error(
            "switched_off",
            Some("OTEL_SDK_DISABLED"),
            "the SDK does nothing",
            "take the variable out",
        ));
    }
    let exporter = v.get("OTEL_TRACES_EXPORTER");
    if let Some(other) = exporter.filter(|e| !e.split(',').any(|e| e.trim() == "otlp")) {
        out.push(Finding::warning(
            "switched_off",
            Some("OTEL_TRACES_EXPORTER"),
            format!("with `{other}`, an app that sets up no exporter itself sends no spans here"),
            "write otlp, or take the variable out",
        ));
    }
    let sampler = v.get("OTEL_TRACES_SAMPLER").unwrap_or_default();
    let ratio = v
        .get("OTEL_TRACES_SAMPLER_ARG")
        .and_then(|a| a.parse().ok());
    let never = sampler.ends_with("always_off")
        || (sampler.ends_with("traceidratio") && ratio.is_some_and(|r: f64| r <= 0.0));
    if never {
        out.push(Finding::error(
            "not_sampled",
            Some("OTEL_TRACES_SAMPLER"),
            "the sampler keeps no trace",
            "write parentbased_always_on, or a ratio above 0",
        ));
    }
    if let Some(name) = v.first(&[
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        "OTEL_EXPORTER_OTLP_COMPRESSION",
    ]) && !["gzip", "none", "deflate"].contains(&name.1)
    {
        out.push(Finding::warning(
            "bad_value",
            Some(name.0),
            format!("`{}` is no compression every exporter knows", name.1),
            "write gzip",
        ));
    }
    out
}

fn address(v: &Variables, is_grpc: bool, findings: &mut Vec<Finding>) -> Option<Address> {
    let Some((name, text)) = v.first(&ENDPOINTS) else {
        findings.push(Finding::error(
            "missing_variable",
            Some(ENDPOINTS[1]),
            "it is not set: exporters send to their own machine, http://localhost:4318",
            "write Foursight's address, e.g. http://foursight:4318",
        ));
        return None;
    };
    if name == ENDPOINTS[0] && v.get(ENDPOINTS[1]).is_some() {
        findings.push(Finding::note(
            "overruled_variable",
            Some(ENDPOINTS[1]),
            format!("{name} is set too and wins for traces"),
            "",
        ));
    }
    let mut address = match Address::parse(text) {
        Ok(address) => address,
        Err(why) => {
            findings.push(Finding::error(
                "bad_address",
                Some(name),
                why,
                "write it as http://foursight:4318",
            ));
            return None;
        }
    };
    if is_vendor(&address.host) {
        findings.push(Finding::error(
            "not_sent_here",
            Some(name),
            format!("it sends to {}", address.host),
            "write Foursight's address, e.g. http://foursight:4318",
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
        return Some(address.join("/v1/traces"));
    }
    if is_grpc {
        address.path = GRPC_PATH.to_owned();
        return Some(address);
    }
    match (name == ENDPOINTS[0], address.path.trim_end_matches('/')) {
        (true, path) if !path.ends_with("/v1/traces") => {
            findings.push(Finding::error(
                "wrong_path",
                Some(name),
                format!(
                    "exporters use it as it is, and {} takes no spans",
                    address.path
                ),
                format!("{name}={}", address.join("/v1/traces").plain()),
            ));
            Some(address.join("/v1/traces"))
        }
        (true, _) => Some(address),
        (false, path) if path.ends_with("/v1/traces") => {
            let base = Address {
                path: path.trim_end_matches("/v1/traces").to_owned(),
                ..address.clone()
            };
            findings.push(Finding::error(
                "wrong_path",
                Some(name),
                "exporters append /v1/traces to it, so it stands there twice",
                format!("{name}={}", base.plain()),
            ));
            Some(address)
        }
        (false, _) => Some(address.join("/v1/traces")),
    }
}

/// `name=value,…`, values percent-encoded.
fn headers(v: &Variables, findings: &mut Vec<Finding>) -> Vec<(String, String)> {
    let Some((name, text)) = v.first(&HEADERS) else {
        findings.push(Finding::error(
            "missing_key",
            Some(HEADERS[1]),
            "it is not set, so no key is sent",
            format!("{}={KEY}=<key>", HEADERS[1]),
        ));
        return Vec::new();
    };
    if name == HEADERS[0] && v.get(HEADERS[1]).is_some() {
        findings.push(Finding::note(
            "overruled_variable",
            Some(HEADERS[1]),
            format!("{name} is set too and wins for traces"),
            "",
        ));
    }
    let mut out = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|e| !e.is_empty()) {
        match entry.split_once('=') {
            Some((n, value)) => {
                let value = percent_decoded(value.trim());
                out.push((n.trim().to_lowercase(), value));
            }
            None => findings.push(Finding::error(
                "bad_value",
                Some(name),
                "an entry has no `=`: exporters leave it out",
                format!("{name}={KEY}=<key>"),
            )),
        }
    }
    let key = out.iter().find(|(n, _)| n == KEY).map(|(_, v)| v.as_str());
    let what = match key {
        None => Some(("missing_key", format!("it has no {KEY}, so no key is sent"))),
        Some("") => Some((
            "missing_key",
            format!("{KEY} is empty: is the variable set that it is made from?"),
        )),
        Some(k) if k.starts_with("${") || k.starts_with("$HONEYCOMB") => Some((
            "unfilled",
            "the name of a variable stands there, not its value".to_owned(),
        )),
        Some(_) => None,
    };
    if let Some((code, text)) = what {
        findings.push(Finding::error(
            code,
            Some(name),
            text,
            format!("{name}={KEY}=<key>"),
        ));
    }
    out
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(hex.unwrap_or(*byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Sends one span.
///
/// # Errors
/// Why it was not taken.
pub(crate) async fn probe(plan: &Plan, probe: &Probe) -> Result<Taken, Finding> {
    let body = request(probe);
    let mut headers: Vec<(&str, &str)> = vec![("user-agent", &probe.user_agent)];
    headers.extend(plan.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    let sent = match plan.is_grpc {
        true => http::call(&plan.address, &headers, &body).await,
        false => {
            headers.push(("content-type", "application/x-protobuf"));
            http::send(&plan.address, Method::POST, &headers, Bytes::from(body)).await
        }
    };
    let answer = sent.map_err(|e| no_answer(&e, &plan.address))?;
    let good = if plan.is_grpc { 0 } else { 200 };
    match answer.status == good {
        true => Ok(Taken::by(&answer, probe)),
        false => Err(refused(&said(plan, &answer), &plan.address, PORTS)),
    }
}

/// The answer with its message for people as body: OTLP's errors are protobuf.
fn said(plan: &Plan, answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if !plan.is_grpc {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let words: String = text
            .chars()
            .filter(|c| !c.is_control() && *c != '\u{fffd}')
            .collect();
        answer.body = Bytes::from(words);
    }
    answer
}

/// ExportTraceServiceRequest with one span, as opentelemetry-proto 1.x numbers its fields.
fn request(probe: &Probe) -> Vec<u8> {
    let text = |number: u8, value: &str| field(number, value.as_bytes());
    let attribute = |key: &str, value: &str| {
        let any = text(1, value);
        [text(1, key), field(2, &any)].concat()
    };
    let start = u64::try_from(probe.now_ns).unwrap_or(0);
    let span = [
        field(1, &probe.trace_id),
        field(2, &probe.trace_id[8..]),
        text(5, "foursight doctor"),
        vec![6 << 3, 1],
        fixed(7, start),
        fixed(8, start + 1_000_000),
        field(9, &attribute("foursight.doctor.run", &probe.run)),
    ]
    .concat();
    let scope = text(1, "foursight.doctor");
    let spans = [field(1, &scope), field(2, &span)].concat();
    let resource = field(1, &attribute("service.name", super::probe::SERVICE));
    let resource_spans = [field(1, &resource), field(2, &spans)].concat();
    field(1, &resource_spans)
}

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    loop {
        // Seven bits at a time, the lowest first; the eighth says that more follow.
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        out.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    out.extend(bytes);
    out
}

/// A fixed64 field.
fn fixed(number: u8, value: u64) -> Vec<u8> {
    let mut out = vec![number << 3 | 1];
    out.extend(value.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::probe::codes;

    const KEYED: (&str, &str) = (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "x-honeycomb-team=k%3D1, x-other=2",
    );

    fn check(pairs: &[(&str, &str)], wanted: &[&str], path: Option<&str>) {
        let judged = judge(&Variables::of(pairs));
        assert_eq!(codes(&judged.findings), wanted, "{pairs:?}");
        let found = judged.plan.map(|p| p.address.path);
        assert_eq!(found.as_deref(), path, "{pairs:?}");
    }

    #[test]
    fn endpoints() {
        let base = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        check(&[], &[], None);
        check(
            &[(base, "http://foursight:4318"), KEYED],
            &[],
            Some("/v1/traces"),
        );
        check(
            &[(base, "http://foursight:4318/"), KEYED],
            &[],
            Some("/v1/traces"),
        );
        check(
            &[("OTEL_SERVICE_NAME", "x"), KEYED],
            &["missing_variable"],
            None,
        );
        check(
            &[(base, "https://api.honeycomb.io"), KEYED],
            &["not_sent_here"],
            None,
        );
        check(
            &[(base, "https://foursight:4318"), KEYED],
            &["https_to_http"],
            Some("/v1/traces"),
        );
        check(&[(base, "foursight:4318"), KEYED], &["bad_address"], None);
        check(
            &[(base, "http://h:4318/v1/traces"), KEYED],
            &["wrong_path"],
            Some("/v1/traces"),
        );
        check(
            &[(own, "http://h:4318/v1/traces"), KEYED],
            &[],
            Some("/v1/traces"),
        );
        check(
            &[(own, "http://h:4318"), KEYED],
            &["wrong_path"],
            Some("/v1/traces"),
        );
        check(
            &[(own, "http://h:4318/v1/traces"), (base, "http://i"), KEYED],
            &["overruled_variable"],
            Some("/v1/traces"),
        );
        check(
            &[
                (base, "http://h:4317"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                KEYED,
            ],
            &[],
            Some(GRPC_PATH),
        );
    }

    #[test]
    fn keys_and_switches() {
        let there = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318");
        let name = "OTEL_EXPORTER_OTLP_HEADERS";
        let path = Some("/v1/traces");
        let plan = judge(&Variables::of(&[there, KEYED])).plan.unwrap();
        assert_eq!(plan.key(), Some("k=1"));
        check(&[there], &["missing_key"], path);
        check(
            &[there, (name, "x-honeycomb-team=")],
            &["missing_key"],
            path,
        );
        check(
            &[there, (name, "x-honeycomb-dataset=a")],
            &["missing_key"],
            path,
        );
        check(
            &[there, (name, "x-honeycomb-team=${HONEYCOMB_API_KEY}")],
            &["unfilled"],
            path,
        );
        check(
            &[there, (name, "x-honeycomb-team:k")],
            &["bad_value", "missing_key"],
            path,
        );
        check(
            &[there, KEYED, ("OTEL_SDK_DISABLED", "true")],
            &["switched_off"],
            path,
        );
        check(
            &[there, KEYED, ("OTEL_TRACES_SAMPLER", "always_off")],
            &["not_sampled"],
            path,
        );
        let ratio = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
        check(
            &[there, KEYED, ratio, ("OTEL_TRACES_SAMPLER_ARG", "0")],
            &["not_sampled"],
            path,
        );
        check(
            &[there, KEYED, ratio, ("OTEL_TRACES_SAMPLER_ARG", "0.1")],
            &[],
            path,
        );
    }

    /// Protobuf's own wire format: field 1 of 200 bytes is `0a c8 01` and the bytes.
    #[test]
    fn lengths_are_varints() {
        assert_eq!(field(1, &[7; 200])[..4], [0x0a, 0xc8, 0x01, 7]);
        assert_eq!(fixed(7, 1), [0x39, 1, 0, 0, 0, 0, 0, 0, 0]);
    }
}
