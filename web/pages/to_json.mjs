// The contract as JSON, made while building: node to_json.mjs openapi.yaml api-spec.json
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

const [from, to] = process.argv.slice(2);
writeFileSync(to, JSON.stringify(parse(readFileSync(from, "utf8"))));
