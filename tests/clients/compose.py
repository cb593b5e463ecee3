"""Prints what a compose file and a Dockerfile would run, as JSON: `compose.py docker-compose.yml Dockerfile`.

Variables are put in as compose does it, from this process's environment.
"""

import json
import os
import pathlib
import sys

import yaml

services = yaml.safe_load(os.path.expandvars(pathlib.Path(sys.argv[1]).read_text()))["services"]
instructions = [line.split(None, 1) for line in pathlib.Path(sys.argv[2]).read_text().splitlines() if line.strip()]
print(json.dumps({
    "services": services,
    "image": {
        "command": json.loads(next(value for name, value in instructions if name == "CMD")),
        "environment": dict(value.split("=", 1) for name, value in instructions if name == "ENV"),
    },
}))
