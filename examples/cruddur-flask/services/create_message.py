import uuid

from services.mock import now


class CreateMessage:
    @staticmethod
    def run(message, user_sender_handle, user_receiver_handle):
        errors = []
        if not user_sender_handle:
            errors.append("user_sender_handle_blank")
        if not user_receiver_handle:
            errors.append("user_reciever_handle_blank")
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
                "handle": user_sender_handle,
                "message": message,
                "created_at": now().isoformat(),
            },
        }
