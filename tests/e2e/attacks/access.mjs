// Getting at what is somebody else's.
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { Server } from "../contract/server.mjs";
import { check, json, PASSWORD, TUS } from "./scene.mjs";

// A fast one of many: what the server itself takes, without what else the machine does.
const fast = (values) => values.sort((a, b) => a - b)[values.length / 5 | 0];

// Whether two kinds of requests take about the same time. They are sent in turn; a real difference shows every time,
// so that of three looks one has to fit.
async function alike(what, count, ask, slack) {
  let told = "";
  for (let look = 0; look < 3; ++look) {
    const times = [[], []];
    for (let i = 0; i < count; ++i)
      for (const kind of i % 2 ? [0, 1] : [1, 0]) {
        const begun = performance.now();
        await ask(kind, i + look * count);
        times[kind].push(performance.now() - begun);
      }
    const [a, b] = times.map(fast);
    if (a < b * 1.5 + slack && b < a * 1.5 + slack) return;
    told = `${what}: ${a.toFixed(2)} ms for what is there, ${b.toFixed(2)} ms for what is not`;
  }
  check(false, told);
}

// What is there and what is not take the same time to be refused.
export async function guessedIdsTakeTheSameTimeAsAbsentOnes(s) {
  const { uploadId } = (await s.must(201, "POST", "/api/uploads", { as: s.owner, headers: { ...TUS, "Upload-Length": "9" } })).json;
  const { id: playlist } = (await s.must(201, "POST", "/api/playlists", { as: s.owner, ...json({ title: "Mine" }) })).json;
  for (const [area, id] of [["videos", s.made.videoId], ["jobs", s.made.jobId], ["playlists", playlist], ["uploads", uploadId]]) {
    const ask = async (absent) => {
      const answer = await s.ask(area === "uploads" ? "HEAD" : "GET", `/api/${area}/${absent ? randomUUID() : id}`, { as: s.attacker, headers: TUS });
      check(answer.status === 404, `${area}: ${answer.status}`);
    };
    await alike(area, 100, ask, 0.3);
  }
}

// Two holders of one refresh token, many times at once: whoever wins, the session does not live on in two hands.
export async function aRefreshTokenInTwoHandsEndsTheSession(s) {
  for (let round = 0; round < 5; ++round) {
    const first = (await s.must(200, "POST", "/api/auth/login", json({ username: "owner", password: PASSWORD }))).json;
    const exchange = (token, agent) => {
      const body = json({ refreshToken: token });
      return s.ask("POST", "/api/auth/refresh", { ...body, headers: { ...body.headers, "User-Agent": agent } });
    };
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => exchange(first.refreshToken, i % 2 ? "thief" : "owner")));
    check(answers.some((one) => one.status === 401), "both hands were served");
    for (const one of answers.filter((answer) => answer.status === 200)) {
      check((await s.ask("GET", "/api/auth/info", { headers: { Authorization: `Bearer ${one.json.accessToken}` } })).status === 401, "an access token outlives the session");
      check((await exchange(one.json.refreshToken, "owner")).status === 401, "a refresh token outlives the session");
    }
  }
}

// Members that are not the caller's to set are refused, and nothing of the request is done.
export async function massAssignmentIsRefused(s) {
  const video = `/api/videos/${s.made.videoId}`;
  const before = (await s.must(200, "GET", video, { as: s.owner })).text;
  for (const member of ["owner", "id", "state", "createdAt", "salt", "source", "error", "sizeBytes", "__proto__", "constructor"]) {
    const answer = await s.ask("PATCH", video, { as: s.owner, ...json(`{"title": "Taken", "${member}": "x"}`) });
    check(answer.status === 400, `${member} of a video: ${answer.status}`);
  }
  check((await s.must(200, "GET", video, { as: s.owner })).text === before, "a refused change changed something");
  const elsewhere = [
    ["POST", "/api/playlists", { title: "x", owner: "x" }], ["POST", "/api/keys", { name: "x", user: "x" }],
    ["POST", "/api/keys", { name: "x", role: "admin" }], ["POST", "/api/jobs", { kind: "frames", videoId: s.made.videoId, owner: "x" }],
    ["POST", "/api/storage/upload-url", { fileName: "a.mp4", owner: "x" }], ["POST", "/api/videos/import", { url: "http://films.example/a.mp4", owner: "x" }],
  ];
  for (const [method, path, body] of elsewhere) check((await s.ask(method, path, { as: s.attacker, ...json(body) })).status === 400, `${path} takes ${JSON.stringify(body)}`);
  const made = await s.ask("POST", "/api/auth/register", json({ username: "climber", password: PASSWORD, role: "admin" }));
  check(made.json.user.role === "user", `a registration as admin made ${made.json.user.role}`);
  check((await s.ask("POST", "/api/auth/register", json({ username: "climber2", password: PASSWORD, disabled: false }))).status === 400, "a registration takes any member");
}

