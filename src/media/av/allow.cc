#include "media/av/allow.h"

#include <algorithm>
#include <array>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace vf::media::av {
namespace {

constexpr std::array kDemuxers = std::to_array<AllowRow>({
    {"mov", "MP4, MOV, M4A, 3GP: phones, cameras, editors, the web"},
    {"matroska", "MKV and WebM: archives, screen recorders, the web"},
    {"mpegts", "MPEG-2 transport stream: broadcast, AVCHD cameras"},
    {"mpeg", "MPEG program stream, VOB: DVDs"},
    {"avi", "AVI: older cameras, capture cards"},
    {"flv", "Flash video: stream recordings"},
    {"asf", "WMV and WMA: Windows"},
    {"ogg", "Ogg: Theora, Vorbis, Opus"},
    {"mxf", "MXF: broadcast and cinema cameras"},
    {"dv", "raw DV tape captures"},
    {"h264", "raw H.264 elementary stream"},
    {"hevc", "raw HEVC elementary stream"},
    {"mpegvideo", "raw MPEG-1/2 elementary stream"},
    {"m4v", "raw MPEG-4 part 2 elementary stream"},
    {"ivf", "IVF: VP8, VP9, AV1 test streams"},
    {"obu", "raw AV1"},
    {"yuv4mpegpipe", "Y4M: uncompressed test clips"},
    {"gif", "animated GIF"},
    {"wav", "WAV: sound"},
    {"w64", "Wave64: long sound"},
    {"aiff", "AIFF: sound"},
    {"mp3", "MP3: sound"},
    {"aac", "raw ADTS AAC"},
    {"ac3", "raw AC-3"},
    {"eac3", "raw E-AC-3"},
    {"flac", "FLAC: sound"},
    {"caf", "Core Audio"},
    {"amr", "AMR: phone recordings"},
    {"png_pipe", "PNG picture (answered clearly: not a video)"},
    {"jpeg_pipe", "JPEG picture (answered clearly: not a video)"},
    {"webp_pipe", "WebP picture (answered clearly: not a video)"},
});

constexpr std::array kCodecs = std::to_array<AllowRow>({
    {"h264", "phones, cameras, the web"},
    {"hevc", "phones, cameras, UHD"},
    {"av1", "the web"},
    {"vp9", "the web"},
    {"vp8", "the web"},
    {"mpeg2video", "broadcast, DVD, XDCAM"},
    {"mpeg1video", "Video CD"},
    {"mpeg4", "DivX, Xvid, older phones"},
    {"msmpeg4v1", "old AVI"},
    {"msmpeg4v2", "old AVI"},
    {"msmpeg4v3", "DivX 3"},
    {"h263", "3GP phones"},
    {"h263p", "3GP phones"},
    {"flv1", "Flash video"},
    {"vp6", "Flash video"},
    {"vp6f", "Flash video"},
    {"vp6a", "Flash video with alpha"},
    {"wmv1", "Windows Media"},
    {"wmv2", "Windows Media"},
    {"wmv3", "Windows Media"},
    {"vc1", "Windows Media, Blu-ray"},
    {"theora", "Ogg"},
    {"prores", "editors, cinema cameras"},
    {"dnxhd", "editors"},
    {"cfhd", "CineForm: action cameras, editors"},
    {"dvvideo", "DV tapes"},
    {"mjpeg", "cameras"},
    {"ffv1", "archives"},
    {"huffyuv", "archives, capture"},
    {"ffvhuff", "archives, capture"},
    {"utvideo", "capture"},
    {"rawvideo", "uncompressed"},
    {"v210", "uncompressed 10 bit"},
    {"wrapped_avframe", "Y4M"},
    {"qtrle", "QuickTime animation"},
    {"jpeg2000", "cinema, archives"},
    {"png", "screen recordings, covers"},
    {"gif", "animations"},
    {"webp", "covers"},
    {"cinepak", "old QuickTime and AVI"},
    {"svq1", "old QuickTime"},
    {"svq3", "old QuickTime"},
    {"aac", "phones, cameras, the web"},
    {"aac_latm", "broadcast"},
    {"mp3", "sound"},
    {"mp2", "broadcast, DVD"},
    {"mp1", "old sound"},
    {"ac3", "broadcast, DVD"},
    {"eac3", "broadcast, streaming"},
    {"dts", "discs"},
    {"truehd", "discs"},
    {"mlp", "discs"},
    {"opus", "the web"},
    {"vorbis", "the web"},
    {"flac", "sound, archives"},
    {"alac", "Apple lossless"},
    {"amr_nb", "phones"},
    {"amr_wb", "phones"},
    {"wmav1", "Windows Media"},
    {"wmav2", "Windows Media"},
    {"wmapro", "Windows Media"},
    {"speex", "Flash video, voice"},
    {"nellymoser", "Flash video"},
    {"adpcm_ima_wav", "old AVI and WAV"},
    {"adpcm_ms", "old AVI and WAV"},
    {"adpcm_ima_qt", "old QuickTime"},
    {"adpcm_swf", "Flash video"},
    {"gsm", "phones"},
    {"gsm_ms", "phones"},
    {"pcm_s16le", "uncompressed"},
    {"pcm_s16be", "uncompressed"},
    {"pcm_s24le", "uncompressed"},
    {"pcm_s24be", "uncompressed"},
    {"pcm_s32le", "uncompressed"},
    {"pcm_s32be", "uncompressed"},
    {"pcm_f32le", "uncompressed"},
    {"pcm_f32be", "uncompressed"},
    {"pcm_f64le", "uncompressed"},
    {"pcm_u8", "uncompressed"},
    {"pcm_s8", "uncompressed"},
    {"pcm_alaw", "telephony"},
    {"pcm_mulaw", "telephony"},
    {"pcm_bluray", "discs"},
    {"pcm_dvd", "discs"},
    {"subrip", "text subtitles"},
    {"ass", "text subtitles"},
    {"ssa", "text subtitles"},
    {"webvtt", "text subtitles"},
    {"mov_text", "text subtitles in MP4"},
    {"text", "text subtitles"},
    {"dvd_subtitle", "picture subtitles"},
    {"hdmv_pgs_subtitle", "picture subtitles"},
    {"dvb_subtitle", "picture subtitles"},
    {"xsub", "picture subtitles"},
});

// Where libav has several decoders for a codec, the first by id may be a hardware or an experimental
// one: these are named.
constexpr std::array<std::pair<AVCodecID, const char*>, 2> kPreferred{{
    {AV_CODEC_ID_AV1, "libdav1d"},
    {AV_CODEC_ID_VP9, "vp9"},
}};

const AVCodec* find_decoder(AVCodecID id) {
  for (const auto& [codec, name] : kPreferred)
    if (codec == id)
      if (const auto* decoder = avcodec_find_decoder_by_name(name)) return decoder;
  return avcodec_find_decoder(id);
}

bool on_list(const char* codec_name) {
  return std::ranges::any_of(kCodecs, [&](const AllowRow& row) { return row.name == codec_name; });
}

}  // namespace

