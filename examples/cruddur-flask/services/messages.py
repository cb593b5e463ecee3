from services.mock import now


class Messages:
    @staticmethod
    def run(user_sender_handle, user_receiver_handle):
        stamp = now().isoformat()
        return {
            "errors": None,
            "data": [
                {"uuid": "4e81c06a-db0f-4b50-8c31-2a6d9d6f6d2e", "handle": user_sender_handle, "message": "Cloud is fun!", "created_at": stamp},
                {"uuid": "66e12864-8c26-4c3a-9658-95a10f8fea67", "handle": user_receiver_handle, "message": "This platform is great!", "created_at": stamp},
            ],
        }
