// Getting at what is somebody else's.
import { randomUUID } from "node:crypto";
import { check, json, PASSWORD, TUS } from "./scene.mjs";

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// What is there and what is not take the same time to be refused. Both are asked in turn, so that whatever else
// the machine does meets both alike.
export async function guessedIdsTakeTheSameTimeAsAbsentOnes(s) {
  const { uploadId } = (await s.must(201, "POST", "/api/uploads", { as: s.owner, headers: { ...TUS, "Upload-Length": "9" } })).json;
  const { id: playlist } = (await s.must(201, "POST", "/api/playlists", { as: s.owner, ...json({ title: "Mine" }) })).json;
  for (const [area, id] of [["videos", s.made.videoId], ["jobs", s.made.jobId], ["playlists", playlist], ["uploads", uploadId]]) {
    const times = { there: [], absent: [] };
    for (let i = 0; i < 150; ++i)
      for (const [kind, asked] of [["there", id], ["absent", randomUUID()]]) {
        const begun = performance.now();
        const answer = await s.ask(area === "uploads" ? "HEAD" : "GET", `/api/${area}/${asked}`, { as: s.attacker, headers: TUS });
        times[kind].push(performance.now() - begun);
        check(answer.status === 404, `${area}: ${answer.status}`);
      }
    const [there, absent] = [median(times.there), median(times.absent)];
    check(there < absent * 1.5 + 0.3 && absent < there * 1.5 + 0.3, `${area}: ${there.toFixed(2)} ms for what is there, ${absent.toFixed(2)} ms for what is not`);
  }
}

// Two holders of one refresh token, many times at once: whoever wins, the session does not live on in two hands.
export async function aRefreshTokenInTwoHandsEndsTheSession(s) {
  for (let round = 0; round < 5; ++round) {
    const first = (await s.must(200, "POST", "/api/auth/login", json({ username: "owner", password: PASSWORD }))).json;
    const exchange = (token, agent) => {
      const body = json({ refreshToken: token });
      return s.ask("POST", "/api/auth/refresh", { ...body, headers: { ...body.headers, "User-Agent": agent } });
    };
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => exchange(first.refreshToken, i % 2 ? "thief" : "owner")));
    check(answers.some((one) => one.status === 401), "both hands were served");
    for (const one of answers.filter((answer) => answer.status === 200)) {
      check((await s.ask("GET", "/api/auth/info", { headers: { Authorization: `Bearer ${one.json.accessToken}` } })).status === 401, "an access token outlives the session");
      check((await exchange(one.json.refreshToken, "owner")).status === 401, "a refresh token outlives the session");
    }
  }
}

// Members that are not the caller's to set are refused, and nothing of the request is done.
export async function massAssignmentIsRefused(s) {
  const video = `/api/videos/${s.made.videoId}`;
  const before = (await s.must(200, "GET", video, { as: s.owner })).text;
  for (const member of ["owner", "id", "state", "createdAt", "salt", "source", "error", "sizeBytes", "__proto__", "constructor"]) {
    const answer = await s.ask("PATCH", video, { as: s.owner, ...json(`{"title": "Taken", "${member}": "x"}`) });
    check(answer.status === 400, `${member} of a video: ${answer.status}`);
  }
  check((await s.must(200, "GET", video, { as: s.owner })).text === before, "a refused change changed something");
  const elsewhere = [
    ["POST", "/api/playlists", { title: "x", owner: "x" }], ["POST", "/api/keys", { name: "x", user: "x" }],
    ["POST", "/api/keys", { name: "x", role: "admin" }], ["POST", "/api/jobs", { kind: "frames", videoId: s.made.videoId, owner: "x" }],
    ["POST", "/api/storage/upload-url", { fileName: "a.mp4", owner: "x" }], ["POST", "/api/videos/import", { url: "http://films.example/a.mp4", owner: "x" }],
  ];
  for (const [method, path, body] of elsewhere) check((await s.ask(method, path, { as: s.attacker, ...json(body) })).status === 400, `${path} takes ${JSON.stringify(body)}`);
  const made = await s.ask("POST", "/api/auth/register", json({ username: "climber", password: PASSWORD, role: "admin" }));
  check(made.json.user.role === "user", `a registration as admin made ${made.json.user.role}`);
  check((await s.ask("POST", "/api/auth/register", json({ username: "climber2", password: PASSWORD, disabled: false }))).status === 400, "a registration takes any member");
}

// Names that exist and names that do not are answered alike, word for word and in time.
export async function userNamesAreNotTold(s) {
  const times = { owner: [], nobody: [] };
  const words = new Set();
  for (let i = 0; i < 6; ++i)
    for (const name of ["owner", "nobody"]) {
      const begun = performance.now();
      // Each from an address of its own, so that no lock-out comes between.
      const answer = await s.ask("POST", "/api/auth/login", { ...json({ username: name, password: `not this one ${i}` }), from: `127.0.${1 + (name === "owner")}.${1 + i}` });
      times[name].push(performance.now() - begun);
      words.add(`${answer.status} ${answer.json.code} ${answer.json.detail}`);
    }
  check(words.size === 1, `it is told: ${[...words].join(" | ")}`);
  const [there, absent] = [median(times.owner), median(times.nobody)];
  check(there < absent * 2 + 20 && absent < there * 2 + 20, `${there.toFixed(0)} ms for a name that exists, ${absent.toFixed(0)} ms for one that does not`);
}
