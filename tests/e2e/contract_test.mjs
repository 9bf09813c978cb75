#!/usr/bin/env node
// Replays every operation of the contract against a real server: once with each 2xx and 3xx and once with each
// 4xx that the document promises. Every answer is held against the document, and every request that succeeds,
// too. Fails where a promised status was not seen, or one was seen that is not promised.
import { createHmac, randomUUID } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Authenticator } from "./contract/authenticator.mjs";
import { Contract } from "./contract/document.mjs";
import { IdentityProvider } from "./contract/provider.mjs";
import { Server } from "./contract/server.mjs";

const problems = [];
const JSON_TYPE = { "Content-Type": "application/json" };
const OCTETS = { "Content-Type": "application/offset+octet-stream" };
const TUS = { "Tus-Resumable": "1.0.0" };
const PASSWORD = "violet otter parade";
const json = (value) => ({ headers: JSON_TYPE, body: JSON.stringify(value) });

const PUBLIC = "https://videos.example";
const provider = await IdentityProvider.start(`${PUBLIC}/api/auth/oidc/callback`);
const SINGLE_SIGN_ON = { VIDEOFORGE_SERVER_PUBLIC_URL: PUBLIC, VIDEOFORGE_AUTH_OIDC_ISSUER: provider.issuer, VIDEOFORGE_AUTH_OIDC_CLIENT_ID: "videoforge", VIDEOFORGE_AUTH_OIDC_CLIENT_SECRET: "a client & its secret: +/=" };
const server = await Server.start({ ...SINGLE_SIGN_ON, VIDEOFORGE_AUTH_RATE_LIMITS: "false", VIDEOFORGE_IMPORT_ALLOW_PRIVATE: "true", VIDEOFORGE_UPLOADS_MAX_SIZE: "64M", VIDEOFORGE_UPLOADS_MAX_FORM_SIZE: "32M" });
const contract = new Contract(JSON.parse((await server.send("GET", "/api-spec.json")).body));
let credentials = {}; // of whoever asks where nothing else is said

// One request; the answer's JSON where it has one. `want`: the status that has to come.
async function ask(id, want, { path = {}, query = {}, headers = {}, body, unsent, as = credentials, from, at = server } = {}) {
  const operation = contract.operations.get(id);
  if (!operation) throw new Error(`the document has no operation ${id}`);
  const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => path[name]?.split("/").map(encodeURIComponent).join("/") ?? randomUUID());
  const text = new URLSearchParams(query).toString();
  const request = { headers: { ...as, ...headers }, body, unsent, from };
  const answer = await at.send(operation.method, place + (text && `?${text}`), request);
  const told = (what) => problems.push(`${id} ${want}: ${what}`);
  if (answer.status !== want) told(`${answer.status} came: ${answer.body.toString().slice(0, 300)}`);
  const wrong = contract.judgeAnswer(operation, answer);
  if (wrong) told(wrong);
  if (want < 300 && answer.status === want) {
    const asked = contract.judgeRequest(operation, { query, headers: request.headers, body });
    if (asked) told(`the request: ${asked}`);
  }
  const type = answer.headers["content-type"] ?? "";
  return { ...answer, json: type.includes("json") && !type.includes("ndjson") && answer.body.length ? JSON.parse(answer.body) : null };
}

async function until(what, look) {
  for (let i = 0; i < 300; ++i) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`a minute was not enough for: ${what}`);
}

// A code of an authenticator app (RFC 6238).
function totp(secret) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

async function signIn(username, more = {}) {
  const session = (await ask("login", 200, { as: {}, ...json({ username, password: PASSWORD, ...more }) })).json;
  return { ...session, as: { Authorization: `Bearer ${session.accessToken}` } };
}

// -- what every file, list and JSON body has in common --

async function replayFile(id, good) {
  await ask(id, 200, good);
  await ask(id, 206, { ...good, headers: { Range: "bytes=0-9" } });
  await ask(id, 206, { ...good, headers: { Range: "bytes=0-3,400-403" } });
  await ask(id, 304, { ...good, headers: { "If-None-Match": "*" } });
  await ask(id, 412, { ...good, headers: { "If-Match": '"other"' } });
  await ask(id, 416, { ...good, headers: { Range: "bytes=99999999999-" } });
}

