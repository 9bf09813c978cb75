#include "media/mux/containers.h"

#include <algorithm>
#include <array>

namespace vf::media::mux {
namespace {

constexpr std::array kContainers = std::to_array<Container>({
    {"mp4", "mp4", " h264 hevc av1 vp9 mpeg4 mpeg2video mpeg1video mjpeg ", " aac mp3 mp2 ac3 eac3 opus flac alac ",
     " mov_text ", "mov_text", "h264", "aac", true, true, false},
    {"mov", "mov", " h264 hevc mpeg4 mpeg2video mjpeg prores dnxhd dvvideo png qtrle cinepak ",
     " aac mp3 ac3 eac3 alac pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f32be "
     "pcm_mulaw pcm_alaw ",
     " mov_text ", "mov_text", "h264", "aac", true, true, false},
    {"mkv", "matroska",
     " h264 hevc av1 vp9 vp8 mpeg4 mpeg2video mpeg1video mjpeg prores dnxhd dvvideo theora ffv1 huffyuv msmpeg4v3 "
     "wmv1 wmv2 wmv3 vc1 png flv1 utvideo ",
     " aac mp3 mp2 ac3 eac3 dts truehd opus vorbis flac alac pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le "
     "pcm_f32le pcm_u8 wmav1 wmav2 ",
     " subrip ass ssa webvtt text hdmv_pgs_subtitle dvd_subtitle dvb_subtitle ", "subrip", "h264", "aac", false, true,
     true},
    {"webm", "webm", " vp8 vp9 av1 ", " opus vorbis ", " webvtt ", "webvtt", "vp9", "opus", false, true, false},
    {"ts", "mpegts", " h264 hevc mpeg2video mpeg1video mpeg4 ", " aac mp3 mp2 ac3 eac3 dts opus ", " dvb_subtitle ", "",
     "h264", "aac", false, false, false},
});

}  // namespace

std::span<const Container> containers() { return kContainers; }

const Container* find_container(std::string_view name) {
  const auto found = std::ranges::find(kContainers, name, &Container::name);
  return found == kContainers.end() ? nullptr : &*found;
}

bool holds(std::string_view list, std::string_view codec) {
  for (auto at = list.find(codec); at != std::string_view::npos; at = list.find(codec, at + 1))
    if (at > 0 && list[at - 1] == ' ' && at + codec.size() < list.size() && list[at + codec.size()] == ' ') return true;
  return false;
}

std::string containers_for_video(std::string_view codec) {
  std::string out;
  for (const auto& row : kContainers)
    if (holds(row.video, codec)) out += (out.empty() ? "" : ", ") + std::string(row.name);
  return out;
}

}  // namespace vf::media::mux
