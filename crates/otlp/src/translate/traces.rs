//! Spans, and the rows of their events and links (honeycomb.md §1.4).

use super::attributes::{Attr, put_all};
use super::sampling::{rate_of_attribute, rate_of_tracestate};
use super::{DatasetUse, Shared, Translation, Untranslatable, millis, nanos};
use crate::wire::{self, Field, Malformed, Message, ResourceBlock, ScopeBlock, text};
use event::{EventId, FieldSlot, SpanId, TraceId, ValueRef};
use std::sync::Arc;

/// Built-in columns of a span row: a bound for the count of values.
const SPAN_COLUMNS: usize = 16;
/// Row kinds in the identity of a row; 0 is the span itself (mapping.md §2).
const EVENT_ROW: u8 = 1;
const LINK_ROW: u8 = 2;

/// Fields that only rows of traces have.
struct Names {
    trace_state: FieldSlot,
    status_message: FieldSlot,
    num_events: FieldSlot,
    num_links: FieldSlot,
    invalid_duration: FieldSlot,
    since_start: FieldSlot,
    invalid_since_start: FieldSlot,
    parent_name: FieldSlot,
    error: FieldSlot,
    link_trace_id: FieldSlot,
    link_span_id: FieldSlot,
    /// `sampleRate`, `SampleRate`: the first that is there counts.
    sample_rates: [FieldSlot; 2],
    /// What a span takes over from its first exception.
    exception: [FieldSlot; 4],
}

/// A span's own fields; its attributes are decoded beside, its events and links read later.
#[derive(Clone, Copy, Default)]
struct Span<'a> {
    message: &'a [u8],
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent_id: &'a [u8],
    trace_state: &'a [u8],
    name: &'a [u8],
    kind: u64,
    start: i64,
    end: i64,
    status: u64,
    status_message: &'a [u8],
    events: u32,
    links: u32,
}

/// Buffers used for every span.
#[derive(Default)]
struct Scratch<'a> {
    span: Vec<Attr<'a>>,
    row: Vec<Attr<'a>>,
    exception: Vec<Attr<'a>>,
}

pub(super) fn translate<'a>(
    t: &mut Translation<'a, '_, '_>,
    body: &'a [u8],
) -> Result<(), Untranslatable> {
    let names = Names::new(t);
    t.by_row = names.by_row(t.names.annotation_type);
    let (mut shared, mut scratch) = (Shared::default(), Scratch::default());
    for block in wire::blocks(body) {
        let block = ResourceBlock::read(block?)?;
        t.read_resource(&block, &mut shared)?;
        let name = match t.service(&shared.resource) {
            _ if t.context.classic => t.context.dataset_header.unwrap_or("unknown_service"),
            Some(service) => service,
            None => "unknown_service",
        }
        .to_owned();
        // Asked for with the first span, so that an empty block makes no dataset.
        let mut dataset = None;
        for scope in block.scopes() {
            let scope = ScopeBlock::read(scope?)?;
            t.read_scope(&block, &scope, &mut shared)?;
            let mut first = true;
            for span in scope.items() {
                let span = read_span(t, span?, &mut scratch.span)?;
                if dataset.is_none() {
                    match t.dataset(&name, DatasetUse::Service, || count_spans(&block))? {
                        Some(slug) => dataset = Some(slug),
                        None => break,
                    }
                }
                let Some(slug) = &dataset else { break };
                if std::mem::take(&mut first) {
                    t.share(&mut shared)?;
                }
                SpanRows {
                    t,
                    names: &names,
                    shared: &shared,
                    dataset: slug,
                    span: &span,
                }
                .put(&mut scratch)?;
            }
            if dataset.is_none() && scope.items().next().is_some() {
                break; // Refused, all of the block's spans are counted.
            }
        }
    }
    Ok(())
}

fn count_spans(block: &ResourceBlock<'_>) -> Result<u64, Malformed> {
    let mut n = 0;
    for scope in block.scopes() {
        for span in ScopeBlock::read(scope?)?.items() {
            span?;
            n += 1;
        }
    }
    Ok(n)
}

impl Names {
    /// Those that rows put or read themselves, so that a resource's values of them are put by row.
    fn by_row(&self, annotation_type: FieldSlot) -> Vec<FieldSlot> {
        let mut out = vec![
            annotation_type,
            self.trace_state,
            self.status_message,
            self.num_events,
            self.num_links,
            self.invalid_duration,
            self.since_start,
            self.invalid_since_start,
            self.parent_name,
            self.error,
            self.link_trace_id,
            self.link_span_id,
        ];
        out.extend(self.sample_rates);
        out.extend(self.exception);
        out
    }