const OPEN_AUTH = (operation) => operation["x-permission"] === "open" && operation.path.startsWith("/api/auth/");

async function replayCommonRefusals(admin, stranger, videoId) {
  const playlist = (await ask("createPlaylist", 201, json({ title: "To be refused" }))).json.id;
  for (const [id, operation] of contract.operations) {
    const path = { id: operation.path.startsWith("/api/playlists") ? playlist : videoId };
    const refused = (status) => status in operation.responses;
    const body = operation.requestBody?.content["application/json"];
    if (!OPEN_AUTH(operation)) await ask(id, 401, { as: { "x-api-key": "vf_nobody_knows" } });
    await ask(id, 403, { as: { "x-api-key": stranger } });
    if (body) {
      await ask(id, 400, { as: admin, path, headers: JSON_TYPE, body: "[]" });
      await ask(id, 415, { as: admin, path, headers: { "Content-Type": "text/plain" }, body: "{}" });
      await ask(id, 413, { as: admin, path, headers: JSON_TYPE, unsent: 3 << 20 });
    }
    if (contract.parameters(operation).some((parameter) => parameter.name === "limit")) await ask(id, 400, { as: admin, path, query: { limit: "0" } });
    if (refused(404) && !body && id !== "beginProviderSignIn" && !operation.path.startsWith("/api/uploads")) await ask(id, 404, { as: admin, ...(id === "putCaption" && { query: { language: "en" }, headers: { "Content-Type": "text/vtt" }, body: "WEBVTT\n" }) });
  }
  const nobody = { path: { id: randomUUID() }, as: admin };
  await ask("changeKey", 404, { ...nobody, ...json({ name: "x" }) });
  await ask("rotateKey", 404, { ...nobody, ...json({}) });
  await ask("changeVideo", 404, { ...nobody, ...json({ title: "x" }) });
  await ask("createPlaybackToken", 404, { ...nobody, ...json({}) });
  await ask("changePlaylist", 404, { ...nobody, ...json({ title: "x" }) });
  await ask("setPlaylistItems", 404, { ...nobody, ...json({ videoIds: [] }) });
  await ask("changeUser", 404, { ...nobody, ...json({ role: "user" }) });
  await ask("createJob", 404, { as: admin, ...json({ kind: "frames", videoId: randomUUID() }) });
  await ask("planJob", 404, { as: admin, ...json({ kind: "transcode", videoId: randomUUID() }) });
  await ask("extractMetadata", 404, { as: admin, ...json({ videoId: randomUUID() }) });
  await ask("confirmUpload", 404, { as: admin, ...json({ uploadId: randomUUID() }) });
}

async function replayPages() {
  for (const id of ["health", "ready", "metrics"]) await ask(id, 200);
  for (const id of ["page", "documentation", "contractAsJson", "contractAsYaml"]) {
    await ask(id, 200);
    await ask(id, 412, { headers: { "If-Match": '"other"' } });
  }
  for (const name of ["style.css", "page.js", "icon.svg"]) await ask("asset", 200, { path: { name } });
  await ask("asset", 412, { path: { name: "style.css" }, headers: { "If-Match": '"other"' } });
}

// -- accounts --

