// Talks to the API on behalf of whoever signed in. Credentials live in this module's memory only.

let headers = {};     // what proves who we are
let refreshToken = null;
let renewal = null;   // one renewal at a time

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `The server answered with ${status}.`);
    this.status = status;
    this.code = body?.code ?? "";
  }
}

async function problemOf(response) {
  return new Problem(response.status, await response.json().catch(() => null));
}

async function renew() {
  const response = await fetch("/api/auth/refresh", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refreshToken }),
  });
  if (!response.ok) {
    refreshToken = null;
    throw await problemOf(response);
  }
  const session = await response.json();
  refreshToken = session.refreshToken;
  headers = { Authorization: `Bearer ${session.accessToken}` };
}

// As fetch(), with credentials; renews the access token once where it has run out. Throws a Problem for
// every answer that is not of the 2xx class.
export async function call(path, options = {}) {
  const send = () => fetch(path, { ...options, headers: { ...options.headers, ...headers } });
  let response = await send();
  if (response.status === 401 && refreshToken) {
    renewal ??= renew().finally(() => (renewal = null));
    await renewal;
    response = await send();
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function json(path, method = "GET", body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await call(path, options);
  return response.status === 204 ? null : response.json();
}

export async function signIn(fields) {
  const session = await json("/api/auth/login", "POST", fields);
  refreshToken = session.refreshToken;
  headers = { Authorization: `Bearer ${session.accessToken}` };
}

export function useKey(key) {
  refreshToken = null;
  headers = { "x-api-key": key };
}

export async function signOut() {
  const token = refreshToken;
  refreshToken = null;
  headers = {};
  if (token) await json("/api/auth/logout", "POST", { refreshToken: token });
}

// Server-sent events by fetch, so that the credentials stand in a header (WHATWG HTML 9.2.6). Goes on after a
// lost connection with Last-Event-ID; ends when `onEvent` returns true or the server has nothing more to tell.
export async function follow(path, onEvent) {
  let last = "";
  for (let failures = 0; failures < 20; ) {
    try {
      const response = await call(path, last ? { headers: { "Last-Event-ID": last } } : {});
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) return;
        text += value;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
          const event = { type: "message", data: "" };
          for (const line of text.slice(0, end).split("\n")) {
            if (line.startsWith("id: ")) last = line.slice(4);
            if (line.startsWith("event: ")) event.type = line.slice(7);
            if (line.startsWith("data: ")) event.data += line.slice(6);
          }
          failures = 0;
          if (event.data && onEvent(event.type, JSON.parse(event.data))) {
            await reader.cancel();
            return;
          }
        }
      }
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw error;
      failures += 1;
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** failures, 10000)));
    }
  }
}
