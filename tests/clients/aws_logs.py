"""CloudWatch Logs by its own clients: boto3, the AWS CLI, watchtower.

Usage: aws_logs.py URL. Prints one JSON object of what each client saw; the test that runs it knows what that
has to be. Credentials and region come from the environment.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time

import boto3
import botocore.config
import botocore.exceptions
import watchtower

URL = sys.argv[1]
GROUP = "/cruddur/api"


def client(**more):
    # The prefix of live tails' hosts does not resolve on a loopback address.
    config = botocore.config.Config(inject_host_prefix=False, retries={"max_attempts": 1})
    return boto3.client("logs", endpoint_url=URL, config=config, **more)


def code_of(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return f'{status} {error.response["Error"]["Code"]}'
    return "taken"


def cli(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", URL, "logs", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return {"failed": done.stderr.strip()}
    return json.loads(done.stdout) if done.stdout.strip() else {}


def with_boto3(seen):
    logs = client()
    now = int(time.time() * 1000)
    logs.create_log_group(logGroupName=GROUP, tags={"team": "cruddur"})
    seen["group twice"] = code_of(logs.create_log_group, logGroupName=GROUP)
    seen["put without stream"] = code_of(
        logs.put_log_events, logGroupName=GROUP, logStreamName="s", logEvents=[{"timestamp": now, "message": "x"}]
    )
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    events = [{"timestamp": now + i // 3, "message": f"line {i}"} for i in range(100)]
    events[7]["message"] = json.dumps({"level": "ERROR", "status": 500, "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"})
    put = logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
    seen["rejected"] = "rejectedLogEventsInfo" in put
    seen["token digits"] = len(put["nextSequenceToken"])
    described = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]
    seen["times"] = [described["firstEventTimestamp"] - now, described["lastEventTimestamp"] - now]
    page = logs.get_log_events(logGroupName=GROUP, logStreamName="s", startFromHead=True, limit=40)
    messages = [e["message"] for e in page["events"]]
    while True:
        token = page["nextForwardToken"]
        page = logs.get_log_events(logGroupName=GROUP, logStreamName="s", nextToken=token, limit=40)
        messages += [e["message"] for e in page["events"]]
        if page["nextForwardToken"] == token:
            break
    seen["read in order"] = messages == [e["message"] for e in events]
    tail = logs.get_log_events(logGroupName=GROUP, logStreamName="s", limit=2)["events"]
    seen["last two"] = [e["message"] for e in tail]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, filterPattern="{ $.status >= 500 }", PaginationConfig={"PageSize": 1}
    )
    seen["filtered"] = [e["message"] for page in pages for e in page["events"]]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 30})
    ids = [e["eventId"] for page in pages for e in page["events"]]
    seen["ids rise"] = len(ids) == 100 and ids == sorted(set(ids))
    old = logs.put_log_events(
        logGroupName=GROUP,
        logStreamName="s",
        logEvents=[{"timestamp": now - 15 * 86_400_000, "message": "old"}, {"timestamp": now, "message": "new"}],
    )
    seen["too old"] = old["rejectedLogEventsInfo"]
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    group = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]
    seen["retention"] = group["retentionInDays"]
    logs.delete_retention_policy(logGroupName=GROUP)
    arn = group["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"stage": "dev"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    seen["tags"] = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    seen["not built"] = code_of(
        logs.put_metric_filter,
        logGroupName=GROUP,
        filterName="f",
        filterPattern="",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    seen["bad pattern"] = code_of(logs.filter_log_events, logGroupName=GROUP, filterPattern="{ $.a = }")
    wrong = client(aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    seen["wrong secret"] = code_of(wrong.describe_log_groups)
    unknown = client(aws_secret_access_key="wrong", aws_access_key_id="AKIAUNKNOWN")
    seen["unknown key"] = code_of(unknown.describe_log_groups)


def with_tail(seen):
    logs = client()
    group = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]
    stream = logs.start_live_tail(logGroupIdentifiers=[group["logGroupArn"]], logEventFilterPattern="followed")
    kinds, lines = [], []

    def send():
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": m} for m in ("followed 1", "other", "followed 2")]
        logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)

    threading.Timer(0.3, send).start()
    for event in stream["responseStream"]:
        kinds += [kind for kind in event if kind not in kinds]
        lines += [r["message"] for r in event.get("sessionUpdate", {}).get("sessionResults", [])]
        if len(lines) >= 2:
            break
    stream["responseStream"].close()
    seen["tail"] = {"events": kinds, "lines": lines}


def with_polling(seen):
    """The calls of `aws logs tail --follow` of version 2, by its source: pages to the end, then again from the newest
    time on; what comes again is known by its id. Lines come while it polls, some of one millisecond, some late."""
    logs = client()
    logs.create_log_stream(logGroupName=GROUP, logStreamName="polled/1")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="polled/2")
    start = int(time.time() * 1000)
    sent, lines, known, newest, token = 0, [], set(), start, None
    asked = {"logGroupName": GROUP, "interleaved": True, "logStreamNamePrefix": "polled/", "limit": 3}
    deadline = time.time() + 30
    while len(lines) < 20 and time.time() < deadline:
        if sent < 20:
            # Five at one millisecond: a page ends among them.
            events = [{"timestamp": start + sent, "message": f"polled {sent + i}"} for i in range(5)]
            logs.put_log_events(logGroupName=GROUP, logStreamName=f"polled/{1 + sent % 2}", logEvents=events)
            sent += 5
        page = logs.filter_log_events(startTime=newest, **asked, **({"nextToken": token} if token else {}))
        for event in page["events"]:
            if event["eventId"] not in known:
                known.add(event["eventId"])
                lines.append(event["message"])
        token = page.get("nextToken")
        if not token and page["events"]:
            newest = max(newest, page["events"][-1]["timestamp"])
    seen["polled"] = lines


def with_cli(seen):
    now = int(time.time() * 1000)
    cli("create-log-group", "--log-group-name", "cli")
    cli("create-log-stream", "--log-group-name", "cli", "--log-stream-name", "one")
    cli("put-log-events", "--log-group-name", "cli", "--log-stream-name", "one",
        "--log-events", json.dumps([{"timestamp": now, "message": "from the cli"}, {"timestamp": now, "message": "ERROR"}]))
    read = cli("get-log-events", "--log-group-name", "cli", "--log-stream-name", "one")
    seen["cli get"] = [e["message"] for e in read["events"]]
    found = cli("filter-log-events", "--log-group-name", "cli", "--filter-pattern", "ERROR")
    seen["cli filter"] = [e["message"] for e in found["events"]]
    cli("delete-log-group", "--log-group-name", "cli")
    seen["cli deleted"] = cli("describe-log-groups", "--log-group-name-prefix", "cli")["logGroups"]
    seen["cli missing"] = "ResourceNotFoundException" in cli("delete-log-group", "--log-group-name", "cli").get("failed", "")


WRITER = """
import logging, os, sys, boto3, watchtower
number = int(sys.argv[2])
client = boto3.client("logs", endpoint_url=sys.argv[1])
handler = watchtower.CloudWatchLogHandler(
    log_group_name="watchtower", log_stream_name=f"writer/{number}", boto3_client=client, send_interval=1)
log = logging.getLogger("w")
log.setLevel(logging.INFO)
log.addHandler(handler)
for i in range(2_500):
    log.info("%d:%d", number, i)
logging.shutdown()
"""


def with_watchtower(seen):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, URL, str(n)]) for n in range(4)]
    seen["writers"] = [w.wait(timeout=120) for w in writers]
    logs = client()
    for number in range(4):
        messages, token = [], None
        while True:
            more = {"nextToken": token} if token else {"startFromHead": True}
            page = logs.get_log_events(logGroupName="watchtower", logStreamName=f"writer/{number}", **more)
            messages += [e["message"] for e in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        seen[f"writer {number}"] = messages == [f"{number}:{i}" for i in range(2_500)]


seen = {}
for part in (with_boto3, with_tail, with_polling, with_cli, with_watchtower):
    part(seen)
print(json.dumps(seen))
