//! §5 and §6: one story, and nothing lost in silence.

use super::stage::{OLD_TOKEN, Stage, address, text};
use super::{Check, Sdk};
use crate::process::run_client;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const ALL: &[Sdk] = &Sdk::ALL;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "5.1",
        does: "clicks a span",
        shows: "the request: trace, segments, lines and the error on one timeline",
        needs: ALL,
        look: from_span,
    },
    Check {
        id: "5.2",
        does: "clicks a segment",
        shows: "the same request",
        needs: ALL,
        look: from_segment,
    },
    Check {
        id: "5.3",
        does: "clicks a log line",
        shows: "the same request",
        needs: ALL,
        look: from_line,
    },
    Check {
        id: "5.4",
        does: "clicks an occurrence",
        shows: "the same request",
        needs: ALL,
        look: from_occurrence,
    },
    Check {
        id: "6.1",
        does: "opens Arrivals",
        shows: "every delivery on every port, by sender, protocol and key, live; sums are conserved",
        needs: ALL,
        look: arrivals,
    },
    Check {
        id: "6.2",
        does: "runs foursight doctor where the app runs",
        shows: "one probe per protocol sent and found",
        needs: ALL,
        look: doctor,
    },
    Check {
        id: "6.3",
        does: "runs foursight doctor with an env file that has a misspelt variable",
        shows: "the variable, and what was meant",
        needs: &[],
        look: doctor_of_file,
    },
];

/// The rows, one per source, of the first request whose view returned nothing: it came alone, so the
/// X-Ray SDK recorded it.
struct Request {
    span: Value,
    segment: Value,
    line: Value,
    occurrence: Value,
}

fn oldest(mut rows: Vec<Value>, what: &str) -> anyhow::Result<Value> {
    rows.pop()
        .with_context(|| format!("no {what} of the request"))
}

fn request(stage: &Stage) -> anyhow::Result<Request> {
    let lore = "/api/activities/@lore";
    let is =
        |column: &str, op: &str, value: &str| json!({"column": column, "op": op, "value": value});
    let spans = json!([
        is("name", "=", "user-activities-mock-data"),
        is("app.user_handle", "=", "lore")
    ]);
    let segments = json!([is("url.full", "ends-with", lore)]);
    let lines = json!([is("body", "contains", "GET http /api/activities/@lore?")]);
    let errors = json!([is("exception.type", "=", "TypeError")]);
    Ok(Request {
        span: oldest(stage.rows("backend-flask", &spans)?, "span")?,
        segment: oldest(stage.rows("xray", &segments)?, "segment")?,
        line: oldest(stage.rows("logs-cruddur", &lines)?, "line")?,
        occurrence: oldest(stage.rows(&stage.keys.project, &errors)?, "occurrence")?,
    })
}

/// Asks for the request of a row: the rows of all four are in it, and nothing of another request.
fn told(stage: &Stage, ask: &str) -> anyhow::Result<String> {
    let wanted = request(stage)?;
    let env = &stage.keys.environment;
    let told = stage.api(
        "GET",
        &format!("/request?env={env}&fields=true&{ask}"),
        None,
    )?;
    let rows = told["rows"].as_array().context("no rows")?;
    let of = |source: &str| {
        let own = rows.iter().filter(|r| r["source"] == source);
        own.map(|r| text(&r["event_id"])).collect::<BTreeSet<_>>()
    };
    for (source, row) in [
        ("spans", &wanted.span),
        ("segments", &wanted.segment),
        ("lines", &wanted.line),
        ("occurrences", &wanted.occurrence),
    ] {
        let id = text(&row["event_id"]);
        ensure!(
            of(source).contains(&id),
            "the row of {source} is not in the request: {} rows of it are, joins: {}",
            of(source).len(),
            told["joins"]
        );
    }
    for source in ["occurrences", "lines"] {
        let own = of(source).len();
        ensure!(own == 1, "{own} rows of {source}: another request's too");
    }
    for source in ["spans", "segments"] {
        let traces: BTreeSet<String> = rows
            .iter()
            .filter(|r| r["source"] == source)
            .map(|r| text(&r["trace_id"]))
            .collect();
        ensure!(traces.len() == 1, "{source} of {} traces", traces.len());
    }
    // The team's four SDKs share no id: three sources are joined by what the rows say, each with its reason.
    let joins = told["joins"].as_array().context("no joins")?;
    let assigned: Vec<_> = joins.iter().filter(|j| j["tier"] == "assignment").collect();
    ensure!(assigned.len() == 3, "{} joins: {joins:?}", assigned.len());
    for join in assigned {
        let (reason, score) = (text(&join["reason"]), join["score"].as_f64());
        ensure!(
            reason.starts_with("no shared id; as the ") && reason.contains("/api/activities/@lore"),
            "{reason}"
        );
        ensure!(score.is_some_and(|s| s > 0.5 && s <= 1.0), "{join}");
    }
    Ok(format!(
        "{} rows of four sources; joins: {}",
        rows.len(),
        told["joins"]
    ))
}

