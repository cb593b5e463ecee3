"""Sends eight spans by the real gRPC exporter: `grpc_spans.py HOST:PORT KEY gzip|none`; prints what they were."""

import json
import sys

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

from grpc import Compression

address, key, compression = sys.argv[1:4]
exporter = OTLPSpanExporter(
    endpoint=address,
    insecure=True,
    headers=(("x-honeycomb-team", key),),
    compression=Compression.Gzip if compression == "gzip" else Compression.NoCompression,
)
provider = TracerProvider(resource=Resource.create({"service.name": f"grpc-{compression}"}))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("grpc.client")
sent = []
for i in range(4):
    with tracer.start_as_current_span("outer", kind=SpanKind.SERVER, attributes={"n": i, "even": i % 2 == 0, "half": i / 2}):
        with tracer.start_as_current_span("inner") as inner:
            inner.set_attribute("text", f"Zeile {i} ✓")
    sent.append(i)
ok = provider.force_flush(10_000)
provider.shutdown()
print(json.dumps({"flushed": ok, "sent": sent}))
