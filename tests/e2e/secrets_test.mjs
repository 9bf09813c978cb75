#!/usr/bin/env node
// No secret that was used or issued stands in a log, a metric, a trace, an event, a refusal, the audit log or any file of the
// data folder (there at most hashed or sealed): after a run that signs in by every way, makes keys and links, and
// shows secrets where they do not belong, all of those are searched for each of them.
import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authenticator, totp } from "./contract/authenticator.mjs";
import { IdentityProvider } from "./contract/provider.mjs";
import { Server } from "./contract/server.mjs";
import { Recorder } from "./secrets/recorder.mjs";

const PUBLIC = "https://videos.example";
const CLIENT_SECRET = "a client & its secret: +/=";
const SEALING_KEY = randomBytes(32).toString("hex");
const json = (value) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
const word = () => `pass-${randomBytes(12).toString("base64url")}`;
const problems = [];

const provider = await IdentityProvider.start(`${PUBLIC}/api/auth/oidc/callback`);
const errors = join(tmpdir(), `videoforge-secrets-${process.pid}.txt`);
// A collector of traces: what comes is searched, too.
const traces = [];
const collector = createServer((request, response) => request.on("data", (piece) => traces.push(piece)).on("end", () => response.end("{}")));
await new Promise((resolve) => collector.listen(0, "127.0.0.1", resolve));
const COLLECTOR_KEY = word();
const settings = {
  VIDEOFORGE_SERVER_PUBLIC_URL: PUBLIC, VIDEOFORGE_AUTH_OIDC_ISSUER: provider.issuer, VIDEOFORGE_AUTH_OIDC_CLIENT_ID: "videoforge",
  VIDEOFORGE_AUTH_OIDC_CLIENT_SECRET: CLIENT_SECRET, VIDEOFORGE_AUTH_ENCRYPTION_KEY: SEALING_KEY, VIDEOFORGE_AUTH_RATE_LIMITS: "false",
  VIDEOFORGE_TELEMETRY_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}`, VIDEOFORGE_TELEMETRY_OTLP_HEADERS: `x-collector-key=${COLLECTOR_KEY}`,
  VIDEOFORGE_LOG_LEVEL: "debug", VIDEOFORGE_LOG_CONSOLE: "json", VIDEOFORGE_IMPORT_ALLOW_PRIVATE: "true",
};
const server = await Server.start(settings, [], openSync(errors, "w"));
const run = new Recorder(server);
const addressSecret = word(); // of an address that is fetched: kept with its job, and nowhere else

async function signIn(username, password, more = {}) {
  const { json: session } = await run.must(200, "POST", "/api/auth/login", json({ username, password, ...more }));
  return { ...session, as: { Authorization: `Bearer ${session.accessToken}` } };
}

async function accounts(admin) {
  const password = word();
  await run.must(201, "POST", "/api/auth/register", json({ username: "grace", password }));
  const grace = await signIn("grace", password);
  await run.must(200, "POST", "/api/auth/refresh", json({ refreshToken: grace.refreshToken }));
  const replay = json({ refreshToken: grace.refreshToken });
  await run.must(401, "POST", "/api/auth/refresh", { ...replay, headers: { ...replay.headers, "User-Agent": "a thief's" } }); // ends the session
  let { as } = await signIn("grace", password);
  const browser = await run.must(200, "POST", "/api/auth/login", json({ username: "grace", password, browser: true }));
  const cookie = browser.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ");
  await run.must(403, "POST", "/api/auth/refresh", { headers: { Cookie: cookie } });
  await run.must(200, "POST", "/api/auth/refresh", { headers: { Cookie: cookie, "X-CSRF-Token": browser.json.csrfToken } });

  const { secret } = (await run.must(200, "POST", "/api/auth/mfa/enroll", { as, ...json({ password }) })).json;
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  run.remember("the second factor's bytes", Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2))).toString("latin1"));
  const { recoveryCodes } = (await run.must(200, "POST", "/api/auth/mfa/verify", { as, ...json({ code: totp(secret) }) })).json;
  for (const code of recoveryCodes) run.remember("recovery code without its line", code.replace("-", ""));
  await run.must(401, "POST", "/api/auth/login", json({ username: "grace", password, code: "aaaaa-aaaaa" }));
  ({ as } = await signIn("grace", password, { code: recoveryCodes[0] }));

  const device = new Authenticator(PUBLIC);
  const { challenge } = (await run.must(200, "POST", "/api/auth/passkeys/options", { as, ...json({ password }) })).json;
  await run.must(201, "POST", "/api/auth/passkeys", { as, ...json({ name: "phone", credential: device.create(challenge) }) });
  const asked = (await run.must(200, "POST", "/api/auth/passkeys/login/options")).json.challenge;
  await run.must(200, "POST", "/api/auth/passkeys/login", json({ credential: device.get(asked) }));

  const left = await run.must(303, "GET", "/api/auth/oidc/login?provider=sso");
  const back = new URL(await provider.signIn(left.headers.location, "marie"));
  run.remember("code of the provider", back.searchParams.get("code"));
  const pending = left.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ");
  await run.must(303, "GET", back.pathname + back.search, { headers: { Cookie: pending } });

  const id = grace.user.id;
  const { token } = (await run.must(201, "POST", `/api/admin/users/${id}/password-reset`, { as: admin })).json;
  await run.must(403, "POST", "/api/auth/password/reset", json({ token: `${token}x`, newPassword: word() }));
  await run.must(204, "POST", "/api/auth/password/reset", json({ token, newPassword: word() }));
  await run.must(201, "POST", "/api/admin/invitations", { as: admin, ...json({ role: "user", note: "for Ada" }) });
}

async function keysAndLinks(as) {
  const key = (await run.must(201, "POST", "/api/keys", { as, ...json({ name: "elsewhere", allowedCidrs: ["203.0.113.0/24"] }) })).json;
  await run.must(403, "GET", "/api/videos", { as: { "x-api-key": key.key } });
  await run.must(200, "POST", `/api/keys/${key.id}/rotate`, { as, ...json({ overlapSeconds: 60 }) });
  const film = join(server.folder, "film.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=1", "-pix_fmt", "yuv420p", film]);
  const order = { ...json({ fileName: "film.mp4" }), as };
  order.headers["Idempotency-Key"] = randomUUID();
  const upload = (await run.must(201, "POST", "/api/storage/upload-url", order)).json;
  const again = (await run.must(201, "POST", "/api/storage/upload-url", order)).json;
  if (again.url !== upload.url) problems.push(`the same order under one Idempotency-Key gives another address: ${again.url}`);
  await run.must(200, "PUT", new URL(upload.url).pathname, { body: readFileSync(film) });
  const { videoId, jobId } = (await run.must(201, "POST", "/api/upload/confirm", { as, ...json({ uploadId: upload.uploadId }) })).json;
  const watch = (await run.must(201, "POST", `/api/videos/${videoId}/playback-token`, { as, ...json({}) })).json;
  const events = (await run.must(200, "GET", `/api/jobs/${jobId}/events`, { as })).text;
  await run.must(200, "GET", watch.hls);
  await run.must(404, "GET", watch.hls.replace("master", `${watch.token}/master`));
  const frames = (await run.must(201, "POST", "/api/jobs", { as, ...json({ kind: "frames", videoId, params: { select: "count", count: 2 } }) })).json;
  const more = (await run.must(200, "GET", `/api/jobs/${frames.id}/events`, { as })).text;
  const link = (await run.must(201, "POST", `/api/jobs/${frames.id}/files/frames.zip/link`, { as })).json;
  await run.must(200, "GET", link.url);
  const url = `http://127.0.0.1:1/film.mp4?signature=${addressSecret}`;
  const fetched = (await run.must(202, "POST", "/api/videos/import", { as, ...json({ url }) })).json;
  await new Promise((resolve) => setTimeout(resolve, 1500)); // its first tries fail
  await run.must(200, "POST", `/api/jobs/${fetched.jobId}/cancel`, { as });
  return events + more + (await run.must(200, "GET", `/api/jobs/${fetched.jobId}/events`, { as })).text;
}

