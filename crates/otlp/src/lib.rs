//! OTLP: traces, logs and metrics from OpenTelemetry's SDKs and collectors.
//!
//! **What it is.** The export requests of opentelemetry-proto 1.x, in protobuf and in JSON, become
//! event batches with Honeycomb's columns ([`translate`]).
//!
//! **What it promises.** Bytes are read in place: no message types, no string per attribute.
//! Hostile input ends in an error that says what and where, never in a panic or a large allocation.
//!
//! **What it does not know.** Where events are kept, and who may send them: that is `engine`.
//!
//! Reading order: [`wire`], [`translate`].

pub mod translate;
pub mod wire;
