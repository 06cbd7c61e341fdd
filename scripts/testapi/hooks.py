"""What the tests of the API need beyond its document."""

import json
import os
from urllib.parse import urlsplit, urlunsplit

import schemathesis
from hypothesis import strategies as st

from world import png

# A body of a media type that the document names is one: pictures for uploads. Each is
# its own, for the same bytes twice are a conflict.
schemathesis.openapi.media_type("image/png", st.builds(png, st.sampled_from([64, 96])), aliases=["image/jpeg", "image/tiff", "image/webp"])


with open(os.environ["NAMES"], encoding="utf-8") as file:
    NAMES = json.load(file)

# Parameters of the path that name what the tests themselves live on, and what stands
# in for it where a request would end, suspend or demote it.
SPARE = {
    "user_id": (NAMES["user"], NAMES["spare_user"]),
    "org_id": (NAMES["organization"], NAMES["spare_organization"]),
    "key_id": (NAMES["key_id"], NAMES["spare_key_id"]),
}


@schemathesis.hook
def before_call(ctx, case, kwargs):
    spare(case)
    stay_here(case)


def spare(case):
    if case.method == "GET" or not case.path_parameters:
        return
    for name, (own, other) in SPARE.items():
        if case.path_parameters.get(name) == own and case.operation.path.rstrip("/").endswith("{" + name + "}"):
            case.path_parameters[name] = other


def stay_here(case):
    """Keeps what is generated from leaving the machine: turns the targets of webhooks,
    the document's own examples among them, to a loopback port where nobody listens."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("url"), str):
        try:
            target = urlsplit(body["url"])
        except ValueError:
            return
        if target.netloc:
            body["url"] = urlunsplit(target._replace(netloc="127.0.0.1:9"))
