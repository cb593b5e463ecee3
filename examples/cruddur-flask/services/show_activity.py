from services.mock import activity


class ShowActivity:
    @staticmethod
    def run(activity_uuid):
        return [activity(activity_uuid, "Andrew Brown", "Cloud is fun!", 0, replies=[])]
