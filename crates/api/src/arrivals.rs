//! Arrivals: what reached us, taken or refused; as a list and live.

use crate::Api;
use crate::ask::{limit, ndjson};
use crate::error::Refused;
use crate::error::extract::Search;
use crate::wire::arrivals::{
    Arrival, ArrivalEvent, ArrivalOutcome, ArrivalReason, Arrivals, ArrivalsFilter, ArrivalsView,
    Counters, OutcomeFilter, ProtocolCounters,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use axum::response::Response;
use engine::Protocol;
use engine::arrivals::{self, ArrivalFilter, ArrivalRow, Counts, Outcome, Show};
use event::EnvId;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// A quiet stream says so this often, so that both ends know that the line stands.
const IDLE_AFTER: Duration = Duration::from_secs(15);

fn filter(api: &Api, asked: &ArrivalsFilter) -> Result<ArrivalFilter, Refused> {
    let env = match asked.env.as_deref() {
        Some(slug) => Some(api.environment(slug)?.id),
        None => None,
    };
    let protocol = match asked.protocol.as_deref() {
        Some(name) => Some(Protocol::parse(name).ok_or_else(|| {
            Refused::invalid(format!(
                "protocol is one of {}, not `{name}`",
                Protocol::ALL.map(Protocol::as_str).join(", ")
            ))
        })?),
        None => None,
    };
    Ok(ArrivalFilter {
        env,
        show: match asked.outcome {
            OutcomeFilter::All => Show::All,
            OutcomeFilter::Refused => Show::Refused,
            OutcomeFilter::Taken => Show::Taken,
        },
        protocol,
        limit: limit(asked.limit, 200, 1_000)?,
    })
}

/// Deliveries, latest first.
#[utoipa::path(get, path = "/foursight/v1/arrivals", tag = "arrivals", params(ArrivalsFilter), responses(
    (status = 200, body = Arrivals),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(api): State<Api>,
    Search(asked): Search<ArrivalsFilter>,
) -> Result<axum::Json<Arrivals>, Refused> {
    let filter = filter(&api, &asked)?;
    let arrivals = api.engine().arrivals();
    let rows = match asked.view {
        ArrivalsView::Grouped => arrivals
            .list(&filter)
            .iter()
            .map(|r| row(&api, r))
            .collect(),
        ArrivalsView::Single => arrivals
            .latest(&filter)
            .iter()
            .map(|a| single(&api, a))
            .collect(),
    };
    let mut counters = Counters::default();
    let mut by_protocol = Protocol::ALL.map(|p| (p, Counters::default()));
    for (key, counts) in arrivals.counters() {
        let env = filter.env.is_none() || key.env == filter.env;
        if env && filter.protocol.is_none_or(|p| key.protocol == p) {
            add(&mut counters, &counts);
            for (_, sum) in by_protocol.iter_mut().filter(|(p, _)| *p == key.protocol) {
                add(sum, &counts);
            }
        }
    }
    Ok(axum::Json(Arrivals {
        rows,
        counters,
        by_protocol: by_protocol
            .into_iter()
            .filter(|(_, sum)| sum.received > 0)
            .map(|(protocol, counters)| ProtocolCounters {
                protocol: protocol.as_str().to_owned(),
                counters,
            })
            .collect(),
        refused_last_5m: arrivals.refused_last_5m(),
    }))
}

