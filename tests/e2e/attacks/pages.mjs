// What a browser could be made to do.
import { check, json } from "./scene.mjs";

const SCRIPT = "<script>alert(1)</script>";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`;

function runsNothing(what, { headers }) {
  check(headers["x-content-type-options"] === "nosniff", `${what} may be sniffed`);
  const kind = (headers["content-type"] ?? "").split(";")[0];
  check(!/html|svg|xml$|javascript/.test(kind) || /sandbox/.test(headers["content-security-policy"] ?? "") || /attachment/.test(headers["content-disposition"] ?? "") || kind === "application/dash+xml", `${what} is ${kind}, without a sandbox`);
}

// Scripts in titles, descriptions, tags, file names, captions and files stay text.
export async function scriptsStayText(s) {
  const { videoId } = s.made;
  await s.must(200, "PATCH", `/api/videos/${videoId}`, { as: s.owner, ...json({ title: SCRIPT, description: SCRIPT, tags: [SCRIPT], visibility: "public" }) });
  const vtt = `WEBVTT\n\nSTYLE\n::cue { background: url(http://evil.example) }\n\n00:00.000 --> 00:01.000\n${SCRIPT}<img src=x onerror=alert(1)>\n`;
  await s.must(201, "POST", `/api/videos/${videoId}/captions?language=en&label=${encodeURIComponent(SCRIPT)}`, { as: s.owner, headers: { "Content-Type": "text/vtt" }, body: vtt });
  const cue = await s.must(200, "GET", `/api/stream/${videoId}/en.vtt`);
  check(!/<script|<img|url\(/.test(cue.text), `a caption keeps ${cue.text}`);
  const label = encodeURIComponent(`x",URI="http://evil.example/a"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://evil.example/b`);
  await s.must(201, "POST", `/api/videos/${videoId}/captions?language=de&label=${label}`, { as: s.owner, headers: { "Content-Type": "text/vtt" }, body: vtt });
  const hls = (await s.must(200, "GET", `/api/stream/${videoId}/master.m3u8`)).text;
  check(!/^http/m.test(hls) && !/URI="http/.test(hls), `a label leads a player elsewhere: ${hls}`);
  const dash = (await s.must(200, "GET", `/api/stream/${videoId}/manifest.mpd`)).text;
  check(!dash.includes("<script") && dash.includes("&lt;script"), "the MPD holds a label as it came");
  for (const [name, body] of [["evil.svg", SVG], ["evil.html", SCRIPT], ["evil.mp4", SCRIPT]])
    for (const way of ["uploadByTus", "uploadPresigned", "uploadForm"]) {
      const made = await s[way](s.owner, name, body);
      const file = await s.must(200, "GET", `/api/videos/${made.videoId}/download`, { as: s.owner });
      runsNothing(`${name} by ${way}`, file);
      check(/^attachment/.test(file.headers["content-disposition"]) && file.headers["content-type"] === "application/octet-stream", `${name} is shown in the page`);
      check((await s.ask("GET", `/api/stream/${made.videoId}/poster.jpg`, { as: s.owner })).status === 404, `${name} has a poster`);
    }
  const { id } = (await s.must(201, "POST", "/api/jobs", { as: s.owner, ...json({ kind: "analyze", videoId }) })).json;
  const job = await s.until(async () => {
    const now = (await s.ask("GET", `/api/jobs/${id}`, { as: s.owner })).json;
    return ["completed", "failed"].includes(now.state) && now;
  });
  check(job.state === "completed" && job.files.length > 0, `the report: ${JSON.stringify(job.error)}`);
  for (const { name, url } of job.files) runsNothing(name, await s.must(200, "GET", url, { as: s.owner }));
}

// No answer may stand in a frame of another site; pages allow their own script and nothing inline.
export async function clickjackingIsRefused(s) {
  for (const path of ["/", "/api-docs", "/api-spec.json", "/health", "/api/videos", `/api/videos/${s.made.videoId}`, "/nothing", "/assets/icon.svg"]) {
    const { headers } = await s.ask("GET", path);
    check(/frame-ancestors 'none'/.test(headers["content-security-policy"]) && headers["x-frame-options"] === "DENY", `${path} may be framed`);
    runsNothing(path, { headers: { ...headers, "content-disposition": /^\/(api-docs)?$/.test(path) ? "attachment" : "" } });
  }
  for (const path of ["/", "/api-docs"]) {
    const policy = (await s.must(200, "GET", path)).headers["content-security-policy"];
    const script = /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1] ?? "*";
    check(!/unsafe-inline|unsafe-eval|\*|https?:/.test(script), `${path} runs ${script}`);
  }
}

// Archives we write hold plain names, whatever the video was called; none is read.
export async function archivesHoldPlainNames(s) {
  const { videoId } = await s.uploadByTus(s.owner, "../../etc/cron.d/evil.mp4", s.film);
  await s.until(async () => (await s.ask("GET", `/api/videos/${videoId}`, { as: s.owner })).json.state === "ready");
  const { id } = (await s.must(201, "POST", "/api/jobs", { as: s.owner, ...json({ kind: "frames", videoId, params: { select: "count", count: 3 } }) })).json;
  await s.until(async () => (await s.ask("GET", `/api/jobs/${id}`, { as: s.owner })).json.state === "completed");
  const { body } = await s.must(200, "GET", `/api/jobs/${id}/archive`, { as: s.owner });
  let count = 0;
  // Central directory (APPNOTE 4.3.12): the name stands 46 bytes after its signature.
  for (let at = body.indexOf("PK\x01\x02", 0, "latin1"); at >= 0; at = body.indexOf("PK\x01\x02", at + 46, "latin1"), ++count) {
    const name = body.subarray(at + 46, at + 46 + body.readUInt16LE(at + 28)).toString();
    check(/^[\w.-]+$/.test(name) && !name.startsWith("."), `the archive holds ${name}`);
    check(((body.readUInt32LE(at + 38) >>> 16) & 0o170000) !== 0o120000, `${name} is a link`);
  }
  check(count >= 3, `the archive has ${count} members`);
  const zip = await s.uploadByTus(s.owner, "slip.zip", body);
  const video = await s.until(async () => {
    const now = (await s.ask("GET", `/api/videos/${zip.videoId}`, { as: s.owner })).json;
    return ["ready", "failed"].includes(now.state) && now;
  });
  check(video.state === "failed", "an archive was taken for a film");
}
