//! §3: CloudWatch Logs.

use super::stage::{Asked, Stage, text};
use super::{Check, Sdk};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const W: &[Sdk] = &[Sdk::Watchtower];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "3.1",
        does: "starts the app",
        shows: "log group cruddur and a log stream, made by the client's own calls",
        needs: W,
        look: group_and_stream,
    },
    Check {
        id: "3.2",
        does: "refreshes several times; expands a line",
        shows: "each line, in order, once; timestamp, ingestion time, message",
        needs: W,
        look: lines,
    },
    Check {
        id: "3.3",
        does: "asks in Logs Insights QL",
        shows: "right answers",
        needs: W,
        look: insights,
    },
    Check {
        id: "3.4",
        does: "follows the group by aws logs",
        shows: "the tail follows live",
        needs: W,
        look: tail,
    },
];

fn stream(stage: &Stage) -> anyhow::Result<Value> {
    let told = stage.aws(&[
        "logs",
        "describe-log-streams",
        "--log-group-name",
        "cruddur",
    ])?;
    let streams = told["logStreams"].as_array().context("no streams")?;
    ensure!(streams.len() == 1, "{} streams", streams.len());
    Ok(streams[0].clone())
}

fn group_and_stream(stage: &Stage) -> anyhow::Result<String> {
    let told = stage.aws(&[
        "logs",
        "describe-log-groups",
        "--log-group-name-prefix",
        "cruddur",
    ])?;
    let group = &told["logGroups"][0];
    ensure!(group["logGroupName"] == "cruddur", "{told}");
    let stream = stream(stage)?;
    let name = text(&stream["logStreamName"]);
    // watchtower's own name: machine/program/logger/process.
    ensure!(name.contains("flask"), "{name}");
    // Neither was there before the app, and a put makes none.
    ensure!(stage.groups_before.is_empty(), "{:?}", stage.groups_before);
    for (what, made) in [("group", group), ("stream", &stream)] {
        let at = made["creationTime"].as_i64();
        ensure!(
            at >= Some(stage.app_started_ms),
            "the {what} was made at {at:?}, the app was started at {}",
            stage.app_started_ms
        );
    }
    let calls = stage.arrivals(|r| {
        r["protocol"] == "logs"
            && text(&r["user_agent"]).starts_with("Boto3/")
            && r["outcome"] == "taken"
    })?;
    let call = calls.first().context("no call of boto3 in Arrivals")?;
    ensure!(call["env"] == stage.keys.environment.as_str(), "{call}");
    Ok(format!(
        "cruddur / {name}, by {}",
        text(&call["user_agent"])
    ))
}

/// Method, path and status as the app's hook writes them.
fn as_written(asked: &Asked) -> String {
    let path = match asked.path.contains('?') {
        true => asked.path.clone(),
        // Flask's full_path ends with a question mark where there is no query.
        false => format!("{}?", asked.path),
    };
    let status = match asked.status {
        200 => "200 OK",
        404 => "404 NOT FOUND",
        500 => "500 INTERNAL SERVER ERROR",
        _ => "another status",
    };
    format!("{} http {path} {status}", asked.method)
}

fn lines(stage: &Stage) -> anyhow::Result<String> {
    let name = text(&stream(stage)?["logStreamName"]);
    let told = stage.aws(&[
        "logs",
        "get-log-events",
        "--log-group-name",
        "cruddur",
        "--log-stream-name",
        &name,
        "--start-from-head",
    ])?;
    let events = told["events"].as_array().context("no events")?;
    let hook: Vec<String> = events
        .iter()
        .filter_map(|e| {
            let message = text(&e["message"]);
            let (stamp, rest) = message.split_once(" 127.0.0.1 ")?;
            stamp.starts_with('[').then(|| rest.to_owned())
        })
        .collect();
    let wanted: Vec<String> = stage.asked.iter().map(as_written).collect();
    let differs = hook.iter().zip(&wanted).position(|(a, b)| a != b);
    ensure!(
        hook == wanted,
        "{} lines for {} requests; the first that differs: {differs:?}",
        hook.len(),
        wanted.len()
    );
    ensure!(events[0]["message"] == "Test log", "{}", events[0]);
    let began = stage.app_started_ms;
    for event in events {
        let (at, ingested) = (event["timestamp"].as_i64(), event["ingestionTime"].as_i64());
        // Logged while the app ran, and taken after that.
        ensure!(at >= Some(began) && ingested >= at, "{event}");
    }
    let in_time = events.is_sorted_by_key(|e| e["timestamp"].as_i64());
    ensure!(in_time, "not in order of time");
    Ok(format!(
        "{} lines of requests, in order, once each",
        hook.len()
    ))
}

fn insights(stage: &Stage) -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let question = "fields @timestamp, @message | filter @message like / 500 INTERNAL SERVER ERROR$/ | stats count(*) as failures";
    let started = stage.aws(&[
        "logs",
        "start-query",
        "--log-group-name",
        "cruddur",
        "--start-time",
        &(now - 600).to_string(),
        "--end-time",
        &(now + 5).to_string(),
        "--query-string",
        question,
    ])?;
    let id = text(&started["queryId"]);
    let deadline = Instant::now() + Duration::from_secs(10);
    let answer = loop {
        let answer = stage.aws(&["logs", "get-query-results", "--query-id", &id])?;
        if answer["status"] == "Complete" {
            break answer;
        }
        ensure!(
            Instant::now() < deadline && answer["status"] != "Failed",
            "{}",
            answer["status"]
        );
    };
    let wanted = stage
        .asked
        .iter()
        .filter(|a| a.status == 500)
        .count()
        .to_string();
    let row = answer["results"][0].as_array().context("no result")?;
    let cell = row
        .iter()
        .find(|c| c["field"] == "failures")
        .context("no failures")?;
    ensure!(
        cell["value"] == wanted.as_str(),
        "{} failures, not {wanted}",
        cell["value"]
    );
    Ok(format!("{wanted} failures"))
}

fn tail(stage: &Stage) -> anyhow::Result<String> {
    // Live: printed while the app ran on.
    ensure!(
        stage.tail_while_running > 0,
        "no line was followed before the app was ended"
    );
    let hook = stage.tail.iter().filter(|l| l.contains(" 127.0.0.1 "));
    let count = hook.count();
    ensure!(
        count == stage.asked.len(),
        "{count} of {} lines were followed: {:?}",
        stage.asked.len(),
        stage.tail.first()
    );
    Ok(format!(
        "{} lines put by hand were followed while the app ran, then {count} of its own",
        stage.tail_while_running
    ))
}
