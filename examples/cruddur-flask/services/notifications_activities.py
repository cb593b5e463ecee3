from opentelemetry import trace

from services.mock import activity

tracer = trace.get_tracer("notifications.activities")


class NotificationsActivities:
    @staticmethod
    def run():
        with tracer.start_as_current_span("notifications-activities-mock-data") as span:
            results = [
                activity(
                    "68f126b0-1ceb-4a33-88be-d90fa7109eee",
                    "coco",
                    "I am white unicorn",
                    2,
                    likes_count=5,
                    replies=[activity("26e12864-1c26-5c3a-9658-97a10f8fea67", "Worf", "This post has no honor!", 2)],
                )
            ]
            span.set_attribute("notifications.result_length", len(results))
            return results
