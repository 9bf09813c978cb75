// Plays a video by HLS: hls.js where the browser has Media Source Extensions, else the browser itself.
// A playback token stands in the path, so that no header is needed and private videos play, too.
import { json } from "./api.js";

const video = document.getElementById("video");
const quality = document.getElementById("quality");
const playing = document.getElementById("playing");
let hls = null;

function option(value, text) {
  const out = document.createElement("option");
  out.value = value;
  out.textContent = text;
  return out;
}

function offerQualities() {
  quality.replaceChildren(option("-1", "Automatic"));
  hls.levels.forEach((level, i) =>
    quality.append(option(String(i), `${Math.min(level.width, level.height)}p, ${(level.bitrate / 1e6).toFixed(1)} Mbit/s`)));
}

export function stop() {
  hls?.destroy();
  hls = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
}

export async function play(entry, onError) {
  stop();
  const link = await json(`/api/videos/${entry.id}/playback-token`, "POST");
  quality.replaceChildren(option("-1", "Automatic"));
  playing.textContent = "";
  if (window.Hls?.isSupported()) {
    hls = new window.Hls({ enableWorker: false });
    hls.on(window.Hls.Events.MANIFEST_PARSED, offerQualities);
    hls.on(window.Hls.Events.LEVEL_SWITCHED, (_, { level }) => {
      const now = hls?.levels[level];
      if (now) playing.textContent = `now ${now.width} × ${now.height}`;
    });
    hls.on(window.Hls.Events.ERROR, (_, data) => data.fatal && onError(`The video does not play: ${data.details}.`));
    hls.loadSource(link.hls);
    hls.attachMedia(video);
  } else {
    video.src = link.hls;
  }
  await video.play().catch(() => {}); // browsers may want a click first
}

quality.addEventListener("change", () => {
  if (hls) hls.nextLevel = Number(quality.value);
});
