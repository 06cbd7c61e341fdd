"""People who register, get mail and prove who they are, as the tests need them."""

import base64
import hmac
import html
import itertools
import re
import struct
import time

import requests

serial = itertools.count()
MAIL = re.compile(r'msg="MAIL NOT SENT.* to=(\S+) .*(cert_[a-z]+_[\w-]+)')


def submit(site, page, **filled):
    """What sends the form of a page."""
    action = html.unescape(re.search(r'<form method="post" action="([^"]*)"', page.text)[1])
    hidden = html.unescape(re.search(r'name="form_token" value="([^"]*)"', page.text)[1])
    return {"url": site + action, "data": {"form_token": hidden, **filled}, "timeout": 60}


class Person:
    """Somebody with an account of their own at a server whose mail goes to its log."""

    def __init__(self, base, log, email=None, password="a long passphrase, and more"):
        self.base, self.log, self.password = base + "/v1", log, password
        self.email = email or f"person{next(serial)}@example.com"
        self.headers = {}
        who = {"email": self.email, "password": password}
        self.id = self.post("/auth/register", full_name="Somebody", **who)["id"]
        self.sign_in()

    def sign_in(self):
        token = self.post("/auth/login", email=self.email, password=self.password)["access_token"]
        self.headers["Authorization"] = "Bearer " + token

    def call(self, method, path, **rest):
        answer = requests.request(method, self.base + path, headers=self.headers, timeout=60, **rest)
        if answer.status_code // 100 != 2:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def post(self, path, **body):
        return self.call("POST", path, json=body)

    def token(self, nth):
        """The token in the nth message, from 0, that was written to them."""
        for _ in range(300):
            with open(self.log, encoding="utf-8", errors="replace") as log:
                found = [m[2] for m in map(MAIL.search, log) if m and m[1] == self.email]
            if len(found) > nth:
                return found[nth]
            time.sleep(0.1)
        raise RuntimeError("no message came for " + self.email)

    def verify(self):
        self.post("/auth/email/verify", token=self.token(0))

    def join(self, owner, organization, role="member"):
        """Verifies their address, is invited, and answers with the invitation's token."""
        self.verify()
        owner.post(f"/organizations/{organization}/invitations/", email=self.email, role=role)
        return self.token(1)

    def allow(self):
        """Registers a client, lets it act for them on the pages, and answers with the grant."""
        back = "https://client.example/done"
        client = self.post("/oauth/clients/", name="Of " + self.email, redirect_uris=[back], scopes=["read"])
        browser, site = requests.Session(), self.base.removesuffix("/v1")
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        page = browser.get(site + "/oauth2/authorize", timeout=60, params={
            "response_type": "code", "client_id": client["client_id"], "redirect_uri": back, "scope": "read", "state": "state",
            "code_challenge": base64.urlsafe_b64encode(b"v" * 32).decode().rstrip("="), "code_challenge_method": "S256"})
        page = browser.post(**submit(site, page, email=self.email, password=self.password))
        organization = re.search(r'<option value="([^"]+)"', page.text) or re.search(r'name="organization" value="([^"]+)"', page.text)
        browser.post(**submit(site, page, organization=organization[1], decision="allow"), allow_redirects=False)
        return self.call("GET", "/auth/grants/")["items"][0]["id"]

    def totp(self):
        """Begins with a second factor and answers with its first code (RFC 6238)."""
        secret = self.post("/auth/totp", password=self.password)["secret"]
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
