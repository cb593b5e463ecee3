//! The way of one export, the same for HTTP and gRPC: admit, read, unpack, translate, keep, note.

use crate::error::Refused;
use crate::framing::{PREFIX_BYTES, unframe};
use crate::render::Partial;
use crate::translate::{self, Context, DatasetUse, RefusedRows, Translated};
use crate::wire::{Signal, json};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use engine::intake::{self, Encoding};
use engine::{
    DatasetKind, Delivery, Engine, Grant, Lane, Outcome, Permission, Reason, Refusal, Reservation,
};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A sender that sends nothing for so long has gone (reliability.md §3).
const BODY_IDLE: Duration = Duration::from_secs(15);
/// Wait for a free core to unpack and translate on; beyond it the sender is told to come back.
const CORE_WAIT: Duration = Duration::from_millis(250);
/// Steps in which room is taken for a body of unknown length, bytes.
const STEP_BYTES: u64 = 64 << 10;
/// Room taken for a compressed body before it is unpacked: telemetry packs 5 to 10 to one.
const USUAL_RATIO: u64 = 8;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    /// One permit per core: unpacking and translating hold memory and no connection needs them to
    /// run beside each other more than the machine can.
    cores: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(engine: Engine) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            engine,
            cores: Arc::new(Semaphore::new(cores.max(2))),
        }
    }
}

/// An export as its transport read it from the request's head.
pub(crate) struct Export {
    pub(crate) signal: Signal,
    pub(crate) delivery: Delivery,
    pub(crate) key: Option<String>,
    pub(crate) dataset_header: Option<String>,
    pub(crate) framing: Framing,
    /// Most bytes of the body, and of what it unpacks to.
    pub(crate) limit: usize,
    pub(crate) content_length: Option<u64>,
}

/// How the export request lies in the body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// The whole body, packed as the header says.
    Http { encoding: Encoding, json: bool },
    /// One length-prefixed message, whose flag says whether it is packed.
    Grpc { encoding: Encoding },
}

/// Delivers an export. The work goes on, and is noted, also when the sender leaves meanwhile.
pub(crate) async fn deliver(app: &App, export: Export, body: Body) -> Result<Partial, Refused> {
    let app = app.clone();
    match tokio::spawn(async move { app.deliver(export, body).await }).await {
        Ok(done) => done,
        Err(e) => {
            tracing::error!(error = %e, "an export was lost");
            Err(Refused::Engine(engine::Error::overload()))
        }
    }
}

impl App {
    async fn deliver(self, mut export: Export, body: Body) -> Result<Partial, Refused> {
        let key = export.key.take();
        let admitted = self
            .engine
            .admit(&export.delivery, key.as_deref(), Permission::SendEvents);
        let grant = match admitted {
            Ok(grant) => grant,
            Err(refusal) => {
                self.engine.note_refusal(&export.delivery, &refusal);
                return Err(refusal.into());
            }
        };
        let classic = key.as_deref().is_some_and(is_classic);
        let mut received = 1;
        let done = self
            .take(&grant, &mut export, classic, body, &mut received)
            .await;
        match done {
            Ok((outcome, partial)) => {
                grant.note(&export.delivery, outcome);
                Ok(partial)
            }
            Err(refused) => {
                let mut outcome = Outcome::refused(received, refused.reason());
                if let Some(detail) = refused.detail() {
                    outcome = outcome.detail(detail);
                }
                grant.note(&export.delivery, outcome);
                Err(refused)
            }
        }
    }

