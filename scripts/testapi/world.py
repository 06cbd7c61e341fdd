"""Makes what the requests of the tests are about: a user with an enterprise
organization, a key with every scope, an asset with its commitment, a webhook.

    world.py URL PROGRAM DATA TEMPLATE NAMES

Prints the template with their names put in, and writes them to a file of JSON."""

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from string import Template

import requests


def png(side):
    """A picture with enough in it to be marked: slopes and some noise."""
    rows = b""
    for y in range(side):
        noise = os.urandom(side)
        row = bytes(c for x in range(side) for c in (
            (x * 160 // side) + noise[x] % 64, (y * 160 // side) + noise[x] % 48, ((x ^ y) * 160 // side) + noise[x] % 32))
        rows += b"\0" + row

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def make(base, program, data):
    base += "/v1"
    email, password = "tester@example.com", "a long passphrase, " + os.urandom(8).hex()
    headers = {}

    def call(method, path, **rest):
        answer = requests.request(method, base + path, headers=headers, timeout=60, **rest)
        if answer.status_code // 100 != 2:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def someone(email):
        user = call("POST", "/auth/register", json={"email": email, "password": password, "full_name": "Tester"})
        token = call("POST", "/auth/login", json={"email": email, "password": password})["access_token"]
        headers["Authorization"] = "Bearer " + token
        return user, call("POST", "/organizations/", json={"name": "Tests", "plan": "enterprise", "slug": email.split("@")[0]})

    # What a request would put an end to is somebody else's, see hooks.py.
    spare_user, spare_org = someone("spare@example.com")
    spare_key = call("POST", "/api-keys/", json={"name": "spare", "scopes": ["read"]})
    del headers["Authorization"]
    user, org = someone(email)
    headers["X-Organization-Id"] = org["id"]
    scopes = "read,write,verify,commit,webhooks,sealing,admin,platform"
    key = json.loads(subprocess.run([program, "keys", "create", "--name", "tests", "--scopes", scopes, "--organization", org["id"],
                                     "--data", data, "--json"], check=True, capture_output=True).stdout)
    asset = call("POST", "/assets/", files={"file": ("a.png", io.BytesIO(png(256)), "image/png")}, data={"title": "One"})
    commitment = call("POST", "/blockchain/commit", json={"asset_id": asset["id"]})
    hook = call("POST", "/webhooks/", json={"url": "https://127.0.0.1:9/hook", "events": ["asset.processed"]})
    delivery = call("POST", f"/webhooks/{hook['id']}/test")

    return {
        "email": email, "password": password, "key": key["key"], "key_id": key["id"], "user": user["id"], "organization": org["id"],
        "asset": asset["id"], "watermark": asset["watermark_hash"], "commitment": commitment["commitment_id"],
        "webhook": hook["id"], "delivery": delivery["id"],
        "spare_user": spare_user["id"], "spare_organization": spare_org["id"], "spare_key_id": spare_key["id"],
    }


if __name__ == "__main__":
    names = make(*sys.argv[1:4])
    with open(sys.argv[4], encoding="utf-8") as template:
        print(Template(template.read()).substitute(names), end="")
    with open(sys.argv[5], "w", encoding="utf-8") as file:
        json.dump(names, file)
