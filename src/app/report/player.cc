#include "app/report/assets.h"

namespace vf::app {

const std::string_view kPlayerMarkup = R"html(<div class="player" id="player" role="group" aria-label="Player">
<div class="screen" id="screen"><video id="video" preload="auto" playsinline muted{}></video><audio id="audio" preload="auto"></audio>
<div class="preview" id="preview" hidden><span></span></div></div>
<p class="problem" id="problem" role="alert" hidden></p>
<div class="controls">
<input type="range" id="seek" min="0" max="1000" step="any" value="0" aria-label="Position">
<button id="play" type="button" aria-label="Play">Play</button><span class="time" id="time">0:00</span>
<label hidden>Quality <select id="quality"></select></label>
<label hidden>Sound <select id="sound"></select></label>
<label hidden>Subtitles <select id="subtitles"></select></label>
<label id="loudness" hidden>Volume <input type="range" id="volume" min="0" max="1" step="0.05" value="1"></label>
<button id="full" type="button">Full screen</button></div></div>
)html";

// Picture and sound are files of their own, and a page from file:// may not fetch them for
// MediaSource. So a <video> leads, and an <audio> follows it: it is sped up or slowed down by a few
// per cent where it drifts, and moved where it is far off.
const std::string_view kPlayerScript = R"js(
"use strict";
(() => {
  const holder = document.getElementById("set");
  if (!holder) return;
  const set = JSON.parse(holder.textContent);
  const at = (id) => document.getElementById(id);
  const video = at("video"), audio = at("audio"), seek = at("seek"), preview = at("preview");
  const hasPicture = set.renditions.length > 0, hasSound = set.audio.length > 0;
  const lead = hasPicture ? video : audio;
  let dragging = false;

  const clock = (seconds) => {
    const s = Math.max(0, Math.floor(seconds || 0)), pad = (n) => String(n).padStart(2, "0");
    return s >= 3600 ? `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`
                     : `${Math.floor(s / 60)}:${pad(s % 60)}`;
  };
  const length = () => Number.isFinite(lead.duration) && lead.duration > 0 ? lead.duration : set.duration || 0;

  const parseTime = (text) => text.trim().split(":").reduce((sum, part) => sum * 60 + parseFloat(part), 0);
  const parseCues = (webvtt) => webvtt.replace(/\r\n?/g, "\n").split(/\n{2,}/).flatMap((block) => {
    const lines = block.split("\n"), row = lines.findIndex((line) => line.includes("-->"));
    if (row < 0) return [];
    const [start, rest] = lines[row].split("-->");
    const [end, ...settings] = rest.trim().split(/\s+/);
    const cue = {start: parseTime(start), end: parseTime(end), text: lines.slice(row + 1).join("\n"), settings};
    return Number.isFinite(cue.start) && cue.end > cue.start ? [cue] : [];
  });

  const fill = (select, names) => {
    names.forEach((name, value) => select.add(new Option(name, value)));
    select.parentElement.hidden = names.length < 2;
  };

  // Another file at the same place, still playing if it was.
  const load = (element, url, from, playing) => {
    element.src = url;
    if (from > 0) element.currentTime = from;
    if (playing) element.play().catch(() => {});
  };

  const follow = () => {
    if (!hasPicture || !hasSound || audio.seeking) return;
    if (!video.paused && audio.paused && !audio.ended && video.readyState > 2) audio.play().catch(() => {});
    const drift = audio.currentTime - video.currentTime;
    if (Math.abs(drift) > 0.25) {
      if (video.currentTime < (audio.duration || Infinity)) audio.currentTime = video.currentTime;
    } else {
      audio.playbackRate = Math.abs(drift) > 0.02 ? 1 - Math.sign(drift) * Math.min(0.05, Math.abs(drift)) : 1;
    }
  };

  const show = () => {
    const total = length(), now = lead.currentTime;
    if (!dragging) seek.value = total ? 1000 * now / total : 0;
    seek.setAttribute("aria-valuetext", `${clock(now)} of ${clock(total)}`);
    at("time").textContent = `${clock(now)} / ${clock(total)}`;
    at("play").textContent = lead.paused ? "Play" : "Pause";
    at("play").setAttribute("aria-label", at("play").textContent);
  };
  const toggle = () => lead.paused ? lead.play().catch(() => {}) : lead.pause();
  const go = (seconds) => { lead.currentTime = Math.min(Math.max(0, seconds), length()); follow(); };

  fill(at("quality"), set.renditions.map((r) => r.rate ? `${r.name} (${r.rate})` : r.name));
  fill(at("sound"), set.audio.map((a) => a.name || a.language));
  if (hasPicture) video.src = set.renditions[0].url;
  if (hasSound) audio.src = set.audio[0].url;
  at("loudness").hidden = !hasSound;
  if (!hasPicture) at("screen").classList.add("sound");

  at("quality").onchange = (e) => load(video, set.renditions[e.target.value].url, video.currentTime, !video.paused);
  at("sound").onchange = (e) => load(audio, set.audio[e.target.value].url, lead.currentTime, !lead.paused);
  at("volume").oninput = (e) => { audio.volume = e.target.value; };
  at("play").onclick = toggle;
  video.onclick = toggle;
  at("full").onclick = () => document.fullscreenElement ? document.exitFullscreen() : at("player").requestFullscreen();
  if (!document.fullscreenEnabled) at("full").hidden = true;

  const tracks = set.subtitles.map((subtitle) => {
    const track = video.addTextTrack("subtitles", subtitle.name, subtitle.language);
    for (const cue of parseCues(subtitle.webvtt)) {
      const made = new VTTCue(cue.start, cue.end, cue.text);
      for (const setting of cue.settings) {
        const [key, value] = setting.split(":");
        try {
          if (key === "align") made.align = value;
          if (key === "size") made.size = parseFloat(value);
          if (key === "position") made.position = parseFloat(value);
          if (key === "line") { made.snapToLines = !value.includes("%"); made.line = parseFloat(value); }
        } catch { /* a setting this browser does not know moves nothing */ }
      }
      track.addCue(made);
    }
    track.mode = "disabled";
    return track;
  });
  fill(at("subtitles"), tracks.length ? ["off", ...set.subtitles.map((s) => s.name || s.language)] : []);
  at("subtitles").onchange = (e) => tracks.forEach((track, i) => { track.mode = i + 1 == e.target.value ? "showing" : "disabled"; });

  const tiles = parseCues(set.storyboard || "").flatMap((cue) => {
    const match = /^\s*([^\s#\/]+)#xywh=(\d+),(\d+),(\d+),(\d+)/.exec(cue.text);
    return match ? [{start: cue.start, end: cue.end, image: match[1], x: +match[2], y: +match[3], w: +match[4], h: +match[5]}] : [];
  });
  const hover = (event) => {
    const box = seek.getBoundingClientRect(), part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const seconds = part * length(), tile = tiles.find((t) => seconds < t.end) || tiles[tiles.length - 1];
    if (!tile) return;
    Object.assign(preview.style, {left: `${Math.min(Math.max(part * box.width + 14, tile.w / 2), box.width + 28 - tile.w / 2)}px`,
      width: `${tile.w + 4}px`, height: `${tile.h + 4}px`, backgroundImage: `url("./${tile.image}")`, backgroundPosition: `-${tile.x}px -${tile.y}px`});
    preview.firstElementChild.textContent = clock(seconds);
    preview.hidden = false;
  };
  seek.onpointermove = hover;
  seek.onpointerleave = () => { preview.hidden = true; };
  seek.oninput = () => { dragging = true; go(seek.value / 1000 * length()); };
  seek.onchange = () => { dragging = false; };

  lead.addEventListener("timeupdate", () => { show(); follow(); });
  for (const name of ["play", "pause", "seeked", "loadedmetadata", "durationchange", "ended"]) lead.addEventListener(name, show);
  if (hasPicture && hasSound) {
    for (const name of ["pause", "waiting", "ended"]) video.addEventListener(name, () => audio.pause());
    for (const name of ["playing", "seeked"]) video.addEventListener(name, follow);
  }
  const problem = (what) => () => {
    at("problem").textContent = `This browser cannot play ${what}. The set's other renditions or another browser may work.`;
    at("problem").hidden = false;
  };
  video.onerror = problem("this rendition"); audio.onerror = problem("this sound track");
  video.onloadeddata = () => { at("problem").hidden = true; };

  at("player").addEventListener("keydown", (event) => {
    if (event.target.tagName === "SELECT" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.tagName !== "BUTTON") toggle();
    else if (event.key === "ArrowLeft" && event.target.id !== "volume") go(lead.currentTime - 5);
    else if (event.key === "ArrowRight" && event.target.id !== "volume") go(lead.currentTime + 5);
    else return;
    event.preventDefault();
  });
  show();
})();
)js";

}  // namespace vf::app
