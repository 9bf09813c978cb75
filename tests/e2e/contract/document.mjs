// The contract as a judge: whether an answer is one that the document promises, and what was not yet seen.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const bare = (type) => (type ?? "").split(";")[0].trim().toLowerCase();

export class Contract {
  constructor(spec) {
    this.spec = spec;
    this.operations = new Map(); // by operationId
    this.seen = new Map();       // operationId -> Set of statuses
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: "spec", ...spec });
    for (const [path, item] of Object.entries(spec.paths))
      for (const [method, operation] of Object.entries(item)) {
        this.operations.set(operation.operationId, { ...operation, path, method: method.toUpperCase() });
        this.seen.set(operation.operationId, new Set());
      }
  }

  resolve(value) {
    while (value?.$ref) value = value.$ref.slice(2).split("/").reduce((at, key) => at[key], this.spec);
    return value;
  }

  parameters(operation) {
    return (operation.parameters ?? []).map((parameter) => this.resolve(parameter));
  }

  // What is wrong with a value, as a text; empty where nothing is.
  wrong(schema, value) {
    if (!schema || Object.keys(schema).length === 0) return "";
    const key = JSON.stringify(schema).replaceAll('"#/', '"spec#/');
    this.compiled ??= new Map();
    if (!this.compiled.has(key)) this.compiled.set(key, this.ajv.compile(JSON.parse(key)));
    const validate = this.compiled.get(key);
    return validate(value) ? "" : this.ajv.errorsText(validate.errors).slice(0, 400);
  }

  // What a request that is to succeed has to hold.
  judgeRequest(operation, { query = {}, headers = {}, body }) {
    const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const known = new Set();
    for (const parameter of this.parameters(operation)) {
      const value = parameter.in === "query" ? query[parameter.name] : given.get(parameter.name.toLowerCase());
      if (parameter.in === "query") known.add(parameter.name);
      if (parameter.in === "path") continue;
      if (value === undefined && parameter.required) return `${parameter.name} is missing`;
      const type = this.resolve(parameter.schema).type;
      const typed = type === "integer" || type === "number" ? Number(value) : value;
      const wrong = value === undefined ? "" : this.wrong(parameter.schema, typed);
      if (wrong) return `${parameter.name}: ${wrong}`;
    }
    for (const name of Object.keys(query)) if (!known.has(name)) return `the query's ${name} is not documented`;
    if (body === undefined) return operation.requestBody?.required ? "the body is missing" : "";
    const type = bare(given.get("content-type"));
    const media = operation.requestBody?.content[type];
    if (!media) return `a body of ${type} is not documented`;
    return type === "application/json" ? this.wrong(media.schema, JSON.parse(body)) : "";
  }

  judgeAnswer(operation, { status, headers, body }) {
    this.seen.get(operation.operationId).add(String(status));
    const promised = this.resolve(operation.responses[status]);
    if (!promised) return `${status} is not documented: ${body.toString().slice(0, 300)}`;
    for (const [name, field] of Object.entries(promised.headers ?? {}))
      if (field.required && !(name.toLowerCase() in headers)) return `${status} lacks the field ${name}`;
    if (operation.method === "HEAD" || status === 304) return "";
    if (!promised.content) return body.length ? `${status} has a body that is not documented` : "";
    const type = bare(headers["content-type"]);
    const media = promised.content[type] ?? (status === 206 && type === "multipart/byteranges" ? {} : undefined);
    if (!media) return `${status} is of ${type}, which is not documented`;
    return type.endsWith("json") && type !== "application/x-ndjson" ? this.wrong(media.schema, JSON.parse(body)) : "";
  }

  // Documented statuses of the 2xx, 3xx and 4xx classes that no answer had.
  missing() {
    const out = [];
    for (const [id, operation] of this.operations)
      for (const status of Object.keys(operation.responses))
        if (status < "500" && !this.seen.get(id).has(status)) out.push(`${id}: ${status}`);
    return out;
  }
}
