"""Prints what a compose file and its services' Dockerfiles would run, as JSON: `compose.py docker-compose.yml`.

Variables are put in as compose does it, from this process's environment.
"""

import json
import os
import pathlib
import sys

import yaml

compose = pathlib.Path(sys.argv[1])
services = yaml.safe_load(os.path.expandvars(compose.read_text()))["services"]


def image(build):
    """What the last stage of a service's Dockerfile says."""
    if isinstance(build, str):
        build = {"context": build}
    dockerfile = compose.parent / build["context"] / build.get("dockerfile", "Dockerfile")
    lines = [line.split(None, 1) for line in dockerfile.read_text().splitlines() if line.strip()]
    last = max(at for at, line in enumerate(lines) if line[0] == "FROM")
    of = lambda name: [value for instruction, value in lines[last:] if instruction == name]
    run = lambda name: json.loads(of(name)[-1]) if of(name) else []
    return {
        "entrypoint": run("ENTRYPOINT"),
        "command": run("CMD"),
        "environment": dict(value.split("=", 1) for value in of("ENV")),
        "volumes": of("VOLUME"),
        "copied": [value.split() for value in of("COPY")],
    }


print(json.dumps({"services": services, "images": {name: image(s["build"]) for name, s in services.items()}}))