// Names that exist and names that do not are answered alike, word for word and in time.
export async function userNamesAreNotTold(s) {
  const words = new Set();
  await alike("names", 5, async (absent, i) => {
    // Each from an address of its own, so that no lock-out comes between.
    const body = json({ username: absent ? "nobody" : "owner", password: `not this one ${i}` });
    const answer = await s.ask("POST", "/api/auth/login", { ...body, from: `127.0.${1 + absent}.${1 + i}` });
    words.add(`${answer.status} ${answer.json.code} ${answer.json.detail}`);
  }, 5);
  check(words.size === 1, `it is told: ${[...words].join(" | ")}`);
}

// Somebody else's private video, named from one's own things, is as absent as none.
export async function othersVideosCannotBeNamed(s) {
  const { videoId: own } = await s.uploadByTus(s.attacker, "mine.mp4", s.film);
  const { id: playlist } = (await s.must(201, "POST", "/api/playlists", { as: s.attacker, ...json({ title: "Theirs" }) })).json;
  const srt = { headers: { "Content-Type": "application/x-subrip" }, body: "1\n00:00:00,000 --> 00:00:01,000\nHello\n" };
  const { id: asset } = (await s.must(201, "POST", "/api/assets?kind=subtitles", { as: s.owner, ...srt })).json;
  const bodies = {
    "POST /api/jobs": (id) => ({ kind: "compare", videoId: own, params: { otherVideoId: id } }),
    [`PUT /api/playlists/${playlist}/items`]: (id) => ({ videoIds: [own, id] }),
    "POST /api/metadata/extract": (id) => ({ videoId: id }),
    "POST /api/jobs/plan": (id) => ({ kind: "transcode", videoId: id }),
    "POST /api/jobs?": (id) => ({ kind: "transcode", videoId: own, params: { subtitles: { burn: id } } }),
    "POST /api/jobs/plan?": (id) => ({ kind: "transcode", videoId: own, params: { subtitles: { burn: id } } }),
  };
  for (const [row, body] of Object.entries(bodies)) {
    const [method, path] = row.split(" ");
    const told = async (id) => {
      const { status, json: problem } = await s.ask(method, path, { as: s.attacker, ...json(body(id)) });
      return `${status} ${problem.code} ${problem.detail?.replaceAll(id, "ID")}`;
    };
    const [there, absent] = [await told(path.endsWith("?") ? asset : s.made.videoId), await told(randomUUID())];
    check(there.startsWith("404 ") && there === absent, `${row}: ${there}, and for what does not exist: ${absent}`);
  }
  for (const path of ["/api/videos", "/api/jobs"])
    for (const owner of [s.video.owner, "", "*"]) {
      const { json: page } = await s.must(200, "GET", `${path}?owner=${owner}&videoId=${path.endsWith("jobs") ? s.made.videoId : ""}`, { as: s.attacker });
      check(page.items.every((one) => one.owner !== s.video.owner), `${path}?owner=${owner} lists what is somebody else's`);
    }
}

