// What the attacks are tried on: a server as it comes (only the budgets of requests are lifted), an owner with a
// video and a job, and an attacker with an account of the same role.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Server } from "../contract/server.mjs";

export const PASSWORD = "violet otter parade";
export const TUS = { "Tus-Resumable": "1.0.0" };
export const json = (value) => ({ headers: { "Content-Type": "application/json" }, body: typeof value === "string" ? value : JSON.stringify(value) });
export const base64 = (text) => Buffer.from(text).toString("base64");

export class Scene {
  static async open() {
    const scene = new Scene();
    scene.server = await Server.start({ VIDEOFORGE_AUTH_RATE_LIMITS: "false" });
    const token = scene.server.token;
    await scene.must(201, "POST", "/api/auth/register", json({ username: "admin", password: PASSWORD, bootstrapToken: token }));
    scene.admin = await scene.signIn("admin");
    for (const name of ["owner", "attacker"]) {
      await scene.must(201, "POST", "/api/auth/register", json({ username: name, password: PASSWORD }));
      scene[name] = await scene.signIn(name);
    }
    const film = join(scene.server.folder, "film.mp4");
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=1", "-pix_fmt", "yuv420p", film]);
    scene.film = readFileSync(film);
    scene.made = await scene.uploadByTus(scene.owner, "film.mp4", scene.film);
    scene.video = await scene.until(async () => {
      const { json: video } = await scene.ask("GET", `/api/videos/${scene.made.videoId}`, { as: scene.owner });
      return ["ready", "failed"].includes(video.state) && video;
    });
    return scene;
  }

  async ask(method, path, { as, headers, ...more } = {}) {
    const answer = await this.server.send(method, path, { ...more, headers: { ...as, ...headers } });
    const text = answer.body.toString();
    const kind = answer.headers["content-type"] ?? "";
    return { ...answer, text, json: /^application\/(problem\+)?json/.test(kind) && text ? JSON.parse(text) : null };
  }

  async must(want, method, path, more) {
    const answer = await this.ask(method, path, more);
    if (answer.status !== want) throw new Error(`${method} ${path}: ${answer.status} instead of ${want}: ${answer.text.slice(0, 300)}`);
    return answer;
  }

  async signIn(username) {
    const { json: session } = await this.must(200, "POST", "/api/auth/login", json({ username, password: PASSWORD }));
    return { Authorization: `Bearer ${session.accessToken}` };
  }

  async until(look) {
    for (let i = 0; i < 300; ++i) {
      const found = await look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("half a minute was not enough");
  }

  // The ways by which a file and its name come in; each gives the video's id.
  async uploadByTus(as, name, bytes) {
    const metadata = `filename ${base64(name)}`;
    const { uploadId } = (await this.must(201, "POST", "/api/uploads", { as, headers: { ...TUS, "Upload-Length": String(bytes.length), "Upload-Metadata": metadata } })).json;
    const headers = { ...TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
    const done = await this.must(204, "PATCH", `/api/uploads/${uploadId}`, { as, headers, body: bytes });
    return { videoId: done.headers["upload-video-id"], jobId: done.headers["upload-job-id"] };
  }

  async uploadPresigned(as, fileName, bytes) {
    const order = (await this.must(201, "POST", "/api/storage/upload-url", { as, ...json({ fileName }) })).json;
    await this.must(200, "PUT", new URL(order.url).pathname, { body: bytes });
    return (await this.must(201, "POST", "/api/upload/confirm", { as, ...json({ uploadId: order.uploadId }) })).json;
  }

  async uploadForm(as, name, bytes) {
    const head = `--f\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll('"', "%22").replace(/[\r\n\0]/g, "")}"\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from("\r\n--f--\r\n")]);
    const { video, job } = (await this.must(201, "POST", "/api/videos", { as, headers: { "Content-Type": "multipart/form-data; boundary=f" }, body })).json;
    return { videoId: video.id, jobId: job?.id };
  }

  close() {
    return this.server.stop();
  }
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}
