//! Log records (honeycomb.md §1.5).

use super::attributes::{Attr, flatten, json_text, put_all};
use super::traces::{id_text, span_id, trace_id};
use super::{DatasetUse, Shared, Translation, Untranslatable, nanos};
use crate::wire::{self, AnyValue, Malformed, Message, ResourceBlock, ScopeBlock, text};
use event::builder::BODY_BYTES_LIMIT;
use event::{FieldSlot, Value, ValueRef};

/// Built-in columns of a log row: a bound for the count of values.
const LOG_COLUMNS: usize = 12;
/// The dataset of logs that name neither a service nor a dataset.
const UNKNOWN_LOG_SOURCE: &str = "unknown_log_source";

/// Fields that only log rows have.
struct Names {
    body: FieldSlot,
    severity: FieldSlot,
    severity_code: FieldSlot,
    severity_text: FieldSlot,
    flags: FieldSlot,
    event_name: FieldSlot,
    name: FieldSlot,
}

#[derive(Clone, Copy, Default)]
struct Record<'a> {
    time: i64,
    observed: i64,
    severity: u64,
    severity_text: &'a [u8],
    body: Option<AnyValue<'a>>,
    flags: u32,
    trace_id: &'a [u8],
    span_id: &'a [u8],
    event_name: &'a [u8],
}

pub(super) fn translate<'a>(
    t: &mut Translation<'a, '_, '_>,
    body: &'a [u8],
) -> Result<(), Untranslatable> {
    let names = Names::new(t);
    t.by_row = names.by_row(t.names.annotation_type);
    let mut shared = Shared::default();
    let mut attributes = Vec::new();
    for block in wire::blocks(body) {
        let block = ResourceBlock::read(block?)?;
        t.read_resource(&block, &mut shared)?;
        let (name, dataset_use) = match (t.service(&shared.resource), t.context.dataset_header) {
            (Some(service), _) => (service, DatasetUse::Service),
            (None, Some(header)) => (header, DatasetUse::Logs),
            (None, None) => (UNKNOWN_LOG_SOURCE, DatasetUse::Logs),
        };
        let name = name.to_owned();
        let mut dataset = None;
        for scope in block.scopes() {
            let scope = ScopeBlock::read(scope?)?;
            t.read_scope(&block, &scope, &mut shared)?;
            let mut first = true;
            for record in scope.items() {
                let record = read_record(t, record?, &mut attributes)?;
                if dataset.is_none() {
                    dataset = t.dataset(&name, dataset_use, || count_records(&block))?;
                }
                let Some(slug) = &dataset else { break };
                if std::mem::take(&mut first) {
                    t.share(&mut shared)?;
                }
                put_record(t, &names, &shared, slug, &record, &mut attributes)?;
            }
            if dataset.is_none() && scope.items().next().is_some() {
                break; // Refused, all of the block's records are counted.
            }
        }
    }
    Ok(())
}

fn count_records(block: &ResourceBlock<'_>) -> Result<u64, Malformed> {
    let mut n = 0;
    for scope in block.scopes() {
        for record in ScopeBlock::read(scope?)?.items() {
            record?;
            n += 1;
        }
    }
    Ok(n)
}

impl Names {
    /// Those that rows put or read themselves, so that a resource's values of them are put by row.
    fn by_row(&self, annotation_type: FieldSlot) -> Vec<FieldSlot> {
        vec![
            annotation_type,
            self.severity,
            self.severity_code,
            self.severity_text,
            self.flags,
            self.event_name,
        ]
    }

    fn new(t: &mut Translation<'_, '_, '_>) -> Self {
        let mut f = |name| t.builder.field(name);
        Self {
            body: f("body"),
            severity: f("severity"),
            severity_code: f("severity_code"),
            severity_text: f("severity_text"),
            flags: f("flags"),
            event_name: f("event.name"),
            name: f("name"),
        }
    }
}