// Who may watch a video may not change it, order work on it, hand out rights to it, or have its original.
export async function readingIsNotChanging(s) {
  const { videoId } = await s.uploadByTus(s.owner, "shared.mp4", s.film);
  const video = `/api/videos/${videoId}`;
  const before = await s.until(async () => {
    const now = (await s.ask("GET", video, { as: s.owner })).json;
    return now.state === "ready" && now;
  });
  for (const visibility of ["unlisted", "public"]) {
    await s.must(200, "PATCH", video, { as: s.owner, ...json({ visibility }) });
    await s.must(200, "GET", video, { as: s.attacker });
    for (const [method, path, more] of [
      ["PATCH", video, json({ title: "Taken" })], ["DELETE", video], ["DELETE", `/api/gallery/videos/${videoId}`], ["POST", `${video}/playback-token`, json({})],
      ["POST", `${video}/files/original/link`], ["POST", `${video}/files/video_120p.mp4/link`],
      ["POST", `${video}/captions?language=en`, { headers: { "Content-Type": "text/vtt" }, body: "WEBVTT\n\n00:00.000 --> 00:01.000\nTaken\n" }],
      ["GET", `${video}/download`], ["GET", `${video}/frames`], ["POST", "/api/jobs", json({ kind: "transcode", videoId })], ["POST", "/api/jobs/plan", json({ kind: "transcode", videoId })],
    ]) {
      const answer = await s.ask(method, path, { as: s.attacker, ...more });
      check(answer.status === 403, `${method} ${path} of ${visibility}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    const told = (await s.must(200, "GET", `${video}/status`, { as: s.attacker })).json;
    check(!told.job, "somebody else's job is told");
  }
  check((await s.must(200, "GET", video, { as: s.owner })).json.title === before.title, "a refused change changed something");
}

// Who asks for a new password by e-mail learns not whether an account has that address.
export async function addressesAreNotToldByAForgottenPassword(s) {
  await s.must(201, "POST", "/api/auth/register", json({ username: "reachable", password: PASSWORD, email: "reachable@example.com" }));
  const words = new Set();
  await alike("addresses", 12, async (absent, i) => {
    const answer = await s.ask("POST", "/api/auth/password/forgot", json({ email: absent ? `nobody${i}@example.com` : "reachable@example.com" }));
    words.add(`${answer.status} ${answer.text}`);
  }, 0.7);
  check(words.size === 1, `it is told: ${[...words].join(" | ")}`);
}

// Whoever signs out, or is signed out, hears nothing of what comes then.
export async function eventsEndWithTheSession(s) {
  await s.must(201, "POST", "/api/auth/register", json({ username: "listener", password: PASSWORD }));
  const as = await s.signIn("listener");
  const { jobId } = await s.uploadByTus(as, "heard.mp4", s.film);
  await s.until(async () => (await s.ask("GET", `/api/jobs/${jobId}`, { as })).json.state === "completed");
  const { videoId } = (await s.ask("GET", `/api/jobs/${jobId}`, { as })).json;
  const order = async (params, priority) => (await s.must(201, "POST", "/api/jobs", { as, ...json({ kind: "transcode", videoId, params, priority }) })).json.id;
  // Behind the others it cannot be over before the stream is.
  const others = [];
  for (const quality of ["low", "medium", "high"])
    for (const speed of ["slow", "medium", "fast"]) others.push(await order({ quality, speed }, 50));
  const waiting = await order({ quality: "high", speed: "slower" }, 0);
  const heard = s.ask("GET", `/api/jobs/${waiting}/events`, { as });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await s.must(200, "DELETE", "/api/auth/sessions", { as });
  await new Promise((resolve) => setTimeout(resolve, 3200)); // what a signed-out token may still do
  for (const id of [waiting, ...others]) await s.ask("POST", `/api/jobs/${id}/cancel`, { as: s.admin });
  const { text } = await heard;
  check(!/"state":"cancelled"|event: (done|error)/.test(text), `a stream tells what came after its session: ${text.slice(-300)}`);
}

// Everything that is kept counts, by whichever way it came; and nobody has more jobs than he may.
export async function quotasHaveNoWayAround(s) {
  const { user } = (await s.must(201, "POST", "/api/auth/register", json({ username: "hoarder", password: PASSWORD }))).json;
  const as = await s.signIn("hoarder");
  await s.must(200, "PUT", `/api/admin/users/${user.id}/quotas`, { as: s.admin, ...json({ storageBytes: 300_000, jobs: 2 }) });
  const lines = (i) => `WEBVTT\n\n00:00.000 --> 00:01.000\n${String(i).repeat(90_000)}\n`;
  const statuses = [];
  for (let i = 0; i < 6; ++i) statuses.push((await s.ask("POST", "/api/assets?kind=subtitles&fileName=a.vtt", { as, headers: { "Content-Type": "text/vtt" }, body: lines(i) })).status);
  check(statuses.filter((status) => status === 201).length === 3 && statuses[5] === 413, `assets: ${statuses}`);
  const { uploadId } = (await s.must(201, "POST", "/api/uploads", { as, headers: { ...TUS, "Upload-Defer-Length": "1" } })).json;
  const piece = { as, headers: { ...TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" }, body: "x".repeat(100_000) };
  await s.must(413, "PATCH", `/api/uploads/${uploadId}`, piece);
}

// What the server keeps is no other account's of the machine.
export async function theDataFolderIsItsOwnersAlone(s) {
  check((statSync(join(s.server.folder, "data")).mode & 0o077) === 0, "others of this machine may look into the data folder");
}

// Proxies that write Forwarded are believed where that is configured, and the other field is not read then.
export async function oneFieldTellsTheSender(s) {
  const behind = await Server.start({ VIDEOFORGE_SERVER_TRUSTED_PROXIES: "127.0.0.1", VIDEOFORGE_SERVER_FORWARDED_FIELD: "forwarded" }, ["--workers", "0"]);
  try {
    const send = async (body, headers) => behind.send("POST", body.bootstrapToken ? "/api/auth/register" : "/api/auth/login", { headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
    const made = JSON.parse((await send({ username: "admin", password: PASSWORD, bootstrapToken: behind.token })).body);
    await send({ username: "admin", password: "not this one" }, { Forwarded: "for=203.0.113.9", "X-Forwarded-For": "198.51.100.7" });
    const rows = JSON.parse((await behind.send("GET", "/api/admin/audit?action=session.start", { headers: { "x-api-key": made.apiKey.key } })).body).items;
    check(rows.some((row) => row.address === "203.0.113.9") && !rows.some((row) => row.address === "198.51.100.7"), `addresses: ${rows.map((row) => row.address)}`);
  } finally {
    await behind.stop();
  }
}

// A key that may only write makes no address by which it could read.
export async function writersMakeNoLinks(s) {
  const { key } = (await s.must(201, "POST", "/api/keys", { as: s.owner, ...json({ name: "writer", scopes: ["write:videos"] }) })).json;
  const as = { "x-api-key": key };
  const video = `/api/videos/${s.made.videoId}`;
  for (const [path, body] of [[`${video}/playback-token`, json({})], [`${video}/files/original/link`], [`${video}/files/poster.jpg/link`]]) await s.must(403, "POST", path, { as, ...body });
  for (const path of [`${video}/download`, video]) {
    const { headers } = await s.must(200, "GET", path, { as: s.owner });
    check(path === video || /private/.test(headers["cache-control"] ?? ""), `${path} may be kept by others: ${headers["cache-control"]}`);
  }
}

// Links carry the right to one file of one video, to nobody else's and nothing else, until their owner takes them back.
export async function linksOpenOneThingAndAreTakenBack(s) {
  const { videoId, video } = { videoId: s.made.videoId, video: `/api/videos/${s.made.videoId}` };
  const other = await s.uploadByTus(s.owner, "other.mp4", s.film);
  const job = (await s.must(201, "POST", "/api/jobs", { as: s.owner, ...json({ kind: "frames", videoId, params: { count: 2 } }) })).json;
  await s.until(async () => (await s.ask("GET", `/api/jobs/${job.id}`, { as: s.owner })).json.state === "completed");
  const given = async (id) => {
    const link = async (path) => (await s.must(201, "POST", path, { as: s.owner })).json.url;
    const { hls } = (await s.must(201, "POST", `/api/videos/${id}/playback-token`, { as: s.owner, ...json({}) })).json;
    const original = await link(`/api/videos/${id}/files/original/link`);
    return id === videoId ? [hls, original, await link(`${video}/files/poster.jpg/link`), await link(`/api/jobs/${job.id}/files/frames.zip/link`)] : [original];
  };
  const links = await given(videoId);
  const others = await given(other.videoId);
  for (const url of [...links, ...others]) await s.must(200, "GET", url);
  check((await s.ask("GET", links[1])).body.equals(s.film), "the link's file is not the one that was uploaded");
  const [played, original, poster, archive] = links.map((url) => url.split("/").at(-2));
  for (const [where, tokens] of [
    [(token) => `/api/stream/${videoId}/t/${token}/poster.jpg`, [original, poster, archive]],
    [(token) => `${video}/t/${token}/original`, [played, poster, archive, others[0].split("/").at(-2)]],
    [(token) => `${video}/t/${token}/poster.jpg`, [played, original, archive]],
    [(token) => `/api/videos/${other.videoId}/t/${token}/original`, [played, original, archive]],
    [(token) => `/api/jobs/${job.id}/t/${token}/frames.zip`, [played, original, poster]],
    [(token) => `/api/jobs/${job.id}/t/${token}/frames.json`, [archive]],
  ])
    for (const token of tokens) await s.must(404, "GET", where(token));
  for (const url of links) {
    const [token, last] = [url.split("/").at(-2), url.split("/").at(-1)];
    for (let i = 0; i < token.length; i += 5) {
      const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      await s.must(404, "GET", url.replace(`${token}/${last}`, `${changed}/${last}`));
    }
  }
  await s.must(200, "PATCH", video, { as: s.owner, ...json({ revokeLinks: true }) });
  for (const url of links) await s.must(404, "GET", url);
  for (const url of [...others, ...(await given(videoId))]) await s.must(200, "GET", url);
}
