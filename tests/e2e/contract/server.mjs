// A `videoforge serve` of the test's own, and requests to it as they stand on the wire: an answer may come
// before the body was sent, and HEAD, OPTIONS and empty bodies stay what they are.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Server {
  // `errors`: where standard error goes; a descriptor, or as this process has it.
  static async start(environment = {}, args = [], errors = "inherit") {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), "videoforge-contract-"));
    server.process = spawn(process.env.VIDEOFORGE_BIN, ["serve", "--data", join(server.folder, "data"), "--listen", "127.0.0.1:0", ...args], {
      env: { ...process.env, VIDEOFORGE_LOG_CONSOLE: "none", VIDEOFORGE_UPLOADS_DISK_MARGIN: "100M", ...environment },
      stdio: ["ignore", "pipe", errors],
    });
    let said = "";
    await new Promise((resolve, reject) => {
      server.process.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
      server.process.stdout.on("data", (text) => {
        said += text;
        if (/bootstrapToken/.test(said) && said.endsWith("\n")) resolve();
      });
    });
    server.process.removeAllListeners("exit");
    server.base = /http:\/\/\S+/.exec(said)[0];
    server.token = /"bootstrapToken": "([^"]+)"/.exec(said)[1];
    return server;
  }

  // Where requests go: to the server, or to what stands before it.
  address(path) {
    return new URL(path, (this.proxy?.base ?? this.base).replace("localhost", "127.0.0.1"));
  }

  // {status, headers, body: Buffer}. `unsent`: so many bytes are announced and never sent.
  send(method, path, { headers = {}, body, unsent, from } = {}) {
    return new Promise((resolve, reject) => {
      const options = { method, headers: { ...headers }, localAddress: from, agent: false };
      const bytes = body === undefined ? undefined : Buffer.from(body);
      if (bytes || unsent) options.headers["Content-Length"] = String(unsent ?? bytes.length);
      const request = httpRequest(this.address(path), options);
      let answered = false;
      request.on("response", (response) => {
        answered = true;
        const pieces = [];
        response.on("data", (piece) => pieces.push(piece));
        response.on("end", () => {
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) });
          request.destroy();
        });
        response.on("error", reject);
      });
      request.on("error", (error) => answered || reject(error));
      request.setTimeout(30000, () => request.destroy(new Error(`${method} ${path} was not answered in 30 s`)));
      if (unsent) request.flushHeaders();
      else request.end(bytes);
    });
  }

  // A request that announces bytes and does not send them, until it is destroyed.
  hold(method, path, headers, announced) {
    const request = httpRequest(this.address(path), { method, headers: { ...headers, "Content-Length": announced }, agent: false });
    request.on("error", () => {});
    request.flushHeaders();
    return request;
  }

  // Ends the process and leaves its folder.
  async end() {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }

  async stop() {
    await this.end();
    await this.proxy?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
