// Requests whose secrets are remembered: what was sent or issued under a name of one, and what a test adds by hand.
const NAMES = /^(password|currentPassword|newPassword|accessToken|refreshToken|csrfToken|key|token|secret|recoveryCodes|bootstrapToken|invitation|challenge)$/;
const FIELDS = ["authorization", "x-api-key", "x-csrf-token"];
const SHORTEST = 8; // what is shorter stands everywhere by chance

export class Recorder {
  constructor(server) {
    this.server = server;
    this.secrets = new Map(); // text -> what it is
    this.refusals = [];       // answers of the 4xx and 5xx classes
  }

  remember(what, text) {
    if (typeof text === "string" && text.length >= SHORTEST) this.secrets.set(text, what);
    return text;
  }

  rememberJson(value, where) {
    if (Array.isArray(value)) for (const item of value) this.rememberJson(item, where);
    else if (value && typeof value === "object")
      for (const [name, inner] of Object.entries(value)) {
        if (NAMES.test(name)) for (const text of [inner].flat()) this.remember(`${name} of ${where}`, text);
        // A link carries its right as a part of its path; an otpauth address its secret as a parameter.
        if (name === "url" || name === "hls") for (const part of String(inner).split("/")) if (/^AQ[\w-]{20,}$/.test(part)) this.remember(`link of ${where}`, part);
        this.rememberJson(inner, where);
      }
  }

  async send(method, path, { as = {}, headers = {}, body } = {}) {
    const where = `${method} ${path.split("?")[0]}`;
    const sent = { ...as, ...headers };
    for (const [name, value] of Object.entries(sent)) if (FIELDS.includes(name.toLowerCase())) this.remember(`${name} at ${where}`, value.split(" ").at(-1));
    if (typeof body === "string" && body.startsWith("{")) {
      try {
        this.rememberJson(JSON.parse(body), where);
      } catch {
        // Meant to be wrong; what is secret in it was remembered by hand.
      }
    }
    const answer = await this.server.send(method, path, { headers: sent, body });
    const text = answer.body.toString();
    for (const line of answer.headers["set-cookie"] ?? []) this.remember(`cookie of ${where}`, /=([^;]*)/.exec(line)[1]);
    if (answer.status >= 400) this.refusals.push({ where: `${where} (${answer.status})`, text: JSON.stringify(answer.headers) + text });
    const json = /^application\/(problem\+)?json/.test(answer.headers["content-type"] ?? "") && text ? JSON.parse(text) : null;
    if (answer.status < 400) this.rememberJson(json, where);
    return { ...answer, text, json };
  }

  // A request that has to have this status.
  async must(want, method, path, more) {
    const answer = await this.send(method, path, more);
    if (answer.status !== want) throw new Error(`${method} ${path}: ${answer.status} instead of ${want}: ${answer.text.slice(0, 300)}`);
    return answer;
  }
}
