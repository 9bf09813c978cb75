#!/usr/bin/env node
// Attacks on a running server, each named after its class; docs/security.md says which class is held by which test.
import * as access from "./attacks/access.mjs";
import * as injection from "./attacks/injection.mjs";
import * as pages from "./attacks/pages.mjs";
import { Scene } from "./attacks/scene.mjs";

const wanted = process.argv[2] ?? "";
const scene = await Scene.open();
let failed = 0;
try {
  for (const [name, attack] of Object.entries({ ...access, ...injection, ...pages })) {
    if (!name.includes(wanted)) continue;
    const begun = performance.now();
    const wrong = await attack(scene).then(() => "", (error) => error.message);
    console.log(`${wrong ? "FAILED" : "held  "} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)${wrong && `: ${wrong.slice(0, 600)}`}`);
    failed += wrong ? 1 : 0;
  }
} finally {
  await scene.close();
}
process.exit(failed ? 1 : 0);