fn by_event(row: &Value) -> String {
    format!(
        "event_id={}&at_ns={}",
        text(&row["event_id"]),
        text(&row["timestamp_ns"])
    )
}

fn from_span(stage: &Stage) -> anyhow::Result<String> {
    let row = request(stage)?.span;
    let (trace, span) = (text(&row["trace.trace_id"]), text(&row["trace.span_id"]));
    told(stage, &format!("trace_id={trace}&span_id={span}"))
}

fn from_segment(stage: &Stage) -> anyhow::Result<String> {
    let row = request(stage)?.segment;
    told(stage, &format!("trace_id={}", text(&row["trace.trace_id"])))
}

fn from_line(stage: &Stage) -> anyhow::Result<String> {
    told(stage, &by_event(&request(stage)?.line))
}

fn from_occurrence(stage: &Stage) -> anyhow::Result<String> {
    told(stage, &by_event(&request(stage)?.occurrence))
}

fn arrivals(stage: &Stage) -> anyhow::Result<String> {
    let listed = stage.api("GET", "/arrivals?limit=1000", None)?;
    let mut told = sums(stage, &listed)?;
    let rows = listed["rows"].as_array().context("no rows")?;
    for row in rows {
        ensure!(row["sender"] == "127.0.0.1", "{row}");
        let refused = row["outcome"] != "taken";
        let says = |what: &str| !text(&row["reason"][what]).is_empty();
        ensure!(
            !refused || says("text") && says("fix"),
            "a refusal without words or a fix: {row}"
        );
    }
    let other = stage.other.as_ref().context("no other key was used")?;
    for (protocol, outcome, key) in [
        ("otlp/http", "taken", Some(stage.keys.ingest.as_str())),
        ("otlp/http", "taken", Some(&other.key)),
        ("logs", "taken", Some(&stage.keys.aws_id)),
        ("rollbar", "taken", Some(&stage.keys.rollbar)),
        ("rollbar", "refused", Some(OLD_TOKEN)),
        // Datagrams carry none.
        ("xray/daemon", "taken", None),
    ] {
        let is_told = |row: &&Value| {
            row["protocol"] == protocol
                && row["outcome"] == outcome
                && is_prefix(&row["key_prefix"], key)
        };
        ensure!(
            rows.iter().any(|r| is_told(&r)),
            "no row of {protocol}, {outcome}, by the key {key:?}"
        );
    }
    told.push(live(stage)?);
    Ok(told.join(", "))
}

/// Of each protocol: received = stored + refused + dropped + merged, and what is counted as stored is there.
fn sums(stage: &Stage, listed: &Value) -> anyhow::Result<Vec<String>> {
    let other = stage.other.as_ref().context("no other key was used")?;
    let own = stage.keys.environment.as_str();
    let is_source = |source: &str| json!({"column": "meta.source", "op": "=", "value": source});
    let counted = |listed: &Value, protocol: &str| -> anyhow::Result<Value> {
        let of_all = listed["by_protocol"].as_array().into_iter().flatten();
        let mut of_it = of_all.filter(|p| p["protocol"] == protocol);
        let found = of_it.next().map(|p| p["counters"].clone());
        found.with_context(|| format!("nothing of {protocol} was counted"))
    };
    let mut told = Vec::new();
    for (protocol, source, environments, deleted) in [
        ("otlp/http", "otlp", &[own, &other.environment][..], 0),
        ("logs", "cloudwatch", &[own], stage.lines_deleted),
        ("rollbar", "rollbar", &[own], 0),
    ] {
        let counters = counted(listed, protocol)?;
        let mut there = deleted;
        for env in environments {
            let filters = json!([is_source(source)]);
            let ask = json!({"env": env, "query": {"filters": filters}});
            let found = stage.api("POST", "/query", Some(&ask))?;
            there += found["results"][0]["COUNT"].as_u64().context("no COUNT")?;
        }
        told.push(conserved(protocol, &counters, there)?);
    }
    // A segment's parts are rows of their own. Whoever stands for AWS was sent on each document that came, by the
    // daemon's port or signed, and counted too.
    let sent_on = support::get(&stage.upstream.url("/foursight/v1/arrivals?limit=1")).json();
    let there = counted(&sent_on, "xray")?["stored"].as_u64();
    let signed = counted(listed, "xray")?["stored"].as_u64();
    let by_daemon = there.zip(signed).map(|(there, signed)| there - signed);
    let counters = counted(listed, "xray/daemon")?;
    told.push(conserved("xray/daemon", &counters, by_daemon.unwrap_or(0))?);
    Ok(told)
}

