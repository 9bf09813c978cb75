#include "media/mux/muxer.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "base/fd.h"
#include "media/av/error.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace vf::media::mux {
namespace {

constexpr int kBufferBytes = 1 << 17;
// The clock of edit lists and of the film in MP4: fine enough for every usual frame rate and for sound.
constexpr const char* kMovieTimescale = "90000";

struct IoFree {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
struct FormatFree {
  void operator()(AVFormatContext* context) const { avformat_free_context(context); }
};
using IoPtr = std::unique_ptr<AVIOContext, IoFree>;

// Tags that tell of the file they stood in, not of the film.
constexpr std::array kOwnTags{"encoder",
                              "major_brand",
                              "minor_version",
                              "compatible_brands",
                              "duration",
                              "DURATION",
                              "BPS",
                              "NUMBER_OF_FRAMES",
                              "NUMBER_OF_BYTES",
                              "_STATISTICS_TAGS",
                              "_STATISTICS_WRITING_APP",
                              "_STATISTICS_WRITING_DATE_UTC",
                              "handler_name",
                              "vendor_id",
                              "timecode"};

void copy_tags(AVDictionary** to, AVDictionary* from) {
  av_dict_copy(to, from, 0);
  for (const char* tag : kOwnTags) av_dict_set(to, tag, nullptr, 0);
  // mkvmerge's statistics carry the language in their names.
  const AVDictionaryEntry* entry = nullptr;
  std::vector<std::string> statistics;
  while ((entry = av_dict_get(*to, "", entry, AV_DICT_IGNORE_SUFFIX)))
    for (const char* prefix : {"BPS-", "DURATION-", "NUMBER_OF_", "_STATISTICS_"})
      if (std::strncmp(entry->key, prefix, std::strlen(prefix)) == 0) statistics.emplace_back(entry->key);
  for (const auto& key : statistics) av_dict_set(to, key.c_str(), nullptr, 0);
}

void copy_side_data([[maybe_unused]] AVStream* to, [[maybe_unused]] const AVStream* from) {
#if LIBAVCODEC_VERSION_INT < AV_VERSION_INT(60, 31, 102)
  // Later versions keep it in the parameters, which are copied whole.
  for (int i = 0; i < from->nb_side_data; ++i) {
    const auto& one = from->side_data[i];
    if (auto* data = av_stream_new_side_data(to, one.type, one.size)) std::memcpy(data, one.data, one.size);
  }
#endif
}

std::string encoder_fault(const Container& container, const char* codec) {
  return fmt::format("{} does not hold {} as this film has it.", container.name, codec);
}

}  // namespace

struct Muxer::State {
  const Container* container = nullptr;
  int fd = -1;
  std::int64_t position = 0;
  std::int64_t size = 0;
  int error_number = 0;  // the first of the descriptor, which libav would call an I/O error
  IoPtr io;
  std::unique_ptr<AVFormatContext, FormatFree> format;

#if LIBAVFORMAT_VERSION_MAJOR >= 61
  using Buffer = const std::uint8_t*;
#else
  using Buffer = std::uint8_t*;
#endif

  static int write_packet(void* opaque, Buffer data, int length) {
    auto& self = *static_cast<State*>(opaque);
    for (int done = 0; done < length;) {
      const auto got = ::pwrite(self.fd, data + done, static_cast<std::size_t>(length - done), self.position + done);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        if (self.error_number == 0) self.error_number = got == 0 ? ENOSPC : errno;
        return AVERROR(EIO);
      }
      done += static_cast<int>(got);
    }
    self.position += length;
    self.size = std::max(self.size, self.position);
    return length;
  }

  static std::int64_t seek(void* opaque, std::int64_t offset, int whence) {
    auto& self = *static_cast<State*>(opaque);
    if (whence & AVSEEK_SIZE) return self.size;
    if (whence == SEEK_CUR) offset += self.position;
    if (whence == SEEK_END) offset += self.size;
    if (offset < 0) return AVERROR(EINVAL);
    return self.position = offset;
  }