async function replayAccounts() {
  const first = await ask("register", 201, json({ username: "admin", password: PASSWORD, bootstrapToken: server.token }));
  const admin = await signIn("admin");
  credentials = admin.as;
  await ask("register", 409, json({ username: "admin", password: PASSWORD }));
  await ask("login", 401, { as: {}, ...json({ username: "admin", password: "not this one at all" }) });
  await ask("refresh", 401, { as: {}, ...json({ refreshToken: "not one" }) });
  await ask("refresh", 200, { as: {}, ...json({ refreshToken: admin.refreshToken }) });
  await ask("signingKeys", 200, { as: {} });
  await ask("whoAmI", 200);
  await ask("exportAccount", 200);
  await ask("removeAccount", 409, json({ password: PASSWORD }));

  const user = (await ask("createUser", 201, json({ username: "grace", password: PASSWORD, role: "user" }))).json;
  const path = { id: user.id };
  await ask("createUser", 409, json({ username: "grace", password: PASSWORD }));
  await ask("listUsers", 200, { query: { limit: "1" } });
  await ask("showUser", 200, { path });
  await ask("changeUser", 200, { path, ...json({ email: "grace@example.com" }) });
  await ask("changeUser", 409, { path: { id: first.json.user.id }, ...json({ role: "viewer" }) });
  await ask("removeUser", 409, { path: { id: first.json.user.id } });
  await replaySecondFactor(path);
  await replayOwnSessions();
  await replayPasskeys();
  await replaySingleSignOn();
  const reset = (await ask("allowPasswordReset", 201, { path })).json;
  await ask("resetPassword", 204, { as: {}, ...json({ token: reset.token, newPassword: "copper lantern harbour" }) });
  await ask("signOutUser", 200, { path });
  await ask("removeUser", 204, { path });

  await ask("listInvitations", 200);
  const invitation = (await ask("createInvitation", 201, json({ role: "user", note: "for Ada" }))).json;
  await ask("withdrawInvitation", 204, { path: { id: invitation.id } });
  await replayKeys(first.json.apiKey);
  for (const id of ["listAudit", "exportAudit", "verifyAudit", "listBlocked"]) await ask(id, 200);
  await ask("exportAudit", 400, { query: { cursor: "x" } });
}

async function replaySecondFactor(path) {
  const grace = await signIn("grace");
  const as = grace.as;
  await ask("confirmSecondFactor", 409, { as, ...json({ code: "123456" }) });
  await ask("removeSecondFactor", 409, { as, ...json({ password: PASSWORD, code: "123456" }) });
  const { secret } = (await ask("enrolSecondFactor", 200, { as, ...json({ password: PASSWORD }) })).json;
  const codes = (await ask("confirmSecondFactor", 200, { as, ...json({ code: totp(secret) }) })).json.recoveryCodes;
  await ask("enrolSecondFactor", 409, { as, ...json({ password: PASSWORD }) });
  await ask("removeSecondFactor", 204, { as, ...json({ password: PASSWORD, code: codes[0] }) });
  await ask("removeUsersSecondFactor", 204, { path });
}

async function replayPasskeys() {
  const key = new Authenticator(PUBLIC);
  const options = async () => (await ask("passkeyOptions", 200, json({ password: PASSWORD }))).json.challenge;
  const add = async (want) => ask("addPasskey", want, json({ name: "phone", credential: key.create(await options()) }));
  const made = (await add(201)).json;
  await add(409);
  await ask("listPasskeys", 200);
  const challenge = (await ask("passkeySignInOptions", 200, { as: {} })).json.challenge;
  const credential = key.get(challenge);
  await ask("passkeySignIn", 200, { as: {}, ...json({ credential }) });
  await ask("passkeySignIn", 401, { as: {}, ...json({ credential }) });
  await ask("removePasskey", 204, { path: { id: made.id } });
}

