#!/usr/bin/env node
// Walks every operation of the contract with every kind of caller and compares with api/permissions.txt. An
// operation without a row, or a row without an operation, fails. The things asked for are a real owner's.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { provider, contract, server } from "./contract/replay.mjs";
import { requests } from "./permissions/requests.mjs";
import { World } from "./permissions/world.mjs";

const CALLERS = ["nobody", "viewer", "owner", "other", "admin", "key", "bare"];
const problems = [];

function readTable() {
  const lines = readFileSync(fileURLToPath(new URL("../../api/permissions.txt", import.meta.url)), "utf8").split("\n");
  const rows = new Map();
  for (const line of lines.map((text) => text.trim()).filter((text) => text && !text.startsWith("#"))) {
    const [id, scope, ...cells] = line.split(/\s+/);
    if (cells.length !== CALLERS.length) throw new Error(`api/permissions.txt: ${id} has ${cells.length} answers of ${CALLERS.length}`);
    if (rows.has(id)) throw new Error(`api/permissions.txt: ${id} stands there twice`);
    rows.set(id, { scope, cells: Object.fromEntries(CALLERS.map((who, i) => [who, cells[i]])) });
  }
  return rows;
}

function send(operation, as, { path = {}, query = {}, headers = {}, body }) {
  const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] ?? randomUUID()));
  const text = new URLSearchParams(query).toString();
  return server.send(operation.method, place + (text && `?${text}`), { headers: { ...as, ...headers }, body });
}

// The same request for something that does not exist.
const absent = (request, id) => {
  const swap = (text) => (typeof text === "string" ? text.replaceAll(request.target, id) : text);
  return { ...request, path: Object.fromEntries(Object.entries(request.path ?? {}).map(([name, value]) => [name, swap(value)])), body: swap(request.body) };
};
const told = (answer) => `${answer.status} ${answer.body.toString().replace(/"correlationId":"[^"]*"/, "")}`;

async function tryOne(world, id, who, row) {
  const operation = contract.operations.get(id);
  const made = (await requests[id]?.(world, who)) ?? {};
  for (const request of Array.isArray(made) ? made : [made]) {
    const as = request.as ?? (await world.credentials(who, row.scope));
    const answer = await send(operation, as, request);
    const seen = answer.status < 400 ? "ok" : String(answer.status);
    const say = (what) => problems.push(`${id} as ${who}: ${what}`);
    if (seen !== row.cells[who]) say(`${seen} instead of ${row.cells[who]}: ${answer.body.toString().slice(0, 200)}`);
    const wrong = contract.judgeAnswer(operation, answer);
    if (wrong) say(wrong);
    if (seen === "404" && request.target) {
      const nothing = await send(operation, as, absent(request, randomUUID()));
      if (told(nothing) !== told(answer)) say(`what is there answers ${told(answer)}, what is not ${told(nothing)}`);
    }
    if (seen !== "ok" && request.still) {
      const after = await server.send("GET", request.still, { headers: world.owner.as });
      if (after.status !== 200) say(`after the refusal the owner gets ${after.status} for ${request.still}`);
    }
  }
}

const world = new World();
let tried = 0;
try {
  const table = readTable();
  for (const id of contract.operations.keys()) if (!table.has(id)) problems.push(`${id} has no row in api/permissions.txt`);
  for (const id of table.keys()) if (!contract.operations.has(id)) problems.push(`api/permissions.txt: there is no operation ${id}`);
  for (const id of Object.keys(requests)) if (!contract.operations.has(id)) problems.push(`permissions/requests.mjs: there is no operation ${id}`);
  await world.build();
  for (const [id, row] of table)
    for (const who of contract.operations.has(id) ? CALLERS : []) {
      await tryOne(world, id, who, row).catch((error) => problems.push(`${id} as ${who}: ${error.message}`));
      ++tried;
    }
} catch (error) {
  problems.push(error.stack);
} finally {
  world.close();
  provider.stop();
  await server.stop();
}
for (const problem of problems) console.log(problem);
console.log(`${contract.operations.size} operations, ${tried} pairs of operation and caller, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
