"""What is sent where something sensible is expected. Every choice comes from the generator that is passed in."""

import json

DEEP = 20_000
MANY = 100_000

TEXTS = [
    "", " ", "\u0000", "a\u0000b", "\r\nX-Injected: 1", "%0d%0aX-Injected:%201", "../../../../etc/passwd", "..\\..\\x", "/etc/passwd", "-i",
    "--help", "'", "' OR '1'='1", "\"; DROP TABLE videos; --", "\" OR *", "NEAR(", "AND", "a*", "^x", "{\"a\":1}", "<script>alert(1)</script>", "${7*7}",
    "{{7*7}}", "$(id)", "`id`", "%s%n%x", "\u202etxt.exe", "\ufeff", "\U0001f4a9" * 50, "\u0301" * 400, "null", "true", "NaN", "Infinity", "-0",
    "9007199254740993", "-9223372036854775809", "1e400", "0x10", "00000000-0000-0000-0000-000000000000", "con", "file:///etc/passwd",
    "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "gopher://x", "javascript:alert(1)", "2027-02-30T25:61:61Z", "9999999999999-12-31T00:00:00Z",
    "-1", "0", "*", "%", "%zz", "%c0%af", "%00", "::1", "::ffff:127.0.0.1/96", "10.0.0.0/33", "a" * 300, "a" * 5_000, "key.bin", "master.m3u8",
]
NUMBERS = ["0", "-0", "-1", "1", "2", "9007199254740993", "-9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
           "18446744073709551616", "1e308", "1e400", "-1e400", "1e-400", "0.1", "1" * 400, "1e999999999", "4294967296", "2147483648", "3.0000000000000000001"]
# Not all of these are JSON.
RAW = ["NaN", "Infinity", "nul", "tru", "01", "+1", ".5", "1.", "0x1", "'a'", "undefined", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u00", "\"\\x41\"",
       "\"a\tb\"", "{\"a\":1,}", "[1,]", "//", "/**/1", "\"" + "\\u0000" * 200 + "\""]
TYPES = ["text/plain", "application/json; charset=utf-16", "application/json; charset=\"utf-8\"", "application/x-www-form-urlencoded", "multipart/form-data",
         "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 300, "application/offset+octet-stream", "application/problem+json", "*/*", "json",
         "application/json;;;;", "\x80\xff", "application/json, application/json", "video/mp4", "text/vtt", "image/svg+xml", ""]
FIELDS = {
    "Range": ["bytes=0-", "bytes=-0", "bytes=-1", "bytes=5-1", "bytes=0-0,0-0,0-0", "bytes=" + ",".join(f"{i}-{i}" for i in range(1000)), "bytes=99999999999999999999-",
              "bytes=-99999999999999999999", "chars=0-1", "bytes=", "bytes=a-b", "bytes=0-1,"],
    "If-None-Match": ["*", "\"a\"", "W/\"a\"", "a", "\"" * 500, "\"a\"," * 2000],
    "If-Match": ["*", "\"a\"", "x"],
    "If-Range": ["\"a\"", "Sat, 21 Nov 2026 00:00:00 GMT", "x"],
    "If-Modified-Since": ["Sat, 21 Nov 2026 00:00:00 GMT", "Sat, 99 Nov 99999 99:99:99 GMT", "x", "0"],
    "Last-Event-ID": ["0", "-1", "99999999999999999999", "a", "1 ", ""],
    "Idempotency-Key": ["a", "a" * 5000, "\x80", "", "a,b", "\"a\""],
    "Upload-Length": ["0", "-1", "9", "99999999999999999999", "1e3", " 9", "9,9", ""],
    "Upload-Offset": ["0", "-1", "1", "99999999999999999999", "0x0", ""],
    "Upload-Defer-Length": ["1", "2", ""],
    "Upload-Metadata": ["filename", "filename ", "filename !!!", "filename " + "QUJD" * 1000, "a Yg==,a Yg==", ",,,,", "title AAAA", "filename Li4vLi4vZXRjL3Bhc3N3ZA==",
                        "tags " + "LCws" * 500, "visibility eA=="],
    "Upload-Checksum": ["sha1 AAAA", "sha1", "md5 x", "sha256 " + "A" * 500, "crc32 AAAAAA=="],
    "Upload-Concat": ["partial", "final;/api/uploads/x"],
    "Tus-Resumable": ["1.0.0", "0.0.0", "", "1.0.0,1.0.0"],
    "X-HTTP-Method-Override": ["PATCH", "DELETE", "HEAD", "TRACE", "delete", "\x00"],
    "X-Correlation-Id": ["a", "a" * 1000, "\"x\"", "<b>", "\x80\x81", "{}"],
    "X-Forwarded-For": ["::1", "1.2.3.4, 5.6.7.8", "x" * 2000, "\"", "127.0.0.1:x"],
    "Forwarded": ["for=\"[::1]\"", "for=", "for=" + "a" * 1000, "proto=https;host=evil.example", ";;;=", "for=\"\\"],
    "X-Forwarded-Host": ["evil.example", "a b"],
    "Origin": ["null", "https://evil.example", "http://127.0.0.1", "x"],
    "Cookie": ["vf_refresh=x; vf_csrf=y", ";;;;", "=", "vf_refresh=" + "a" * 3000, "vf_oidc=AAAA; vf_oidc=BBBB", "\x80=\x80"],
    "X-CSRF-Token": ["x", ""],
    "Accept-Encoding": ["gzip", "gzip;q=0", "*;q=0", "br;q=1000", "gzip;q=x", ",,,,"],
    "Content-Encoding": ["gzip", "br", "identity, identity"],
    "Expect": ["100-continue", "200-ok"],
    "Authorization": ["Bearer", "Bearer ", "Bearer a.b.c", "Basic YWRtaW46YWRtaW4=", "Bearer " + "A" * 4000, "Bearer eyJhbGciOiJub25lIn0.e30.", "\x80", "Digest x", "Bearer a b"],
    "x-api-key": ["vf_", "vf_0123456789_", "vf_" + "a" * 3000, "x", "\xff"],
    "Host": ["evil.example", "a b", "[", "[::1", "127.0.0.1:99999", "a@b", ""],
    "Prefer": ["wait=9999999999"],
}


def text(rng):
    return rng.choice(TEXTS) if rng.random() < 0.9 else "".join(chr(rng.choice([rng.randrange(1, 128), rng.randrange(128, 0xD800), rng.randrange(0x10000, 0x10FFFF)])) for _ in range(rng.randrange(1, 40)))


def fragment(rng):
    """A piece of JSON as text, right or wrong."""
    kind = rng.randrange(10)
    if kind < 3:
        return json.dumps(text(rng), ensure_ascii=rng.random() < 0.5)
    if kind < 5:
        return rng.choice(NUMBERS)
    if kind == 5:
        return rng.choice(RAW)
    if kind == 6:
        return rng.choice(["null", "true", "false", "{}", "[]", "[[]]", "{\"\":{}}"])
    if kind == 7:
        depth = rng.choice([10, 33, 1000, DEEP])
        return "[" * depth + "]" * depth if rng.random() < 0.5 else "{\"a\":" * depth + "1" + "}" * depth
    if kind == 8:
        element = rng.choice(["0", "null", "\"a\"", "{}", "[]"])
        return "[" + ",".join([element] * rng.choice([2, 60, 6_000, MANY])) + "]"
    return "{" + ",".join(f"\"k{i}\":1" for i in range(rng.choice([3, 500, 20_000]))) + "}"
