"""What the tests of the API need beyond its document."""

import json
import os
from urllib.parse import urlsplit, urlunsplit

import schemathesis
from hypothesis import strategies as st

from people import Person
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


# Operations that change who may sign in, or want what only a message or a telephone
# tells: somebody made for the purpose asks for them, and this is what they fill in.
PERSONAL = {
    "POST /v1/auth/password/change": lambda p: {"current_password": p.password},
    "POST /v1/auth/email/change": lambda p: {"password": p.password},
    "POST /v1/auth/email/verify": lambda p: {"token": p.token(0)},
    "POST /v1/auth/password/reset": lambda p: {"token": p.post("/auth/password/forgot", email=p.email) or p.token(1)},
    "POST /v1/auth/totp": lambda p: {"password": p.password},
    "POST /v1/auth/totp/confirm": lambda p: {"code": p.totp()},
    "DELETE /v1/auth/totp": lambda p: {
        "password": p.password, "code": p.post("/auth/totp/confirm", code=p.totp())["recovery_codes"][0]},
    "POST /v1/invitations/accept": lambda p: {"token": p.join(tester(), NAMES["organization"], "viewer")},
}


def tester():
    owner = object.__new__(Person)
    owner.base, owner.email, owner.password, owner.headers = NAMES["base"] + "/v1", NAMES["email"], NAMES["password"], {}
    owner.sign_in()
    return owner


@schemathesis.hook
def before_call(ctx, case, kwargs):
    spare(case)
    another_account(case)
    stay_here(case)


def spare(case):
    if case.method == "GET" or not case.path_parameters:
        return
    for name, (own, other) in SPARE.items():
        if case.path_parameters.get(name) == own and case.operation.path.rstrip("/").endswith("{" + name + "}"):
            case.path_parameters[name] = other


def another_account(case):
    fill = PERSONAL.get(f"{case.method} {case.operation.path}")
    if not fill or not case.meta.generation.mode.is_positive or not isinstance(case.body, dict):
        return
    if case.operation.definition.raw["security"] and "Authorization" not in (case.headers or {}):
        return
    person = Person(NAMES["base"], NAMES["log"])
    case.body.update(fill(person))
    if "Authorization" in (case.headers or {}):
        case.headers["Authorization"] = person.headers["Authorization"]


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
