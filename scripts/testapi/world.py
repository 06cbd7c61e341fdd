"""Makes what the requests of the tests are about: a user with an enterprise
organization, a key with every scope, an asset with its commitment, a webhook.

    world.py URL PROGRAM DATA LOG TEMPLATE NAMES

Prints the template with their names put in, and writes them to a file of JSON."""

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from string import Template

from people import Person


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


def make(base, program, data, log):
    tester, spare = Person(base, log, "tester@example.com"), Person(base, log, "spare@example.com")
    org = tester.post("/organizations/", name="Tests", plan="enterprise")["id"]
    # What a request would put an end to is another one, see hooks.py.
    spare_org = tester.post("/organizations/", name="Spare", plan="enterprise")["id"]
    spare_key = tester.post("/api-keys/", name="spare", scopes=["read"])
    spare.post("/invitations/accept", token=spare.join(tester, org))

    def command(*args):
        return json.loads(subprocess.run([program, *args, "--data", data, "--json"], check=True, capture_output=True).stdout)
    key = command("keys", "create", "--name", "tests", "--scopes", "read,write,verify,commit,webhooks,sealing,admin", "--organization", org)
    platform = command("admin", "keys", "create", "--name", "tests")

    tester.headers["X-Organization-Id"] = org
    asset = tester.call("POST", "/assets/", files={"file": ("a.png", io.BytesIO(png(256)), "image/png")}, data={"title": "One"})
    commitment = tester.post("/blockchain/commit", asset_id=asset["id"])
    hook = tester.post("/webhooks/", url="https://127.0.0.1:9/hook", events=["asset.processed"])
    delivery = tester.call("POST", f"/webhooks/{hook['id']}/test")
    client = tester.post("/oauth/clients/", name="Tests", scopes=["read"])
    return {
        "email": tester.email, "password": tester.password, "key": key["key"], "key_id": key["id"], "platform_key": platform["key"], "user": tester.id, "organization": org,
        "asset": asset["id"], "watermark": asset["watermark_hash"], "commitment": commitment["commitment_id"],
        "webhook": hook["id"], "delivery": delivery["id"], "client": client["client_id"],
        "spare_user": spare.id, "spare_organization": spare_org, "spare_key_id": spare_key["id"], "log": log, "base": base,
    }


if __name__ == "__main__":
    names = make(*sys.argv[1:5])
    with open(sys.argv[5], encoding="utf-8") as template:
        print(Template(template.read()).substitute(names), end="")
    with open(sys.argv[6], "w", encoding="utf-8") as file:
        json.dump(names, file)
