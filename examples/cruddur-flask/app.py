"""Cruddur's backend: a micro-blog with mock data, instrumented for Honeycomb with OpenTelemetry."""

from flask import Flask, request
from flask_cors import CORS
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

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

# Honeycomb: endpoint, headers and service name come from the OTEL_* variables.
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()
CORS(app, resources={r"/api/*": {"origins": "*"}})


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
def data_home():
    return HomeActivities.run(), 200


@app.route("/api/activities/notifications", methods=["GET"])
def data_notifications():
    return NotificationsActivities.run(), 200


@app.route("/api/activities/@<string:handle>", methods=["GET"])
def data_handle(handle):
    return answer(UserActivities.run(handle))


@app.route("/api/activities/search", methods=["GET"])
def data_search():
    return answer(SearchActivities.run(request.args.get("term")))


@app.route("/api/activities", methods=["POST"])
def data_activities():
    body = request.get_json()
    return answer(CreateActivity.run(body.get("message"), "andrewbrown", body.get("ttl")))


@app.route("/api/activities/<string:activity_uuid>", methods=["GET"])
def data_show_activity(activity_uuid):
    return ShowActivity.run(activity_uuid=activity_uuid), 200


@app.route("/api/activities/<string:activity_uuid>/reply", methods=["POST"])
def data_activities_reply(activity_uuid):
    body = request.get_json()
    return answer(CreateReply.run(body.get("message"), "andrewbrown", activity_uuid))


if __name__ == "__main__":
    app.run(debug=True)
