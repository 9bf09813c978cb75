// A resumable upload by tus 1.0.0 (https://tus.io/protocols/resumable-upload): created once, then sent in
// pieces; after any failure the server is asked how much it has.
import { call, Problem } from "./api.js";

const PIECE = 8 * 1024 * 1024; // bytes
const MOST_FAILURES = 12;      // in a row

const tus = { "Tus-Resumable": "1.0.0" };

// The address of an unfinished upload is remembered for the file, not its bytes and no credentials.
const memory = (file) => `upload ${file.name} ${file.size} ${file.lastModified}`;

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

async function create(file) {
  const response = await call("/api/uploads", {
    method: "POST",
    headers: { ...tus, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${base64(file.name)}` },
  });
  const place = new URL(response.headers.get("Location"), location.href).pathname;
  localStorage.setItem(memory(file), place);
  return place;
}

async function offsetOf(place) {
  const response = await call(place, { method: "HEAD", headers: tus });
  return { offset: Number(response.headers.get("Upload-Offset")), made: madeOf(response) };
}

const madeOf = (response) =>
  response.headers.get("Upload-Video-Id") && {
    videoId: response.headers.get("Upload-Video-Id"),
    jobId: response.headers.get("Upload-Job-Id"),
  };

async function begin(file) {
  const known = localStorage.getItem(memory(file));
  if (known) {
    try {
      return { place: known, ...(await offsetOf(known)) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // over or never ours: begin anew
    }
  }
  return { place: await create(file), offset: 0, made: null };
}

// Gives {videoId, jobId}. `control.paused` stops between two pieces until it is false again.
export async function upload(file, control, onProgress) {
  let { place, offset, made } = await begin(file);
  for (let failures = 0; !made; ) {
    onProgress(offset / file.size);
    while (control.paused) await new Promise((resolve) => setTimeout(resolve, 200));
    try {
      const response = await call(place, {
        method: "PATCH",
        headers: { ...tus, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body: file.slice(offset, offset + PIECE),
      });
      offset = Number(response.headers.get("Upload-Offset"));
      made = madeOf(response);
      failures = 0;
    } catch (error) {
      const passing = !(error instanceof Problem) || error.status >= 500 || [409, 423].includes(error.status);
      if (!passing || ++failures > MOST_FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(300 * 2 ** failures, 10000)));
      ({ offset, made } = await offsetOf(place).catch((next) => {
        if (next instanceof Problem && next.status < 500) throw next;
        return { offset, made };
      }));
    }
  }
  localStorage.removeItem(memory(file));
  onProgress(1);
  return made;
}
