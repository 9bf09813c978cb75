// How each operation is asked for, so that it succeeds for whoever may: one entry an operation. `target`: the id of
// what is the owner's there; whoever may not know of it has to be answered as if it did not exist. `still`: what
// the owner has to find after a refusal. What an operation changes or removes is made for that one request.
// Operations without an entry need nothing but their address.
import { randomUUID } from "node:crypto";
import { totp } from "../contract/authenticator.mjs";
import { provider } from "../contract/replay.mjs";
import { json, OCTETS, PASSWORD, server, TUS } from "./world.mjs";

const ofVideo = (w) => ({ path: { id: w.video.id }, target: w.video.id });
const ofJob = (w) => ({ path: { id: w.job.id }, target: w.job.id });
const onVideo = async (w, more) => {
  const { videoId } = await w.waiting();
  return { path: { id: videoId }, target: videoId, still: `/api/videos/${videoId}`, ...more };
};
const onUpload = async (w, size, more) => {
  const id = await w.upload(size);
  return { path: { id }, target: id, headers: { ...TUS, ...more.headers }, body: more.body };
};
const onPlaylist = async (w, more) => {
  const id = await w.playlist();
  return { path: { id }, target: id, still: `/api/playlists/${id}`, ...more };
};
const onAsset = async (w) => {
  const id = await w.asset();
  return { path: { id }, target: id, still: `/api/assets/${id}` };
};
const onKey = async (w, more) => {
  const id = await w.key();
  return { path: { id }, target: id, still: `/api/keys/${id}`, ...more };
};
const onSpareUser = async (w, more) => ({ path: { id: (await w.person("user")).user.id }, ...more });
const onSelf = async (w, who, body) => {
  const self = await w.self(who);
  return { as: self?.as, ...(body && json(body(self))) };
};
const enrolled = async (w, who) => {
  const self = await w.self(who);
  if (!self) return { body: { password: PASSWORD, code: "123456" } };
  const { secret } = (await w.must("POST", "/api/auth/mfa/enroll", self.as, json({ password: PASSWORD }))).json;
  return { self, secret };
};
const pageOf = (names) => names.map((name) => ({ name }));
const newName = () => `person-${randomUUID().slice(0, 13)}`;

