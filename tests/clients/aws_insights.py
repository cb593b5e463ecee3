"""Logs Insights by its own clients: boto3 and the AWS CLI, signed.

Usage: aws_insights.py URL. Prints one JSON object of what each client saw; the test that runs it knows what
that has to be. Credentials and region come from the environment.
"""

import json
import os
import subprocess
import sys
import time

import boto3
import botocore.exceptions

URL = sys.argv[1]
GROUP = "/cruddur/insights"
logs = boto3.client("logs", endpoint_url=URL)


def code_of(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return [status, error.response["Error"]["Code"], error.response.get("queryCompileError")]
    return "taken"


def cli(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", URL, "logs", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return {"failed": done.stderr.strip()}
    return json.loads(done.stdout) if done.stdout.strip() else {}


def wait(results):
    deadline = time.time() + 60
    while time.time() < deadline:
        answer = results()
        if answer["status"] not in ("Scheduled", "Running"):
            return answer
        time.sleep(0.05)
    raise SystemExit("a query does not end")


def rows(answer):
    return [[f'{c["field"]}={c["value"]}' for c in row if c["field"] != "@ptr"] for row in answer["results"]]


now = int(time.time() * 1000)
minute = now // 60_000 * 60
seen = {}
logs.create_log_group(logGroupName=GROUP)
logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
events = [
    {"timestamp": now - 5_000 + i, "message": json.dumps({"level": level, "ms": ms, "user": {"name": "ada"}})}
    for i, (level, ms) in enumerate([("info", 10), ("error", 250), ("info", 30), ("warn", 5)])
]
events.append({"timestamp": now - 1_000, "message": "plain: user=bob"})
logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
asked = {"logGroupName": GROUP, "startTime": minute - 600, "endTime": minute + 600}


def boto(query, **more):
    started = logs.start_query(queryString=query, **{**asked, **more})
    return started["queryId"], wait(lambda: logs.get_query_results(queryId=started["queryId"]))


first, answer = boto("stats count(*) as n, max(ms) as slowest by level | sort level asc")
seen["stats"] = rows(answer)
seen["statistics"] = [answer["statistics"][k] for k in ("recordsMatched", "recordsScanned")]
_, answer = boto("parse @message 'user=*' as who | filter ispresent(who) | fields who, user.name")
seen["parsed"] = rows(answer)
_, answer = boto("fields ms | filter level = 'error'")
pointer = answer["results"][0][-1]
record = logs.get_log_record(logRecordPointer=pointer["value"])["logRecord"]
seen["record"] = [pointer["field"], record["level"], record["user.name"], record["@logStream"], record["@message"] == events[1]["message"]]
arn = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["arn"]
started = logs.start_query(logGroupIdentifiers=[arn], startTime=minute - 600, endTime=minute + 600,
                           queryString="fields @message | limit 2")
answer = wait(lambda: logs.get_query_results(queryId=started["queryId"]))
seen["by arn"] = [len(answer["results"]), answer["results"][0][0]["value"]]
seen["not built"] = code_of(logs.start_query, queryString="fields a | pattern @message", **asked)
seen["missing group"] = code_of(logs.start_query, queryString="fields a", **{**asked, "logGroupName": "none"})[:2]
seen["stop an ended one"] = code_of(logs.stop_query, queryId=first)[:2]
seen["listed"] = sorted({q["status"] for q in logs.describe_queries(logGroupName=GROUP)["queries"]})
fields = logs.get_log_group_fields(logGroupName=GROUP)["logGroupFields"]
seen["fields"] = {f["name"]: f["percent"] for f in fields if f["name"] in ("level", "@message")}

window = ["--start-time", str(minute - 600), "--end-time", str(minute + 600)]
started = cli("start-query", "--log-group-name", GROUP, *window, "--query-string", "stats avg(ms) as mean by level | sort mean desc")
answer = wait(lambda: cli("get-query-results", "--query-id", started["queryId"]))
seen["cli"] = rows(answer)
refused = cli("start-query", "--log-group-name", GROUP, *window, "--query-string", "wombat")
seen["cli refused"] = "MalformedQueryException" in refused["failed"] and "wombat is no command" in refused["failed"]
print(json.dumps(seen))
