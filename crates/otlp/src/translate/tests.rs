mod hostile;
mod log_records;
mod metric_points;
mod property;
mod spans;

use super::{Context, DatasetUse, Translated, translate};
use crate::wire::Signal;
use event::{EventBatch, Fixed, RowPolicy, ValueRef};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

/// 2026-01-02T03:04:05Z
const T: u64 = 1_767_323_045_000_000_000;
const DAY: i64 = 86_400_000_000_000;
const TRACE: [u8; 16] = [0x5c, 0x1f, 0xa2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x9b];
const SPAN: [u8; 8] = [0xa1, 2, 3, 4, 5, 6, 7, 8];
const PARENT: [u8; 8] = [0xb1, 2, 3, 4, 5, 6, 7, 8];

fn context() -> Context<'static> {
    Context {
        policy: RowPolicy {
            now: T as i64 + 1_000_000_000,
            oldest: Some(T as i64 - 60 * DAY),
        },
        dataset_header: None,
        classic: false,
    }
}

/// Translates with datasets that are made on the spot and called as they are asked for, in capitals
/// when not for a service.
fn run(signal: Signal, request: &impl Message, context: Context<'_>) -> Translated {
    translate(signal, &request.encode_to_vec(), context, &mut made).unwrap()
}

fn made(name: &str, dataset_use: DatasetUse) -> Result<std::sync::Arc<str>, String> {
    Ok(match dataset_use {
        DatasetUse::Service => name.into(),
        DatasetUse::Logs | DatasetUse::Metrics => name.to_uppercase().into(),
    })
}

/// A row as lines of `column = value`, sorted; fixed columns by their physical names, in brackets.
fn row(batch: &EventBatch, row: usize) -> String {
    let mut lines = Vec::new();
    for fixed in Fixed::ALL {
        let Some(column) = batch.fixed(fixed) else {
            continue;
        };
        let value = match fixed {
            Fixed::TraceId => batch.trace_id(row).map(|id| id.to_string()),
            Fixed::SpanId => batch.span_id(row).map(|id| id.to_string()),
            Fixed::ParentId => column.id8(row).map(|id| event::SpanId(id).to_string()),
            Fixed::EventId => continue,
            Fixed::Ts => Some((batch.ts()[row] - T as i64).to_string()),
            _ => column.value(row).map(|v| v.to_string()),
        };
        lines.extend(value.map(|v| format!("[{}] = {v}", fixed.column_name())));
    }
    batch.for_each_attr(row, |key, value| {
        lines.push(match value {
            ValueRef::Str(s) => format!("{key} = {s:?}"),
            ValueRef::Float(f) => format!("{key} = {f:?}"),
            other => format!("{key} = {other}"),
        });
    });
    lines.sort();
    lines.join("\n")
}

#[track_caller]
fn assert_row(batch: &EventBatch, n: usize, want: &str) {
    let mut want: Vec<&str> = want
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    want.sort_unstable();
    assert_eq!(row(batch, n), want.join("\n"));
}

fn value(v: Value) -> AnyValue {
    AnyValue { value: Some(v) }
}
fn kv(key: &str, v: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(value(v)),
        ..KeyValue::default()
    }
}
fn str(key: &str, v: &str) -> KeyValue {
    kv(key, text(v))
}
fn int(key: &str, v: i64) -> KeyValue {
    kv(key, Value::IntValue(v))
}
fn text(v: &str) -> Value {
    Value::StringValue(v.to_owned())
}
fn list(items: Vec<Value>) -> Value {
    Value::ArrayValue(ArrayValue {
        values: items.into_iter().map(value).collect(),
    })
}
fn map(entries: Vec<KeyValue>) -> Value {
    Value::KvlistValue(KeyValueList { values: entries })
}
fn resource(attributes: Vec<KeyValue>) -> Option<Resource> {
    Some(Resource {
        attributes,
        ..Resource::default()
    })
}
fn scope(name: &str, version: &str) -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    })
}
