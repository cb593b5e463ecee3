//! OpenTelemetry, set up as its documentation does: one provider per service, spans batched to OTLP/HTTP.

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider,
};
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// The providers of both services.
#[derive(Debug)]
pub(crate) struct Telemetry {
    backend: SdkTracerProvider,
    web: SdkTracerProvider,
}

impl Telemetry {
    pub(crate) fn new(endpoint: &str, key: &str) -> io::Result<Self> {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let backend = provider(endpoint, key, "cruddur-backend")?;
        let web = provider(endpoint, key, "cruddur-web")?;
        Ok(Self { backend, web })
    }

    pub(crate) fn backend(&self) -> SdkTracer {
        self.backend.tracer("cruddur.backend")
    }

    pub(crate) fn web(&self) -> SdkTracer {
        self.web.tracer("cruddur.web")
    }

    /// Exports what is left; blocks.
    pub(crate) fn shutdown(&self) {
        // The server may be gone already: then the last spans are lost, as in any app.
        drop(self.backend.shutdown_with_timeout(Duration::from_secs(2)));
        drop(self.web.shutdown_with_timeout(Duration::from_secs(2)));
    }
}

fn provider(endpoint: &str, key: &str, service: &'static str) -> io::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(HashMap::from([(
            "x-honeycomb-team".to_owned(),
            key.to_owned(),
        )]))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(io::Error::other)?;
    let batch = BatchConfigBuilder::default()
        .with_scheduled_delay(Duration::from_secs(1))
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batch)
        .build();
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("deployment.environment.name", "demo"),
        ])
        .build();
    Ok(SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_resource(resource)
        .build())
}
