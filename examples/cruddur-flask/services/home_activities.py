from opentelemetry import trace

from services.mock import activity, now

tracer = trace.get_tracer("home.activities")


class HomeActivities:
    @staticmethod
    def run():
        with tracer.start_as_current_span("home-activities-mock-data"):
            span = trace.get_current_span()
            span.set_attribute("app.now", now().isoformat())
            results = [
                activity(
                    "68f126b0-1ceb-4a33-88be-d90fa7109eee",
                    "Andrew Brown",
                    "Cloud is very fun!",
                    2,
                    likes_count=5,
                    replies_count=1,
                    reposts_count=0,
                    replies=[activity("26e12864-1c26-5c3a-9658-97a10f8fea67", "Worf", "This post has no honor!", 2)],
                ),
                activity("66e12864-8c26-4c3a-9658-95a10f8fea67", "Worf", "I am out of prune juice", 7, likes_count=0, replies=[]),
                activity("248959df-3079-4947-b847-9e0892d1bab4", "Garek", "My dear doctor, I am just simple tailor", 0, likes_count=0, replies=[]),
            ]
            span.set_attribute("app.result_length", len(results))
            return results
