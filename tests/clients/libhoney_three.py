"""Sends three events by libhoney: `libhoney_three.py HOST KEY`; prints the status of each."""

import json
import sys

import libhoney

host, key = sys.argv[1:3]
libhoney.init(writekey=key, dataset="libhoney-py", api_host=host)
for i in range(3):
    event = libhoney.new_event()
    event.add({"n": i, "text": f"event {i}", "ratio": i / 4, "ok": i != 1})
    event.send()
responses = libhoney.responses()
libhoney.close()
statuses = []
while len(statuses) < 3:
    response = responses.get(timeout=10)
    if response is None:
        break
    statuses.append({"status": response.get("status_code"), "error": str(response.get("error") or "")})
print(json.dumps(statuses))
