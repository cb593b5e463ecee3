from opentelemetry import trace

from services.mock import activity, now

tracer = trace.get_tracer("user.activities")


class UserActivities:
    @staticmethod
    def run(user_handle):
        with tracer.start_as_current_span("user-activities-mock-data") as span:
            model = {"errors": None, "data": None}
            span.set_attribute("app.now", now().isoformat())
            span.set_attribute("app.user_handle", user_handle)
            if len(user_handle) < 1:
                model["errors"] = ["blank_user_handle"]
            else:
                model["data"] = [activity("248959df-3079-4947-b847-9e0892d1bab4", user_handle, "Cloud is fun!", 1)]
                span.set_attribute("app.result_length", len(model["data"]))
            return model
