//! `PutTraceSegments`, `PutTelemetryRecords`.

use super::input::invalid;
use crate::wire::body::working;
use crate::wire::{Call, Fail, Reply, Service};
use crate::xray::App;
use crate::xray::document::split;
use crate::xray::intake::{self, Fate};
use engine::{Outcome, Reason};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Segments {
    trace_segment_documents: Vec<String>,
}

/// Answers 200 with what was not taken, document by document (xray.md §2.9).
pub(super) async fn trace_segments(app: &App, call: &Call) -> Result<Reply, Fail> {
    let started = std::time::Instant::now();
    let note = |outcome: Outcome| call.grant.note(&call.delivery, outcome);
    let input: Segments = call.input().inspect_err(|fail| {
        note(Outcome::refused(1, fail.reason).detail(fail.message.clone()));
    })?;
    let texts = input.trace_segment_documents;
    let (known, grant) = (Arc::clone(&app.known), call.grant.clone());
    let sent = texts.len() as u64;
    let built = working(call.body.len(), move || {
        let positions: Vec<usize> = texts
            .iter()
            .enumerate()
            .flat_map(|(i, text)| std::iter::repeat_n(i, split(text).map_or(1, |d| d.len())))
            .collect();
        let built = intake::build(&known, &grant, texts.iter().map(String::as_str));
        built.map(|built| (built, positions))
    })
    .await;
    let (mut built, positions) = match built {
        Ok(Ok(built)) => built,
        Ok(Err(refusal)) => {
            note(Outcome::refused(sent, refusal.reason()));
            return Err(Fail::of_reason(Service::Xray, refusal.reason(), None));
        }
        Err(why) => {
            note(Outcome::refused(sent, Reason::Undecodable).detail(why));
            return Err(invalid("the documents could not be read"));
        }
    };
    if let Err(e) = intake::keep(&app.known, &call.grant, &mut built, call.engine.now()).await {
        built.failed(e.reason()).into_iter().for_each(note);
        return Err(Fail::of_engine(Service::Xray, &e));
    }
    built.outcomes().into_iter().for_each(note);
    tracing::info!(
        "batch of {sent} segments from {} taken ({:.3} seconds)",
        call.delivery.sender,
        started.elapsed().as_secs_f64()
    );
    let unprocessed: Vec<Value> = built
        .fates
        .iter()
        .zip(positions)
        .filter_map(|(fate, i)| unprocessed(fate, i))
        .collect();
    Ok(Reply::Json(
        json!({"UnprocessedTraceSegments": unprocessed}),
    ))
}

fn unprocessed(fate: &Fate, index: usize) -> Option<Value> {
    let (id, code, message) = match fate {
        Fate::Taken | Fate::Repeated => return None,
        Fate::TooOld { id } => (
            Some(id.clone()),
            "InvalidTime",
            format!(
                "Invalid segment. ErrorCode: InvalidTime (document {index}, {})",
                Reason::TooOld.text()
            ),
        ),
        Fate::Refused(r) => (r.id.clone(), r.code, r.message(Some(index))),
    };
    let mut out = Map::new();
    if let Some(id) = id {
        out.insert("Id".into(), id.into());
    }
    out.insert("ErrorCode".into(), code.into());
    out.insert("Message".into(), message.into());
    Some(out.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Telemetry {
    telemetry_records: Vec<Record>,
    #[serde(default)]
    hostname: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Record {
    segments_received_count: u64,
    segments_sent_count: u64,
    segments_spillover_count: u64,
    segments_rejected_count: u64,
}

/// What a daemon says about itself: what it lost stands in the log.
pub(super) fn telemetry_records(call: &Call) -> Result<Reply, Fail> {
    let input: Telemetry = call.input()?;
    for r in &input.telemetry_records {
        let lost = r
            .segments_spillover_count
            .saturating_add(r.segments_rejected_count);
        if lost > 0 {
            tracing::warn!(
                "the X-Ray daemon at {} ({}) received {} segments, sent {}, spilled {}, had {} rejected",
                call.delivery.sender,
                input.hostname.as_deref().unwrap_or("no host name"),
                r.segments_received_count,
                r.segments_sent_count,
                r.segments_spillover_count,
                r.segments_rejected_count
            );
        }
    }
    Ok(Reply::Empty)
}