async function replaySingleSignOn() {
  await ask("listProviders", 200, { as: {} });
  const query = { provider: "sso", return: "/" };
  await ask("beginProviderSignIn", 400, { as: {}, query: { ...query, return: "https://elsewhere.example" } });
  await ask("beginProviderSignIn", 404, { as: {}, query: { provider: "another" } });
  const left = await ask("beginProviderSignIn", 303, { as: {}, query });
  const back = new URL(await provider.signIn(left.headers.location, "marie"));
  const headers = { Cookie: left.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ") };
  await ask("endProviderSignIn", 303, { as: {}, query: Object.fromEntries(back.searchParams), headers });
  await ask("linkProvider", 200, json({ provider: "sso" }));
  await ask("linkProvider", 404, json({ provider: "another" }));
}

async function replayOwnSessions() {
  const { as, sessionId } = await signIn("grace");
  await ask("listSessions", 200, { as });
  await ask("endSessions", 200, { as, query: { except: "current" } });
  await ask("endSessions", 400, { as, query: { except: "x" } });
  await ask("endSession", 204, { as, path: { id: sessionId } });
  const again = await signIn("grace");
  await ask("logout", 204, { as: again.as, ...json({ refreshToken: again.refreshToken }) });
  await ask("changePassword", 204, { as: (await signIn("grace")).as, ...json({ currentPassword: PASSWORD, newPassword: "copper lantern harbour" }) });
  await ask("createUser", 201, json({ username: "leaver", password: PASSWORD }));
  await ask("removeAccount", 204, { as: (await signIn("leaver")).as, ...json({ password: PASSWORD }) });
}

async function replayKeys(strong) {
  const weak = (await ask("createKey", 201, json({ name: "weak", scopes: ["read:keys", "write:keys"] }))).json;
  const path = { id: weak.id };
  await ask("listKeys", 200);
  await ask("showKey", 200, { path });
  await ask("changeKey", 200, { path, ...json({ name: "weaker" }) });
  await ask("changeKey", 409, { path, as: { "x-api-key": weak.key }, ...json({ scopes: [] }) });
  await ask("rotateKey", 409, { path: { id: strong.id }, as: { "x-api-key": weak.key }, ...json({}) });
  await ask("rotateKey", 200, { path, ...json({ overlapSeconds: 60 }) });
  await ask("revokeKey", 204, { path });
}

// -- uploads --

const base64 = (text) => Buffer.from(text).toString("base64");

async function replayTus(film) {
  await ask("uploadOptions", 204);
  await ask("oneUploadOptions", 204);
  const length = { "Upload-Length": String(film.length) };
  const create = (want, more) => ask("createUpload", want, { headers: { ...TUS, ...more.headers }, body: more.body });
  await create(400, { headers: {} });
  await create(412, { headers: { "Tus-Resumable": "0.2.2", ...length } });
  await create(413, { headers: { "Upload-Length": "999999999999" } });
  await create(415, { headers: { ...length, "Content-Type": "text/plain" }, body: "x" });
  await create(460, { headers: { ...length, ...OCTETS, "Upload-Checksum": `sha1 ${base64("x".repeat(20))}` }, body: "x" });
  const order = { headers: { ...length, "Upload-Metadata": `filename ${base64("film.mp4")},title ${base64("Film")}`, "Idempotency-Key": "film" } };
  const { uploadId } = (await create(201, order)).json;
  await create(422, { headers: { "Upload-Length": "7", "Idempotency-Key": "film" } });

  const path = { id: uploadId };
  const patch = (want, headers, body = "x") => ask("sendBytes", want, { path, headers: { ...TUS, ...OCTETS, ...headers }, body });
  await patch(400, { "Upload-Offset": "x" });
  await patch(409, { "Upload-Offset": "5" });
  await patch(412, { "Tus-Resumable": "0.2.2", "Upload-Offset": "0" });
  await patch(415, { "Content-Type": "text/plain", "Upload-Offset": "0" });
  await patch(460, { "Upload-Offset": "0", "Upload-Checksum": `sha1 ${base64("x".repeat(20))}` });
  await ask("sendBytes", 404, { headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, body: "x" });
  await ask("sendBytes", 413, { path, headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, unsent: film.length + 1 });
  await replayLocked(path);
  for (const id of ["uploadOffset", "dropUpload", "overriddenUpload"]) {
    const method = id === "overriddenUpload" ? { "X-HTTP-Method-Override": "HEAD" } : {};
    await ask(id, 404, { headers: { ...TUS, ...method } });
    await ask(id, 412, { path, headers: { "Tus-Resumable": "0.2.2", ...method } });
  }
  const half = film.length >> 1;
  await patch(204, { "Upload-Offset": "0" }, film.subarray(0, half));
  await ask("uploadOffset", 200, { path, headers: TUS });
  await ask("overriddenUpload", 200, { path, headers: { ...TUS, "X-HTTP-Method-Override": "HEAD" } });
  const last = await patch(204, { "Upload-Offset": String(half) }, film.subarray(half));

  const dropped = (await create(201, { headers: length })).json.uploadId;
  await ask("dropUpload", 204, { path: { id: dropped }, headers: TUS });
  const second = (await create(201, { headers: length })).json.uploadId;
  await ask("overriddenUpload", 204, { path: { id: second }, headers: { ...TUS, "X-HTTP-Method-Override": "DELETE" } });
  return { videoId: last.headers["upload-video-id"], jobId: last.headers["upload-job-id"] };
}

// A request whose bytes do not come holds the upload; the next one is told so.
async function replayLocked(path) {
  const headers = { ...credentials, ...TUS, ...OCTETS, "Upload-Offset": "0" };
  const elsewhere = () => server.send("PATCH", `/api/uploads/${path.id}`, { headers: { ...headers, "Upload-Offset": "1" }, body: "x" });
  const held = server.hold("PATCH", `/api/uploads/${path.id}`, headers, 10);
  await until("a locked upload", async () => (await elsewhere()).status === 423);
  await ask("sendBytes", 423, { path, headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, body: "x" });
  held.destroy();
  await until("an upload that is free again", async () => (await elsewhere()).status === 409);
}

async function replayPresigned(film) {
  const order = { fileName: "film.mp4", sizeBytes: film.length, title: "Presigned" };
  const made = (await ask("orderUploadUrl", 201, { headers: { ...JSON_TYPE, "Idempotency-Key": "order" }, body: JSON.stringify(order) })).json;
  await ask("orderUploadUrl", 422, { headers: { ...JSON_TYPE, "Idempotency-Key": "order" }, body: JSON.stringify({ fileName: "other.mp4" }) });
  const token = made.url.split("/").pop();
  const path = { id: made.uploadId, token };
  const type = { "Content-Type": "video/mp4" };
  await ask("confirmUpload", 409, json({ uploadId: made.uploadId }));
  await ask("putFile", 400, { as: {}, path, headers: type, body: "too short" });
  const open = (await ask("orderUploadUrl", 201, json({ fileName: "big.mp4" }))).json;
  await ask("putFile", 413, { as: {}, path: { id: open.uploadId, token: open.url.split("/").pop() }, headers: type, unsent: 999999999 });
  await ask("putFile", 200, { as: {}, path, headers: type, body: film });
  await ask("putFile", 409, { as: {}, path, headers: type, body: film });
  const confirm = { headers: { ...JSON_TYPE, "Idempotency-Key": "confirm" } };
  await ask("confirmUpload", 201, { ...confirm, body: JSON.stringify({ uploadId: made.uploadId }) });
  await ask("confirmUpload", 422, { ...confirm, body: JSON.stringify({ uploadId: open.uploadId }) });
}

function form(film) {
  const line = (text) => Buffer.from(`${text}\r\n`);
  const body = Buffer.concat([line('--form\r\nContent-Disposition: form-data; name="title"\r\n\r\nBy form'), line('--form\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n'), film, line(""), line("--form--")]);
  return { headers: { "Content-Type": "multipart/form-data; boundary=form", "Idempotency-Key": "form" }, body };
}

async function replayForm(film) {
  await ask("uploadForm", 201, form(film));
  await ask("uploadForm", 422, form(film.subarray(0, 1000)));
  await ask("uploadForm", 400, form(Buffer.alloc(0)));
  await ask("uploadForm", 413, { headers: form(film).headers, unsent: 999999999 });
  await ask("uploadForm", 415, { headers: { "Content-Type": "text/plain" }, body: "x" });
}

// -- videos, jobs, playback --

// A video whose bytes never come: an address that is slow to answer.
async function replayImport() {
  const slow = createServer(() => {});
  await new Promise((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const order = { headers: { ...JSON_TYPE, "Idempotency-Key": "import" } };
  const url = `http://127.0.0.1:${slow.address().port}/film.mp4`;
  const made = (await ask("importVideo", 202, { ...order, body: JSON.stringify({ url, title: "Imported" }) })).json;
  await ask("importVideo", 422, { ...order, body: JSON.stringify({ url: `${url}?other` }) });
  const path = { id: made.videoId };
  await ask("downloadVideo", 409, { path });
  await ask("videoMetadata", 409, { path });
  await ask("createJob", 409, json({ kind: "frames", videoId: made.videoId }));
  await ask("planJob", 409, json({ kind: "transcode", videoId: made.videoId }));
  await ask("extractMetadata", 409, json({ videoId: made.videoId }));
  await ask("jobArchive", 409, { path: { id: made.jobId } });
  await ask("cancelJob", 200, { path: { id: made.jobId } });
  await ask("retryJob", 200, { path: { id: made.jobId } });
  await ask("cancelJob", 200, { path: { id: made.jobId } });
  await ask("removeGalleryVideo", 204, { path });
  slow.closeAllConnections();
  slow.close();
}

async function replayVideo({ videoId, jobId }) {
  const path = { id: videoId };
  await ask("followJob", 400, { path: { id: jobId }, headers: { "Last-Event-ID": "x" } });
  const events = (await ask("followJob", 200, { path: { id: jobId } })).body.toString();
  if (!/^event: done$/m.test(events)) problems.push(`the job's events do not end with done: ${events.slice(-500)}`);
  const ready = await until("a video that is ready", async () => {
    const { json: video } = await ask("showVideo", 200, { path });
    if (video.state === "failed") throw new Error(`the video failed: ${JSON.stringify(video.error)}`);
    return video.state === "ready" && video;
  });
  for (const id of ["videoStatus", "videoMetadata", "videoRenditions", "videoFrames"]) await ask(id, 200, { path });
  for (const id of ["listVideos", "listMyVideos", "listGallery"]) await ask(id, 200, { query: { limit: "2", sort: "newest" } });
  await ask("changeVideo", 200, { path, ...json({ visibility: "public", tags: ["sea"] }) });
  await ask("showGalleryVideo", 200, { path, as: {} });
  const caption = { path, query: { language: "en", label: "English" }, headers: { "Content-Type": "text/vtt" } };
  await ask("putCaption", 201, { ...caption, body: "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n" });
  await ask("putCaption", 400, { ...caption, query: { language: "-" }, body: "WEBVTT\n" });
  await ask("putCaption", 413, { ...caption, unsent: 5 << 20 });
  await ask("putCaption", 422, { ...caption, body: "no captions at all" });
  await ask("extractMetadata", 200, json({ videoId }));
  await ask("planJob", 200, json({ kind: "transcode", videoId }));
  await replayFile("downloadVideo", { path });
  await replayFile("videoPoster", { path });
  await replayFile("videoStoryboard", { path });
  await replayFile("streamFile", { path: { id: videoId, name: "poster.jpg" } });
  for (const name of ["master.m3u8", "manifest.mpd", "en.vtt", "storyboard.jpg"]) await ask("streamFile", 200, { path: { id: videoId, name } });
  const { token } = (await ask("createPlaybackToken", 201, { path, ...json({ seconds: 60 }) })).json;
  await replayFile("streamFileByToken", { path: { id: videoId, token, name: "poster.jpg" }, as: {} });
  await ask("removeCaption", 204, { path: { id: videoId, language: "en" } });
  return ready;
}

async function replayJobs(videoId, uploadJob) {
  await ask("cancelJob", 409, { path: { id: uploadJob } });
  await ask("retryJob", 409, { path: { id: uploadJob } });
  const order = (count) => ({ headers: { ...JSON_TYPE, "Idempotency-Key": "frames" }, body: JSON.stringify({ kind: "frames", videoId, params: { select: "count", count } }) });
  const job = (await ask("createJob", 201, order(3))).json;
  const again = (await ask("createJob", 201, order(3))).json;
  if (again.id !== job.id) problems.push("the same order under one Idempotency-Key made two jobs");
  await ask("createJob", 422, order(4));
  const path = { id: job.id };
  await ask("listJobs", 200, { query: { kind: "frames" } });
  const done = await until("frames", async () => {
    const { json: now } = await ask("showJob", 200, { path });
    if (now.state === "failed") throw new Error(`the frames failed: ${JSON.stringify(now.error)}`);
    return now.state === "completed" && now;
  });
  const name = done.files.find((file) => file.name.endsWith(".zip")).name;
  await replayFile("jobArchive", { path });
  await replayFile("jobFile", { path: { ...path, name } });
  const link = (await ask("linkJobFile", 201, { path: { ...path, name } })).json;
  await replayFile("linkedJobFile", { path: { ...path, name, token: link.url.split("/").at(-2) }, as: {} });
  for (const [kind, params] of [["thumbnails", {}], ["analyze", {}], ["clip", { from: 0, to: 1 }], ["process", { scale: "320x180" }], ["compare", { otherVideoId: videoId }], ["transcode", { preset: "web" }]]) {
    const operation = contract.operations.get("createJob");
    const wrong = contract.judgeRequest(operation, json({ kind, videoId, params }));
    if (wrong) problems.push(`createJob ${kind}: ${wrong}`);
    const made = (await ask("createJob", 201, json({ kind, videoId, params }))).json;
    if (made?.id) await ask("cancelJob", 200, { path: { id: made.id } });
  }
}

async function replayPlaylists(videoId) {
  await ask("listPlaylists", 200, { query: { visibility: "public" } });
  const { id } = (await ask("createPlaylist", 201, json({ title: "Mornings" }))).json;
  const path = { id };
  await ask("setPlaylistItems", 200, { path, ...json({ videoIds: [videoId] }) });
  await ask("showPlaylist", 200, { path });
  await ask("changePlaylist", 200, { path, ...json({ description: "Early ones." }) });
  await ask("removePlaylist", 204, { path });
}

// -- limits: a second server counts requests, and finds its disk full --

async function replayLimits(film) {
  const strict = await Server.start({ ...SINGLE_SIGN_ON, VIDEOFORGE_UPLOADS_DISK_MARGIN: "900000G" }, ["--workers", "0"]);
  try {
    await ask("ready", 503, { at: strict, as: {} });
    const made = (await ask("register", 201, { at: strict, as: {}, ...json({ username: "admin", password: PASSWORD, bootstrapToken: strict.token }) })).json;
    const as = { "x-api-key": made.apiKey.key };
    await ask("createUpload", 507, { at: strict, as, headers: { ...TUS, "Upload-Length": "1000" } });
    await ask("orderUploadUrl", 507, { at: strict, as, ...json({ fileName: "film.mp4", sizeBytes: 1000 }) });
    await ask("uploadForm", 507, { at: strict, as, ...form(film) });
    await ask("importVideo", 507, { at: strict, as, ...json({ url: "http://192.0.2.1/film.mp4" }) });
    for (let i = 0; i < 40; ++i) await strict.send("POST", "/api/auth/login", { ...json({ username: "admin", password: "not this one" }) });
    for (const [id, operation] of contract.operations)
      if ("429" in operation.responses) await ask(id, 429, { at: strict, as: {} });
    // Whoever is blocked cannot release himself; an admin elsewhere can.
    const from = "127.0.0.2";
    const [blocked] = (await ask("listBlocked", 200, { at: strict, as, from })).json.items;
    await ask("releaseAddress", 204, { at: strict, as, from, path: { address: blocked.address } });
  } finally {
    await strict.stop();
  }
}

async function main() {
  const film = join(server.folder, "film.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film]);
  const bytes = readFileSync(film);
  await replayAccounts();
  const stranger = (await ask("createKey", 201, json({ name: "elsewhere", allowedCidrs: ["203.0.113.0/24"] }))).json.key;
  const made = await replayTus(bytes);
  await replayCommonRefusals(credentials, stranger, made.videoId);
  await replayPages();
  await replayPresigned(bytes);
  await replayForm(bytes);
  await replayVideo(made);
  await replayImport();
  await replayJobs(made.videoId, made.jobId);
  await replayPlaylists(made.videoId);
  await replayLimits(bytes);
  await ask("removeVideo", 204, { path: { id: made.videoId } });
}

try {
  await main();
} catch (error) {
  problems.push(error.stack);
} finally {
  provider.stop();
  await server.stop();
}
const missing = contract.missing();
for (const problem of problems) console.log(problem);
if (missing.length) console.log(`promised, and not seen:\n  ${missing.join("\n  ")}`);
console.log(`${contract.operations.size} operations, ${[...contract.seen.values()].reduce((sum, set) => sum + set.size, 0)} of their answers seen, ${problems.length} problems`);
process.exit(problems.length || missing.length ? 1 : 0);
