// Videos, imports, jobs, playback, playlists.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { ask, contract, json, JSON_TYPE, problems, replayFile, until } from "./replay.mjs";

// A video whose bytes never come: an address that is slow to answer.
export async function replayImport() {
  const slow = createServer(() => {});
  await new Promise((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const order = { headers: { ...JSON_TYPE, "Idempotency-Key": "import" } };
  const url = `http://127.0.0.1:${slow.address().port}/film.mp4`;
  const made = (await ask("importVideo", 202, { ...order, body: JSON.stringify({ url, title: "Imported" }) })).json;
  await ask("importVideo", 422, { ...order, body: JSON.stringify({ url: `${url}?other` }) });
  const path = { id: made.videoId };
  await ask("downloadVideo", 409, { path });
  await ask("linkVideoFile", 409, { path: { ...path, name: "original" } });
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

export async function replayVideo({ videoId, jobId }) {
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
  const link = (await ask("linkVideoFile", 201, { path: { ...path, name: "original" } })).json;
  await replayFile("linkedVideoFile", { path: { ...path, name: "original", token: link.url.split("/").at(-2) }, as: {} });
  await replayFile("videoPoster", { path });
  await replayFile("videoStoryboard", { path });
  await replayFile("streamFile", { path: { id: videoId, name: "poster.jpg" } });
  for (const name of ["master.m3u8", "manifest.mpd", "en.vtt", "storyboard.jpg"]) await ask("streamFile", 200, { path: { id: videoId, name } });
  const { token } = (await ask("createPlaybackToken", 201, { path, ...json({ seconds: 60 }) })).json;
  await replayFile("streamFileByToken", { path: { id: videoId, token, name: "poster.jpg" }, as: {} });
  await ask("removeCaption", 204, { path: { id: videoId, language: "en" } });
  return ready;
}

export async function replayJobs(videoId, uploadJob) {
  await ask("cancelJob", 409, { path: { id: uploadJob } });
  await ask("retryJob", 409, { path: { id: uploadJob } });
  const order = (count) => ({ headers: { ...JSON_TYPE, "Idempotency-Key": "frames" }, body: JSON.stringify({ kind: "frames", videoId, params: { select: "count", count } }) });
  const first = await ask("createJob", 201, order(3));
  const job = first.json;
  const again = await ask("createJob", 201, order(3));
  if (again.headers.location !== first.headers.location) problems.push("a repeated order lost its Location");
  if (again.json.id !== job.id) problems.push("the same order under one Idempotency-Key made two jobs");
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

export async function replayAssets(videoId) {
  const logo = execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=red:size=64x32:duration=1", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]);
  const bring = (kind, body, more = {}) => ({ query: { kind, fileName: "brought" }, headers: { "Content-Type": "application/octet-stream", ...more }, body });
  const again = { "Idempotency-Key": "logo" };
  const picture = await ask("createAsset", 201, bring("picture", logo, again));
  const repeated = await ask("createAsset", 201, bring("picture", logo, again));
  if (repeated.json.id !== picture.json.id || repeated.headers.location !== picture.headers.location) problems.push("an asset under one Idempotency-Key came twice, or without its Location");
  const texts = (await ask("createAsset", 201, bring("subtitles", "1\n00:00:00,000 --> 00:00:01,000\nHello\n"))).json;
  await ask("createAsset", 400, bring("film", logo));
  await ask("createAsset", 413, { ...bring("picture"), unsent: 17 << 20 });
  await ask("createAsset", 422, bring("picture", "no picture"));
  await ask("listAssets", 200, { query: { kind: "picture", limit: "1" } });
  const path = { id: picture.json.id };
  await ask("showAsset", 200, { path });
  await ask("assetContent", 200, { path });
  await ask("assetContent", 206, { path, headers: { Range: "bytes=0-9" } });
  await ask("assetContent", 304, { path, headers: { "If-None-Match": "*" } });
  await ask("assetContent", 412, { path, headers: { "If-Match": '"other"' } });
  await ask("assetContent", 416, { path, headers: { Range: "bytes=99999999999-" } });
  for (const kind of ["transcode", "process"]) {
    const params = { watermark: { asset: picture.json.id, opacity: 0.5 }, subtitles: { burn: texts.id } };
    const made = (await ask("createJob", 201, json({ kind, videoId, params }))).json;
    if (made?.params?.watermark?.asset !== picture.json.id || made?.params?.subtitles?.burn !== texts.id) problems.push(`the ${kind} does not say which assets it uses: ${JSON.stringify(made?.params)}`);
    await ask("cancelJob", 200, { path: { id: made.id } });
    await ask("createJob", 400, json({ kind, videoId, params: { watermark: { asset: texts.id } } }));
    await ask("createJob", 404, json({ kind, videoId, params: { watermark: { asset: randomUUID() } } }));
  }
  await ask("planJob", 200, json({ kind: "transcode", videoId, params: { watermark: { asset: picture.json.id }, subtitles: { burn: texts.id } } }));
  await ask("removeAsset", 204, { path });
}

export async function replayPlaylists(videoId) {
  await ask("listPlaylists", 200, { query: { visibility: "public" } });
  const { id } = (await ask("createPlaylist", 201, json({ title: "Mornings" }))).json;
  const path = { id };
  await ask("setPlaylistItems", 200, { path, ...json({ videoIds: [videoId] }) });
  await ask("listPlaylists", 200);
  await ask("showPlaylist", 200, { path });
  await ask("changePlaylist", 200, { path, ...json({ description: "Early ones." }) });
  await ask("removePlaylist", 204, { path });
}
