// A clip that was cut to the picture plays in a browser from its first picture to its last, across both
// seams, and from every place that is sought. VIDEOFORGE_BIN clip, ffmpeg for the film.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.mjs";
import { serve } from "./server.mjs";

const binary = process.env.VIDEOFORGE_BIN;
const browserPath = findChromium();
if (!binary || !browserPath) {
  console.log("skipped: VIDEOFORGE_BIN or Chromium is missing");
  process.exit(77);
}

const FRAMES = 105; // pictures 33 to 137 of the film, at 25 a second
const folder = mkdtempSync(join(tmpdir(), "videoforge-clip-"));
const quiet = ["-v", "error", "-nostdin", "-y"];
const page = `<!doctype html><video id="v" muted preload="auto"></video>`;

function makeClip() {
  const film = join(folder, "film.mp4");
  execFileSync("ffmpeg", [...quiet, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=8", "-f", "lavfi", "-i",
    "sine=duration=8", "-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p", "-c:a",
    "aac", film]);
  const report = JSON.parse(execFileSync(binary, ["clip", film, "--from", "1.32", "--to", "5.52", "--exact", "--json",
    "--work", join(folder, "work"), "-o", join(folder, "clip.mp4")], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  if (!report.pieces.some((piece) => piece.action === "copy")) throw new Error("nothing of the clip was copied");
}

// In the page: plays it all and counts pictures, then seeks to and fro.
async function watch() {
  const video = document.getElementById("v");
  const failed = new Promise((_, no) =>
    video.addEventListener("error", () => no(new Error(video.error.message || "the video does not play"))));
  const event = (name) => Promise.race([new Promise((yes) => video.addEventListener(name, yes, { once: true })), failed]);
  video.src = "/clip/clip.mp4";
  await event("loadeddata");
  const first = video.currentTime;
  const duration = video.duration;
  await Promise.all([event("ended"), video.play()]);
  const shown = video.getVideoPlaybackQuality();
  for (const at of [3.0, 0.1, 2.2, 4.1, 0.6]) {
    video.currentTime = at;
    await event("seeked");
  }
  return { first, duration, total: shown.totalVideoFrames, corrupted: shown.corruptedVideoFrames };
}

let browser, server;
let status = 1;
try {
  makeClip();
  server = await serve({ "/clip/": folder }, page);
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"] });
  const tab = await browser.newPage();
  await tab.goto(server.origin);
  const seen = await tab.evaluate(watch);
  console.log(JSON.stringify(seen));
  const right = seen.first === 0 && Math.abs(seen.duration - FRAMES / 25) < 0.03 && seen.corrupted === 0 &&
    Math.abs(seen.total - FRAMES) <= 2;
  if (!right) throw new Error(`the browser saw something else than ${FRAMES} pictures`);
  status = 0;
} catch (error) {
  console.error(error);
} finally {
  await browser?.close();
  await server?.close?.();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