// Secrets where they do not belong.
async function mistakes(as, key) {
  const token = as.Authorization.split(" ")[1];
  const wrong = [word(), word(), word(), word()];
  for (const text of wrong) run.remember("a password that was wrong or misplaced", text);
  const typed = (value) => json(value);
  await run.must(401, "POST", "/api/auth/login", typed({ username: "admin", password: wrong[0] }));
  await run.must(401, "POST", "/api/auth/login", typed({ username: wrong[1], password: "admin" }));
  for (const body of [`{"username": "x", "password": "${wrong[2]}"`, `{"username": "x", "passwort": "${wrong[2]}"}`, `{"username": "x", "password": ["${wrong[2]}"]}`, `{"username": "x", "${wrong[3]}": 1}`])
    await run.must(400, "POST", "/api/auth/login", { headers: { "Content-Type": "application/json" }, body });
  await run.must(401, "GET", `/api/videos?x-api-key=${key}&access_token=${token}&password=${wrong[3]}`);
  const basic = run.remember("Basic credentials", Buffer.from(`admin:${wrong[3]}`).toString("base64"));
  for (const value of [`Basic ${basic}`, key, `Bearer ${key}`, `Bearer ${token}x`, `Bearer ${token} ${token}`, `bearer${token}`])
    await run.must(401, "GET", "/api/videos", { headers: { Authorization: value } });
  for (const value of [token, `${key}x`, key.slice(0, -1), ` ${key} ${key}`]) await run.must(401, "GET", "/api/videos", { headers: { "x-api-key": value } });
  for (const path of [`/${key}`, `/api/videos/${key}`, `/api/${token}`, `/api/stream/${randomUUID()}/t/${key}/master.m3u8`, `/api/admin/blocked/${key}`, `/%ff${key}`, `/../${key}`, `/api/videos/${key}%zz`])
    for (const method of ["GET", "DELETE"]) await run.send(method, path, { as });
  await run.send("PUT", `/api/storage/uploads/${randomUUID()}/${key}`, { body: "x" });
  await run.must(400, "POST", "/api/videos/import", { as, ...json({ url: `https://name:${wrong[3]}@films.example/a.mp4` }) });
  for (const limit of [key, wrong[3]]) await run.must(400, "GET", `/api/videos?limit=${limit}&cursor=${limit}`, { as });
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function search(places, secrets) {
  for (const [name, bytes] of places)
    for (const [text, what] of secrets) if (bytes.includes(Buffer.from(text, "latin1"))) problems.push(`${name} holds ${what}: ${text.slice(0, 6)}...`);
}

try {
  const password = word();
  const made = (await run.must(201, "POST", "/api/auth/register", json({ username: "admin", password, bootstrapToken: server.token }))).json;
  const { as } = await signIn("admin", password);
  await accounts(as);
  const events = await keysAndLinks(as);
  await mistakes(as, made.apiKey.key);
  const read = async (path) => Buffer.from((await run.must(200, "GET", path, { as })).text);
  const told = [["the events", Buffer.from(events)], ["/metrics", await read("/metrics")], ["the audit log", await read("/api/admin/audit/export")], ["/ready", await read("/ready")]];
  const config = execFileSync(process.env.VIDEOFORGE_BIN, ["config", "show"], { env: { ...process.env, ...settings } });
  const data = join(server.folder, "data");
  await server.end();

  const files = filesUnder(data).map((file) => [file.slice(data.length + 1), readFileSync(file)]);
  const spans = Buffer.concat(traces);
  told.push(["the traces", spans]);
  if (!spans.includes("/api/auth/login")) problems.push(`the traces have only ${spans.length} bytes`);
  const logs = [...files.filter(([name]) => name.endsWith(".log")), ["standard error", readFileSync(errors)]];
  run.remember("the provider's client secret", CLIENT_SECRET);
  run.remember("the collector's key", COLLECTOR_KEY);
  run.remember("the sealing key", SEALING_KEY);
  run.remember("the sealing key's bytes", Buffer.from(SEALING_KEY, "hex").toString("latin1"));
  search([...told, ...files, ...logs, ["config show", config]], run.secrets);
  search([...told, ...logs], new Map([[addressSecret, "an imported address' secret"]]));
  search(run.refusals.map(({ where, text }) => [where, Buffer.from(text)]), run.secrets);
  // The search itself has to find what is there.
  const lines = logs.reduce((sum, [, bytes]) => sum + bytes.toString().split("\n").length, 0);
  const database = files.find(([name]) => name.endsWith(".db") || name.endsWith(".sqlite"));
  if (lines < 100 || !logs.some(([, bytes]) => bytes.includes("/api/auth/login"))) problems.push(`the logs have only ${lines} lines`);
  if (!database || !files.some(([, bytes]) => bytes.includes("$argon2id$"))) problems.push("no file of the data folder holds a hashed password: was the database read?");
  console.log(`${run.secrets.size} secrets in ${files.length} files, ${lines} lines of logs and ${run.refusals.length} refusals, ${problems.length} problems`);
} catch (error) {
  problems.push(error.stack);
} finally {
  provider.stop();
  collector.closeAllConnections();
  collector.close();
  await server.stop();
  rmSync(errors, { force: true });
}
for (const problem of [...new Set(problems)].slice(0, 40)) console.log(problem);
process.exit(problems.length ? 1 : 0);
