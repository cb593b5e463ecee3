"""Calls CloudWatch Logs as it should not be: `aws_odd.py ENDPOINT clock|unsigned`; prints the code of the refusal.

`clock`: this program's clock is ten minutes behind. `unsigned`: nothing is signed.
"""

import contextlib
import datetime
import json
import sys

import boto3
import time_machine
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, how = sys.argv[1:3]
more = {"signature_version": UNSIGNED} if how == "unsigned" else {}
client = boto3.client(
    "logs",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="AKIAFOURSIGHTDEV0000",
    aws_secret_access_key="foursight/dev/secret/not/for/production",
    config=Config(retries={"total_max_attempts": 1}, **more),
)
then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10)
clock = time_machine.travel(then, tick=True) if how == "clock" else contextlib.nullcontext()
with clock:
    try:
        client.create_log_group(logGroupName="odd")
        code = None
    except ClientError as error:
        code = error.response["Error"]["Code"]
print(json.dumps({"code": code}))
