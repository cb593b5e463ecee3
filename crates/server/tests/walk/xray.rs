//! §2: AWS X-Ray.

use super::stage::{BURST, Stage, WORKSPACE, text};
use super::{Check, Sdk};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const X: &[Sdk] = &[Sdk::Xray];
const NAME: &str = "backend-flask";
const DATASET: &str = "xray";

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "2.1",
        does: "AWS_XRAY_URL holds a pattern of dynamic naming, unchanged",
        shows: "segments named by the Host header where it matches, else backend-flask",
        needs: X,
        look: naming,
    },
    Check {
        id: "2.2",
        does: "AWS_XRAY_DAEMON_ADDRESS is Foursight's port",
        shows: "segments taken by UDP, without a key",
        needs: X,
        look: daemon_address,
    },
    Check {
        id: "2.3",
        does: "keeps a real daemon, with a Foursight key",
        shows: "its signed PutTraceSegments is taken",
        needs: &[],
        look: signed_segments,
    },
    Check {
        id: "2.4",
        does: "aws xray create-group with service(\"backend-flask\")",
        shows: "the group, with ARN and InsightsConfiguration; it is listed",
        needs: &[],
        look: group,
    },
    Check {
        id: "2.5",
        does: "the same with service(\"https://4567-…\")",
        shows: "made as asked; 0 traces, the names seen here are …",
        // OpenTelemetry's spans are traces of the same service: their names are told too.
        needs: &[],
        look: group_by_address,
    },
    Check {
        id: "2.6",
        does: "aws xray create-sampling-rule: 5 a second, then 10 %",
        shows: "the rule; the SDK fetches it and obeys",
        needs: X,
        look: sampling,
    },
    Check {
        id: "2.7",
        does: "refreshes the app",
        shows: "traces; segment and subsegment, annotations, metadata; client → backend-flask",
        needs: X,
        look: traces,
    },
    Check {
        id: "2.8",
        does: "opens a new segment without ending the last",
        shows: "what arrives; a lost segment and one in progress are named as such",
        needs: X,
        look: lost_segment,
    },
    Check {
        id: "2.9",
        does: "reads the daemon's log for batches",
        shows: "foursight logs each batch it takes, sends it on to AWS, and says so",
        needs: X,
        look: log_of_batches,
    },
];

fn segments(stage: &Stage, filters: &Value) -> anyhow::Result<Vec<Value>> {
    let rows = stage.rows(DATASET, filters)?;
    Ok(rows
        .into_iter()
        .filter(|r| r["trace.parent_id"].is_null())
        .collect())
}

fn naming(stage: &Stage) -> anyhow::Result<String> {
    let named = |name: &str| {
        segments(
            stage,
            &json!([{"column": "name", "op": "=", "value": name}]),
        )
    };
    let (by_host, fixed) = (named(WORKSPACE)?, named(NAME)?);
    ensure!(
        by_host.len() == 1,
        "{} segments are named {WORKSPACE}",
        by_host.len()
    );
    ensure!(!fixed.is_empty(), "no segment is named {NAME}");
    Ok(format!("1 segment {WORKSPACE}, {} of {NAME}", fixed.len()))
}

fn daemon_address(stage: &Stage) -> anyhow::Result<String> {
    let rows = stage.arrivals(|r| {
        r["protocol"] == "xray/daemon" && r["counters"]["stored"].as_u64() > Some(0)
    })?;
    let row = rows.first().context("no datagram was taken")?;
    ensure!(row["sender"] == "127.0.0.1", "{}", row["sender"]);
    ensure!(
        row["env"] == stage.keys.environment.as_str(),
        "{}",
        row["env"]
    );
    ensure!(row["key_prefix"] == "(no key)", "{}", row["key_prefix"]);
    Ok(format!("{} from {}", row["counters"], text(&row["sender"])))
}

fn now_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn signed_segments(stage: &Stage) -> anyhow::Result<String> {
    let now = now_seconds();
    let id = format!("1-{now:08x}-00000000000000000000d23e");
    let document = json!({"name": "by-daemon", "id": "00000000000d23e0", "trace_id": id,
        "start_time": now - 1, "end_time": now});
    let said = stage.aws(&[
        "xray",
        "put-trace-segments",
        "--trace-segment-documents",
        &document.to_string(),
    ])?;
    ensure!(said["UnprocessedTraceSegments"] == json!([]), "{said}");
    let got = stage.aws(&["xray", "batch-get-traces", "--trace-ids", &id])?;
    ensure!(got["Traces"][0]["Id"] == id.as_str(), "{got}");
    let back: Value = serde_json::from_str(&text(&got["Traces"][0]["Segments"][0]["Document"]))?;
    ensure!(back == document, "the document came back as {back}");
    Ok(format!("{id}, its document as sent"))
}