fn read_record<'a>(
    t: &mut Translation<'a, '_, '_>,
    bytes: &'a [u8],
    attributes: &mut Vec<Attr<'a>>,
) -> Result<Record<'a>, Untranslatable> {
    attributes.clear();
    t.attributes.begin();
    let mut r = Record::default();
    let mut m = Message::new(bytes, "LogRecord");
    while let Some((number, field)) = m.next_field()? {
        match number {
            1 => r.time = nanos(field.fixed64(&m)?),
            2 => r.severity = field.varint(&m)?,
            3 => r.severity_text = field.bytes(&m)?,
            5 => r.body = AnyValue::read(field.bytes(&m)?)?,
            6 => t
                .attributes
                .decode(&mut t.builder, field.bytes(&m)?, attributes)?,
            8 => r.flags = field.fixed32(&m)?,
            9 => r.trace_id = field.bytes(&m)?,
            10 => r.span_id = field.bytes(&m)?,
            11 => r.observed = nanos(field.fixed64(&m)?),
            12 => r.event_name = field.bytes(&m)?,
            _ => {}
        }
    }
    t.check_item(attributes)?;
    Ok(r)
}

fn put_record<'a>(
    t: &mut Translation<'a, '_, '_>,
    names: &Names,
    shared: &Shared<'a>,
    dataset: &str,
    r: &Record<'a>,
    attributes: &mut Vec<Attr<'a>>,
) -> Result<(), Untranslatable> {
    let ts = if r.time > 0 { r.time } else { r.observed };
    t.timed |= ts > 0;
    let own = attributes.len();
    // The body's columns come before all attributes, so that those overwrite them.
    if let Some(body) = r.body {
        let mut path = String::from("body");
        if let AnyValue::Bytes(_) | AnyValue::Array(_) = body {
            let json = json_text(body, 1, BODY_BYTES_LIMIT + 1)?;
            attributes.push(Attr {
                slot: names.body,
                value: super::Scalar::Made(json.into()),
            });
        } else {
            flatten(&mut t.builder, &mut path, body, 0, attributes)?;
            if let AnyValue::Kvlist(_) = body {
                let json = json_text(body, 1, BODY_BYTES_LIMIT + 1)?;
                attributes.push(Attr {
                    slot: names.body,
                    value: super::Scalar::Made(json.into()),
                });
            }
        }
    }
    t.check_item(attributes)?;
    t.charge(LOG_COLUMNS + shared.len() + attributes.len())?;
    if !t.builder.begin_row(ts) {
        t.rejected_items += 1;
        return Ok(());
    }
    t.builder.set_dataset(dataset);
    put_trace(t, r);
    let b = &mut t.builder;
    b.put(names.severity, ValueRef::Str(severity(r.severity)));
    let code = i64::try_from(r.severity).unwrap_or(0);
    b.put(names.severity_code, ValueRef::Int(code));
    if !r.severity_text.is_empty() {
        b.put(names.severity_text, ValueRef::Str(&text(r.severity_text)));
    }
    b.put(names.flags, ValueRef::Int(i64::from(r.flags)));
    if !r.event_name.is_empty() {
        b.put(names.event_name, ValueRef::Str(&text(r.event_name)));
    }
    b.discount_fields();
    put_all(b, attributes.get(own..).unwrap_or_default());
    put_all(b, &shared.by_row);
    put_all(b, attributes.get(..own).unwrap_or_default());
    put_name(t, names, attributes);
    t.builder.end_row();
    Ok(())
}

/// A record's `name` is its `event.name`, wherever the sender put that (mapping.md §2).
fn put_name(t: &mut Translation<'_, '_, '_>, names: &Names, attributes: &[Attr<'_>]) {
    if attributes.iter().any(|a| a.slot == names.name) {
        return;
    }
    if let Some(Value::Str(name)) = t.builder.get(names.event_name) {
        t.builder.set_name(&name);
    }
}

fn put_trace(t: &mut Translation<'_, '_, '_>, r: &Record<'_>) {
    let b = &mut t.builder;
    // Loggers outside of a span send ids of zeros.
    if r.trace_id.iter().any(|b| *b != 0) {
        match trace_id(r.trace_id) {
            Some(id) => b.set_trace_id(id),
            None => b.put(t.names.trace_id, ValueRef::Str(&id_text(r.trace_id))),
        }
        b.put(t.names.annotation_type, ValueRef::Str("span_event"));
    }
    if r.span_id.iter().any(|b| *b != 0) {
        match span_id(r.span_id) {
            Some(id) => b.set_parent_id(id),
            None => b.put(t.names.parent_id, ValueRef::Str(&id_text(r.span_id))),
        }
    }
}

/// The severity's name: numbers come in groups of four.
fn severity(number: u64) -> &'static str {
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "unspecified",
    }
}
