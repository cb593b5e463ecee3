import uuid

from services.mock import now


class CreateReply:
    @staticmethod
    def run(message, user_handle, activity_uuid):
        errors = []
        if not user_handle:
            errors.append("user_handle_blank")
        if not activity_uuid:
            errors.append("activity_uuid_blank")
        if not message:
            errors.append("message_blank")
        elif len(message) > 1024:
            errors.append("message_exceed_max_chars")
        if errors:
            return {"errors": errors, "data": None}
        return {
            "errors": None,
            "data": {
                "uuid": str(uuid.uuid4()),
                "display_name": "Andrew Brown",
                "handle": user_handle,
                "message": message,
                "created_at": now().isoformat(),
                "reply_to_activity_uuid": activity_uuid,
            },
        }