  // The writer reads its own file again to move the index to its front.
  struct Reader {
    int fd;
    std::int64_t position = 0;
  };
  static int read_packet(void* opaque, std::uint8_t* data, int length) {
    auto& self = *static_cast<Reader*>(opaque);
    const auto got = read_at(self.fd, {data, static_cast<std::size_t>(length)}, self.position);
    if (!got) return AVERROR(EIO);
    if (*got == 0) return AVERROR_EOF;
    self.position += static_cast<std::int64_t>(*got);
    return static_cast<int>(*got);
  }
  static std::int64_t seek_reader(void* opaque, std::int64_t offset, int whence) {
    auto& self = *static_cast<Reader*>(opaque);
    if (whence == SEEK_CUR) offset += self.position;
    if ((whence != SEEK_SET && whence != SEEK_CUR) || offset < 0) return AVERROR(EINVAL);
    return self.position = offset;
  }
  static int open_own(AVFormatContext* context, AVIOContext** out, const char*, int flags, AVDictionary**) {
    if (flags & AVIO_FLAG_WRITE) return AVERROR(EPERM);
    auto& self = *static_cast<State*>(context->opaque);
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
    auto* reader = new Reader{self.fd};
    *out = buffer ? avio_alloc_context(buffer, kBufferBytes, 0, reader, &read_packet, nullptr, &seek_reader) : nullptr;
    if (*out) return 0;
    av_free(buffer);
    delete reader;
    return AVERROR(ENOMEM);
  }
  static int close_own(AVFormatContext*, AVIOContext* io) {
    delete static_cast<Reader*>(io->opaque);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return 0;
  }

  Error fault(int code, ErrorCode otherwise, std::string_view message) const {
    if (error_number != 0) return system_error(error_number, "write the file");
    return av::error_from(code, otherwise, message);
  }
};

Muxer::Muxer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Muxer::Muxer(Muxer&&) noexcept = default;
Muxer& Muxer::operator=(Muxer&&) noexcept = default;
Muxer::~Muxer() = default;

Result<Muxer> Muxer::create(int fd, const Container& container) {
  auto state = std::make_unique<State>();
  state->container = &container;
  state->fd = fd;
  AVFormatContext* context = nullptr;
  if (avformat_alloc_output_context2(&context, nullptr, std::string(container.muxer).c_str(), nullptr) < 0)
    return fail(ErrorCode::unsupported_input,
                fmt::format("This build of libav cannot write {} files.", container.name));
  state->format.reset(context);
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  if (buffer)
    state->io.reset(
        avio_alloc_context(buffer, kBufferBytes, 1, state.get(), nullptr, &State::write_packet, &State::seek));
  if (!state->io) {
    av_free(buffer);
    return fail(ErrorCode::no_memory, "There is not enough memory to write the file.");
  }
  context->pb = state->io.get();
  context->opaque = state.get();
  context->io_open = &State::open_own;
  context->io_close2 = &State::close_own;
  // The same bytes for the same packets: no times of day, no random identifiers.
  context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  context->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  return Muxer(std::move(state));
}

