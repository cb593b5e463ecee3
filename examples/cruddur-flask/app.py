"""Cruddur's backend: a micro-blog with mock data, instrumented four ways.

Honeycomb (OpenTelemetry), AWS X-Ray, CloudWatch Logs (watchtower) and Rollbar, each as its vendor's guide has it and
each only where its variables are set.
"""

import logging
import os
import sys
from time import strftime

from flask import Flask, Request, got_request_exception, request
from flask_cors import CORS

from services.create_activity import CreateActivity
from services.create_message import CreateMessage
from services.create_reply import CreateReply
from services.home_activities import HomeActivities
from services.message_groups import MessageGroups
from services.messages import Messages
from services.notifications_activities import NotificationsActivities
from services.search_activities import SearchActivities
from services.show_activity import ShowActivity
from services.user_activities import UserActivities


class CruddurRequest(Request):
    @property
    def rollbar_person(self):
        """Who asks, as Rollbar wants it. Everyone is the mock data's one user."""
        return {"id": "1", "username": "andrewbrown", "email": "andrew@cruddur.example"}


app = Flask(__name__)
app.request_class = CruddurRequest

# Honeycomb: endpoint, headers and service name come from the OTEL_* variables.
if "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument_app(app)
    RequestsInstrumentor().instrument()

# X-Ray: the daemon's address comes from AWS_XRAY_DAEMON_ADDRESS. Without a daemon nothing is recorded, and
# @xray_recorder.capture is a plain call.
from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import xray_recorder

if "AWS_XRAY_DAEMON_ADDRESS" in os.environ:
    from aws_xray_sdk.ext.flask.middleware import XRayMiddleware

    xray_recorder.configure(service="backend-flask", dynamic_naming=os.getenv("AWS_XRAY_URL"))
    XRayMiddleware(app, xray_recorder)
else:
    global_sdk_config.set_sdk_enabled(False)

# CloudWatch Logs: region, keys and address come from the AWS_* variables.
LOGGER = logging.getLogger(__name__)
LOGGER.setLevel(logging.DEBUG)
LOGGER.addHandler(logging.StreamHandler(sys.stderr))
if "AWS_ACCESS_KEY_ID" in os.environ:
    import watchtower

    LOGGER.addHandler(watchtower.CloudWatchLogHandler(log_group="cruddur"))
LOGGER.info("Test log")

# Rollbar: pyrollbar reads no variables of its own, so both are handed over here.
if "ROLLBAR_ACCESS_TOKEN" in os.environ:
    import rollbar
    import rollbar.contrib.flask

    rollbar.init(
        os.environ["ROLLBAR_ACCESS_TOKEN"],
        "production",
        root=os.path.dirname(os.path.realpath(__file__)),
        allow_logging_basic_config=False,
        endpoint=os.getenv("ROLLBAR_ENDPOINT", "https://api.rollbar.com/api/1/"),
    )
    got_request_exception.connect(rollbar.contrib.flask.report_exception, app)

    @app.route("/rollbar/test")
    def rollbar_test():
        rollbar.report_message("Hello World!", "warning")
        return "Hello World!"


CORS(app, resources={r"/api/*": {"origins": "*"}})


@app.after_request
def after_request(response):
    timestamp = strftime("[%Y-%b-%d %H:%M]")
    LOGGER.error(
        "%s %s %s %s %s %s",
        timestamp,
        request.remote_addr,
        request.method,
        request.scheme,
        request.full_path,
        response.status,
    )
    return response


def answer(model):
    """A service's result as a response: its errors are unprocessable."""
    if model["errors"]:
        return model["errors"], 422
    return model["data"], 200


@app.route("/api/message_groups", methods=["GET"])
def data_message_groups():
    return answer(MessageGroups.run(user_handle="andrewbrown"))


@app.route("/api/messages/@<string:handle>", methods=["GET"])
def data_messages(handle):
    return answer(Messages.run(user_sender_handle="andrewbrown", user_receiver_handle=handle))


@app.route("/api/messages", methods=["POST"])
def data_create_message():
    body = request.get_json()
    return answer(
        CreateMessage.run(
            message=body.get("message"),
            user_sender_handle="andrewbrown",
            user_receiver_handle=body.get("user_receiver_handle"),
        )
    )


@app.route("/api/activities/home", methods=["GET"])
@xray_recorder.capture("activities_home")
def data_home():
    return HomeActivities.run(), 200


@app.route("/api/activities/notifications", methods=["GET"])
def data_notifications():
    return NotificationsActivities.run(), 200


@app.route("/api/activities/@<string:handle>", methods=["GET"])
@xray_recorder.capture("activities_users")
def data_handle(handle):
    model = UserActivities.run(handle)
    if model["errors"] is None:
        return model["data"], 200
    if "blank_user_handle" in model["errors"]:
        return model["errors"], 422
    # The example's defect, for Rollbar to show: the service has a second error, and this view returns nothing for it.


@app.route("/api/activities/search", methods=["GET"])
def data_search():
    return answer(SearchActivities.run(request.args.get("term")))


@app.route("/api/activities", methods=["POST"])
def data_activities():
    body = request.get_json()
    return answer(CreateActivity.run(body.get("message"), "andrewbrown", body.get("ttl")))


@app.route("/api/activities/<string:activity_uuid>", methods=["GET"])
@xray_recorder.capture("activities_show")
def data_show_activity(activity_uuid):
    return ShowActivity.run(activity_uuid=activity_uuid), 200


@app.route("/api/activities/<string:activity_uuid>/reply", methods=["POST"])
def data_activities_reply(activity_uuid):
    body = request.get_json()
    return answer(CreateReply.run(body.get("message"), "andrewbrown", activity_uuid))


if __name__ == "__main__":
    app.run(debug=True)
