// The people and things that the walk over all operations needs: an owner with a private video, its job and files,
// a stranger with the same role, a viewer, an admin; and keys with exactly one scope, or with all but that one.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Authenticator } from "../contract/authenticator.mjs";
import { contract, json, JSON_TYPE, OCTETS, PASSWORD, PUBLIC, server, TUS, until } from "../contract/replay.mjs";

const film = () => {
  const file = join(server.folder, "film.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", file]);
  return readFileSync(file);
};

export class World {
  // A request that has to succeed: the answer's JSON.
  async must(method, path, as, more = {}) {
    const answer = await server.send(method, path, { ...more, headers: { ...as, ...more.headers } });
    const text = answer.body.toString();
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return { ...answer, json: text.startsWith("{") ? JSON.parse(text) : null };
  }

  async signIn(username) {
    const session = (await this.must("POST", "/api/auth/login", {}, json({ username, password: PASSWORD }))).json;
    return { ...session, username, as: { Authorization: `Bearer ${session.accessToken}` } };
  }

  // A new account of a role, signed in.
  async person(role) {
    const username = `${role}-${randomUUID().slice(0, 13)}`;
    await this.must("POST", "/api/admin/users", this.admin.as, json({ username, password: PASSWORD, role }));
    return this.signIn(username);
  }

  async build() {
    await this.must("POST", "/api/auth/register", {}, json({ username: "admin", password: PASSWORD, bootstrapToken: server.token }));
    this.admin = await this.signIn("admin");
    [this.owner, this.other, this.viewer] = [await this.person("user"), await this.person("user"), await this.person("viewer")];
    this.film = film();
    // An address that never answers: what is imported from it stays a job that waits.
    this.slow = createServer(() => {});
    await new Promise((resolve) => this.slow.listen(0, "127.0.0.1", resolve));
    const made = (await this.confirmed(this.film)).json;
    this.video = await until("the owner's video", async () => {
      const video = (await this.must("GET", `/api/videos/${made.videoId}`, this.owner.as)).json;
      if (video.state === "failed") throw new Error(JSON.stringify(video.error));
      return video.state === "ready" && video;
    });
    const order = json({ kind: "frames", videoId: this.video.id, params: { select: "count", count: 3 } });
    const { id } = (await this.must("POST", "/api/jobs", this.owner.as, order)).json;
    this.job = await until("the owner's frames", async () => {
      const job = (await this.must("GET", `/api/jobs/${id}`, this.owner.as)).json;
      return job.state === "completed" && job;
    });
    this.renditions = (await this.must("GET", `/api/videos/${this.video.id}/renditions`, this.owner.as)).json.items;
    return this;
  }

  // What `who` shows for an operation whose right is the scope `scope` ("-": none stands for it).
  async credentials(who, scope) {
    if (who === "nobody") return {};
    if (who !== "key" && who !== "bare") return this[who].as;
    this.keys ??= new Map();
    const name = `${who} ${scope}`;
    if (!this.keys.has(name)) {
      const holder = scope === "administer" ? this.admin : this.owner;
      const all = (await this.must("GET", "/api/auth/info", holder.as)).json.permissions;
      const scopes = scope === "-" ? (who === "key" ? [] : ["read:runs"]) : all.filter((one) => (one === scope) === (who === "key"));
      const { key } = (await this.must("POST", "/api/keys", holder.as, json({ name, scopes }))).json;
      this.keys.set(name, { "x-api-key": key });
    }
    return this.keys.get(name);
  }

  // An account that may be changed or lost: one of the same role for people, nothing for the rest.
  async self(who) {
    if (who === "nobody" || who === "key" || who === "bare") return null;
    return this.person({ viewer: "viewer", owner: "user", other: "user", admin: "admin" }[who]);
  }

  // A private video of the owner's whose job waits.
  async waiting() {
    const url = `http://127.0.0.1:${this.slow.address().port}/film.mp4`;
    return (await this.must("POST", "/api/videos/import", this.owner.as, json({ url }))).json;
  }

  async presigned(sizeBytes) {
    const order = (await this.must("POST", "/api/storage/upload-url", this.owner.as, json({ fileName: "film.mp4", sizeBytes }))).json;
    return { ...order, token: order.url.split("/").pop() };
  }

  async put(order, body) {
    await this.must("PUT", new URL(order.url).pathname, {}, { headers: { "Content-Type": "video/mp4" }, body });
  }

  async confirmed(body) {
    const order = await this.presigned(body.length);
    await this.put(order, body);
    return this.must("POST", "/api/upload/confirm", this.owner.as, json({ uploadId: order.uploadId }));
  }

  async upload(size) {
    const headers = { ...TUS, "Upload-Length": String(size) };
    return (await this.must("POST", "/api/uploads", this.owner.as, { headers })).json.uploadId;
  }

  async playlist() {
    return (await this.must("POST", "/api/playlists", this.owner.as, json({ title: "Mine" }))).json.id;
  }

  subtitles() {
    return { query: { kind: "subtitles" }, headers: { "Content-Type": "application/x-subrip" }, body: "1\n00:00:00,000 --> 00:00:01,000\nHello\n" };
  }

  async asset() {
    return (await this.must("POST", "/api/assets?kind=subtitles", this.owner.as, this.subtitles())).json.id;
  }

  async key() {
    return (await this.must("POST", "/api/keys", this.owner.as, json({ name: "spare", scopes: ["write:keys"] }))).json.id;
  }

  async passkey(person) {
    const device = new Authenticator(PUBLIC);
    const credential = await this.newCredential(person, device);
    const { id } = (await this.must("POST", "/api/auth/passkeys", person.as, json({ name: "phone", credential }))).json;
    return { id, device };
  }

  async newCredential(person, device = new Authenticator(PUBLIC)) {
    const options = await this.must("POST", "/api/auth/passkeys/options", person.as, json({ password: PASSWORD }));
    return device.create(options.json.challenge);
  }

  close() {
    this.slow?.closeAllConnections();
    this.slow?.close();
  }
}

export { contract, json, JSON_TYPE, OCTETS, PASSWORD, server, TUS };
