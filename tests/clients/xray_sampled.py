"""Makes requests through the real X-Ray SDK and says which it sampled, second by second.

Usage: xray_sampled.py <daemon host:port> <service> <requests a second> <seconds before> <seconds counted>

Prints one JSON object: `before` and `counted`, each a list of [requests, sampled] per whole second; the
reservoir's `quota` at the end.
"""

import json
import os
import sys
import time

daemon, service, rate, before, counted = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
os.environ["AWS_XRAY_DAEMON_ADDRESS"] = daemon

from aws_xray_sdk.core import xray_recorder  # noqa: E402

xray_recorder.configure(service=service, sampling=True, context_missing="LOG_ERROR")


def request():
    segment = xray_recorder.begin_segment(service)
    with xray_recorder.in_subsegment("step") as step:
        step.put_annotation("n", 1)
        step.put_metadata("k", {"v": [1]})
    xray_recorder.end_segment()
    return bool(segment.sampled)


def run(seconds):
    """Whole seconds of the clock, since a reservoir counts by these."""
    out = []
    for _ in range(seconds):
        second = int(time.time()) + 1
        time.sleep(max(0, second - time.time()))
        n = sampled = 0
        while True:
            now = time.time()
            if now >= second + 1 or n >= rate:
                break
            sampled += request()
            n += 1
            time.sleep(max(0, min(second + n / rate, second + 0.95) - time.time()))
        out.append([n, sampled])
    return out


first = run(before)
last = run(counted)
quotas = [r.reservoir.quota for r in xray_recorder.sampler._cache.rules if r.name != "Default"]
print(json.dumps({"before": first, "counted": last, "quota": quotas[0] if quotas else None}))
