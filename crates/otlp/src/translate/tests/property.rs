//! What the SDKs' own types write, ours reads: attributes come back with key, type and value.

use super::*;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An attribute as it should be stored: floats by their bits, so that NaN equals itself.
#[derive(Clone, Debug, PartialEq)]
enum Stored {
    Str(String),
    Int(i64),
    Float(u64),
    Bool(bool),
}

fn scalars() -> impl Strategy<Value = (Value, Stored)> {
    prop_oneof![
        ".{0,20}".prop_map(|s| (Value::StringValue(s.clone()), Stored::Str(s))),
        any::<i64>().prop_map(|i| (Value::IntValue(i), Stored::Int(i))),
        any::<f64>().prop_map(|f| (Value::DoubleValue(f), Stored::Float(f.to_bits()))),
        any::<bool>().prop_map(|b| (Value::BoolValue(b), Stored::Bool(b))),
    ]
}

/// Keys that no rule of ours treats in a special way.
fn attributes() -> impl Strategy<Value = Vec<(String, (Value, Stored))>> {
    proptest::collection::vec(("x[a-f.]{0,3}", scalars()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn attributes_come_back_as_sent(
        resource_attributes in attributes(),
        spans in proptest::collection::vec(attributes(), 1..6),
    ) {
        let to_wire = |list: &[(String, (Value, Stored))]| {
            list.iter().map(|(k, (v, _))| kv(k, v.clone())).collect::<Vec<_>>()
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: resource(to_wire(&resource_attributes)),
                scope_spans: vec![ScopeSpans {
                    spans: spans
                        .iter()
                        .map(|s| Span {
                            start_time_unix_nano: T,
                            attributes: to_wire(s),
                            ..Span::default()
                        })
                        .collect(),
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let batch = run(Signal::Traces, &request, context()).batch;
        prop_assert_eq!(batch.rows(), spans.len());
        for (r, own) in spans.iter().enumerate() {
            let want: BTreeMap<String, Stored> = resource_attributes
                .iter()
                .chain(own)
                .map(|(k, (_, stored))| (k.clone(), stored.clone()))
                .collect();
            let mut got = BTreeMap::new();
            batch.for_each_attr(r, |k, v| {
                if k.starts_with('x') {
                    let stored = match v {
                        ValueRef::Str(s) => Stored::Str(s.to_owned()),
                        ValueRef::Int(i) => Stored::Int(i),
                        ValueRef::Float(f) => Stored::Float(f.to_bits()),
                        ValueRef::Bool(b) => Stored::Bool(b),
                    };
                    got.insert(k.to_owned(), stored);
                }
            });
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for signal in Signal::ALL {
            let _ = translate(signal, &body, context(), &mut made);
            let _ = crate::wire::json::to_protobuf(signal, &body);
        }
    }

    /// *Scenario*: a real request with a few bytes changed. *Guarantees*: rows or an error.
    #[test]
    fn damaged_requests_do_not_make_it_panic(
        attributes in attributes(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let span = Span {
            trace_id: TRACE.to_vec(),
            attributes: attributes.iter().map(|(k, (v, _))| kv(k, v.clone())).collect(),
            ..Span::default()
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }],
                ..ResourceSpans::default()
            }],
        };
        let mut body = request.encode_to_vec();
        for (at, byte) in damage {
            let i = at.index(body.len());
            body[i] = byte;
        }
        for signal in Signal::ALL {
            if let Ok(done) = translate(signal, &body, context(), &mut made) {
                prop_assert!(!done.batch.encode().is_empty());
            }
        }
    }
}
