#!/usr/bin/env python3
"""Accounts as people and operators meet them: a running server, its command line beside it, plain HTTP."""

import base64
import hashlib
import hmac
import json
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from harness import BINARY, check  # noqa: E402
from serving import Server  # noqa: E402

PASSWORD = "violet otter parade"


def command(server, *words, code=0, environment=None):
    done = subprocess.run([BINARY, *words, "--data", str(server.data), "--json"], capture_output=True, text=True,
                          env={**server.environment, **(environment or {})})
    check(done.returncode == code, f"{words}: {done.returncode} {done.stdout} {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def totp(secret, ahead=0):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + ahead), hashlib.sha1).digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


class Person:
    """Somebody with a session; not the admin whose key the server object shows."""

    def __init__(self, server, name, **more):
        self.server = server
        status, self.session = self.plain("POST", "/api/auth/login", {"username": name, "password": PASSWORD, **more})
        check(status == 200, f"{name} cannot sign in: {status} {self.session}")

    def plain(self, method, path, body=None, headers=None):
        key, self.server.key = self.server.key, None
        try:
            return self.server.ask(method, path, body, headers)
        finally:
            self.server.key = key

    def ask(self, method, path, body=None, agent=None):
        return self.plain(method, path, body, {"Authorization": f"Bearer {self.session['accessToken']}"})


def expect(status, answer, what):
    check(answer[0] == status, f"{what}: {answer[0]} instead of {status}: {answer[1]}")
    return answer[1]


def anonymous(server, method, path, body=None, headers=None):
    return Person.plain(type("Anybody", (), {"server": server})(), method, path, body, headers)


def registration(server):
    """Open, by invitation, closed; and the classes of characters that the operator asks for."""
    wish = {"username": "open", "password": PASSWORD}
    expect(201, anonymous(server, "POST", "/api/auth/register", wish), "open registration")
    restart(server, VIDEOFORGE_AUTH_REGISTRATION="invitation", VIDEOFORGE_AUTH_PASSWORD_CLASSES="3",
            VIDEOFORGE_AUTH_PASSWORD_LENGTH="14")
    wish["username"] = "invited"
    check(expect(403, anonymous(server, "POST", "/api/auth/register", wish), "no invitation")["code"] == "invitation_required",
          "says what is needed")
    ticket = expect(201, server.ask("POST", "/api/admin/invitations", {"role": "viewer"}), "an invitation")
    wish["invitation"] = ticket["token"]
    weak = expect(400, anonymous(server, "POST", "/api/auth/register", wish), "a password of two classes")
    check(weak["errors"][0]["pointer"] == "/password", f"names the field: {weak}")
    wish["password"] = "Violet otter parade 7"
    made = expect(201, anonymous(server, "POST", "/api/auth/register", wish), "with an invitation")
    check(made["user"]["role"] == "viewer", "the invitation's role")
    restart(server, VIDEOFORGE_AUTH_REGISTRATION="closed")
    refused = expect(403, anonymous(server, "POST", "/api/auth/register", {"username": "late", "password": PASSWORD}), "closed")
    check(refused["code"] == "registration_closed", "says that it is closed")
    restart(server)


def restart(server, **settings):
    """With these settings beside those that every part has."""
    server.stop()
    server.usual = getattr(server, "usual", server.environment)
    server.environment = {**server.usual, **settings}
    server.start()


def sessions(server):
    expect(201, server.ask("POST", "/api/admin/users", {"username": "marie", "password": PASSWORD}), "an account")
    first, second = Person(server, "marie"), Person(server, "marie")
    listed = expect(200, first.ask("GET", "/api/auth/sessions"), "the list")["items"]
    check(len(listed) == 2 and all(one["lastUsedAt"] and one["address"] for one in listed), f"device and last use: {listed}")
    check(expect(200, first.ask("DELETE", "/api/auth/sessions"), "everywhere")["ended"] == 2, "both end")
    for person in (first, second):
        expect(401, person.ask("GET", "/api/auth/info"), "after signing out everywhere")


def blocked(server):
    """An address that goes on is blocked, listed, and released by an admin at another one; a proxy tells which is which."""
    server.more += ("--config", str(server.data / "proxy.toml"))
    (server.data / "proxy.toml").write_text('[server]\ntrusted_proxies = ["127.0.0.1"]\n[limits]\napi = 1\n')
    restart(server, VIDEOFORGE_AUTH_RATE_LIMITS="true")
    stranger = {"X-Forwarded-For": "198.51.100.9"}
    answers = [anonymous(server, "GET", "/api/gallery/videos", headers=stranger) for _ in range(13)]
    check(answers[-1][1]["code"] == "address_blocked", f"blocked: {answers[-1]}")
    items = expect(200, server.ask("GET", "/api/admin/blocked"), "the list")["items"]
    check([one["address"] for one in items] == ["198.51.100.9"], f"who is blocked: {items}")
    expect(204, server.ask("DELETE", "/api/admin/blocked/198.51.100.9"), "released")
    again = anonymous(server, "GET", "/api/gallery/videos", headers=stranger)
    check(again[1].get("code") != "address_blocked", f"free again: {again}")
    server.more = server.more[:-2]
    restart(server)


def forgotten(server):
    body = {"username": "ada", "password": PASSWORD, "email": "ada@example.com"}
    expect(201, server.ask("POST", "/api/admin/users", body), "an account")
    known, unknown = (expect(202, anonymous(server, "POST", "/api/auth/password/forgot", {"email": email}), email)
                      for email in ("ada@example.com", "nobody@example.com"))
    check(known == unknown, "who is there is not told")
    waiting = command(server, "admin", "mail")
    check([one["username"] for one in waiting] == ["ada"], f"one mail waits: {waiting}")
    reset = {"token": waiting[0]["token"], "newPassword": "seven grey lanterns"}
    expect(204, anonymous(server, "POST", "/api/auth/password/reset", reset), "the token")
    expect(403, anonymous(server, "POST", "/api/auth/password/reset", reset), "the token again")
    check(command(server, "admin", "mail") == [], "nothing waits any more")
    login = {"username": "ada", "password": "seven grey lanterns"}
    expect(200, anonymous(server, "POST", "/api/auth/login", login), "the new password")


def rotation(server):
    """While the server runs and an account has an app."""
    person = Person(server, "marie")
    secret = expect(200, person.ask("POST", "/api/auth/mfa/enroll", {"password": PASSWORD}), "enrol")["secret"]
    codes = expect(200, person.ask("POST", "/api/auth/mfa/verify", {"code": totp(secret)}), "verify")["recoveryCodes"]
    keys = server.data / "encryption.keys"
    before = keys.read_text()
    done = command(server, "admin", "key", "rotate-secrets")
    check(done["resealed"] >= 3, f"root, signing key, app: {done}")
    after = keys.read_text()
    check(len(after.splitlines()) == 1 and after != before and keys.stat().st_mode & 0o077 == 0, "one new key, for its owner")
    Person(server, "marie", code=totp(secret, ahead=1))  # each code is good once, and clocks may differ by a step
    expect(204, person.ask("DELETE", "/api/auth/mfa", {"password": PASSWORD, "code": codes[1]}), "a recovery code")
    expect(200, person.ask("GET", "/api/auth/info"), "sessions stay")
    server.stop()
    keys.write_text(before)
    refused = subprocess.run([BINARY, "serve", "--data", str(server.data), "--listen", f"127.0.0.1:{server.port}"],
                             capture_output=True, text=True, env=server.environment, timeout=30)
    check(refused.returncode != 0 and "cannot be opened" in refused.stderr, f"the old key is refused: {refused.stderr}")
    keys.write_text(after)
    server.start()


def chain(server):
    """`doctor` says where the audit log was changed."""
    whole = command(server, "doctor")
    check(whole["data"]["audit"] == "" and whole["data"]["audit_rows"] > 5, f"whole: {whole['data']}")
    check(whole["data"]["audit_key"] == "", f"every row is chained under the key: {whole['data']}")
    keys = server.data / "encryption.keys"
    keys.rename(keys.with_suffix(".away"))
    without = command(server, "admin", "data")
    check("was not checked" in without["audit_key"] or "were not checked" in without["audit_key"], f"says so: {without}")
    check(not keys.exists(), "looking makes no key")
    keys.with_suffix(".away").rename(keys)
    server.stop()
    with sqlite3.connect(server.data / "videoforge.db") as database:
        database.execute("DROP TRIGGER audit_is_not_changed")
        database.execute("UPDATE audit SET detail = 'nothing happened' WHERE sequence = 4")
    broken = command(server, "doctor", code=5)["data"]
    check("Row 4 " in broken["audit"] and not broken["healthy"], f"names the row: {broken}")
    check("Row 4 " in command(server, "admin", "data", code=5)["audit"], "and so does admin data")


def export_and_farewell(server):
    expect(201, server.ask("POST", "/api/admin/users", {"username": "leaver", "password": PASSWORD}), "an account")
    person = Person(server, "leaver")
    user = person.session["user"]["id"]
    expect(201, person.ask("POST", "/api/playlists", {"title": "Mornings"}), "a playlist")
    expect(201, person.ask("POST", "/api/storage/upload-url", {"fileName": "film.mp4"}), "an upload")
    data = expect(200, person.ask("GET", "/api/auth/export"), "the export")
    check([one["playlist"]["title"] for one in data["playlists"]] == ["Mornings"] and data["truncated"] == [], f"all of it: {data}")
    check({"user", "sessions", "apiKeys", "passkeys", "quotas", "videos", "jobs", "audit"} <= data.keys(), f"{data.keys()}")
    check(PASSWORD not in json.dumps(data) and "argon2" not in json.dumps(data), "no secret in it")
    expect(204, person.ask("DELETE", "/api/auth/account", {"password": PASSWORD}), "farewell")
    with sqlite3.connect(f"file:{server.data / 'videoforge.db'}?mode=ro", uri=True) as database:
        for table, column in (("users", "id"), ("sessions", "user"), ("playlists", "owner"), ("uploads", "owner"),
                              ("events", "owner"), ("videos", "owner"), ("jobs", "owner"), ("media_use", "owner")):
            left = database.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (user,)).fetchone()[0]
            check(left == 0, f"{left} rows of {table} are left")


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), "--workers", "0").start()
        try:
            for part in (registration, sessions, forgotten, export_and_farewell, blocked, rotation, chain):
                part(server)
                print(f"{part.__name__}: ok", flush=True)
        finally:
            if server.process.poll() is None:
                server.stop()


if __name__ == "__main__":
    main()
