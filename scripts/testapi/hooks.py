"""What the tests of the API need beyond its document."""

import json
import os
import uuid
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


@schemathesis.hook
def before_call(ctx, case, kwargs):
    meet(case)
    spare(case)
    introduce(case)
    know_the_mark(case)
    stay_here(case)
    be_the_operator(case, kwargs)


def be_the_operator(case, kwargs):
    """The operator's routes take the operator's key, which no organization has."""
    if case.operation.path.startswith("/v1/platform/"):
        for headers in (case.headers, kwargs.get("headers")):
            if headers and headers.get("X-API-Key") == NAMES["key"]:
                headers["X-API-Key"] = NAMES["platform_key"]


def meet(case):
    """Lets half of the ids that were made up, which nothing has, be of what is there: a
    404 hides whatever else a request should be refused for. The server's own ids are of
    version 7."""
    for name, value in (case.path_parameters or {}).items():
        if value in (None, "None"):  # the null of an answer before, as of an event in no organization
            case.path_parameters[name] = value = str(uuid.uuid4())
        known = NAMES.get(name.removesuffix("_id")) or NAMES.get({"org_id": "organization"}.get(name))
        if known and isinstance(value, str) and len(value) == 36 and value[14] != "7" and value[-1] in "13579bdf":
            case.path_parameters[name] = known


# Parameters of the path that name what the tests themselves live on, and what stands
# in for it where a request would end, suspend or demote it.
SPARE = {
    "user_id": (NAMES["user"], NAMES["spare_user"]),
    "org_id": (NAMES["organization"], NAMES["spare_organization"]),
    "key_id": (NAMES["key_id"], NAMES["spare_key_id"]),
}


def spare(case):
    if case.method == "GET" or not case.path_parameters:
        return
    for name, (own, other) in SPARE.items():
        if case.path_parameters.get(name) == own and case.operation.path.rstrip("/").endswith("{" + name + "}"):
            case.path_parameters[name] = other


def introduce(case):
    """Lets somebody made for the purpose ask where the answer depends on who they are."""
    prepare = PERSONAL.get(f"{case.method} {case.operation.path}")
    if not prepare or not case.meta.generation.mode.is_positive:
        return
    signed_in = "Authorization" in (case.headers or {})
    if case.operation.definition.raw["security"] and not signed_in:
        return
    person = Person(NAMES["base"], NAMES["log"])
    filled = prepare(person, case.path_parameters)
    if isinstance(case.body, dict):
        case.body.update(filled)
    if signed_in:
        case.headers["Authorization"] = person.headers["Authorization"]


# Operations that change who may sign in, that want what only a message or a telephone
# tells, or that end something: what their askers prepare, and fill in.


def reset(person, _):
    person.post("/auth/password/forgot", email=person.email)
    return {"token": person.token(1), "new_password": "another long passphrase"}


def disable_totp(person, _):
    codes = person.post("/auth/totp/confirm", code=person.totp())["recovery_codes"]
    return {"password": person.password, "code": codes[0]}


def accept(person, _):
    return {"token": person.join(tester(), NAMES["organization"], "viewer")}


def end_session(person, path):
    path["session_id"] = person.call("GET", "/auth/sessions/")["items"][0]["id"]
    return {}


def withdraw_grant(person, path):
    path["grant_id"] = person.allow()
    return {}


def transfer(person, path):
    path["org_id"] = person.post("/organizations/", name="Of " + person.email)["id"]
    other = Person(NAMES["base"], NAMES["log"])
    other.post("/invitations/accept", token=other.join(person, path["org_id"]))
    return {"user_id": other.id, "password": person.password}


def delete(person, path):
    path["org_id"] = person.post("/organizations/", name="Of " + person.email)["id"]
    return {"password": person.password}


def restore(person, path):
    path["org_id"] = person.post("/organizations/", name="Of " + person.email)["id"]
    person.call("DELETE", "/organizations/" + path["org_id"], json={"password": person.password})
    return {}


def withdraw(person, path):
    path["org_id"] = person.post("/organizations/", name="Of " + person.email)["id"]
    invitation = person.post(f"/organizations/{path['org_id']}/invitations/", email="someone@example.com")
    path["invitation_id"] = invitation["id"]
    return {}


PERSONAL = {
    "DELETE /v1/auth/me": lambda person, _: {"password": person.password},
    "POST /v1/auth/password/change": lambda person, _: {"current_password": person.password},
    "POST /v1/auth/password/reset": reset,
    "POST /v1/auth/email/change": lambda person, _: {"password": person.password},
    "POST /v1/auth/email/verify": lambda person, _: {"token": person.token(0)},
    "POST /v1/auth/totp": lambda person, _: {"password": person.password},
    "POST /v1/auth/totp/confirm": lambda person, _: {"code": person.totp()},
    "DELETE /v1/auth/totp": disable_totp,
    "DELETE /v1/auth/sessions/{session_id}": end_session,
    "DELETE /v1/auth/grants/{grant_id}": withdraw_grant,
    "POST /v1/invitations/accept": accept,
    "POST /v1/organizations/{org_id}/transfer": transfer,
    "DELETE /v1/organizations/{org_id}": delete,
    "POST /v1/organizations/{org_id}/restore": restore,
    "DELETE /v1/organizations/{org_id}/invitations/{invitation_id}": withdraw,
}


def know_the_mark(case):
    """Gives a commitment the hash that is its asset's: any other is refused."""
    if case.operation.path == "/v1/blockchain/commit" and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        if case.body.get("watermark_hash"):
            case.body.update(asset_id=NAMES["asset"], watermark_hash=NAMES["watermark"])


def tester():
    owner = object.__new__(Person)
    owner.base, owner.email, owner.password, owner.headers = NAMES["base"] + "/v1", NAMES["email"], NAMES["password"], {}
    owner.sign_in()
    return owner


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