std::span<const AllowRow> allowed_demuxers() { return kDemuxers; }
std::span<const AllowRow> allowed_codecs() { return kCodecs; }

const std::string& demuxer_whitelist() {
  // libav compares against each name of a demuxer, so "mov" admits "mov,mp4,m4a,3gp,3g2,mj2".
  static const std::string list = [] {
    std::string out;
    for (const auto& row : kDemuxers) out += (out.empty() ? "" : ",") + std::string(row.name);
    return out;
  }();
  return list;
}

const std::string& subtitle_demuxers() {
  static const std::string list = "srt,ass,webvtt,sup";
  return list;
}

const std::string& decoder_whitelist() {
  static const std::string list = [] {
    std::string out;
    for (const auto& row : kCodecs) {
      const auto* descriptor = avcodec_descriptor_get_by_name(std::string(row.name).c_str());
      const auto* decoder = descriptor ? find_decoder(descriptor->id) : nullptr;
      if (decoder) out += (out.empty() ? "" : ",") + std::string(decoder->name);
    }
    return out;
  }();
  return list;
}

const AVCodec* allowed_decoder(int codec_id) {
  const auto id = static_cast<AVCodecID>(codec_id);
  return on_list(avcodec_get_name(id)) ? find_decoder(id) : nullptr;
}

bool is_decodable(std::string_view codec) {
  const auto* descriptor = avcodec_descriptor_get_by_name(std::string(codec).c_str());
  return descriptor && find_decoder(descriptor->id);
}

}  // namespace vf::media::av
