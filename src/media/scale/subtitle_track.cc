#include "media/scale/subtitle_track.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>

#include <ass/ass.h>

#include "base/fd.h"
#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"

namespace vf::media {
namespace {

constexpr std::int64_t kMaxFontBytes = 32 << 20;
constexpr double kReadBefore = 60;  // a subtitle that began earlier than this is over
constexpr double kNoEnd = 1e9;      // shown until the next one comes
constexpr std::size_t kMaxPictures = 64;

struct Shown {
  double start = 0;
  double end = 0;
  int canvas_width = 0;
  int canvas_height = 0;
  int x = 0;
  int y = 0;
  RgbaImage image;
};

struct SubtitleGuard {
  AVSubtitle value{};
  ~SubtitleGuard() { avsubtitle_free(&value); }
};

std::optional<RgbaImage> image_of(const AVSubtitleRect& rect) {
  if (rect.type != SUBTITLE_BITMAP || rect.w < 1 || rect.h < 1 || !rect.data[0] || !rect.data[1]) return {};
  RgbaImage image{rect.w, rect.h, {}};
  image.pixels.reserve(4 * static_cast<std::size_t>(rect.w) * static_cast<std::size_t>(rect.h));
  for (int y = 0; y < rect.h; ++y)
    for (int x = 0; x < rect.w; ++x) {
      const auto index = rect.data[0][static_cast<std::ptrdiff_t>(y) * rect.linesize[0] + x];
      std::uint32_t argb = 0;  // the palette is AV_PIX_FMT_RGB32, in native byte order
      if (index < std::max(rect.nb_colors, 256)) std::memcpy(&argb, rect.data[1] + 4 * index, 4);
      for (const int shift : {16, 8, 0, 24}) image.pixels.push_back(static_cast<std::uint8_t>(argb >> shift));
    }
  return image;
}

}  // namespace

struct SubtitleTrack::State {
  struct AssFree {
    void operator()(ASS_Library* p) const { ass_library_done(p); }
    void operator()(ASS_Renderer* p) const { ass_renderer_done(p); }
    void operator()(ASS_Track* p) const { ass_free_track(p); }
  };

  std::optional<av::Input> input;
  int index = 0;
  av::CodecPtr codec;
  av::PacketPtr packet = av::make_packet();
  bool ended = false;
  bool waiting = false;  // `packet` was read and is for later
  std::deque<Shown> pictures;
  std::unique_ptr<ASS_Library, AssFree> library;
  std::unique_ptr<ASS_Renderer, AssFree> renderer;
  std::unique_ptr<ASS_Track, AssFree> track;

  Result<void> open_text(int font_fd);
  void decode();
};

Result<void> SubtitleTrack::State::open_text(int font_fd) {
  library.reset(ass_library_init());
  if (!library) return fail(ErrorCode::no_memory, "There is not enough memory to draw subtitles.");
  // libass writes its remarks to stderr, which is not ours to write to.
  ass_set_message_cb(library.get(), [](int, const char*, va_list, void*) {}, nullptr);
  ass_set_extract_fonts(library.get(), 1);
  std::string family = "sans-serif";
  if (font_fd >= 0) {
    auto font = VF_TRY(read_whole(font_fd, kMaxFontBytes));
    if (auto name = font_family(font); !name.empty()) family = name;
    ass_add_font(library.get(), family.c_str(), font.data(), static_cast<int>(font.size()));
  }
  std::int64_t attached = 0;
  for (unsigned i = 0; i < input->get()->nb_streams; ++i) {
    const auto& parameters = *input->get()->streams[i]->codecpar;
    if (parameters.codec_id != AV_CODEC_ID_TTF && parameters.codec_id != AV_CODEC_ID_OTF) continue;
    attached += parameters.extradata_size;
    if (attached > kMaxFontBytes) break;
    ass_add_font(library.get(), "attachment", reinterpret_cast<const char*>(parameters.extradata),
                 parameters.extradata_size);
  }
  renderer.reset(ass_renderer_init(library.get()));
  track.reset(ass_new_track(library.get()));
  if (!renderer || !track) return fail(ErrorCode::no_memory, "There is not enough memory to draw subtitles.");
  ass_set_fonts(renderer.get(), nullptr, family.c_str(), ASS_FONTPROVIDER_NONE, nullptr, 1);
  if (codec->subtitle_header)
    ass_process_codec_private(track.get(), reinterpret_cast<char*>(codec->subtitle_header),
                              codec->subtitle_header_size);
  return {};
}

SubtitleTrack::SubtitleTrack(std::unique_ptr<State> state) : state_(std::move(state)) {}
SubtitleTrack::~SubtitleTrack() = default;

Result<std::unique_ptr<SubtitleTrack>> SubtitleTrack::open(int fd, int stream_index, int font_fd, double start_seconds,
                                                           bool own_file) {
  auto state = std::make_unique<State>();
  auto input = av::Input::open(fd, {.subtitle_file = own_file});
  if (!input && own_file && input.error().code != ErrorCode::no_memory)
    return fail(ErrorCode::invalid_input,
                "The subtitle file cannot be read: it is neither SubRip, WebVTT nor ASS, nor a film with subtitles.",
                input.error().message);
  state->input = VF_TRY(std::move(input));
  auto* stream = state->input->stream(stream_index);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE)
    return fail(ErrorCode::not_found, "The file has no such subtitle stream.");
  for (unsigned i = 0; i < state->input->get()->nb_streams; ++i)
    if (static_cast<int>(i) != stream_index) state->input->get()->streams[i]->discard = AVDISCARD_ALL;
  state->index = stream_index;
  const auto* decoder = av::allowed_decoder(stream->codecpar->codec_id);
  if (!decoder) return fail(ErrorCode::unsupported_input, "Subtitles of this kind cannot be drawn.");
  state->codec.reset(avcodec_alloc_context3(decoder));
  if (!state->codec || !state->packet)
    return fail(ErrorCode::no_memory, "There is not enough memory to draw subtitles.");
  avcodec_parameters_to_context(state->codec.get(), stream->codecpar);
  state->codec->pkt_timebase = stream->time_base;
  if (const int code = avcodec_open2(state->codec.get(), decoder, nullptr); code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::invalid_input, "The subtitles cannot be decoded."));
  const auto* descriptor = avcodec_descriptor_get(stream->codecpar->codec_id);
  if (descriptor && (descriptor->props & AV_CODEC_PROP_TEXT_SUB)) VF_CHECK(state->open_text(font_fd));
  if (start_seconds > kReadBefore)
    VF_CHECK(state->input->seek(stream_index,
                                static_cast<std::int64_t>((start_seconds - kReadBefore) / av_q2d(stream->time_base))));
  return std::unique_ptr<SubtitleTrack>(new SubtitleTrack(std::move(state)));
}