fn group(stage: &Stage) -> anyhow::Result<String> {
    let made = &stage.made("group")?["Group"];
    let arn = text(&made["GroupARN"]);
    ensure!(
        arn.starts_with("arn:aws:xray:us-east-1:000000000000:group/Cruddur/"),
        "{arn}"
    );
    ensure!(
        made["FilterExpression"] == "service(\"backend-flask\")",
        "{made}"
    );
    ensure!(made["InsightsConfiguration"].is_object(), "{made}");
    let listed = stage.aws(&["xray", "get-groups"])?;
    let names: Vec<String> = listed["Groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|g| text(&g["GroupName"]))
        .collect();
    ensure!(names.iter().any(|n| n == "Cruddur"), "{names:?}");
    Ok(format!("{arn}; listed: {}", names.join(", ")))
}

fn group_by_address(stage: &Stage) -> anyhow::Result<String> {
    let made = &stage.made("group by address")?["Group"];
    let wanted = format!("service(\"https://{WORKSPACE}\")");
    ensure!(made["FilterExpression"] == wanted.as_str(), "{made}");
    let groups = stage.api(
        "GET",
        &format!("/environments/{}/groups", stage.keys.environment),
        None,
    )?;
    let page = groups["groups"]
        .as_array()
        .and_then(|g| g.iter().find(|g| g["name"] == "ByAddress"))
        .context("the group is not on the page")?;
    ensure!(page["traces"] == 0, "{page}");
    let told = page.to_string();
    ensure!(told.contains(NAME), "the names seen are not told: {page}");
    Ok(format!("0 traces; {told}"))
}

fn sampling(stage: &Stage) -> anyhow::Result<String> {
    let made = &stage.made("rule")?["SamplingRuleRecord"]["SamplingRule"];
    for (field, value) in [
        ("RuleName", json!("Cruddur")),
        ("FixedRate", json!(0.1)),
        ("ReservoirSize", json!(5)),
        ("Priority", json!(9000)),
        ("ServiceName", json!(NAME)),
    ] {
        ensure!(made[field] == value, "{field}: {made}");
    }
    let told = stage.aws(&["xray", "get-sampling-statistic-summaries"])?;
    let own = told["SamplingStatisticSummaries"]
        .as_array()
        .and_then(|s| s.iter().find(|s| s["RuleName"] == "Cruddur"))
        .context("the SDK told no statistics of the rule")?;
    ensure!(own["RequestCount"].as_u64() > Some(0), "{own}");
    // The burst: at most five of each second it took, then every tenth.
    let rows = segments(
        stage,
        &json!([{"column": "url.full", "op": "ends-with", "value": "/api/messages/@burst"}]),
    )?;
    let (first, last) = stage.burst_seconds;
    let seconds = (last - first + 1) as f64;
    let rest = (BURST as f64 - 5.0 * seconds).max(0.0);
    let most = 5.0 * seconds + 0.1 * rest + 3.0 * (0.09 * rest).sqrt();
    let count = rows.len() as f64;
    ensure!(
        (5.0..=most).contains(&count),
        "{count} of {BURST} requests in {seconds} s were traced; 5 to {most:.0} should be"
    );
    Ok(format!(
        "{count} of {BURST} requests in {seconds} s were traced (5 to {most:.0} may be)"
    ))
}

fn traces(stage: &Stage) -> anyhow::Result<String> {
    let (start, end) = (
        (now_seconds() - 600).to_string(),
        (now_seconds() + 5).to_string(),
    );
    let between = ["--start-time", &start, "--end-time", &end];
    let expression = "annotation.user_handle = \"bayko\"";
    let ask = [
        &["xray", "get-trace-summaries"],
        &between[..],
        &["--filter-expression", expression],
    ];
    let found = stage.aws(&ask.concat())?;
    let summaries = found["TraceSummaries"].as_array().context("no summaries")?;
    ensure!(
        summaries.len() == 1,
        "{} traces have the annotation",
        summaries.len()
    );
    let id = text(&summaries[0]["Id"]);
    let got = stage.aws(&["xray", "batch-get-traces", "--trace-ids", &id])?;
    let document = text(&got["Traces"][0]["Segments"][0]["Document"]);
    let segment: Value = serde_json::from_str(&document)?;
    ensure!(segment["name"] == NAME, "{segment}");
    let outer = &segment["subsegments"][0];
    let inner = &outer["subsegments"][0];
    ensure!(outer["name"] == "activities_users", "{outer}");
    ensure!(inner["name"] == "user_activity_bayko", "{inner}");
    ensure!(
        inner["annotations"] == json!({"user_handle": "bayko", "result_length": 1}),
        "{inner}"
    );
    ensure!(
        inner["metadata"]["cruddur"]["results"]["uuids"].is_array(),
        "{inner}"
    );
    let graph = stage.aws(&[&["xray", "get-service-graph"], &between[..]].concat())?;
    let services = graph["Services"].as_array().context("no map")?;
    let node = |wanted: &dyn Fn(&&Value) -> bool| services.iter().find(wanted);
    let app = node(&|s| s["Name"] == NAME && s["Type"] != "client").context("no backend-flask")?;
    let client = node(&|s| {
        s["Type"] == "client"
            && s["Edges"]
                .as_array()
                .is_some_and(|e| e.iter().any(|e| e["ReferenceId"] == app["ReferenceId"]))
    });
    client.context("no client → backend-flask")?;
    Ok(format!(
        "{id}: backend-flask → activities_users → user_activity_bayko; client → backend-flask"
    ))
}

fn lost_segment(stage: &Stage) -> anyhow::Result<String> {
    let steps = stage.rows(
        DATASET,
        &json!([{"column": "name", "op": "starts-with", "value": "step-"}]),
    )?;
    ensure!(!steps.is_empty(), "nothing of the lost segment arrived");
    let next = segments(
        stage,
        &json!([{"column": "name", "op": "=", "value": "next-activities"}]),
    )?;
    ensure!(next.len() == 1, "{} segments next-activities", next.len());
    let env = &stage.keys.environment;
    let id = text(&steps[0]["trace.trace_id"]);
    let trace = stage.api("GET", &format!("/environments/{env}/traces/{id}"), None)?;
    // -2: the row's parent is not in the trace; the page shows it as missing, by this id.
    let parents = trace["columns"]["parent"]
        .as_array()
        .context("no parents")?;
    ensure!(parents.iter().all(|p| *p == -2), "{parents:?}");
    let lost = &trace["columns"]["parent_id"][0];
    ensure!(
        text(lost) == stage.lost_segment,
        "{lost} is missing, not {}",
        stage.lost_segment
    );
    let open = in_progress(stage)?;
    Ok(format!(
        "{} subsegments of {id}; their segment never came, and the trace says so; {open} was in progress, then ended",
        steps.len()
    ))
}

/// A segment that is sent before it ends: in progress until its end comes. The SDK sends none of those.
fn in_progress(stage: &Stage) -> anyhow::Result<String> {
    let now = now_seconds();
    let id = format!("1-{now:08x}-00000000000000000000ffee");
    let document = |end: Value| {
        let mut document = json!({"name": "open-activities", "id": "000000000000ffee", "trace_id": id,
            "start_time": now - 1});
        document
            .as_object_mut()
            .unwrap()
            .extend(end.as_object().cloned().unwrap());
        document.to_string()
    };
    let env = &stage.keys.environment;
    for (end, told) in [
        (json!({"in_progress": true}), json!([1])),
        (json!({"end_time": now}), json!([0])),
    ] {
        let put = ["xray", "put-trace-segments", "--trace-segment-documents"];
        let said = stage.aws(&[&put[..], &[&document(end)]].concat())?;
        ensure!(said["UnprocessedTraceSegments"] == json!([]), "{said}");
        let trace = stage.api("GET", &format!("/environments/{env}/traces/{id}"), None)?;
        let columns = &trace["columns"];
        ensure!(columns["in_progress"] == told, "{columns}");
    }
    Ok(id)
}

fn log_of_batches(stage: &Stage) -> anyhow::Result<String> {
    let (line, log) = logged_batches(stage)?;
    let to = stage.upstream.url("");
    let told = format!("segments sent on to {to}");
    ensure!(log.contains(&told), "no line of the log says “{told}”");
    let here = ids(&stage.rows(DATASET, &json!([]))?);
    ensure!(!here.is_empty(), "no segment was stored");
    // A batch waits a second for more.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let there = ids(&rows_upstream(stage));
        if here.is_subset(&there) {
            break;
        }
        ensure!(
            Instant::now() < deadline,
            "{} of {} (sub)segments were sent on",
            here.intersection(&there).count(),
            here.len()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(format!(
        "{line} – and {} (sub)segments are at {to} too",
        here.len()
    ))
}

/// A line that tells of a batch, and the whole log, once it tells of all that was taken.
fn logged_batches(stage: &Stage) -> anyhow::Result<(String, String)> {
    let taken = stage.arrivals(|r| r["protocol"] == "xray/daemon")?;
    let stored = taken.iter().map(|r| r["counters"]["stored"].as_u64());
    let taken: u64 = stored.flatten().sum();
    // A batch is told a second after its first segment.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let log = stage.server.log();
        let batches = log.lines().filter(|l| l.contains("aws::xray::daemon"));
        let batches = batches.filter_map(|line| {
            let (_, told) = line.split_once("batch of ")?;
            let (number, _) = told.split_once(" segments from ")?;
            Some((line, number.parse::<u64>().ok()?))
        });
        let batches: Vec<_> = batches.collect();
        let logged: u64 = batches.iter().map(|(_, n)| n).sum();
        if let Some((line, _)) = batches.first()
            && logged == taken
        {
            return Ok(((*line).to_owned(), log));
        }
        ensure!(
            Instant::now() < deadline,
            "the log tells of {logged} segments in {} batches, {taken} were taken",
            batches.len()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|r| text(&r["trace.span_id"])).collect()
}

/// What the server that stands for AWS was sent.
fn rows_upstream(stage: &Stage) -> Vec<Value> {
    let body = json!({"env": "dev", "dataset": DATASET, "limit": 1000, "query": {"filters": []}});
    let url = stage.upstream.url("/foursight/v1/rows");
    let found = support::post(&url, &body).json();
    found["rows"].as_array().cloned().unwrap_or_default()
}