fn conserved(protocol: &str, counters: &Value, there: u64) -> anyhow::Result<String> {
    let n = |name: &str| counters[name].as_u64().unwrap_or(0);
    ensure!(
        n("received") == n("stored") + n("refused") + n("dropped") + n("merged"),
        "{protocol}: {counters}"
    );
    ensure!(
        n("stored") > 0 && n("stored") == there,
        "{protocol}: {counters}, {there} are there"
    );
    Ok(format!("{protocol} {there}"))
}

/// Whether so much of the key is told that it is recognised, and no more.
fn is_prefix(told: &Value, key: Option<&str>) -> bool {
    match (told.as_str(), key) {
        (Some(told), Some(key)) => {
            let told = told.trim_end_matches('…');
            told.len() >= 4 && told.len() < key.len() && key.starts_with(told)
        }
        (told, None) => told.is_none_or(|t| t == "(no key)"),
        (None, Some(_)) => false,
    }
}

/// A span that is sent while the page is open is told at once, with its sender, protocol and key.
fn live(stage: &Stage) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address(&stage.server, "http"))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let bearer = stage.keys.owner.as_ref();
    let bearer = bearer.map_or_else(String::new, |o| format!("authorization: Bearer {o}\r\n"));
    write!(
        stream,
        "GET /foursight/v1/arrivals/live HTTP/1.1\r\nhost: localhost\r\n{bearer}\r\n"
    )?;
    let mut lines = BufReader::new(stream).lines();
    let mut next = |wanted: &str| -> anyhow::Result<String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            ensure!(Instant::now() < deadline, "nothing of {wanted} is told");
            let line = lines.next().context("the stream ended")??;
            if line.contains(wanted) {
                return Ok(line);
            }
        }
    };
    next("\"idle\"").context("it does not say that it listens")?;
    let endpoint = stage.server.url_of("otlp_http", "/v1/traces");
    let args = [&endpoint, &stage.keys.ingest, "backend-live", "flush"];
    run_client(&stage.python, "one_span.py", &args);
    let told: Value = serde_json::from_str(&next("\"arrival\"")?)?;
    let arrival = &told["arrival"];
    ensure!(
        arrival["protocol"] == "otlp/http"
            && arrival["sender"] == "127.0.0.1"
            && arrival["outcome"] == "taken"
            && arrival["counters"]["stored"] == 1
            && arrival["datasets"] == json!(["backend-live"])
            && is_prefix(&arrival["key_prefix"], Some(&stage.keys.ingest)),
        "{arrival}"
    );
    Ok(format!("live: {}", text(&arrival["user_agent"])))
}

fn examined(
    stage: &Stage,
    args: &[&str],
    variables: &[(String, String)],
) -> anyhow::Result<(bool, Value)> {
    let url = stage.server.url("");
    let all = [&["doctor", "--json", "--url", &url], args].concat();
    let (ok, said) = stage.foursight(&all, variables);
    Ok((
        ok,
        serde_json::from_str(&said).with_context(|| said.clone())?,
    ))
}

fn doctor(stage: &Stage) -> anyhow::Result<String> {
    let env = stage.keys.environment.clone();
    let (ok, report) = examined(stage, &["--environment", &env], &stage.variables)?;
    let checks = report["checks"].as_array().context("no checks")?;
    ensure!(checks.len() == 4, "{report:#}");
    for check in checks {
        ensure!(
            check["state"] == "found" && check["environment"] == env.as_str(),
            "{check:#}"
        );
    }
    // The refusals of the old token are told, and stand in nobody's way.
    ensure!(ok && report["ok"] == true, "{report:#}");
    Ok("four probes sent, four found".to_owned())
}

fn doctor_of_file(stage: &Stage) -> anyhow::Result<String> {
    let file = stage.server.run_dir().join("misspelt.env");
    let misspelt = format!(
        "OTEL_EXPORTER_OLTP_ENDPOINT={}\nOTEL_SERVICE_NAME=backend-flask\n",
        stage.server.url_of("otlp_http", "")
    );
    std::fs::write(&file, misspelt)?;
    let path = file.to_string_lossy().into_owned();
    let (ok, report) = examined(stage, &["--env-file", &path], &stage.variables)?;
    let findings = report["findings"].as_array().context("no findings")?;
    let found = findings
        .iter()
        .find(|f| f["code"] == "misspelt_variable")
        .context("the misspelt variable is not named")?;
    ensure!(
        !ok && found["variable"] == "OTEL_EXPORTER_OLTP_ENDPOINT",
        "{report:#}"
    );
    let meant = format!("{} {}", text(&found["text"]), text(&found["fix"]));
    ensure!(meant.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{meant}");
    Ok(meant)
}
