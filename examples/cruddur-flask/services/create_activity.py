import uuid
from datetime import timedelta

from services.mock import now

LIFETIMES = {
    "30-days": timedelta(days=30),
    "7-days": timedelta(days=7),
    "3-days": timedelta(days=3),
    "1-day": timedelta(days=1),
    "12-hours": timedelta(hours=12),
    "3-hours": timedelta(hours=3),
    "1-hour": timedelta(hours=1),
}


class CreateActivity:
    @staticmethod
    def run(message, user_handle, ttl):
        errors = []
        if ttl not in LIFETIMES:
            errors.append("ttl_blank")
        if not user_handle:
            errors.append("user_handle_blank")
        if not message:
            errors.append("message_blank")
        elif len(message) > 280:
            errors.append("message_exceed_max_chars")
        if errors:
            return {"errors": errors, "data": None}
        made = now()
        return {
            "errors": None,
            "data": {
                "uuid": str(uuid.uuid4()),
                "display_name": "Andrew Brown",
                "handle": user_handle,
                "message": message,
                "created_at": made.isoformat(),
                "expires_at": (made + LIFETIMES[ttl]).isoformat(),
            },
        }
