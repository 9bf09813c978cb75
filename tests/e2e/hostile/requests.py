"""Requests from the OpenAPI document: sensible ones, and what becomes of them."""

import json
import uuid
from urllib.parse import quote

import values


class Document:
    def __init__(self, spec):
        self.spec = spec
        self.operations = [
            {**operation, "path": path, "method": method.upper()}
            for path, item in sorted(spec["paths"].items()) for method, operation in sorted(item.items())]

    def resolve(self, node):
        while "$ref" in node:
            at = self.spec
            for part in node["$ref"][2:].split("/"):
                at = at[part]
            node = at
        return node

    def parameters(self, operation):
        return [self.resolve(one) for one in operation.get("parameters", [])]

    def sensible(self, schema, rng, depth=0):
        """A value that the schema allows, or nearly so."""
        schema = self.resolve(schema)
        if "example" in schema and rng.random() < 0.7:
            return schema["example"]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.sensible(rng.choice(schema[choice]), rng, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = rng.choice(kind)
        if kind == "object":
            names = schema.get("properties", {})
            required = schema.get("required", [])
            return {name: self.sensible(inner, rng, depth + 1) for name, inner in names.items()
                    if depth < 6 and (name in required or rng.random() < 0.5)}
        if kind == "array":
            return [self.sensible(schema.get("items", {}), rng, depth + 1) for _ in range(rng.randrange(3))]
        if kind in ("integer", "number"):
            return rng.randrange(int(schema.get("minimum", 0)), int(min(schema.get("maximum", 100), 10**9)) + 1)
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "null":
            return None
        if schema.get("format") == "uuid":
            return str(uuid.UUID(int=rng.getrandbits(128)))
        if schema.get("format") == "date-time":
            return "2030-01-31T00:00:00Z"
        return rng.choice(["a", "correct horse battery", "text"])


def places(value, found=None, at=()):
    """Every position in a JSON value, as a path of keys."""
    found = [] if found is None else found
    found.append(at)
    if isinstance(value, dict):
        for key in value:
            places(value[key], found, at + (key,))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            places(inner, found, at + (i,))
    return found


MARK = "\u241f"


def spoiled_json(value, rng):
    """The value as bytes, with one position replaced, a key repeated or unknown, or bytes out of order."""
    kind = rng.randrange(12)
    if kind < 6:
        where = rng.choice(places(value))
        fragment = values.fragment(rng)
        if not where:
            return fragment.encode("utf-8", "surrogatepass")
        at = value
        for key in where[:-1]:
            at = at[key]
        at[where[-1]] = MARK
        return json.dumps(value, ensure_ascii=False).replace(f"\"{MARK}\"", fragment).encode("utf-8", "surrogatepass")
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if kind == 6 and isinstance(value, dict):
        extra = rng.choice(["owner", "role", "id", "state", "salt", "disabled", "__proto__", "createdAt", "", "a" * 3000])
        return data[:-1] + (b"," if len(data) > 2 else b"") + json.dumps(extra).encode() + b":" + values.fragment(rng).encode("utf-8", "surrogatepass") + b"}"
    if kind == 7 and isinstance(value, dict) and value:
        key = json.dumps(rng.choice(list(value))).encode()
        return data[:-1] + b"," + key + b":" + values.fragment(rng).encode("utf-8", "surrogatepass") + b"}"
    if kind == 8:
        at = rng.randrange(len(data) + 1)
        return data[:at] + rng.choice([b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xef\xbb\xbf"]) + data[at:]
    if kind == 9:
        return data[:rng.randrange(len(data) + 1)]
    if kind == 10:
        return rng.randbytes(rng.choice([0, 1, 100, 70_000]))
    return data + rng.choice([b" ", b"\n\n", b"{}", b"x", b"\x00"])


def sensible_body(document, operation, rng, things):
    media = operation.get("requestBody", {}).get("content", {})
    if not media:
        return None, None
    kind = rng.choice(sorted(media))
    if kind == "application/json":
        value = document.sensible(media[kind].get("schema", {}), rng)
        if isinstance(value, dict):
            for name in value:
                if name in things["body"] and rng.random() < 0.9:
                    value[name] = things["body"][name]
            if "username" in value and operation["operationId"] != "login":
                value["username"] = f"n{rng.getrandbits(48)}"
        return kind, value
    if kind == "multipart/form-data":
        return "multipart/form-data; boundary=form", (b"--form\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA\r\n--form\r\n"
                                                      b"Content-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\nbytes\r\n--form--\r\n")
    return kind, rng.choice([b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n", b"1\n00:00:00,000 --> 00:00:01,000\nA\n", b"film"])


def spoiled_bytes(data, rng):
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + rng.randbytes(rng.choice([1, 20, 5000])) + data[at:]
    if kind == 2:
        return data * rng.choice([2, 100, 3000])
    if kind == 3:
        return b""
    return data[:at] + values.text(rng).encode("utf-8", "surrogatepass") + data[at:]


def target_of(document, operation, rng, things, spoil):
    """Path and query."""
    out = operation["path"]
    for parameter in document.parameters(operation):
        if parameter["in"] != "path":
            continue
        name = parameter["name"]
        known = things["path"].get((operation["operationId"], name)) or things["path"].get((operation["path"].split("/")[2], name))
        value = known if known and rng.random() < 0.95 else str(uuid.UUID(int=rng.getrandbits(128)))
        if "path" in spoil:
            value = values.text(rng)
        raw = value if "path" in spoil and rng.random() < 0.3 else quote(value.encode("utf-8", "surrogatepass"), safe="")
        out = out.replace("{" + name + "}", raw)
    pairs = []
    for parameter in document.parameters(operation):
        if parameter["in"] == "query" and (parameter.get("required") or rng.random() < 0.4):
            pairs.append((parameter["name"], str(document.sensible(parameter.get("schema", {}), rng))))
    if "query" in spoil:
        names = [one["name"] for one in document.parameters(operation) if one["in"] == "query"] + ["x", "access_token", "limit", "cursor"]
        for _ in range(rng.choice([1, 1, 2, 300])):
            pairs.append((rng.choice(names), values.text(rng)))
    query = "&".join(f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)
    if "query" in spoil and rng.random() < 0.2:
        query += rng.choice(["&%ff=%ff", "&=", "&&&&", "&a=%", "&limit=%00", "&limit[]=1", "&" + "a" * 7000, "&cursor=1_" + "0" * 36])
    return out + ("?" + query if query else "")


def build(document, operation, rng, things):
    """One request: the bytes, its method, and what was done to it (for the message of a failure)."""
    can = ["headers", "query"] * 2 + ["credentials", "path"] + (["body"] * 8 + ["type"]) * ("requestBody" in operation)
    spoil = set(rng.sample(can, rng.choice([1, 1, 1, 1, 2, 3]))) if rng.random() < 0.95 else set()
    target = target_of(document, operation, rng, things, spoil)
    lines = [("Host", "127.0.0.1")]
    who = rng.choice(["admin", "admin", "user", None]) if "credentials" in spoil else "admin"
    if who and operation["x-permission"] == "signed_in" and operation["operationId"] != "whoAmI":
        lines.append(("Authorization", "Bearer " + things["session"]()))
    elif who:
        lines.append(("x-api-key", things["keys"][who]))
    for parameter in document.parameters(operation):
        if parameter["in"] == "header" and (parameter.get("required") or rng.random() < 0.3):
            sensible = things["headers"].get(parameter["name"]) or document.sensible(parameter.get("schema", {}), rng)
            lines.append((parameter["name"], str(sensible)))
    kind, body = sensible_body(document, operation, rng, things)
    if body is not None and not isinstance(body, bytes):
        body = spoiled_json(body, rng) if "body" in spoil else json.dumps(body).encode()
    elif body is not None and "body" in spoil:
        body = spoiled_bytes(body, rng)
    if "type" in spoil:
        kind = rng.choice(values.TYPES)
    if kind:
        lines.append(("Content-Type", kind))
    if "headers" in spoil or "credentials" in spoil and rng.random() < 0.5:
        for _ in range(rng.choice([1, 2, 5])):
            name = rng.choice(sorted(values.FIELDS))
            lines.append((name, rng.choice(values.FIELDS[name])))
        if rng.random() < 0.1:
            lines.append(rng.choice([("X-Long", "a" * 9000), ("X-Nul", "a\x00b"), ("X-Tab", "\t\ta"), ("X-High", "\xfe\xff"), ("X-Dup", "1"), ("x y", "1"), ("", "1")]))
    chunked = body is not None and rng.random() < 0.1
    if chunked:
        lines.append(("Transfer-Encoding", "chunked"))
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000]) for i in range(0, min(len(body), 50_000), 1000)) + b"0\r\n\r\n"
    elif body is not None:
        lines.append(("Content-Length", str(len(body))))
    raw_target = target.encode("utf-8", "surrogatepass")
    method = operation["method"].encode()
    if rng.random() < 0.01:
        method = rng.choice([b"TRACE", b"CONNECT", b"PROPFIND", b"get", b"M" * 300, b"\x00", b""])
    head = method + b" " + raw_target + b" HTTP/1.1\r\n"
    head += b"".join(f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in lines)
    return head + b"\r\n" + (body or b""), method.decode(), sorted(spoil)