Result<int> Muxer::add(Feed& feed, const AVStream* source, const std::string& language, Rational speed) {
  auto& s = *state_;
  auto* stream = avformat_new_stream(s.format.get(), nullptr);
  if (!stream || avcodec_parameters_copy(stream->codecpar, feed.parameters()) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory to write the file.");
  const auto base = feed.time_base();
  stream->time_base = {static_cast<int>(base.num), static_cast<int>(base.den)};
  if (const auto* own = feed.described_by()) {
    copy_side_data(stream, own);
    stream->sample_aspect_ratio = own->codecpar->sample_aspect_ratio;
    const AVRational faster{static_cast<int>(speed.num), static_cast<int>(speed.den)};
    stream->avg_frame_rate = av_mul_q(own->avg_frame_rate, faster);
    stream->r_frame_rate = av_mul_q(own->r_frame_rate, faster);
  }
  if (source) {
    copy_tags(&stream->metadata, source->metadata);
    stream->disposition = source->disposition;
  }
  if (!language.empty()) av_dict_set(&stream->metadata, "language", language.c_str(), 0);
  // Apple's players take HEVC whose parameter sets stand in the header under this name only.
  const auto& p = *stream->codecpar;
  const bool record = p.extradata_size > 0 && p.extradata[0] == 1;
  if (p.codec_id == AV_CODEC_ID_HEVC && record && s.container->edit_lists)
    stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
  return stream->index;
}

void Muxer::describe(const AVFormatContext& source) { copy_tags(&state_->format->metadata, source.metadata); }

Result<void> Muxer::add_chapters(const std::vector<ChapterInfo>& chapters) {
  auto& format = *state_->format;
  if (chapters.empty()) return {};
  auto** list = static_cast<AVChapter**>(av_calloc(chapters.size(), sizeof(AVChapter*)));
  if (!list) return fail(ErrorCode::no_memory, "There is not enough memory for the chapters.");
  format.chapters = list;
  for (const auto& chapter : chapters) {
    auto* out = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (!out) return fail(ErrorCode::no_memory, "There is not enough memory for the chapters.");
    out->id = format.nb_chapters + 1;
    out->time_base = {1, 1000};
    out->start = std::llround(chapter.start_seconds * 1000);
    out->end = std::max<std::int64_t>(std::llround(chapter.end_seconds * 1000), out->start + 1);
    if (!chapter.title.empty()) av_dict_set(&out->metadata, "title", chapter.title.c_str(), 0);
    list[format.nb_chapters++] = out;
  }
  return {};
}

Result<void> Muxer::add_attachment(const AVStream& source) {
  auto* stream = avformat_new_stream(state_->format.get(), nullptr);
  if (!stream || avcodec_parameters_copy(stream->codecpar, source.codecpar) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory to write the file.");
  stream->codecpar->codec_tag = 0;
  av_dict_copy(&stream->metadata, source.metadata, 0);
  return {};
}

Result<void> Muxer::begin() {
  auto& s = *state_;
  AVDictionary* options = nullptr;
  if (s.container->edit_lists) {
    av_dict_set(&options, "movflags", "+faststart", 0);
    av_dict_set(&options, "movie_timescale", kMovieTimescale, 0);
  }
  const int code = avformat_write_header(s.format.get(), &options);
  av_dict_free(&options);
  if (code >= 0) return {};
  const auto* format = s.format.get();
  const char* codec = format->nb_streams > 0 ? avcodec_get_name(format->streams[0]->codecpar->codec_id) : "this";
  return std::unexpected(s.fault(code, ErrorCode::unsupported_input, encoder_fault(*s.container, codec)));
}

Result<void> Muxer::write(int track, AVPacket* packet, Rational base) {
  auto& s = *state_;
  const auto* stream = s.format->streams[track];
  packet->stream_index = track;
  packet->pos = -1;
  const Rational to{stream->time_base.num, stream->time_base.den};
  packet->pts = rescale(packet->pts, base, to);
  packet->dts = std::min(rescale(packet->dts, base, to), packet->pts);
  packet->duration = rescale(packet->duration, base, to);
  const int code = av_write_frame(s.format.get(), packet);
  if (code >= 0 && s.error_number == 0) return {};
  return std::unexpected(s.fault(code, ErrorCode::invalid_input,
                                 fmt::format("A packet of {} cannot be written into {}.",
                                             avcodec_get_name(stream->codecpar->codec_id), s.container->name)));
}

Result<std::int64_t> Muxer::finish() {
  auto& s = *state_;
  const int code = av_write_trailer(s.format.get());
  avio_flush(s.io.get());
  if (code < 0 || s.error_number != 0)
    return std::unexpected(s.fault(code, ErrorCode::internal, "The file could not be finished."));
  return s.size;
}

}  // namespace vf::media::mux
