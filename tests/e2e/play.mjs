#!/usr/bin/env node
// Plays a streaming set in Chromium as its audience would: hls.js over HLS, shaka over HLS and DASH.
//   node play.mjs SET [--clear-key KID:KEY] [--only hlsjs|shaka-hls|shaka-dash|page]
// Each player must load the set, decode frames (and sound), seek, and show every rendition at its own
// size. Then the report page is opened from file:// and must play picture and sound together.
// Exit 0: all of that holds; 1: something does not, one line each; 77: there is no Chromium.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.mjs";
import { playerPage } from "./player_page.mjs";
import { serve } from "./server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const patience = 30_000; // ms; a loaded machine decodes slowly, a broken set never plays

// Waits until the page's state meets `wanted`; what it waited for stands in the error.
async function until(page, what, wanted) {
  const end = Date.now() + patience;
  let state;
  while (Date.now() < end) {
    state = await page.evaluate(() => window.state());
    if (state.errors.length) throw new Error(`${what}: ${state.errors.join("; ")}`);
    if (wanted(state)) return state;
    await page.waitForTimeout(100);
  }
  throw new Error(`${what}: not within ${patience / 1000} s; last seen ${JSON.stringify(state)}`);
}

// A player that never answers is told from one that is slow.
function inTime(what, answer) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error(`${what}: not within ${patience / 1000} s`)), patience).unref());
  return Promise.race([answer, late]);
}

// Frames decoded since now: at least ten, with time moving.
async function plays(page, what, hasSound) {
  const from = await page.evaluate(() => window.state());
  return until(page, what, (s) =>
    s.frames >= from.frames + 10 && s.time > from.time + 0.2 && (!hasSound || s.audioBytes > from.audioBytes));
}

async function playSet(page, url, kind, report, clearKeys) {
  const renditions = report.renditions ?? [];
  const hasSound = (report.audio ?? []).length > 0;
  await inTime("loading", page.evaluate(([k, u, keys]) => window.start(k, u, keys), [kind, url, clearKeys]));
  const first = await plays(page, "start", hasSound);
  const duration = Math.max(...renditions.map((r) => r.duration_seconds ?? 0), 0);
  if (duration && Math.abs(first.duration - duration) > 0.25)
    throw new Error(`duration: the player says ${first.duration} s, the report ${duration} s`);
  const heights = await page.evaluate(() => window.player.heights());
  for (const { name, height } of renditions)
    if (!heights.includes(height)) throw new Error(`${name} (height ${height}) is not offered; offered: ${heights}`);

  const target = first.duration * 0.55;
  await page.evaluate((t) => { document.getElementById("video").currentTime = t; }, target);
  await until(page, "seek", (s) => s.time >= target - 0.1);
  await plays(page, "after the seek", hasSound);

  for (const rendition of renditions) {
    await page.evaluate(([h, t]) => {
      window.player.choose(h);
      document.getElementById("video").currentTime = t;
    }, [rendition.height, first.duration * 0.2]);
    await until(page, `switch to ${rendition.name}`, (s) => s.height === rendition.height && s.width === rendition.width);
    // A busy machine may have come near the end by then.
    await page.evaluate((t) => {
      document.getElementById("video").currentTime = t;
      return document.getElementById("video").play();
    }, first.duration * 0.2);
    await plays(page, `after the switch to ${rendition.name}`, hasSound);
  }
  if ((report.subtitles ?? []).length) {
    const texts = await page.evaluate(() => window.player.texts());
    if (texts.length < report.subtitles.length) throw new Error(`subtitles: ${texts.length} of ${report.subtitles.length} offered`);
    await page.evaluate(() => window.player.showText());
    await until(page, "subtitles", (s) => s.cues > 0);
  }
  const languages = await page.evaluate(() => window.player.languages());
  const wanted = new Set((report.audio ?? []).map((a) => a.name || a.language));
  if (wanted.size > 1 && languages.length < 2) throw new Error(`sound: ${languages.length} of ${wanted.size} tracks offered`);
  await page.evaluate(() => window.player.destroy());
}

async function playReportPage(page, set, report) {
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(pathToFileURL(join(set, "index.html")).href);
  if (await page.evaluate(() => "evil" in window)) throw new Error("a script out of the input ran in the report page");
  if (!(await page.locator("#play").count())) return "shows no player (encrypted)";
  await page.click("#play");
  const read = () => page.evaluate(() => {
    const [video, audio] = ["video", "audio"].map((id) => document.getElementById(id));
    return { video: video.currentTime, audio: audio.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames };
  });
  const both = (report.renditions ?? []).length > 0 && (report.audio ?? []).length > 0;
  const end = Date.now() + patience;
  let s = await read();
  while (Date.now() < end) {
    s = await read();
    const together = !both || Math.abs(s.audio - s.video) < 0.1;
    if (Math.max(s.video, s.audio) > 1.5 && together && (!(report.renditions ?? []).length || s.frames > 10)) {
      if (problems.length) throw new Error(problems.join("; "));
      return both ? `sound ${Math.round(1000 * (s.audio - s.video))} ms from the picture` : "plays";
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`does not play in step: ${JSON.stringify(s)} ${problems.join("; ")}`);
}

async function main(argv) {
  const option = (name) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  if (!argv[0] || argv[0].startsWith("--")) {
    console.error("usage: play.mjs SET [--clear-key KID:KEY] [--only hlsjs|shaka-hls|shaka-dash|page]");
    return 2;
  }
  const set = resolve(argv[0]);
  const report = JSON.parse(readFileSync(join(set, "report.json"), "utf8"));
  const executablePath = findChromium();
  if (!executablePath) {
    console.error("skipped: there is no Chromium on this machine (./run deps installs it)");
    return 77;
  }
  const [kid, key] = option("--clear-key")?.split(":") ?? [];
  const clearKeys = kid ? { [kid]: key } : undefined;
  const server = await serve({ "/set/": set, "/players/": join(here, "node_modules") }, playerPage);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"],
  });
  const all = {
    "hlsjs": (page) => playSet(page, "/set/master.m3u8", "hlsjs", report),
    "shaka-hls": (page) => playSet(page, "/set/master.m3u8", "shaka", report, clearKeys),
    "shaka-dash": (page) => playSet(page, "/set/manifest.mpd", "shaka", report, clearKeys),
    "page": (page) => playReportPage(page, set, report),
  };
  let failed = 0;
  for (const [name, play] of Object.entries(all)) {
    if (option("--only") && option("--only") !== name) continue;
    if (name === "hlsjs" && clearKeys) continue; // hls.js takes no ClearKey from the caller
    if (name === "shaka-dash" && !existsSync(join(set, "manifest.mpd"))) continue;
    if (name === "page" && !existsSync(join(set, "index.html"))) continue;
    const page = await browser.newPage({ viewport: { width: 1160, height: 900 } });
    const started = Date.now();
    try {
      if (name !== "page") await page.goto(server.origin + "/");
      const said = await play(page);
      console.log(`ok      ${name.padEnd(10)} ${((Date.now() - started) / 1000).toFixed(1)} s${said ? `, ${said}` : ""}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name.padEnd(10)} ${String(error.message).split("\n")[0]}`);
    }
    await page.close();
  }
  await browser.close();
  await server.close();
  return failed ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