export const requests = {
  uploadForm: () => ({
    headers: { "Content-Type": "multipart/form-data; boundary=form" },
    body: '--form\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nbytes\r\n--form--\r\n',
  }),
  createUpload: () => ({ headers: { ...TUS, "Upload-Length": "9" } }),
  uploadOffset: (w) => onUpload(w, 9, {}),
  overriddenUpload: (w) => onUpload(w, 9, { headers: { "X-HTTP-Method-Override": "DELETE" } }),
  sendBytes: (w) => onUpload(w, 9, { headers: { ...OCTETS, "Upload-Offset": "0" }, body: "some" }),
  dropUpload: (w) => onUpload(w, 9, {}),
  orderUploadUrl: () => json({ fileName: "film.mp4" }),
  putFile: async (w) => {
    const order = await w.presigned(4);
    return { path: { id: order.uploadId, token: order.token }, body: "film" };
  },
  confirmUpload: async (w) => {
    const order = await w.presigned(4);
    await w.put(order, "film");
    return { target: order.uploadId, ...json({ uploadId: order.uploadId }) };
  },
  importVideo: (w) => json({ url: `http://127.0.0.1:${w.slow.address().port}/film.mp4` }),

  showVideo: ofVideo,
  changeVideo: (w) => onVideo(w, json({ title: "Another" })),
  removeVideo: (w) => onVideo(w),
  videoStatus: ofVideo,
  videoMetadata: ofVideo,
  videoRenditions: ofVideo,
  downloadVideo: (w) => [{}, ...w.renditions.map((one) => ({ file: one.name }))].map((query) => ({ ...ofVideo(w), query })),
  linkVideoFile: (w) => ["original", w.renditions[0].name].map((name) => ({ path: { id: w.video.id, name }, target: w.video.id })),
  linkedVideoFile: async (w) => {
    const { url } = (await w.must("POST", `/api/videos/${w.video.id}/files/original/link`, w.owner.as)).json;
    return { path: { id: w.video.id, token: url.split("/").at(-2), name: "original" } };
  },
  videoPoster: ofVideo,
  videoStoryboard: ofVideo,
  videoFrames: ofVideo,
  putCaption: (w) => onVideo(w, { query: { language: "en" }, headers: { "Content-Type": "text/vtt" }, body: "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n" }),
  removeCaption: async (w) => {
    const at = await onVideo(w);
    const caption = { headers: { "Content-Type": "text/vtt" }, body: "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n" };
    await w.must("POST", `${at.still}/captions?language=en`, w.owner.as, caption);
    return { ...at, path: { ...at.path, language: "en" }, still: `/api/stream/${at.target}/en.vtt` };
  },
  extractMetadata: (w) => ({ target: w.video.id, ...json({ videoId: w.video.id }) }),
  streamFile: (w) => pageOf(["master.m3u8", "manifest.mpd", "poster.jpg", ...w.renditions.map((one) => one.name)]).map((path) => ({ path: { id: w.video.id, ...path }, target: w.video.id })),
  streamFileByToken: async (w) => {
    const { token } = (await w.must("POST", `/api/videos/${w.video.id}/playback-token`, w.owner.as, json({}))).json;
    return { path: { id: w.video.id, token, name: "poster.jpg" } };
  },
  createPlaybackToken: (w) => ({ ...ofVideo(w), ...json({}) }),

  createJob: (w) => ({ target: w.video.id, ...json({ kind: "thumbnails", videoId: w.video.id }) }),
  planJob: (w) => ({ target: w.video.id, ...json({ kind: "transcode", videoId: w.video.id }) }),
  showJob: ofJob,
  cancelJob: async (w) => {
    const { jobId } = await w.waiting();
    return { path: { id: jobId }, target: jobId };
  },
  retryJob: async (w) => {
    const { jobId } = await w.waiting();
    await w.must("POST", `/api/jobs/${jobId}/cancel`, w.owner.as);
    return { path: { id: jobId }, target: jobId };
  },
  followJob: ofJob,
  jobArchive: ofJob,
  jobFile: (w) => pageOf(w.job.files.map((one) => one.name)).map((path) => ({ path: { id: w.job.id, ...path }, target: w.job.id })),
  linkJobFile: (w) => ({ path: { id: w.job.id, name: "frames.zip" }, target: w.job.id }),
  linkedJobFile: async (w) => {
    const { url } = (await w.must("POST", `/api/jobs/${w.job.id}/files/frames.zip/link`, w.owner.as)).json;
    return { path: { id: w.job.id, token: url.split("/").at(-2), name: "frames.zip" } };
  },

  createAsset: (w) => w.subtitles(),
  showAsset: onAsset,
  assetContent: onAsset,
  removeAsset: onAsset,

  showGalleryVideo: ofVideo,
  removeGalleryVideo: (w) => onVideo(w),
  createPlaylist: () => json({ title: "Mornings" }),
  showPlaylist: (w) => onPlaylist(w),
  changePlaylist: (w) => onPlaylist(w, json({ title: "Evenings" })),
  removePlaylist: (w) => onPlaylist(w),
  setPlaylistItems: (w) => onPlaylist(w, json({ videoIds: [w.video.id] })),

  register: () => json({ username: newName(), password: PASSWORD }),
  login: (w) => json({ username: w.owner.username, password: PASSWORD }),
  refresh: async (w) => json({ refreshToken: (await w.signIn(w.owner.username)).refreshToken }),
  logout: async (w) => json({ refreshToken: (await w.signIn(w.owner.username)).refreshToken }),
  resetPassword: async (w) => {
    const { token } = (await w.must("POST", `/api/admin/users/${(await w.person("user")).user.id}/password-reset`, w.admin.as)).json;
    return json({ token, newPassword: "copper lantern harbour" });
  },
  changePassword: (w, who) => onSelf(w, who, () => ({ currentPassword: PASSWORD, newPassword: "copper lantern harbour" })),
  enrolSecondFactor: (w, who) => onSelf(w, who, () => ({ password: PASSWORD })),
  confirmSecondFactor: async (w, who) => {
    const { self, secret } = await enrolled(w, who);
    return { as: self?.as, ...json({ code: secret ? totp(secret) : "123456" }) };
  },
  removeSecondFactor: async (w, who) => {
    const { self, secret, body } = await enrolled(w, who);
    if (!self) return json(body);
    const codes = (await w.must("POST", "/api/auth/mfa/verify", self.as, json({ code: totp(secret) }))).json.recoveryCodes;
    return { as: self.as, ...json({ password: PASSWORD, code: codes[0] }) };
  },
  forgotPassword: () => json({ email: "ada@example.com" }),
  demandPasskey: async (w, who) => {
    const self = await w.self(who);
    if (self) await w.passkey(self);
    return { as: self?.as, ...json({ password: PASSWORD }) };
  },
  waivePasskey: async (w, who) => {
    const self = await w.self(who);
    if (!self) return json({ password: PASSWORD, code: "123456" });
    const { device } = await w.passkey(self);
    await w.must("POST", "/api/auth/mfa/passkey", self.as, json({ password: PASSWORD }));
    const half = await server.send("POST", "/api/auth/login", json({ username: self.username, password: PASSWORD }));
    const { challenge } = JSON.parse(half.body.toString()).passkeyOptions;
    return { as: self.as, ...json({ password: PASSWORD, credential: device.get(challenge) }) };
  },
  endSessions: (w, who) => onSelf(w, who),
  endSession: async (w) => {
    const { sessionId } = await w.signIn(w.owner.username);
    return { path: { id: sessionId }, target: sessionId };
  },
  removeAccount: (w, who) => onSelf(w, who, () => ({ password: PASSWORD })),
  passkeyOptions: () => json({ password: PASSWORD }),
  addPasskey: async (w, who) => {
    const person = ["viewer", "owner", "other", "admin"].includes(who) ? w[who] : w.owner;
    return json({ name: "laptop", credential: await w.newCredential(person) });
  },
  removePasskey: async (w) => {
    const { id } = await w.passkey(w.owner);
    return { path: { id }, target: id };
  },
  passkeySignIn: async (w) => {
    const { device } = await w.passkey(w.owner);
    const { challenge } = (await w.must("POST", "/api/auth/passkeys/login/options", {})).json;
    return json({ credential: device.get(challenge) });
  },
  beginProviderSignIn: () => ({ query: { provider: "sso", return: "/" } }),
  endProviderSignIn: async (w) => {
    const left = await w.must("GET", "/api/auth/oidc/login?provider=sso", {});
    const back = new URL(await provider.signIn(left.headers.location, "marie"));
    const headers = { Cookie: left.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ") };
    return { query: Object.fromEntries(back.searchParams), headers };
  },
  linkProvider: () => json({ provider: "sso" }),

  createKey: () => json({ name: "another", scopes: ["write:keys"], role: "user" }),
  showKey: (w) => onKey(w),
  changeKey: (w) => onKey(w, json({ name: "renamed" })),
  revokeKey: (w) => onKey(w),
  rotateKey: (w) => onKey(w, json({})),

  createUser: () => json({ username: newName(), password: PASSWORD }),
  showUser: (w) => onSpareUser(w),
  changeUser: (w) => onSpareUser(w, json({ role: "viewer" })),
  removeUser: (w) => onSpareUser(w),
  showUsersQuotas: (w) => onSpareUser(w),
  setUsersQuotas: (w) => onSpareUser(w, json({ jobs: 3 })),
  signOutUser: (w) => onSpareUser(w),
  allowPasswordReset: (w) => onSpareUser(w),
  removeUsersSecondFactor: (w) => onSpareUser(w),
  createInvitation: () => json({ role: "user" }),
  withdrawInvitation: async (w) => {
    const { id } = (await w.must("POST", "/api/admin/invitations", w.admin.as, json({ role: "user" }))).json;
    return { path: { id } };
  },
  releaseAddress: () => ({ path: { address: "198.51.100.7" } }),
  asset: () => ({ path: { name: "style.css" } }),
};