/// Deliveries as they come, one line each (`ArrivalEvent`), until the reader goes.
#[utoipa::path(get, path = "/foursight/v1/arrivals/live", tag = "arrivals", responses(
    (status = 200, body = ArrivalEvent, content_type = "application/x-ndjson"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn live(State(api): State<Api>) -> Response {
    let heard = api.engine().arrivals().subscribe();
    ndjson(futures::stream::unfold(
        (api, heard, true),
        |(api, mut heard, first)| async move {
            // The first line goes out at once: the reader knows that it listens before it sends.
            let event = match first {
                true => Some(ArrivalEvent::Idle),
                false => match tokio::select! {
                    heard = tokio::time::timeout(IDLE_AFTER, heard.recv()) => heard,
                    () = api.closing() => return None,
                } {
                    Err(_) => Some(ArrivalEvent::Idle),
                    Ok(Ok(arrival)) => Some(ArrivalEvent::Arrival {
                        arrival: Box::new(single(&api, &arrival)),
                    }),
                    Ok(Err(RecvError::Lagged(updates))) => Some(ArrivalEvent::Missed { updates }),
                    Ok(Err(RecvError::Closed)) => None,
                },
            };
            Some((event?, (api, heard, false)))
        },
    ))
}

fn slug(api: &Api, env: Option<EnvId>) -> Option<String> {
    let info = api.engine().catalog().environment(env?)?;
    Some(info.slug.to_string())
}

fn row(api: &Api, row: &ArrivalRow) -> Arrival {
    let mut counters = Counters::default();
    add(&mut counters, &row.counts);
    Arrival {
        first_ns: Nanos(row.first_seen_ns),
        deliveries: row.counts.deliveries,
        received_last_5m: row.received_last_5m,
        signals: row.signals.iter().map(|s| (*s).to_owned()).collect(),
        datasets: row.datasets.iter().map(ToString::to_string).collect(),
        wire_bytes: row.counts.wire_bytes,
        counters,
        ..single(api, &row.latest)
    }
}

/// Why a delivery was refused, and what to do.
pub(crate) fn reason(a: &arrivals::Arrival, r: engine::Reason) -> ArrivalReason {
    ArrivalReason {
        code: r.code().to_owned(),
        text: r.text().to_owned(),
        detail: a.outcome.detail.clone(),
        fix: r.fix().to_owned(),
        copy: r.copy(a.protocol).map(str::to_owned),
    }
}

fn single(api: &Api, a: &arrivals::Arrival) -> Arrival {
    let env = slug(api, a.env);
    let outcome = outcome(&a.outcome);
    let reason = a.outcome.reason.map(|r| reason(a, r));
    // What makes deliveries alike, as text: a stable name of the row.
    let id = format!(
        "{}|{}|{}|{}|{outcome:?}|{}",
        a.sender,
        a.protocol.as_str(),
        a.key_prefix.as_deref().unwrap_or_default(),
        env.as_deref().unwrap_or_default(),
        a.outcome.reason.map_or("", |r| r.code()),
    );
    Arrival {
        id,
        first_ns: Nanos(a.at_ns),
        last_ns: Nanos(a.at_ns),
        deliveries: 1,
        received_last_5m: a.outcome.received,
        outcome,
        protocol: a.protocol.as_str().to_owned(),
        signals: a.signal.iter().map(|s| (*s).to_owned()).collect(),
        sender: a.sender.to_string(),
        user_agent: a.user_agent.as_deref().map(str::to_owned),
        key_prefix: a.key_prefix.as_deref().map(str::to_owned),
        env,
        key_line: engine::Reason::UnknownKey
            .copy(a.protocol)
            .map(str::to_owned),
        datasets: a.outcome.datasets.iter().map(ToString::to_string).collect(),
        wire_bytes: a.wire_bytes,
        counters: Counters {
            received: a.outcome.received,
            stored: a.outcome.stored,
            refused: a.outcome.refused,
            dropped: a.outcome.dropped,
            merged: a.outcome.merged,
        },
        reason,
    }
}

fn outcome(o: &Outcome) -> ArrivalOutcome {
    match (o.is_taken(), o.stored + o.merged) {
        (true, _) => ArrivalOutcome::Taken,
        (false, 0) => ArrivalOutcome::Refused,
        (false, _) => ArrivalOutcome::Partial,
    }
}

fn add(sum: &mut Counters, counts: &Counts) {
    sum.received += counts.received;
    sum.stored += counts.stored;
    sum.refused += counts.refused;
    sum.dropped += counts.dropped;
    sum.merged += counts.merged;
}
