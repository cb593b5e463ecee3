"""Reports one message by pyrollbar: `rollbar_hello.py ENDPOINT TOKEN`."""

import json
import sys

import rollbar

endpoint, token = sys.argv[1:3]
rollbar.init(token, "production", endpoint=endpoint, handler="blocking", allow_logging_basic_config=False)
rollbar.report_message("Hello World!", "warning")
print(json.dumps({"sent": True}))