    /// Everything behind the key. `received` becomes the number of rows once it is known.
    async fn take(
        &self,
        grant: &Grant,
        export: &mut Export,
        classic: bool,
        body: Body,
        received: &mut u64,
    ) -> Result<(Outcome, Partial), Refused> {
        if classic && export.dataset_header.is_none() && export.signal != Signal::Logs {
            return Err(Refused::MissingDataset);
        }
        let (body, reservation) = self.read(export, body).await?;
        let decoded = self
            .decode(grant, export, classic, body, reservation)
            .await?;
        let Decoded {
            translated,
            identity,
            dataset_refusal,
            reservation,
        } = decoded;
        let refused_rows: u64 = translated.refused.iter().map(RefusedRows::rows).sum();
        *received = translated.batch.rows() as u64 + refused_rows;
        if let Some(refusal) = dataset_refusal.as_ref().filter(|r| {
            r.reason() == Reason::StoreFailing
                || (r.reason().is_scope() && translated.batch.is_empty())
        }) {
            return Err(refusal_of_all(refusal));
        }
        let partial = partial(&translated);
        let reason = translated.refused.first().map(|first| match first {
            RefusedRows::TooOld { .. } => Reason::TooOld,
            RefusedRows::Because { .. } => dataset_refusal
                .as_ref()
                .map_or(Reason::Undecodable, Refusal::reason),
        });
        let datasets = translated
            .batch
            .datasets()
            .into_iter()
            .map(Arc::from)
            .collect();
        let receipt = grant.ingest(translated.batch, identity).await?;
        drop(reservation);
        let mut outcome = Outcome::taken(&receipt, refused_rows, reason).into_datasets(datasets);
        if !partial.message.is_empty() {
            outcome = outcome.detail(partial.message.clone());
        }
        Ok((outcome, partial))
    }

    /// Reads the body within its limit and the engine's budget.
    async fn read(
        &self,
        export: &mut Export,
        mut body: Body,
    ) -> Result<(Bytes, Reservation), Refused> {
        let limit = export.limit + export.framing.prefix_bytes();
        let too_large = || Refused::TooLarge {
            limit: export.limit,
            unpacked: false,
        };
        let declared = export.content_length;
        if declared.is_some_and(|n| n > limit as u64) {
            return Err(too_large());
        }
        let mut reserved = declared.unwrap_or(STEP_BYTES);
        let mut reservation = self.engine.reserve(Lane::Common, reserved).await?;
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        let mut length = 0usize;
        loop {
            let frame = match tokio::time::timeout(BODY_IDLE, body.frame()).await {
                Ok(None) => break,
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(e))) => {
                    return Err(Refused::BrokenOff(format!(
                        "the sender broke off after {length} bytes: {e}"
                    )));
                }
                Err(_) => {
                    return Err(Refused::BrokenOff(format!(
                        "nothing came for {} s after {length} bytes",
                        BODY_IDLE.as_secs()
                    )));
                }
            };
            let Ok(data) = frame.into_data() else {
                continue; // Trailers say nothing to us.
            };
            length += data.len();
            export.delivery.wire_bytes = length as u64;
            if length > limit {
                return Err(too_large());
            }
            if length as u64 > reserved {
                reserved = (length as u64).next_multiple_of(STEP_BYTES);
                reservation.grow(reserved).await?;
            }
            // A body that comes in one piece is not copied.
            if length == data.len() {
                first = data;
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
        }
        let whole = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        Ok((whole, reservation))
    }

    /// Unpacks and translates on a thread for such work, with a core of its own.
    async fn decode(
        &self,
        grant: &Grant,
        export: &Export,
        classic: bool,
        body: Bytes,
        mut reservation: Reservation,
    ) -> Result<Decoded, Refused> {
        let wire_bytes = body.len() as u64;
        let (body, encoding, json) = export.framing.open(body, export.limit)?;
        if encoding != Encoding::Identity {
            let room = (body.len() as u64 * USUAL_RATIO).min(export.limit as u64);
            reservation.grow(wire_bytes + room).await?;
        }
        let Ok(Ok(core)) =
            tokio::time::timeout(CORE_WAIT, Arc::clone(&self.cores).acquire_owned()).await
        else {
            return Err(engine::Error::overload().into());
        };
        let (grant, limit, signal) = (grant.clone(), export.limit, export.signal);
        let dataset_header = export.dataset_header.clone();
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || {
            let _core = core;
            let body = intake::inflate(encoding, body, limit)?;
            // The rows take about as much again as the body.
            runtime.block_on(reservation.grow(wire_bytes + 2 * body.len() as u64))?;
            let context = Context {
                policy: grant.policy(),
                dataset_header: dataset_header.as_deref(),
                classic,
            };
            let (translated, dataset_refusal) = if json {
                translate(&grant, signal, &json::to_protobuf(signal, &body)?, context)?
            } else {
                translate(&grant, signal, &body, context)?
            };
            let identity = translated.timed.then(|| grant.identity(&body));
            Ok(Decoded {
                translated,
                identity,
                dataset_refusal,
                reservation,
            })
        });
        work.await.unwrap_or_else(|e| {
            tracing::error!(error = %e, signal = signal.as_str(), "translating an export failed");
            Err(Refused::undecodable("it could not be translated"))
        })
    }
}

