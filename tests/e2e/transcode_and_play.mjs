#!/usr/bin/env node
// From a file to a picture in a browser: composes a clip with two languages, subtitles and a hostile
// title, lets VIDEOFORGE_BIN make sets of it, in the clear and encrypted both ways, and plays each (play.mjs).
// Exit 0, 1, or 77 where there is no Chromium.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.VIDEOFORGE_BIN ?? "";

function run(command, ...args) {
  const done = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (done.error) throw done.error;
  return done.status;
}

// Ten seconds of moving pictures, sound in two languages, one text subtitle that tries to be a script.
function compose(folder) {
  const subtitle = join(folder, "text.srt"), clip = join(folder, "clip.mkv");
  writeFileSync(subtitle,
    "1\n00:00:01,000 --> 00:00:04,000\nHello <script>window.evil = 1</script>\n\n" +
    "2\n00:00:05,000 --> 00:00:09,000\n<img src=x onerror=\"window.evil=1\">again\n");
  const status = run("ffmpeg", "-v", "error", "-y",
    "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=10",
    "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=10",
    "-f", "lavfi", "-i", "sine=frequency=880:sample_rate=48000:duration=10",
    "-i", subtitle, "-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s",
    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "srt",
    "-metadata", "title=</script><script>window.evil=1</script>",
    "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-metadata:s:s:0", "language=eng", clip);
  if (status !== 0) throw new Error("the clip could not be composed");
  return clip;
}

// What a licence server would hand out: the key by its identifier, both in hexadecimal.
function clearKey(set) {
  const id = /default_KID="([0-9a-f-]+)"/i.exec(readFileSync(join(set, "manifest.mpd"), "utf8"))[1].replaceAll("-", "");
  return ["--clear-key", `${id}:${readFileSync(join(set, "key.bin")).toString("hex")}`];
}

function main() {
  if (!binary || !existsSync(binary)) throw new Error(`VIDEOFORGE_BIN (${binary || "not set"}) is not there`);
  const folder = mkdtempSync(join(tmpdir(), "videoforge-play-"));
  try {
    const clip = compose(folder);
    for (const encrypt of ["none", "aes128", "cbcs"]) {
      const set = join(folder, encrypt);
      const made = run(binary, "transcode", clip, "-o", set, "--work", join(folder, "work"), "--ladder", "720p,480p",
        ...(encrypt === "none" ? [] : ["--encrypt", encrypt]));
      if (made !== 0) throw new Error(`videoforge transcode (encrypt: ${encrypt}) ended with ${made}`);
      const played = run(process.execPath, join(here, "play.mjs"), set, ...(encrypt === "cbcs" ? clearKey(set) : []));
      if (played !== 0) return played;
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`FAILED  ${error.message}`);
  process.exitCode = 1;
}
