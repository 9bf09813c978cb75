// The page that the browser tests drive: one <video>, and the same few calls for every player.
export const playerPage = `<!doctype html><meta charset="utf-8"><title>play</title>
<video id="video" muted playsinline style="width:640px"></video>
<script src="/players/hls.js/dist/hls.min.js"></script>
<script src="/players/shaka-player/dist/shaka-player.compiled.js"></script>
<script>
const video = document.getElementById("video");
window.errors = [];
const players = {
  async hlsjs(url) {
    const hls = new Hls({ enableWorker: false, maxBufferLength: 6, maxMaxBufferLength: 6, backBufferLength: 2 });
    hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) errors.push("hls.js: " + e.type + " " + e.details + " " + (e.error ?? "")); });
    await new Promise((resolve, reject) => {
      hls.on(Hls.Events.MANIFEST_PARSED, resolve);
      hls.on(Hls.Events.ERROR, (_, e) => e.fatal && reject(new Error(e.details + " " + (e.reason ?? e.error ?? ""))));
      hls.loadSource(url);
      hls.attachMedia(video);
    });
    return {
      heights: () => hls.levels.map((l) => l.height),
      choose: (height) => { hls.currentLevel = hls.levels.findIndex((l) => l.height === height); },
      languages: () => hls.audioTracks.map((t) => t.lang || ""),
      texts: () => hls.subtitleTracks.map((t) => t.lang || ""),
      showText: async () => { hls.subtitleDisplay = true; hls.subtitleTrack = 0; },
      destroy: async () => hls.destroy(),
    };
  },
  async shaka(url, clearKeys) {
    const player = new shaka.Player();
    await player.attach(video);
    player.configure({ abr: { enabled: false }, streaming: { bufferingGoal: 6, rebufferingGoal: 0.5, bufferBehind: 2 } });
    if (clearKeys) player.configure("drm.clearKeys", clearKeys);
    player.addEventListener("error", (e) => errors.push("shaka: " + e.detail.code + " " + e.detail.data));
    try {
      await player.load(url);
    } catch (e) {
      throw new Error("shaka " + e.code + " " + JSON.stringify(e.data ?? []).slice(0, 300));
    }
    return {
      heights: () => [...new Set(player.getVariantTracks().map((t) => t.height))],
      choose: (height) => {
        const active = player.getVariantTracks().find((t) => t.active);
        const same = player.getVariantTracks().filter((t) => t.height === height);
        player.selectVariantTrack(same.find((t) => t.language === active?.language) ?? same[0], true);
      },
      languages: () => [...new Set(player.getVariantTracks().map((t) => t.language))],
      texts: () => player.getTextTracks().map((t) => t.language),
      showText: async () => { await player.selectTextTrack(player.getTextTracks()[0]); await player.setTextTrackVisibility?.(true); },
      destroy: () => player.destroy(),
    };
  },
};
window.start = async (kind, url, clearKeys) => { window.player = await players[kind](url, clearKeys); await video.play(); };
window.state = () => ({
  time: video.currentTime, duration: video.duration, width: video.videoWidth, height: video.videoHeight,
  frames: video.getVideoPlaybackQuality().totalVideoFrames, audioBytes: video.webkitAudioDecodedByteCount ?? 0,
  cues: [...video.textTracks].reduce((n, t) => n + (t.cues?.length ?? 0), 0), errors: window.errors,
});
</script>`;
