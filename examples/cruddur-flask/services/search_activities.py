from opentelemetry import trace

from services.mock import activity

tracer = trace.get_tracer("search.activities")


class SearchActivities:
    @staticmethod
    def run(search_term):
        with tracer.start_as_current_span("search-activities-mock-data") as span:
            model = {"errors": None, "data": None}
            if search_term is None or len(search_term) < 1:
                model["errors"] = ["search_term_blank"]
            else:
                span.set_attribute("search.term", search_term)
                model["data"] = [activity("248959df-3079-4947-b847-9e0892d1bab4", "Andrew Brown", "Cloud is fun!", 0)]
                span.set_attribute("search.result_length", len(model["data"]))
            return model
