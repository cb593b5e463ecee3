"""Writes the first captured body of FOLDER anew: as OTLP/JSON for service `from-json`, as zstd for `from-zstd`.

Trace ids get another first byte, so that the copies are requests of their own and not repeats.
"""

import base64
import json
import pathlib
import sys

import zstandard
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

folder = pathlib.Path(sys.argv[1])
source = sorted(folder.glob("*.pb"))[0].read_bytes()


def copy(service, first_byte):
    request = ExportTraceServiceRequest.FromString(source)
    for resource in request.resource_spans:
        for attribute in resource.resource.attributes:
            if attribute.key == "service.name":
                attribute.value.string_value = service
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.trace_id = bytes([first_byte]) + span.trace_id[1:]
    return request


def hex_ids(node):
    """OTLP/JSON writes ids in hex where protobuf's JSON writes base64."""
    if isinstance(node, list):
        return [hex_ids(n) for n in node]
    if isinstance(node, dict):
        return {
            k: base64.b64decode(v).hex() if k in ("traceId", "spanId", "parentSpanId") else hex_ids(v)
            for k, v in node.items()
        }
    return node


as_json = json_format.MessageToDict(copy("from-json", 0xAA), use_integers_for_enums=True)
(folder / "body.json").write_text(json.dumps(hex_ids(as_json)))
(folder / "body.zst").write_bytes(zstandard.compress(copy("from-zstd", 0xBB).SerializeToString()))
print(sum(len(sc.spans) for r in copy("x", 0).resource_spans for sc in r.scope_spans))
