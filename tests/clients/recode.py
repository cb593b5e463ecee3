"""Writes the captured bodies of FOLDER anew: as OTLP/JSON for service `from-json`, as zstd for `from-zstd`.

Each in a folder of its service's name, beside the same as protobuf. Trace ids get another first byte, so that the
copies are requests of their own and not repeats.
"""

import base64
import json
import pathlib
import sys

import zstandard
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def copy(source, service, first_byte):
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


def as_json(request):
    tree = json_format.MessageToDict(request, use_integers_for_enums=True)
    return json.dumps(hex_ids(tree)).encode()


def as_zstd(request):
    return zstandard.compress(request.SerializeToString())


folder = pathlib.Path(sys.argv[1])
for service, first_byte, extension, encode in [("from-json", 0xAA, "json", as_json), ("from-zstd", 0xBB, "zst", as_zstd)]:
    (folder / service).mkdir()
    for file in sorted(folder.glob("*.pb")):
        request = copy(file.read_bytes(), service, first_byte)
        (folder / service / file.name).write_bytes(request.SerializeToString())
        (folder / service / f"{file.stem}.{extension}").write_bytes(encode(request))
print(json.dumps(len(list(folder.glob("*.pb")))))
