#!/usr/bin/env node
// A film that browsers do not play as it is, watched while its set is made: what is listed is there and decodes,
// no byte that a player was told of moves, no sound is listed without its picture, and players that
// began early come to the end without a reload.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.mjs";
import { Server } from "./contract/server.mjs";
import { playerPage } from "./player_page.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const kSeconds = 12, kRate = 25, kPatience = 240_000;
const executablePath = findChromium();
if (!executablePath) {
  console.log("there is no Chromium here");
  process.exit(77);
}
const problems = [];
const expect = (right, what) => right || problems.push(what);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const server = await Server.start({ VIDEOFORGE_AUTH_RATE_LIMITS: "false" }, ["--workers", "1"]);
const json = { "Content-Type": "application/json" };
const account = await server.send("POST", "/api/auth/register", {
  headers: json, body: JSON.stringify({ username: "ada", password: "violet otter parade", bootstrapToken: server.token }) });
const key = { "X-API-Key": JSON.parse(account.body).apiKey.key };

// Noise, so that encoding takes its time, and other noise for each: nothing is encoded twice.
function makeFilm(seed) {
  const film = join(server.folder, "film.mkv");
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=${kRate}:duration=${kSeconds},noise=alls=12:allf=t:all_seed=${seed}`,
    "-f", "lavfi", "-i", `sine=frequency=330:duration=${kSeconds}`, "-c:v", "mpeg4", "-q:v", "3", "-g", "50", "-c:a", "ac3", film]);
  return film;
}

async function upload(film) {
  const boundary = "growing";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="visibility"\r\n\r\npublic\r\n`
    + `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="film.mkv"\r\nContent-Type: video/x-matroska\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), readFileSync(film), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const answer = await server.send("POST", "/api/videos", { headers: { ...key, "Content-Type": `multipart/form-data; boundary=${boundary}` }, body });
  if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body).video.id;
}

const base = (video) => `/api/stream/${video}/`;
async function text(path) {
  const answer = await server.send("GET", path);
  return answer.status === 200 ? answer.body.toString() : null;
}

// The segments a playlist lists: [{seconds, range}].
function listed(playlist) {
  const lines = playlist.split("\n");
  return lines.flatMap((line, i) => line.startsWith("#EXTINF:")
    ? [{ seconds: parseFloat(line.slice(8)), range: lines[i + 1].slice("#EXT-X-BYTERANGE:".length) }] : []);
}

async function bytes(path, first, last) {
  const answer = await server.send("GET", path, { headers: { Range: `bytes=${first}-${last}` } });
  expect(answer.status === 206, `${path} ${first}-${last}: ${answer.status}`);
  expect(!answer.headers.etag && answer.headers["cache-control"] === "no-store", `${path} grows and may be kept: ${JSON.stringify(answer.headers)}`);
  return answer.body;
}

// What the first state of a playlist lists, decoded from its bytes: the number of frames.
async function framesOf(video, name, playlist) {
  const [size, at] = listed(playlist).at(-1).range.split("@").map(Number);
  const file = join(server.folder, "beginning.mp4");
  writeFileSync(file, await bytes(base(video) + name.replace(".m3u8", ".mp4"), 0, at + size - 1));
  return Number(execFileSync("ffprobe", ["-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
    "-of", "csv=p=0", file]).toString().trim());
}

const lengthOf = (segments) => segments.reduce((sum, segment) => sum + segment.seconds, 0);

// Players that hear further than they see leave a hole in the picture. Asked before the picture's playlist, the
// sound's cannot be the newer one.
async function soundOf(video) {
  const master = await text(base(video) + "master.m3u8");
  const playlist = await text(base(video) + /TYPE=AUDIO.*URI="([^"]+)"/.exec(master)[1]);
  return playlist.includes("#EXT-X-ENDLIST") ? 0 : lengthOf(listed(playlist));
}

const variants = (master) => master.split("\n").filter((line) => line && !line.startsWith("#"));

async function playable(video) {
  for (const end = Date.now() + kPatience; Date.now() < end; await pause(30)) {
    const master = await text(base(video) + "master.m3u8");
    if (master) return master;
  }
  throw new Error("nothing could be watched");
}

// Follows the lowest rendition until it ends; every state must continue the one before.
async function follow(video, name) {
  const states = [];
  for (const end = Date.now() + kPatience; Date.now() < end; await pause(150)) {
    const sound = await soundOf(video);
    const playlist = await text(base(video) + name);
    if (!playlist) continue;
    expect(sound < lengthOf(listed(playlist)) + 0.1, `${sound} s of sound are listed beside ${lengthOf(listed(playlist))} s of picture`);
    const now = listed(playlist), before = states.at(-1) ?? [];
    expect(now.length >= before.length, `${name}: ${before.length} segments became ${now.length}`);
    before.forEach((segment, i) => expect(JSON.stringify(segment) === JSON.stringify(now[i]), `${name}: segment ${i} changed from ${JSON.stringify(segment)} to ${JSON.stringify(now[i])}`));
    if (now.length > before.length) states.push(now);
    if (playlist.includes("#EXT-X-ENDLIST")) return states;
    expect(playlist.includes("#EXT-X-PLAYLIST-TYPE:EVENT"), `${name} is neither finished nor growing`);
  }
  throw new Error(`${name} did not end`);
}

// One player from the first second that is there to the film's end.
async function watch(browser, video, kind, manifest) {
  const page = await browser.newPage();
  await page.route("**/player", (route) => route.fulfill({ contentType: "text/html", body: playerPage }));
  await page.route("**/players/**", (route) =>
    route.fulfill({ path: join(here, "node_modules", normalize(new URL(route.request().url()).pathname.slice("/players/".length))) }));
  await page.goto(server.base + "/player");
  await page.evaluate(([k, u]) => window.start(k, u), [kind, server.base + base(video) + manifest]);
  let state = {}, first;
  for (const end = Date.now() + kPatience; Date.now() < end; await pause(200)) {
    state = await page.evaluate(() => window.state());
    if (state.errors.length) break;
    first ??= state.time > 0 ? state.time : undefined;
    if (state.time >= kSeconds - 0.6) break;
  }
  expect(!state.errors?.length && state.time >= kSeconds - 0.6, `${kind} of ${manifest} ends at ${state.time} s: ${JSON.stringify(state)}`);
  expect(first < 5, `${kind} of ${manifest} begins at ${first} s`);
  await page.close();
}

// One upload of its own for each player: two that decode beside the encoder starve each other on a small machine.
async function film(seed, kind, manifest) {
  const video = await upload(makeFilm(seed));
  const master = await playable(video);
  const [name] = variants(master);
  expect(variants(master).length === 1, `the first master playlist offers ${variants(master)}`);
  const first = await text(base(video) + name);
  expect(!first.includes("#EXT-X-ENDLIST"), "the set was finished before it could be watched");
  const mpd = await text(base(video) + "manifest.mpd");
  expect(/type="dynamic"/.test(mpd) && /<Location>source_manifest\.mpd</.test(mpd), `the first MPD is ${mpd.slice(0, 400)}`);
  const shown = lengthOf(listed(first));
  const frames = await framesOf(video, name, first);
  expect(frames === Math.round(shown * kRate), `${shown} s are listed and ${frames} frames decode`);

  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
  const [states] = await Promise.all([follow(video, name), watch(browser, video, kind, manifest)]);
  await browser.close();
  expect(states.length >= 3, `the playlist grew in ${states.length} steps`);
  const seconds = lengthOf(states.at(-1));
  expect(Math.abs(seconds - kSeconds) < 0.1, `the finished playlist lasts ${seconds} s`);
  const finished = await playable(video);
  expect(variants(finished).length >= 3, `the finished set offers ${variants(finished)}`);
  expect(/type="static"/.test(await text(base(video) + "source_manifest.mpd")), "the MPD that players follow did not end");
  await server.send("DELETE", `/api/videos/${video}`, { headers: key });
  console.log(`${kind} of ${manifest}: the playlist grew in ${states.length} steps, from ${shown} s`);
}

async function until(path, what, wanted) {
  for (const end = Date.now() + kPatience; Date.now() < end; await pause(100)) {
    const answer = JSON.parse((await server.send("GET", path, { headers: key })).body);
    if (wanted(answer)) return answer;
  }
  throw new Error(`${what} did not come`);
}

// A film that is given up while it is watched: players are told, and taken up again it is finished.
async function givenUp() {
  const video = await upload(makeFilm(4));
  await playable(video);
  const jobs = JSON.parse((await server.send("GET", `/api/jobs?videoId=${video}`, { headers: key })).body).items;
  const job = jobs.find((one) => one.kind === "transcode");
  await server.send("POST", `/api/jobs/${job.id}/cancel`, { headers: key });
  const given = JSON.parse((await server.send("GET", `/api/videos/${video}`, { headers: key })).body);
  expect(given.state === "failed" && given.error.code === "cancelled", `cancelled, the video is ${JSON.stringify(given)}`);
  const refused = await server.send("GET", base(video) + "master.m3u8");
  expect(refused.status === 404 && /making it failed/.test(refused.body), `a player is told ${refused.status} ${refused.body}`);
  await server.send("POST", `/api/jobs/${job.id}/retry`, { headers: key });
  await until(`/api/videos/${video}`, "the film that was taken up again", (one) => one.state === "ready");
  const master = await text(base(video) + "master.m3u8");
  expect(master && variants(master).length >= 3, `taken up again the film offers ${master}`);
}

try {
  await givenUp();
  await film(1, "hlsjs", "master.m3u8");
  await film(2, "shaka", "manifest.mpd");
  await film(3, "shaka", "master.m3u8");
} finally {
  await server.stop();
}
for (const problem of problems) console.log(`WRONG: ${problem}`);
process.exit(problems.length ? 1 : 0);
