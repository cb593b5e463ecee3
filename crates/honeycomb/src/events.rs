//! `POST /1/events/{dataset}` and `POST /1/batch/{dataset}`.

use crate::call::{self, Call, Read};
use crate::error::{Fail, Form};
use crate::translate::{self, Target};
use crate::wire::{self, Bad, EVENT_BYTES_LIMIT, Format, Item, Value};
use axum::response::Response;
use engine::{DatasetKind, Delivery, Grant, Outcome, Permission, Protocol, Reason, Receipt};
use event::{BatchBuilder, EventBatch, TableKind};
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;

/// A batch as sent, bytes.
const BATCH_WIRE_LIMIT: usize = 5 << 20;
/// A batch unpacked, bytes.
const BATCH_LIMIT: usize = 20 << 20;

/// One event: 200 with an empty body.
pub(crate) async fn single(call: &mut Call, dataset: &str) -> Result<Response, Fail> {
    let (grant, mut delivery, read) = open(call, EVENT_BYTES_LIMIT, EVENT_BYTES_LIMIT).await?;
    delivery.wire_bytes = read.wire_bytes;
    let format = Format::of_content_type(call.header("content-type"));
    let data = match wire::parse_event(format, &read.bytes) {
        Ok(data) => data,
        Err(bad) => {
            grant.note(&delivery, Outcome::refused(1, bad.reason()));
            return Err(Fail::events(StatusCode::BAD_REQUEST, bad.text()));
        }
    };
    let item = Item {
        time: header(call, "x-honeycomb-event-time"),
        sample_rate: header(call, "x-honeycomb-samplerate"),
        data,
    };
    let slug = dataset_of(&grant, &delivery, dataset, 1)?;
    let (batch, taken) = build(&grant, &slug, vec![Ok(item)]);
    if taken == [Err(Reason::TooOld)] {
        grant.note(&delivery, Outcome::refused(1, Reason::TooOld));
        let text = Reason::TooOld.text();
        return Err(Fail::events(StatusCode::BAD_REQUEST, text));
    }
    let receipt = keep(&grant, &delivery, batch, 1).await?;
    let outcome = Outcome::taken(&receipt, 0, None).into_datasets(vec![slug]);
    grant.note(&delivery, outcome);
    Ok(call::empty(StatusCode::OK))
}

/// Many events: 200 with one status per event, in order.
pub(crate) async fn batch(call: &mut Call, dataset: &str) -> Result<Response, Fail> {
    let (grant, mut delivery, read) = open(call, BATCH_WIRE_LIMIT, BATCH_LIMIT).await?;
    delivery.wire_bytes = read.wire_bytes;
    let format = Format::of_content_type(call.header("content-type"));
    let size = read.bytes.len();
    let bytes = read.bytes.clone();
    let parsed = call::working(size, move || wire::parse_batch(format, &bytes)).await;
    let items = match parsed.unwrap_or(Err(Bad::Malformed)) {
        Ok(items) => items,
        Err(bad) => {
            grant.note(&delivery, Outcome::refused(1, bad.reason()));
            return Err(Fail::events(StatusCode::BAD_REQUEST, bad.text()));
        }
    };
    let received = items.len() as u64;
    if items.iter().all(Result::is_err) {
        // Nothing to keep: no dataset is made for it.
        let bad: Vec<Bad> = items.into_iter().filter_map(Result::err).collect();
        let statuses: Vec<_> = bad.iter().map(|b| refused(b.text())).collect();
        let reason = bad.first().map(|b| b.reason());
        let outcome = Outcome::taken(&Receipt::default(), received, reason);
        grant.note(&delivery, outcome);
        return Ok(call::json(StatusCode::OK, &statuses.into()));
    }
    let slug = dataset_of(&grant, &delivery, dataset, received)?;
    let (built_for, into) = (grant.clone(), Arc::clone(&slug));
    let built = call::working(size, move || {
        let texts: Vec<Option<Bad>> = items.iter().map(|i| i.as_ref().err().copied()).collect();
        let (batch, taken) = build(&built_for, &into, items);
        (batch, taken, texts)
    })
    .await;
    let (batch, taken, bad) = built.map_err(|why| {
        grant.note(
            &delivery,
            Outcome::refused(received, Reason::Undecodable).detail(why),
        );
        Fail::events(StatusCode::BAD_REQUEST, Bad::Malformed.text())
    })?;
    let receipt = keep(&grant, &delivery, batch, received).await?;
    let statuses: Vec<_> = taken
        .iter()
        .zip(&bad)
        .map(|(taken, bad)| match (taken, bad) {
            (Ok(()), _) => json!({"status": 202}),
            (Err(_), Some(bad)) => refused(bad.text()),
            (Err(reason), None) => refused(reason.text()),
        })
        .collect();
    let reasons = taken.iter().filter_map(|t| t.err());
    let n = taken.iter().filter(|t| t.is_err()).count() as u64;
    let outcome = Outcome::taken(&receipt, n, reasons.clone().next());
    grant.note(&delivery, outcome.into_datasets(vec![slug]));
    Ok(call::json(StatusCode::OK, &statuses.into()))
}

fn header(call: &Call, name: &str) -> Option<Value> {
    call.header(name).map(|text| Value::Str(text.to_owned()))
}

fn refused(error: &str) -> serde_json::Value {
    json!({"status": 400, "error": error})
}

/// Admits the key, then reads the body; whatever fails is noted.
async fn open(
    call: &mut Call,
    wire_limit: usize,
    limit: usize,
) -> Result<(Grant, Delivery, Read), Fail> {
    let delivery = call.delivery(Protocol::Events);
    let admitted = call
        .engine()
        .admit(&delivery, call.secret(), Permission::SendEvents);
    let grant = admitted.map_err(|refusal| {
        call.engine().note_refusal(&delivery, &refusal);
        Fail::of_refusal_events(&refusal)
    })?;
    match call.read(wire_limit, limit).await {
        Ok(read) => Ok((grant, delivery, read)),
        Err(e) => {
            grant.note(&delivery, Outcome::refused(1, e.reason()));
            Err(e.fail(Form::Events))
        }
    }
}

fn dataset_of(
    grant: &Grant,
    delivery: &Delivery,
    name: &str,
    items: u64,
) -> Result<Arc<str>, Fail> {
    grant.dataset(name, DatasetKind::Events).map_err(|refusal| {
        grant.note(delivery, Outcome::refused(items, refusal.reason()));
        Fail::of_refusal_events(&refusal)
    })
}

/// Rows of the readable events, and what became of each.
fn build(
    grant: &Grant,
    slug: &str,
    items: Vec<Result<Item, Bad>>,
) -> (EventBatch, Vec<Result<(), Reason>>) {
    let target = Target {
        dataset: slug,
        expand_json_depth: grant.dataset_info(slug).map_or(0, |d| d.expand_json_depth),
    };
    let mut batch = BatchBuilder::new(TableKind::Spans, grant.policy());
    let taken = items
        .into_iter()
        .map(|item| {
            let item = item.map_err(Bad::reason)?;
            match translate::event(&mut batch, &target, &item) {
                true => Ok(()),
                false => Err(Reason::TooOld),
            }
        })
        .collect();
    (batch.finish(), taken)
}

async fn keep(
    grant: &Grant,
    delivery: &Delivery,
    batch: EventBatch,
    items: u64,
) -> Result<Receipt, Fail> {
    // Events carry no identity: the same event sent twice is two events (reliability.md §4).
    grant.ingest(batch, None).await.map_err(|e| {
        grant.note(delivery, Outcome::refused(items, e.reason()));
        Fail::of_engine(&e, Form::Events)
    })
}
