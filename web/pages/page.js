// The page at "/": the server's state, signing in, uploads with the jobs they start, and one's videos.
// Everything that people or files say is put into the page as text, never as markup.
import { call, follow, json, Problem, signIn, signOut, useKey } from "./api.js";
import { upload } from "./upload.js";
import * as player from "./player.js";

const $ = (id) => document.getElementById(id);

function element(name, text, className) {
  const out = document.createElement(name);
  if (text !== undefined) out.textContent = text;
  if (className) out.className = className;
  return out;
}

function say(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

// Runs what a click asks for; what goes wrong is told.
function act(work) {
  return async (event) => {
    event?.preventDefault();
    say("");
    try {
      await work(event);
    } catch (error) {
      say(error.message);
    }
  };
}

async function showState() {
  const state = $("state");
  try {
    const response = await fetch("/ready");
    const body = await response.json();
    const broken = body.checks.filter((check) => !check.ok);
    state.textContent = body.ready ? "ready" : "not ready";
    state.className = body.ready ? "state good" : "state bad";
    $("checks").hidden = body.ready;
    $("checks").replaceChildren(...broken.map((check) => element("li", `${check.name}: ${check.reason}`)));
    const health = await (await fetch("/health")).json();
    $("version").textContent = `VideoForge ${health.version}`;
  } catch {
    state.textContent = "the server does not answer";
    state.className = "state bad";
  }
}

// -- signing in --

async function enter() {
  const info = await json("/api/auth/info");
  $("who").textContent = info.user.username;
  $("door").hidden = true;
  $("studio").hidden = false;
  for (const form of document.querySelectorAll("#door form")) form.reset();
  $("code-field").hidden = true;
  await showVideos();
}

const fieldsOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));

$("sign-in").addEventListener("submit", act(async ({ target }) => {
  try {
    await signIn(fieldsOf(target));
  } catch (error) {
    if (error.code === "second_factor_required") $("code-field").hidden = false;
    throw error;
  }
  await enter();
}));

$("use-key").addEventListener("submit", act(async ({ target }) => {
  useKey(fieldsOf(target).key);
  try {
    await enter();
  } catch (error) {
    await signOut();
    throw error;
  }
}));

$("register").addEventListener("submit", act(async ({ target }) => {
  const { username, password, token } = fieldsOf(target);
  // The server says which of the two the token has to be.
  const attempt = (name) => json("/api/auth/register", "POST", { username, password, ...(token && { [name]: token }) });
  await attempt("invitation").catch((error) => {
    if (error.code !== "bootstrap_token_required" || !token) throw error;
    return attempt("bootstrapToken");
  });
  await signIn({ username, password });
  await enter();
}));

$("sign-out").addEventListener("click", act(async () => {
  player.stop();
  $("player").hidden = true;
  $("studio").hidden = true;
  $("door").hidden = false;
  $("videos").replaceChildren();
  $("uploads").replaceChildren();
  await signOut();
}));

// -- uploads and their jobs --

function uploadRow(name) {
  const row = { box: element("li"), bar: element("progress"), text: element("p", "waiting", "hint"), pause: element("button", "Pause", "quiet") };
  row.bar.max = 1;
  row.bar.value = 0;
  row.bar.setAttribute("aria-label", `Progress of ${name}`);
  const head = element("div", undefined, "bar");
  head.append(element("strong", name), row.pause);
  row.box.append(head, row.bar, row.text);
  $("uploads").prepend(row.box);
  return row;
}

const percent = (fraction) => `${Math.floor(fraction * 100)} %`;

// Some films play long before their job is done: then they are shown at once.
function earlyLook(videoId) {
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + 2000;
    if (!(await json(`/api/videos/${videoId}`)).playback) return;
    next = Infinity;
    await showVideos();
  };
}

async function followJob({ jobId, videoId }, row) {
  const look = earlyLook(videoId);
  await follow(`/api/jobs/${jobId}/events`, (type, data) => {
    if (type === "stage-complete") look().catch(() => {});
    if (type === "progress") {
      row.bar.value = data.percentage / 100;
      const eta = data.etaSeconds === null ? "" : `, about ${data.etaSeconds} s left`;
      row.text.textContent = `${data.message}: ${percent(data.percentage / 100)}${eta}`;
    }
    if (type === "error") row.text.textContent = data.detail ?? "The job failed.";
    if (type === "done") {
      row.bar.value = 1;
      row.text.textContent = "Ready to play.";
    }
    return type === "done" || (type === "error" && data.recoverable === false);
  });
}

