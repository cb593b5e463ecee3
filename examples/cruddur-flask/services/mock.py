"""The mock data that stands in for a database."""

from datetime import datetime, timedelta, timezone

SUSPENDED = {"lore"}


def now():
    return datetime.now(timezone.utc).astimezone()


def activity(uuid, handle, message, days_ago, **more):
    """One activity, made `days_ago` and expiring a week later."""
    made = now() - timedelta(days=days_ago)
    return {
        "uuid": uuid,
        "handle": handle,
        "message": message,
        "created_at": made.isoformat(),
        "expires_at": (made + timedelta(days=7)).isoformat(),
    } | more
