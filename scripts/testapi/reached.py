"""Says which operations of the document never answered 2xx: the tests saw no more of
them than their refusals.

    reached.py LOG URL"""

import re
import sys

import requests

ID = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/|$)")
LINE = re.compile(r"msg=request method=(\S+) path=(\S+) status=2\d\d ")

with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
    done = {(m[1], ID.sub("/{}", m[2]).rstrip("/")) for m in map(LINE.search, log) if m}
paths = requests.get(sys.argv[2] + "/v1/openapi.json", timeout=60).json()["paths"]
operations = [(method.upper(), path) for path, item in paths.items() for method in item if method in ("get", "put", "post", "patch", "delete")]
missed = [f"{method} {path}" for method, path in operations if (method, re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")) not in done]
print(f"test-api: {len(operations) - len(missed)} of {len(operations)} operations answered 2xx;",
      "only refusals of: " + ", ".join(missed) if missed else "none is missing")