async function uploadOne(file) {
  const row = uploadRow(file.name);
  const control = { paused: false };
  row.pause.addEventListener("click", () => {
    control.paused = !control.paused;
    row.pause.textContent = control.paused ? "Go on" : "Pause";
  });
  try {
    const made = await upload(file, control, (fraction) => {
      row.bar.value = fraction;
      row.text.textContent = `Uploading: ${percent(fraction)} of ${sizeText(file.size)}`;
    });
    row.pause.remove();
    row.text.textContent = "The upload is complete.";
    showVideos().catch((error) => say(error.message));
    if (made.jobId) await followJob(made, row);
    await showVideos();
  } catch (error) {
    row.pause.remove();
    row.text.textContent = error instanceof Problem ? error.message : "The upload broke off; choose the file again to go on.";
  }
}

async function uploadAll(files) {
  for (const file of files) await uploadOne(file);
}

$("file").addEventListener("change", act(async ({ target }) => {
  const files = [...target.files];
  target.value = "";
  await uploadAll(files);
}));
$("upload").addEventListener("submit", (event) => event.preventDefault());
for (const type of ["dragover", "dragleave", "drop"])
  $("upload").addEventListener(type, (event) => {
    event.preventDefault();
    $("upload").classList.toggle("over", type === "dragover");
    if (type === "drop") uploadAll([...event.dataTransfer.files]);
  });

// -- videos --

function sizeText(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; bytes >= 1000 && i < units.length - 1; ++i) bytes /= 1000;
  return `${i ? bytes.toFixed(1) : bytes} ${units[i]}`;
}

function timeText(seconds) {
  const whole = Math.round(seconds);
  const pad = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${pad(whole % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

function factsOf(video) {
  const facts = [];
  if (video.durationSeconds !== null) facts.push(timeText(video.durationSeconds));
  if (video.width) facts.push(`${video.width} × ${video.height}`);
  if (video.sizeBytes !== null) facts.push(sizeText(video.sizeBytes));
  facts.push(video.visibility);
  if (video.state !== "ready") facts.push(video.state);
  return facts.join(" · ");
}

async function showPoster(video, picture) {
  const blob = await (await call(`/api/videos/${video.id}/poster`)).blob();
  picture.src = URL.createObjectURL(blob);
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
}

function card(video) {
  const out = element("li");
  const picture = element("img", undefined, "poster");
  picture.alt = "";
  const facts = element("div", undefined, "facts");
  facts.append(element("h3", video.title), element("p", factsOf(video), "hint"));
  if (video.error) facts.append(element("p", video.error.detail ?? "It could not be processed.", "hint"));
  const acts = element("div", undefined, "acts");
  if (video.playback) {
    const play = element("button", "Play");
    play.addEventListener("click", act(() => open(video)));
    acts.append(play);
    showPoster(video, picture).catch(() => {});
  }
  const remove = element("button", "Delete", "quiet");
  remove.addEventListener("click", act(async () => {
    if (remove.textContent === "Delete") {
      remove.textContent = "Really delete?";
      return;
    }
    await json(`/api/videos/${video.id}`, "DELETE");
    out.remove();
  }));
  acts.append(remove);
  facts.append(acts);
  out.append(picture, facts);
  return out;
}

async function open(video) {
  $("player-title").textContent = video.title;
  $("player").hidden = false;
  $("player").scrollIntoView({ behavior: "smooth", block: "nearest" });
  await player.play(video, say);
}

let next = null;

async function showVideos(cursor) {
  const page = await json(`/api/gallery/my-videos?limit=24${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  const cards = page.items.map(card);
  if (cursor) $("videos").append(...cards);
  else $("videos").replaceChildren(...cards);
  next = page.nextCursor;
  $("more").hidden = !next;
  $("no-videos").hidden = $("videos").children.length > 0;
}

$("reload").addEventListener("click", act(() => showVideos()));
$("more").addEventListener("click", act(() => showVideos(next)));
$("player-close").addEventListener("click", () => {
  player.stop();
  $("player").hidden = true;
});

showState();
setInterval(showState, 15000);
