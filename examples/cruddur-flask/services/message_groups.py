from services.mock import now


class MessageGroups:
    @staticmethod
    def run(user_handle):
        stamp = now().isoformat()
        return {
            "errors": None,
            "data": [
                {"uuid": "24b95582-9e7b-4e0a-9ad1-639773ab7552", "display_name": "Andrew Brown", "handle": user_handle, "created_at": stamp},
                {"uuid": "417c360e-c4e6-4fce-873b-d2d71469b4ac", "display_name": "Worf", "handle": "worf", "created_at": stamp},
            ],
        }