/// A body that became rows.
struct Decoded {
    translated: Translated,
    identity: Option<[u8; 16]>,
    /// The last refusal of a dataset, if any.
    dataset_refusal: Option<Refusal>,
    reservation: Reservation,
}

fn translate(
    grant: &Grant,
    signal: Signal,
    body: &[u8],
    context: Context<'_>,
) -> Result<(Translated, Option<Refusal>), Refused> {
    let mut refusal = None;
    let named = context.dataset_header.is_some();
    let translated = translate::translate(signal, body, context, &mut |name, dataset_use| {
        let kind = match dataset_use {
            DatasetUse::Service => DatasetKind::Service,
            DatasetUse::Logs | DatasetUse::Metrics if named => DatasetKind::Events,
            DatasetUse::Logs => DatasetKind::UnknownLogSource,
            DatasetUse::Metrics => DatasetKind::UnknownMetrics,
        };
        grant.dataset(name, kind).map_err(|r| {
            let reason = r.reason();
            refusal = Some(r);
            format!("dataset {name:?}: {}", reason.text())
        })
    })?;
    Ok((translated, refusal))
}

/// The refusal of a request none of whose rows has a dataset.
fn refusal_of_all(refusal: &Refusal) -> Refused {
    match refusal.reason() {
        Reason::StoreFailing => {
            Refused::Engine(engine::Error::Failing("a dataset could not be made".into()))
        }
        _ => Refused::Key(refusal.clone()),
    }
}

fn partial(translated: &Translated) -> Partial {
    let reasons: Vec<String> = translated
        .refused
        .iter()
        .map(|refused| match refused {
            RefusedRows::TooOld { rows } => format!("{rows} refused: {}", Reason::TooOld.text()),
            RefusedRows::Because { rows, reason } => format!("{rows} refused: {reason}"),
        })
        .collect();
    Partial {
        rejected: translated.rejected_items,
        message: reasons.join("; "),
    }
}

impl Framing {
    fn prefix_bytes(self) -> usize {
        match self {
            Self::Http { .. } => 0,
            Self::Grpc { .. } => PREFIX_BYTES,
        }
    }

    /// The request's bytes in the body, how they are packed, and whether they are JSON.
    fn open(self, body: Bytes, limit: usize) -> Result<(Bytes, Encoding, bool), Refused> {
        match self {
            Self::Http { encoding, json } => Ok((body, encoding, json)),
            Self::Grpc { encoding } => {
                let (message, encoding) = unframe(body, encoding, limit)?;
                Ok((message, encoding, false))
            }
        }
    }
}

/// Whether a key is of the old form without environment (honeycomb.md §0).
fn is_classic(key: &str) -> bool {
    let key = key.trim().as_bytes();
    let lower_or_digit = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    match key.len() {
        32 => key.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        64 => match key {
            [b'h', b'c', kind, b'i', b'c', b'_', rest @ ..] => {
                kind.is_ascii_lowercase() && rest.iter().all(lower_or_digit)
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_keys_are_told_by_their_form() {
        for (key, want) in [
            ("0123456789abcdef0123456789abcdef", true),
            ("0123456789ABCDEF0123456789abcdef", false),
            ("fs_in_0123456789abcdef0123456789", false),
            (&format!("hcaic_{}", "a1".repeat(29)), true),
            (&format!("hcaik_{}", "a1".repeat(29)), false),
            ("", false),
        ] {
            assert_eq!(is_classic(key), want, "{key}");
        }
    }
}
