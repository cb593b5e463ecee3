"""What the captured OTLP bodies in FOLDER say, as JSON: computed by protobuf's own decoder and plain Python."""

import json
import math
import pathlib
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(value):
    """An attribute's value as JSON has it."""
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind in ("string_value", "bool_value", "int_value", "double_value") else None


def read(folder):
    """All spans of the bodies in `folder`."""
    spans = []
    for file in sorted(pathlib.Path(folder).glob("*.pb")):
        request = ExportTraceServiceRequest.FromString(file.read_bytes())
        for resource in request.resource_spans:
            service = {a.key: plain(a.value) for a in resource.resource.attributes}.get("service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    spans.append({
                        "service": service,
                        "library": scope.scope.name,
                        "name": span.name,
                        "trace_id": span.trace_id.hex(),
                        "span_id": span.span_id.hex(),
                        "parent_id": span.parent_span_id.hex() or None,
                        "duration_ms": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
                        "attributes": {a.key: plain(a.value) for a in span.attributes},
                    })
    return spans


def summary(spans):
    """What a test compares: the spans, and numbers over them."""
    durations = sorted(s["duration_ms"] for s in spans)
    lengths = [s["attributes"]["app.result_length"] for s in spans if "app.result_length" in s["attributes"]]
    by_trace = {}
    for s in spans:
        by_trace[s["trace_id"]] = by_trace.get(s["trace_id"], 0) + 1
    return {
        "spans": spans,
        "count": len(spans),
        "count_by_trace": by_trace,
        "with_result_length": len(lengths),
        "max_result_length": max(lengths, default=None),
        # The smallest duration that at least 90 % of the spans do not exceed.
        "p90_duration_ms": durations[math.ceil(0.9 * len(durations)) - 1] if durations else None,
        "durations_ms": durations,
    }


if __name__ == "__main__":
    print(json.dumps(summary(read(sys.argv[1]))))