    fn new(t: &mut Translation<'_, '_, '_>) -> Self {
        let mut f = |name| t.builder.field(name);
        Self {
            trace_state: f("trace.trace_state"),
            status_message: f("status_message"),
            num_events: f("span.num_events"),
            num_links: f("span.num_links"),
            invalid_duration: f("meta.invalid_duration"),
            since_start: f("meta.time_since_span_start_ms"),
            invalid_since_start: f("meta.invalid_time_since_span_start"),
            parent_name: f("parent_name"),
            error: f("error"),
            link_trace_id: f("trace.link.trace_id"),
            link_span_id: f("trace.link.span_id"),
            sample_rates: [f("sampleRate"), f("SampleRate")],
            exception: [
                f("exception.type"),
                f("exception.message"),
                f("exception.stacktrace"),
                f("exception.escaped"),
            ],
        }
    }
}

fn read_span<'a>(
    t: &mut Translation<'a, '_, '_>,
    bytes: &'a [u8],
    attributes: &mut Vec<Attr<'a>>,
) -> Result<Span<'a>, Untranslatable> {
    attributes.clear();
    t.attributes.begin();
    let mut span = Span {
        message: bytes,
        ..Span::default()
    };
    let mut m = Message::new(bytes, "Span");
    while let Some((number, field)) = m.next_field()? {
        match number {
            1 => span.trace_id = field.bytes(&m)?,
            2 => span.span_id = field.bytes(&m)?,
            3 => span.trace_state = field.bytes(&m)?,
            4 => span.parent_id = field.bytes(&m)?,
            5 => span.name = field.bytes(&m)?,
            6 => span.kind = field.varint(&m)?,
            7 => span.start = nanos(field.fixed64(&m)?),
            8 => span.end = nanos(field.fixed64(&m)?),
            9 => t
                .attributes
                .decode(&mut t.builder, field.bytes(&m)?, attributes)?,
            11 => {
                field.bytes(&m)?;
                span.events += 1;
            }
            13 => {
                field.bytes(&m)?;
                span.links += 1;
            }
            15 => read_status(&mut span, field.bytes(&m)?)?,
            _ => {}
        }
    }
    t.check_item(attributes)?;
    Ok(span)
}

fn read_status<'a>(span: &mut Span<'a>, bytes: &'a [u8]) -> Result<(), Malformed> {
    let mut m = Message::new(bytes, "Status");
    while let Some((number, field)) = m.next_field()? {
        match number {
            2 => span.status_message = field.bytes(&m)?,
            3 => span.status = field.varint(&m)?,
            _ => {}
        }
    }
    Ok(())
}

/// One span about to become rows.
struct SpanRows<'t, 'a, 'c, 'd> {
    t: &'t mut Translation<'a, 'c, 'd>,
    names: &'t Names,
    shared: &'t Shared<'a>,
    dataset: &'t Arc<str>,
    span: &'t Span<'a>,
}

