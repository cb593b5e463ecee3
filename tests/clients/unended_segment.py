"""Opens a segment without ending the one before: `unended_segment.py HOST:PORT`; prints both trace ids.

The first segment closes so many subsegments that the SDK sends them ahead; the segment itself is never sent. The
second is ended as it should be.
"""

import json
import sys

from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="backend-flask", daemon_address=sys.argv[1], sampling=False)
first = xray_recorder.begin_segment("lost-activities")
for i in range(40):
    xray_recorder.begin_subsegment(f"step-{i}")
    xray_recorder.end_subsegment()
second = xray_recorder.begin_segment("next-activities")
xray_recorder.end_segment()
print(json.dumps({"lost": first.trace_id, "lost_id": first.id, "next": second.trace_id}))
