#!/usr/bin/env node
// Replays every operation of the contract against a real server through a validating proxy: once with each 2xx and 3xx and once with each
// 4xx that the document promises. Every answer is held against the document, and every request that succeeds,
// too. Fails where a promised status was not seen, or one was seen that is not promised.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replayAccounts } from "./contract/accounts.mjs";
import { ask, contract, json, JSON_TYPE, me, PASSWORD, problems, provider, server, SINGLE_SIGN_ON, through, TUS } from "./contract/replay.mjs";
import { Server } from "./contract/server.mjs";
import { form, replayForm, replayPresigned, replayTus } from "./contract/uploads.mjs";
import { replayAssets, replayImport, replayJobs, replayPlaylists, replayVideo } from "./contract/videos.mjs";

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

async function replayLimits(film) {
  const strict = await through(await Server.start({ ...SINGLE_SIGN_ON, VIDEOFORGE_UPLOADS_DISK_MARGIN: "900000G" }, ["--workers", "0"]));
  try {
    await ask("ready", 503, { at: strict, as: {} });
    const made = (await ask("register", 201, { at: strict, as: {}, ...json({ username: "admin", password: PASSWORD, bootstrapToken: strict.token }) })).json;
    const as = { "x-api-key": made.apiKey.key };
    await ask("createUpload", 507, { at: strict, as, headers: { ...TUS, "Upload-Length": "1000" } });
    await ask("orderUploadUrl", 507, { at: strict, as, ...json({ fileName: "film.mp4", sizeBytes: 1000 }) });
    await ask("uploadForm", 507, { at: strict, as, ...form(film) });
    await ask("createAsset", 507, { at: strict, as, query: { kind: "picture" }, headers: { "Content-Type": "image/png" }, body: "x" });
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
  await replayCommonRefusals(me.as, stranger, made.videoId);
  await replayPages();
  await replayPresigned(bytes);
  await replayForm(bytes);
  await replayVideo(made);
  await replayImport();
  await replayJobs(made.videoId, made.jobId);
  await replayAssets(made.videoId);
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
