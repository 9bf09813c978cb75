// A static file server on loopback with byte ranges (RFC 9110, 14), for the browser tests: what any
// web server does that a streaming set is put on. Folders are mounted under prefixes.
import { createServer } from "node:http";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".mp4": "video/mp4",
  ".vtt": "text/vtt",
  ".jpg": "image/jpeg",
};

// "bytes=a-b", "bytes=a-", "bytes=-n" -> [first, last]; null: no range; undefined: cannot be met.
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const first = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return first <= last && first < size ? [first, last] : undefined;
}

async function answer(mounts, page, request, response) {
  const path = decodeURIComponent(new URL(request.url, "http://loopback").pathname);
  if (path === "/") {
    response.writeHead(200, { "content-type": types[".html"] }).end(page);
    return;
  }
  const prefix = Object.keys(mounts).find((p) => path.startsWith(p));
  const inside = prefix && normalize(path.slice(prefix.length));
  const file = inside && !inside.startsWith("..") && join(mounts[prefix], inside);
  const info = file && (await stat(file).catch(() => null));
  if (!info?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const headers = { "content-type": types[extname(file)] ?? "application/octet-stream", "accept-ranges": "bytes" };
  const range = parseRange(request.headers.range, info.size);
  if (range === undefined) {
    response.writeHead(416, { "content-range": `bytes */${info.size}` }).end();
    return;
  }
  const [start, end] = range ?? [0, info.size - 1];
  headers["content-length"] = end - start + 1;
  if (range) headers["content-range"] = `bytes ${start}-${end}/${info.size}`;
  response.writeHead(range ? 206 : 200, headers);
  if (info.size === 0) response.end();
  else createReadStream(file, { start, end }).on("error", () => response.destroy()).pipe(response);
}

// Starts the server on a free port of 127.0.0.1. `mounts`: {"/set/": folder}; `page` answers "/".
export async function serve(mounts, page) {
  const server = createServer((request, response) => {
    answer(mounts, page, request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections?.();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
