// The ways to upload.
import { ask, json, JSON_TYPE, me, OCTETS, server, TUS, until } from "./replay.mjs";

const base64 = (text) => Buffer.from(text).toString("base64");

export async function replayTus(film) {
  await ask("uploadOptions", 204);
  await ask("oneUploadOptions", 204);
  const length = { "Upload-Length": String(film.length) };
  const create = (want, more) => ask("createUpload", want, { headers: { ...TUS, ...more.headers }, body: more.body });
  await create(400, { headers: {} });
  await create(412, { headers: { "Tus-Resumable": "0.2.2", ...length } });
  await create(413, { headers: { "Upload-Length": "999999999999" } });
  await create(415, { headers: { ...length, "Content-Type": "text/plain" }, body: "x" });
  await create(460, { headers: { ...length, ...OCTETS, "Upload-Checksum": `sha1 ${base64("x".repeat(20))}` }, body: "x" });
  const order = { headers: { ...length, "Upload-Metadata": `filename ${base64("film.mp4")},title ${base64("Film")}`, "Idempotency-Key": "film" } };
  const { uploadId } = (await create(201, order)).json;
  await create(422, { headers: { "Upload-Length": "7", "Idempotency-Key": "film" } });

  const path = { id: uploadId };
  const patch = (want, headers, body = "x") => ask("sendBytes", want, { path, headers: { ...TUS, ...OCTETS, ...headers }, body });
  await patch(400, { "Upload-Offset": "x" });
  await patch(409, { "Upload-Offset": "5" });
  await patch(412, { "Tus-Resumable": "0.2.2", "Upload-Offset": "0" });
  await patch(415, { "Content-Type": "text/plain", "Upload-Offset": "0" });
  await patch(460, { "Upload-Offset": "0", "Upload-Checksum": `sha1 ${base64("x".repeat(20))}` });
  await ask("sendBytes", 404, { headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, body: "x" });
  await ask("sendBytes", 413, { path, headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, unsent: film.length + 1 });
  await replayLocked(path);
  for (const id of ["uploadOffset", "dropUpload", "overriddenUpload"]) {
    const method = id === "overriddenUpload" ? { "X-HTTP-Method-Override": "HEAD" } : {};
    await ask(id, 404, { headers: { ...TUS, ...method } });
    await ask(id, 412, { path, headers: { "Tus-Resumable": "0.2.2", ...method } });
  }
  const half = film.length >> 1;
  await patch(204, { "Upload-Offset": "0" }, film.subarray(0, half));
  await ask("uploadOffset", 200, { path, headers: TUS });
  await ask("overriddenUpload", 200, { path, headers: { ...TUS, "X-HTTP-Method-Override": "HEAD" } });
  const last = await patch(204, { "Upload-Offset": String(half) }, film.subarray(half));

  const dropped = (await create(201, { headers: length })).json.uploadId;
  await ask("dropUpload", 204, { path: { id: dropped }, headers: TUS });
  const second = (await create(201, { headers: length })).json.uploadId;
  await ask("overriddenUpload", 204, { path: { id: second }, headers: { ...TUS, "X-HTTP-Method-Override": "DELETE" } });
  return { videoId: last.headers["upload-video-id"], jobId: last.headers["upload-job-id"] };
}

// A request whose bytes do not come holds the upload; the next one is told so.
async function replayLocked(path) {
  const headers = { ...me.as, ...TUS, ...OCTETS, "Upload-Offset": "0" };
  const elsewhere = () => server.send("PATCH", `/api/uploads/${path.id}`, { headers: { ...headers, "Upload-Offset": "1" }, body: "x" });
  const held = server.hold("PATCH", `/api/uploads/${path.id}`, headers, 10);
  await until("a locked upload", async () => (await elsewhere()).status === 423);
  await ask("sendBytes", 423, { path, headers: { ...TUS, ...OCTETS, "Upload-Offset": "0" }, body: "x" });
  held.destroy();
  await until("an upload that is free again", async () => (await elsewhere()).status === 409);
}

export async function replayPresigned(film) {
  const order = { fileName: "film.mp4", sizeBytes: film.length, title: "Presigned" };
  const made = (await ask("orderUploadUrl", 201, { headers: { ...JSON_TYPE, "Idempotency-Key": "order" }, body: JSON.stringify(order) })).json;
  await ask("orderUploadUrl", 422, { headers: { ...JSON_TYPE, "Idempotency-Key": "order" }, body: JSON.stringify({ fileName: "other.mp4" }) });
  const token = made.url.split("/").pop();
  const path = { id: made.uploadId, token };
  const type = { "Content-Type": "video/mp4" };
  await ask("confirmUpload", 409, json({ uploadId: made.uploadId }));
  await ask("putFile", 400, { as: {}, path, headers: type, body: "too short" });
  const open = (await ask("orderUploadUrl", 201, json({ fileName: "big.mp4" }))).json;
  await ask("putFile", 413, { as: {}, path: { id: open.uploadId, token: open.url.split("/").pop() }, headers: type, unsent: 999999999 });
  await ask("putFile", 200, { as: {}, path, headers: type, body: film });
  await ask("putFile", 409, { as: {}, path, headers: type, body: film });
  const confirm = { headers: { ...JSON_TYPE, "Idempotency-Key": "confirm" } };
  await ask("confirmUpload", 201, { ...confirm, body: JSON.stringify({ uploadId: made.uploadId }) });
  await ask("confirmUpload", 422, { ...confirm, body: JSON.stringify({ uploadId: open.uploadId }) });
}

export function form(film) {
  const line = (text) => Buffer.from(`${text}\r\n`);
  const body = Buffer.concat([line('--form\r\nContent-Disposition: form-data; name="title"\r\n\r\nBy form'), line('--form\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n'), film, line(""), line("--form--")]);
  return { headers: { "Content-Type": "multipart/form-data; boundary=form", "Idempotency-Key": "form" }, body };
}

export async function replayForm(film) {
  await ask("uploadForm", 201, form(film));
  await ask("uploadForm", 422, form(film.subarray(0, 1000)));
  await ask("uploadForm", 400, form(Buffer.alloc(0)));
  await ask("uploadForm", 413, { headers: form(film).headers, unsent: 999999999 });
  await ask("uploadForm", 415, { headers: { "Content-Type": "text/plain" }, body: "x" });
}