impl<'a> SpanRows<'_, 'a, '_, '_> {
    /// Puts the rows of the span: events, links, then the span itself.
    fn put(mut self, scratch: &mut Scratch<'a>) -> Result<(), Untranslatable> {
        let span = self.span;
        self.t.timed |= span.start > 0;
        if self.t.too_old(span.start) {
            self.t.rejected_items += 1;
            self.t.too_old_rows += 1 + u64::from(span.events) + u64::from(span.links);
            return Ok(());
        }
        let (rate, rate_slot) = self.sample_rate(&scratch.span);
        scratch.exception.clear();
        let mut ordinals = (0, 0);
        if span.events > 0 || span.links > 0 {
            for (wanted, message) in [(11, "Event"), (13, "Link")] {
                let mut m = Message::new(span.message, "Span");
                while let Some((number, field)) = m.next_field()? {
                    if number != wanted {
                        continue;
                    }
                    let bytes = field.bytes(&m)?;
                    if message == "Event" {
                        self.put_event(bytes, ordinals.0, rate, scratch)?;
                        ordinals.0 += 1;
                    } else {
                        self.put_link(bytes, ordinals.1, rate, scratch)?;
                        ordinals.1 += 1;
                    }
                }
            }
        }
        self.put_span(scratch, rate, rate_slot)
    }

    fn put_span(
        &mut self,
        scratch: &Scratch<'a>,
        rate: i64,
        rate_slot: Option<FieldSlot>,
    ) -> Result<(), Untranslatable> {
        let (span, names) = (self.span, self.names);
        self.t
            .charge(SPAN_COLUMNS + self.shared.len() + scratch.span.len())?;
        if !self.t.builder.begin_row(span.start) {
            return Ok(());
        }
        self.t.builder.set_dataset(self.dataset);
        self.put_trace_id();
        self.put_span_id();
        if span.parent_id.iter().any(|b| *b != 0) {
            self.put_id(self.t.names.parent_id, span.parent_id);
        }
        let b = &mut self.t.builder;
        b.set_name(&text(span.name));
        b.set_kind(kind(span.kind));
        b.set_status(status(span.status));
        b.set_duration(span.end.saturating_sub(span.start).max(0));
        b.set_sample_rate(rate);
        if span.end < span.start {
            b.put(names.invalid_duration, ValueRef::Bool(true));
        }
        if !span.trace_state.is_empty() {
            b.put(names.trace_state, ValueRef::Str(&text(span.trace_state)));
        }
        if !span.status_message.is_empty() {
            b.put(
                names.status_message,
                ValueRef::Str(&text(span.status_message)),
            );
        }
        b.put(names.num_events, ValueRef::Int(i64::from(span.events)));
        b.put(names.num_links, ValueRef::Int(i64::from(span.links)));
        b.discount_fields();
        put_all(b, &self.shared.by_row);
        put_all(b, &scratch.span);
        for a in &scratch.exception {
            if !b.has(a.slot) {
                b.put(a.slot, a.value.as_ref());
            }
        }
        if let Some(slot) = rate_slot {
            b.take(slot);
        }
        b.end_row();
        Ok(())
    }

    fn put_event(
        &mut self,
        bytes: &'a [u8],
        ordinal: u32,
        rate: i64,
        scratch: &mut Scratch<'a>,
    ) -> Result<(), Untranslatable> {
        let (span, names) = (self.span, self.names);
        let (mut ts, mut name) = (0, &[][..]);
        scratch.row.clear();
        self.t.attributes.begin();
        let mut m = Message::new(bytes, "Span.Event");
        while let Some((number, field)) = m.next_field()? {
            match number {
                1 => ts = nanos(field.fixed64(&m)?),
                2 => name = field.bytes(&m)?,
                3 => self.decode(&m, field, &mut scratch.row)?,
                _ => {}
            }
        }
        self.t.check_item(&scratch.row)?;
        if name == b"exception" && scratch.exception.is_empty() {
            // The slots are few, the attributes of an exception as well.
            scratch.exception.extend(
                scratch
                    .row
                    .iter()
                    .filter(|a| names.exception.contains(&a.slot))
                    .cloned(),
            );
        }
        let ts = if ts > 0 { ts } else { span.start };
        if !self.begin_annotation(
            ts,
            rate,
            "span_event",
            EVENT_ROW,
            ordinal,
            scratch.row.len(),
        )? {
            return Ok(());
        }
        let since = ts.saturating_sub(span.start);
        let b = &mut self.t.builder;
        b.set_name(&text(name));
        b.put(names.since_start, ValueRef::Float(millis(since.max(0))));
        if since < 0 {
            b.put(names.invalid_since_start, ValueRef::Bool(true));
        }
        self.end_annotation(&scratch.row);
        Ok(())
    }

    fn put_link(
        &mut self,
        bytes: &'a [u8],
        ordinal: u32,
        rate: i64,
        scratch: &mut Scratch<'a>,
    ) -> Result<(), Untranslatable> {
        let names = self.names;
        let (mut trace_id, mut span_id) = (&[][..], &[][..]);
        scratch.row.clear();
        self.t.attributes.begin();
        let mut m = Message::new(bytes, "Span.Link");
        while let Some((number, field)) = m.next_field()? {
            match number {
                1 => trace_id = field.bytes(&m)?,
                2 => span_id = field.bytes(&m)?,
                4 => self.decode(&m, field, &mut scratch.row)?,
                _ => {}
            }
        }
        self.t.check_item(&scratch.row)?;
        let ts = self.span.start;
        if !self.begin_annotation(ts, rate, "link", LINK_ROW, ordinal, scratch.row.len())? {
            return Ok(());
        }
        for (slot, id) in [
            (names.link_trace_id, trace_id),
            (names.link_span_id, span_id),
        ] {
            if !id.is_empty() {
                let shown = id_text(id);
                self.t.builder.put(slot, ValueRef::Str(&shown));
            }
        }
        self.end_annotation(&scratch.row);
        Ok(())
    }

    fn decode(
        &mut self,
        m: &Message<'a>,
        field: Field<'a>,
        out: &mut Vec<Attr<'a>>,
    ) -> Result<(), Untranslatable> {
        self.t
            .attributes
            .decode(&mut self.t.builder, field.bytes(m)?, out)
    }

    /// Starts the row of an event or link with what the two have in common.
    fn begin_annotation(
        &mut self,
        ts: i64,
        rate: i64,
        annotation_type: &str,
        row_kind: u8,
        ordinal: u32,
        attributes: usize,
    ) -> Result<bool, Untranslatable> {
        let (span, names) = (self.span, self.names);
        self.t
            .charge(SPAN_COLUMNS + self.shared.len() + attributes)?;
        if !self.t.builder.begin_row(ts) {
            return Ok(false);
        }
        self.t.builder.set_dataset(self.dataset);
        self.put_trace_id();
        if !span.span_id.is_empty() {
            self.put_id(self.t.names.parent_id, span.span_id);
        }
        if let (Some(trace), Some(owner)) = (trace_id(span.trace_id), span_id(span.span_id)) {
            self.t.builder.set_event_id(EventId::of_span_row(
                Some(trace),
                Some(owner),
                row_kind,
                ordinal,
            ));
        }
        let b = &mut self.t.builder;
        b.set_sample_rate(rate);
        b.put(self.t.names.annotation_type, ValueRef::Str(annotation_type));
        b.put(names.parent_name, ValueRef::Str(&text(span.name)));
        if span.status == 2 {
            b.put(names.error, ValueRef::Bool(true));
        }
        Ok(true)
    }

    fn end_annotation(&mut self, attributes: &[Attr<'a>]) {
        let b = &mut self.t.builder;
        b.discount_fields();
        put_all(b, &self.shared.by_row);
        put_all(b, attributes);
        b.end_row();
    }

    fn put_trace_id(&mut self) {
        match trace_id(self.span.trace_id) {
            Some(id) => self.t.builder.set_trace_id(id),
            None => self.put_id(self.t.names.trace_id, self.span.trace_id),
        }
    }

    fn put_span_id(&mut self) {
        self.put_id(self.t.names.span_id, self.span.span_id);
    }

    /// Puts a span's or parent's id; one of another length as text (mapping.md §3.3).
    fn put_id(&mut self, slot: FieldSlot, id: &[u8]) {
        let b = &mut self.t.builder;
        match span_id(id) {
            Some(id) if slot == self.t.names.span_id => b.set_span_id(id),
            Some(id) if slot == self.t.names.parent_id => b.set_parent_id(id),
            _ if id.is_empty() => {}
            _ => b.put(slot, ValueRef::Str(&id_text(id))),
        }
    }

    /// The weight of the span's rows, and the attribute it came from, which is not kept.
    fn sample_rate(&self, attributes: &[Attr<'a>]) -> (i64, Option<FieldSlot>) {
        for slot in self.names.sample_rates {
            let found = [attributes, &self.shared.scope, &self.shared.resource]
                .into_iter()
                .find_map(|list| list.iter().rev().find(|a| a.slot == slot));
            if let Some(a) = found {
                return (rate_of_attribute(a.value.as_ref()), Some(slot));
            }
        }
        let rate = (!self.span.trace_state.is_empty())
            .then(|| {
                let randomness =
                    span_id(self.span.span_id).map_or(0, |id| u64::from_be_bytes(id.0));
                rate_of_tracestate(&text(self.span.trace_state), randomness)
            })
            .flatten();
        (rate.unwrap_or(1), None)
    }
}

/// A trace id of 16 bytes, or of 8 with an empty upper half.
pub(super) fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    if let Ok(id) = bytes.try_into() {
        return Some(TraceId(id));
    }
    let low: [u8; 8] = bytes.try_into().ok()?;
    let mut id = [0; 16];
    id[8..].copy_from_slice(&low);
    Some(TraceId(id))
}

pub(super) fn span_id(bytes: &[u8]) -> Option<SpanId> {
    bytes.try_into().ok().map(SpanId)
}

/// An id as users see it.
pub(super) fn id_text(bytes: &[u8]) -> String {
    match bytes.len() {
        16 => trace_id(bytes).map_or_else(String::new, |id| id.to_string()),
        _ => hex::encode(bytes),
    }
}

fn kind(n: u64) -> &'static str {
    match n {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}

fn status(n: u64) -> &'static str {
    match n {
        1 => "ok",
        2 => "error",
        _ => "unset",
    }
}
