"""Sends the spans of the team's home page by the real gRPC exporter: `grpc_spans.py HOST:PORT KEY gzip|none`.

Prints what they were, as the SDK's own span objects have it, in the form of `facts.py`.
"""

import json
import sys
import time

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from facts import summary
from grpc import Compression

address, key, compression = sys.argv[1:4]
service = f"grpc-{compression}"
exporter = OTLPSpanExporter(
    endpoint=address,
    insecure=True,
    headers=(("x-honeycomb-team", key),),
    compression=Compression.Gzip if compression == "gzip" else Compression.NoCompression,
)
kept = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create({"service.name": service}))
provider.add_span_processor(SimpleSpanProcessor(kept))
provider.add_span_processor(BatchSpanProcessor(exporter))
server, home = provider.get_tracer("grpc.server"), provider.get_tracer("home.activities")
for i in range(24):
    with server.start_as_current_span("GET /api/activities/home", kind=SpanKind.SERVER, attributes={"even": i % 2 == 0, "half": i / 2}):
        with home.start_as_current_span("home-activities-mock-data") as span:
            span.set_attribute("app.now", f"2026-11-20T09:15:{i:02} ✓")
            span.set_attribute("app.result_length", 3)
            # Durations unlike each other, and one far from the rest.
            time.sleep(0.08 if i == 7 else 0.0005 * i)
ok = provider.force_flush(10_000)
provider.shutdown()
spans = [
    {
        "service": service,
        "library": s.instrumentation_scope.name,
        "name": s.name,
        "trace_id": f"{s.context.trace_id:032x}",
        "span_id": f"{s.context.span_id:016x}",
        "parent_id": f"{s.parent.span_id:016x}" if s.parent else None,
        "duration_ms": (s.end_time - s.start_time) / 1e6,
        "attributes": dict(s.attributes),
    }
    for s in kept.get_finished_spans()
]
print(json.dumps(summary(spans) | {"flushed": ok}))
