// What every part of the replay works with: the server and the provider of the run, the contract that judges,
// and one way to ask.
import { randomUUID } from "node:crypto";
import { Contract } from "./document.mjs";
import { IdentityProvider } from "./provider.mjs";
import { ValidatingProxy } from "./proxy.mjs";
import { Server } from "./server.mjs";

export const problems = [];
export const JSON_TYPE = { "Content-Type": "application/json" };
export const OCTETS = { "Content-Type": "application/offset+octet-stream" };
export const TUS = { "Tus-Resumable": "1.0.0" };
export const PASSWORD = "violet otter parade";
export const json = (value) => ({ headers: JSON_TYPE, body: JSON.stringify(value) });

export const PUBLIC = "https://videos.example";
export const provider = await IdentityProvider.start(`${PUBLIC}/api/auth/oidc/callback`);
export const SINGLE_SIGN_ON = { VIDEOFORGE_SERVER_PUBLIC_URL: PUBLIC, VIDEOFORGE_AUTH_OIDC_ISSUER: provider.issuer, VIDEOFORGE_AUTH_OIDC_CLIENT_ID: "videoforge", VIDEOFORGE_AUTH_OIDC_CLIENT_SECRET: "a client & its secret: +/=" };
export const server = await Server.start({ ...SINGLE_SIGN_ON, VIDEOFORGE_AUTH_RATE_LIMITS: "false", VIDEOFORGE_IMPORT_ALLOW_PRIVATE: "true", VIDEOFORGE_UPLOADS_MAX_SIZE: "64M", VIDEOFORGE_UPLOADS_MAX_FORM_SIZE: "32M" });
export const contract = new Contract(JSON.parse((await server.send("GET", "/api-spec.json")).body));
// From here on all that is asked of a server goes through a validating proxy.
export const through = async (one) => {
  one.proxy = await ValidatingProxy.start(contract, one.base, (problem) => problems.push(problem));
  return one;
};
await through(server);
export const me = { as: {} }; // who asks where nothing else is said

// One request; the answer's JSON where it has one. `want`: the status that has to come.
export async function ask(id, want, { path = {}, query = {}, headers = {}, body, unsent, as = me.as, from, at = server } = {}) {
  const operation = contract.operations.get(id);
  if (!operation) throw new Error(`the document has no operation ${id}`);
  const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => path[name]?.split("/").map(encodeURIComponent).join("/") ?? randomUUID());
  const text = new URLSearchParams(query).toString();
  const answer = await at.send(operation.method, place + (text && `?${text}`), { headers: { ...as, ...headers }, body, unsent, from });
  if (answer.status !== want) problems.push(`${id} ${want}: ${answer.status} came: ${answer.body.toString().slice(0, 300)}`);
  const type = answer.headers["content-type"] ?? "";
  return { ...answer, json: type.includes("json") && !type.includes("ndjson") && answer.body.length ? JSON.parse(answer.body) : null };
}

export async function until(what, look) {
  for (let i = 0; i < 300; ++i) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`a minute was not enough for: ${what}`);
}

export async function signIn(username, more = {}) {
  const session = (await ask("login", 200, { as: {}, ...json({ username, password: PASSWORD, ...more }) })).json;
  return { ...session, as: { Authorization: `Bearer ${session.accessToken}` } };
}

export async function replayFile(id, good) {
  await ask(id, 200, good);
  await ask(id, 206, { ...good, headers: { Range: "bytes=0-9" } });
  await ask(id, 206, { ...good, headers: { Range: "bytes=0-3,400-403" } });
  await ask(id, 304, { ...good, headers: { "If-None-Match": "*" } });
  await ask(id, 412, { ...good, headers: { "If-Match": '"other"' } });
  await ask(id, 416, { ...good, headers: { Range: "bytes=99999999999-" } });
}
