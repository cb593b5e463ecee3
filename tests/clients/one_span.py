"""Sends one span by the real OTLP/HTTP exporter: `one_span.py ENDPOINT KEY SERVICE flush|lose`; prints the trace id.

`lose` ends the process as a crash or os._exit does: the batch processor still holds the span.
"""

import json
import os
import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

endpoint, key, service, end = sys.argv[1:5]
exporter = OTLPSpanExporter(endpoint=endpoint, headers={"x-honeycomb-team": key}, timeout=3)
provider = TracerProvider(resource=Resource.create({"service.name": service}))
provider.add_span_processor(BatchSpanProcessor(exporter))
with provider.get_tracer("one.span").start_as_current_span("one") as span:
    trace_id = f"{span.get_span_context().trace_id:032x}"
print(json.dumps({"trace_id": trace_id}), flush=True)
if end == "lose":
    os._exit(0)
provider.shutdown()
