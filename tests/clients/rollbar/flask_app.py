"""The team's set-up of Rollbar in a Flask app, and what they do with it: `flask_app.py ENDPOINT TOKEN WHAT`."""

import os
import sys

import rollbar
import rollbar.contrib.flask
from flask import Flask, got_request_exception

endpoint, token, what = sys.argv[1:4]
app = Flask(__name__)
rollbar.init(token, "production", root=os.path.dirname(os.path.realpath(__file__)), endpoint=endpoint,
             allow_logging_basic_config=False)
got_request_exception.connect(rollbar.contrib.flask.report_exception, app)


@app.route("/rollbar/test")
def rollbar_test():
    rollbar.report_message("Hello World!", "warning")
    return "Hello World!"


@app.route("/api/activities/<handle>")
def data_handle(handle):
    password = "hunter2"
    result = {"handle": handle, "n": len(password)}
    lookup(result)


def lookup(result):
    return result["uuid"]


client = app.test_client()
if what == "message":
    client.get("/rollbar/test")
elif what == "view":
    for i in range(50):
        client.get(f"/api/activities/user{i}?secret=x", headers={"X-Forwarded-For": "203.0.113.7"})
elif what == "oversized":
    rollbar.report_message("big", "error", extra_data={"blob": ["x" * 1000] * 2500})
rollbar.wait()
