from aws_xray_sdk.core import xray_recorder
from opentelemetry import trace

from services.mock import SUSPENDED, activity, now

tracer = trace.get_tracer("user.activities")


class UserActivities:
    @staticmethod
    def run(user_handle):
        with tracer.start_as_current_span("user-activities-mock-data") as span:
            model = {"errors": None, "data": None}
            stamp = now().isoformat()
            span.set_attribute("app.now", stamp)
            span.set_attribute("app.user_handle", user_handle)
            if len(user_handle) < 1:
                model["errors"] = ["blank_user_handle"]
            elif user_handle in SUSPENDED:
                model["errors"] = ["suspended_user_handle"]
            else:
                subsegment = xray_recorder.begin_subsegment(f"user_activity_{user_handle}")
                model["data"] = [activity("248959df-3079-4947-b847-9e0892d1bab4", user_handle, "Cloud is fun!", 1)]
                span.set_attribute("app.result_length", len(model["data"]))
                if subsegment is not None:
                    subsegment.put_annotation("user_handle", user_handle)
                    subsegment.put_annotation("result_length", len(model["data"]))
                    subsegment.put_metadata("results", {"now": stamp, "uuids": [a["uuid"] for a in model["data"]]}, "cruddur")
                xray_recorder.end_subsegment()
            return model