void SubtitleTrack::State::decode() {
  SubtitleGuard subtitle;
  int got = 0;
  if (avcodec_decode_subtitle2(codec.get(), &subtitle.value, &got, packet.get()) < 0 || !got) return;
  const double base = av_q2d(input->stream(index)->time_base);
  const auto time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
  const double start = static_cast<double>(time) * base + subtitle.value.start_display_time / 1000.0;
  double length = (static_cast<double>(subtitle.value.end_display_time) - subtitle.value.start_display_time) / 1000.0;
  if (subtitle.value.end_display_time == UINT32_MAX || length <= 0)
    length = packet->duration > 0 ? static_cast<double>(packet->duration) * base : kNoEnd;
  // A picture ends where the next one, which may be empty, begins.
  if (!track)
    for (auto& shown : pictures) shown.end = std::min(shown.end, start);
  for (unsigned i = 0; i < subtitle.value.num_rects; ++i) {
    auto& rect = *subtitle.value.rects[i];
    if (track && rect.ass) {
      ass_process_chunk(track.get(), rect.ass, static_cast<int>(std::strlen(rect.ass)), std::llround(start * 1000),
                        std::llround(std::min(length, 1e6) * 1000));
    } else if (auto image = image_of(rect); !track && image && pictures.size() < kMaxPictures) {
      pictures.push_back({start, start + length, codec->width, codec->height, rect.x, rect.y, std::move(*image)});
    }
  }
}

Result<void> SubtitleTrack::advance(double seconds) {
  auto& s = *state_;
  while (!s.ended) {
    if (!s.waiting && !VF_TRY(s.input->read(s.packet.get()))) {
      s.ended = true;
      break;
    }
    s.waiting = true;
    if (s.packet->stream_index == s.index) {
      const auto time = s.packet->pts != AV_NOPTS_VALUE ? s.packet->pts : s.packet->dts;
      if (static_cast<double>(time) * av_q2d(s.input->stream(s.index)->time_base) > seconds) break;
      s.decode();
    }
    av_packet_unref(s.packet.get());
    s.waiting = false;
  }
  std::erase_if(s.pictures, [&](const Shown& shown) { return shown.end <= seconds; });
  return {};
}

bool SubtitleTrack::paint(double seconds, int width, int height, const Light& light, int bits, const Painter& painter) {
  auto& s = *state_;
  if (s.track) {
    ass_set_frame_size(s.renderer.get(), width, height);
    ass_set_storage_size(s.renderer.get(), width, height);
    const auto* image = ass_render_frame(s.renderer.get(), s.track.get(), std::llround(seconds * 1000), nullptr);
    const bool any = image != nullptr;
    for (; image; image = image->next) {
      const auto part = [&](int shift) { return (image->color >> shift & 0xff) / 255.0; };
      painter.mask({image->dst_x, image->dst_y, image->w, image->h, image->stride, image->bitmap,
                    static_cast<int>(255 - (image->color & 0xff))},
                   ink_of(part(24), part(16), part(8), light, bits));
    }
    return any;
  }
  bool any = false;
  for (const auto& shown : s.pictures) {
    if (seconds < shown.start || seconds >= shown.end) continue;
    any = true;
    // The canvas is the video's size where the stream does not say.
    const double sx = shown.canvas_width > 0 ? static_cast<double>(width) / shown.canvas_width : 1.0;
    const double sy = shown.canvas_height > 0 ? static_cast<double>(height) / shown.canvas_height : 1.0;
    painter.image(resized(shown.image, std::max(1, static_cast<int>(std::lround(shown.image.width * sx))),
                          std::max(1, static_cast<int>(std::lround(shown.image.height * sy)))),
                  static_cast<int>(std::lround(shown.x * sx)), static_cast<int>(std::lround(shown.y * sy)));
  }
  return any;
}

}  // namespace vf::media
