// Text that wants to be more than text: in paths, names, header fields, logs and pages.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { base64, check, json, TUS } from "./scene.mjs";

const CLIMBS = ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc%5cpasswd", "....//....//etc/passwd", "%2fetc%2fpasswd", "..;/etc/passwd", "%252e%252e%252fetc%252fpasswd",
  "..%c0%af..%c0%afetc/passwd", "/etc/passwd", "file:%2f%2f%2fetc%2fpasswd", "key.bin%00.mp4", "..", ".", "../../database.db", "%2e%2e%2fencryption.keys"];
const NAMES = ["-i", "--help", "../../../../escaped", "..\\..\\escaped", "/etc/escaped", "a\0b.mp4", "\"; rm -rf ~; \".mp4", "'$(id)`id`'.mp4", "film\r\nX-Injected: 1.mp4", "\u202egpj.mp4", "%2e%2e%2fescaped", "a".repeat(255) + ".mp4",
  "<img src=x onerror=alert(1)>.mp4", "CON", ".", "..", "\ufeff.mp4", "film.mp4 "];

// A request as it stands, without a client that tidies it up.
function raw(s, text) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(s.server.base).port), "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.on("data", (piece) => (got += piece.toString("latin1"))).on("end", () => resolve(got)).on("error", reject);
    socket.setTimeout(10000, () => socket.destroy(new Error("no answer")));
  });
}

// Every path of the contract that names something, with names that climb.
export async function pathTraversalInEveryPath(s) {
  const { json: contract } = await s.must(200, "GET", "/api-spec.json");
  for (const [path, methods] of Object.entries(contract.paths)) {
    for (const [, wanted] of path.matchAll(/\{(\w+)\}/g)) for (const climb of CLIMBS) {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === wanted ? climb : name === "id" ? s.made.videoId : "x"));
      const method = methods.get ? "GET" : methods.head ? "HEAD" : "DELETE";
      const answer = await raw(s, `${method} ${filled} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${s.admin.Authorization}\r\n\r\n`);
      const status = Number(answer.split(" ")[1]);
      check(status >= 400 && status < 500, `${method} ${filled}: ${status}`);
      check(!answer.includes("root:") && !answer.includes("SQLite format"), `${method} ${filled} reads a file`);
    }
  }
}

// Every name a file may be given, by every way it may come.
export async function fileNamesAreTextByEveryWay(s) {
  const data = join(s.server.folder, "data");
  const tree = () => readdirSync(data).sort().join(" ");
  const before = tree();
  for (const name of NAMES)
    for (const way of ["uploadByTus", "uploadPresigned", "uploadForm"]) {
      const { videoId } = await s[way](s.owner, name, "no film");
      const video = (await s.must(200, "GET", `/api/videos/${videoId}`, { as: s.owner })).json;
      check(!/[/\\\0-\x1f\u202e]/.test(video.fileName + video.title), `${way} keeps ${JSON.stringify(video.fileName)}`);
      const file = await s.must(200, "GET", `/api/videos/${videoId}/download`, { as: s.owner });
      check(!("x-injected" in file.headers) && file.headers["content-disposition"].startsWith("attachment; filename=\""), `${way}: ${JSON.stringify(file.headers["content-disposition"])}`);
      check(file.text === "no film", `${way} of ${JSON.stringify(name)} is another file`);
      await s.must(204, "DELETE", `/api/videos/${videoId}`, { as: s.owner });
    }
  for (const place of ["/etc/escaped", join(s.server.folder, "escaped"), join(s.server.folder, "..", "escaped"), join(data, "escaped")]) check(!existsSync(place), `${place} was written`);
  check(tree() === before, `the data folder has other entries: ${tree()}`);
}

// Fields that are given back, and fields that carry a second one.
export async function headersAreNotSplit(s) {
  for (const evil of ["a%0d%0aX-Injected:1", "a%0aX-Injected:1", "a%E5%98%8A%E5%98%8DX-Injected:1"]) {
    for (const path of [`/api/videos?cursor=${evil}`, `/api/stream/${s.made.videoId}/${evil}`, `/api/auth/oidc/login?return=${evil}`, `/${evil}`, `/api/videos/${s.made.videoId}/download?file=${evil}`]) {
      const answer = await s.ask("GET", path, { as: s.owner });
      check(!("x-injected" in answer.headers), `${path} splits the answer`);
    }
  }
  const answer = await raw(s, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Correlation-Id: a\rX-Injected: 1\r\n\r\n");
  check(!/^x-injected/im.test(answer.split("\r\n\r\n")[0]), "a bare CR splits the answer");
  const host = await s.ask("GET", "/api/videos", { headers: { Host: "evil.example" } });
  check(!JSON.stringify(host.headers).includes("evil.example"), "the host that was named is given back");
}

// A line of the log is one JSON object, whatever a client sends.
export async function logsAreNotForged(s) {
  const forged = '\n{"time":"2000-01-01","level":"error","category":"auth","message":"forged"}\n\x1b[2J';
  for (const username of [forged, "a\u2028b", "\u001b[31mred"]) {
    await s.ask("POST", "/api/auth/login", json({ username, password: "not this one" }));
    await s.ask("POST", "/api/auth/register", json({ username, password: "violet otter parade" }));
  }
  await s.ask("POST", "/api/uploads", { as: s.owner, headers: { ...TUS, "Upload-Length": "9", "Upload-Metadata": `filename ${base64(forged)}` } });
  await s.ask("PATCH", `/api/videos/${s.made.videoId}`, { as: s.owner, ...json({ title: forged }) });
  await raw(s, `GET /${encodeURIComponent(forged)} HTTP/1.1\r\nHost: x\r\nUser-Agent: ${"\x1b[2J"}\r\nConnection: close\r\nX-Correlation-Id: {"message":"forged"}\r\n\r\n`);
  const { title } = (await s.must(200, "GET", `/api/videos/${s.made.videoId}`, { as: s.owner })).json;
  check(!/[\0-\x1f]/.test(title), `a title of more than one line: ${JSON.stringify(title)}`);
  const folder = join(s.server.folder, "data", "log");
  for (const file of readdirSync(folder))
    for (const line of readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean)) {
      const entry = JSON.parse(line);
      check(entry.message !== "forged" && entry.time.startsWith("20") && !line.includes("\x1b"), `a forged line: ${line}`);
    }
  const audit = (await s.must(200, "GET", "/api/admin/audit/export", { as: s.admin })).text;
  for (const line of audit.split("\n").filter(Boolean)) check(JSON.parse(line).hash, `a forged line of the audit: ${line}`);
}
