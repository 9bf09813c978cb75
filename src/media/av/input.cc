#include "media/av/input.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/ptr.h"

namespace vf::media::av {
namespace {

constexpr int kBufferBytes = 1 << 17;
// Beyond a day (in AV_TIME_BASE) times are not what they seem.
constexpr std::int64_t kLatestStart = 86'400LL * AV_TIME_BASE;
// A demuxer that meets this many damaged packets in a row is not going anywhere.
constexpr int kMaxConsecutiveDamage = 1000;

struct Part {
  int fd;
  std::int64_t begin;
  std::int64_t size;
};

struct IoFree {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

struct FormatClose {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};

}  // namespace

// Member order is destruction order backwards: the demuxer goes before the I/O it reads from.
struct Input::State {
  std::vector<Part> parts;
  std::int64_t bytes = 0;
  std::int64_t position = 0;
  int read_errno = 0;  // the first error of the descriptor, which libav would turn into an end of file
  int damaged = 0;
  bool skimming = false;
  const AVFormatContext* opening = nullptr;  // set while libav reads the header
  unsigned streams_seen = 0;                 // its streams at the last read, which outlives its failure
  std::unique_ptr<AVIOContext, IoFree> io;
  std::unique_ptr<AVFormatContext, FormatClose> format;

  static int read_packet(void* opaque, std::uint8_t* buffer, int size) {
    auto& self = *static_cast<State*>(opaque);
    if (self.opening) self.streams_seen = self.opening->nb_streams;
    if (self.skimming) return self.skim_packet(buffer, size);
    for (const auto& part : self.parts) {
      if (self.position >= part.begin + part.size) continue;
      const auto inside = self.position - part.begin;
      const auto wanted = std::min<std::int64_t>(size, part.size - inside);
      const auto got = read_at(part.fd, {buffer, static_cast<std::size_t>(wanted)}, inside);
      if (!got) {
        if (self.read_errno == 0) self.read_errno = errno == 0 ? EIO : errno;
        return AVERROR(EIO);
      }
      if (*got == 0) return AVERROR_EOF;
      self.position += static_cast<std::int64_t>(*got);
      return static_cast<int>(*got);
    }
    return AVERROR_EOF;
  }

  int skim_packet(std::uint8_t* buffer, int size) {
    const auto taken = std::min<std::int64_t>(size, bytes - position);
    if (taken <= 0) return AVERROR_EOF;
    const auto real = std::min<std::int64_t>(taken, kSkimBytes);
    const auto got = read_at(parts.front().fd, {buffer, static_cast<std::size_t>(real)}, position);
    if (!got) {
      if (read_errno == 0) read_errno = errno == 0 ? EIO : errno;
      return AVERROR(EIO);
    }
    position += taken;
    return static_cast<int>(taken);
  }

  static std::int64_t seek_to(void* opaque, std::int64_t offset, int whence) {
    auto& self = *static_cast<State*>(opaque);
    switch (whence & ~AVSEEK_FORCE) {
      case AVSEEK_SIZE:
        return self.bytes;
      case SEEK_SET:
        break;
      case SEEK_CUR:
        offset += self.position;
        break;
      case SEEK_END:
        offset += self.bytes;
        break;
      default:
        return AVERROR(EINVAL);
    }
    if (offset < 0) return AVERROR(EINVAL);
    self.position = offset;
    return offset;
  }

  // A container that points at other files (reference movies, playlists) gets nothing.
  static int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }
};

Input::Input(std::unique_ptr<State> state) : state_(std::move(state)) {}
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

namespace {

// The dictionaries avformat_find_stream_info takes: one for each stream there is. Streams that appear
// later are bounded by av_max_alloc alone.
class DecoderOptions {
 public:
  DecoderOptions(unsigned streams, std::int64_t max_pixels) : rows_(streams, nullptr) {
    for (auto& row : rows_) {
      av_dict_set(&row, "threads", "1", 0);
      if (max_pixels > 0) av_dict_set_int(&row, "max_pixels", max_pixels, 0);
    }
  }
  DecoderOptions(const DecoderOptions&) = delete;
  DecoderOptions& operator=(const DecoderOptions&) = delete;
  ~DecoderOptions() {
    for (auto& row : rows_) av_dict_free(&row);
  }
  AVDictionary** data() { return rows_.empty() ? nullptr : rows_.data(); }

 private:
  std::vector<AVDictionary*> rows_;
};

std::unexpected<Error> too_many_streams(unsigned streams, int limit, bool at_least) {
  return fail(ErrorCode::limit_exceeded, fmt::format("The file has {}{} streams; the limit is {} (max_streams).",
                                                     at_least ? "at least " : "", streams, limit));
}

// libav's own cap: so far above ours that the last count seen before it refuses tells which cap it was,
// and low enough that the table of streams, which grows one by one, stays cheap.
int libav_stream_cap(int limit) { return limit + 1024; }

// Before a decoder is asked: one that refuses a picture for its size also forgets the size.
Result<void> check_pixels(const AVFormatContext& context, std::int64_t max_pixels) {
  for (unsigned i = 0; max_pixels > 0 && i < context.nb_streams; ++i) {
    const auto& p = *context.streams[i]->codecpar;
    if (p.width > 0 && p.height > 0 && static_cast<std::int64_t>(p.width) * p.height > max_pixels)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("The picture is {}x{}, {} pixels; the limit is {} (max_pixels).", p.width, p.height,
                              static_cast<std::int64_t>(p.width) * p.height, max_pixels));
  }
  return {};
}

void set_bounds(AVFormatContext& context, const InputOptions& options) {
  context.flags |= AVFMT_FLAG_CUSTOM_IO;
  context.probesize = options.probe_bytes;
  context.max_analyze_duration = options.analyze_microseconds;
  context.max_streams = libav_stream_cap(options.max_streams);
  const auto text = options.subtitle_file ? "," + subtitle_demuxers() : std::string();
  context.format_whitelist = av_strdup((demuxer_whitelist() + text).c_str());
  context.codec_whitelist = av_strdup(decoder_whitelist().c_str());
  context.protocol_whitelist = av_strdup("");  // not even file: libav names nothing
}

}  // namespace

Result<Input> Input::open(int fd, const InputOptions& options) {
  auto state = std::make_unique<State>();
  const auto fds = options.parts.empty() ? std::vector{fd} : options.parts;
  for (const int part : fds) {
    const auto size = VF_TRY(file_size(part));
    state->parts.push_back({part, state->bytes, size});
    state->bytes += size;
  }
  if (state->bytes == 0) return fail(ErrorCode::invalid_input, "The file is empty (0 bytes). Upload or copy it again.");

  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  if (!buffer) return fail(ErrorCode::no_memory, "There is not enough memory to open the file.");
  state->io.reset(
      avio_alloc_context(buffer, kBufferBytes, 0, state.get(), &State::read_packet, nullptr, &State::seek_to));
  if (!state->io) av_free(buffer);
  auto* context = avformat_alloc_context();
  if (!state->io || !context) {
    avformat_free_context(context);
    return fail(ErrorCode::no_memory, "There is not enough memory to open the file.");
  }
  context->pb = state->io.get();
  context->io_open = &State::refuse_open;
  set_bounds(*context, options);

  const auto error = [&](int code, ErrorCode otherwise, std::string_view message) -> std::unexpected<Error> {
    if (state->read_errno != 0) return std::unexpected(system_error(state->read_errno, "read the input"));
    return std::unexpected(error_from(code, otherwise, message));
  };
  state->opening = context;
  // avformat_open_input frees the context when it fails.
  const int opened = avformat_open_input(&context, nullptr, nullptr, nullptr);
  state->opening = nullptr;
  if (opened < 0) {
    // A demuxer that is refused a stream says ENOMEM; the last count it was seen with tells the two apart.
    if (opened == AVERROR(ENOMEM) && state->streams_seen > static_cast<unsigned>(options.max_streams))
      return too_many_streams(state->streams_seen, options.max_streams, true);
    if (opened == AVERROR(EINVAL))
      return error(
          opened, ErrorCode::unsupported_input,
          "This kind of container is not on the list of formats that VideoForge reads (see `videoforge doctor`).");
    return error(opened, ErrorCode::invalid_input,
                 "This is not a video that can be read: no known container was recognised in it. Check that the file "
                 "is complete and really a video.");
  }
  state->format.reset(context);
  if (static_cast<int>(context->nb_streams) > options.max_streams)
    return too_many_streams(context->nb_streams, options.max_streams,
                            static_cast<int>(context->nb_streams) > libav_stream_cap(options.max_streams) - 1);
  VF_CHECK(check_pixels(*context, options.max_pixels));
  if (!options.find_stream_info) return Input(std::move(state));
  DecoderOptions decoders(context->nb_streams, options.max_pixels);
  if (const int code = avformat_find_stream_info(context, decoders.data()); code < 0)
    return error(code, ErrorCode::invalid_input,
                 "The container was recognised but its streams cannot be read; the file is damaged.");
  if (static_cast<int>(context->nb_streams) > options.max_streams)
    return too_many_streams(context->nb_streams, options.max_streams, false);
  return Input(std::move(state));
}

AVFormatContext* Input::get() const { return state_->format.get(); }
AVStream* Input::stream(int index) const {
  const auto* context = state_->format.get();
  return index >= 0 && index < static_cast<int>(context->nb_streams) ? context->streams[index] : nullptr;
}
std::int64_t Input::bytes() const { return state_->bytes; }
int Input::damaged() const { return state_->damaged; }

Result<bool> Input::read(AVPacket* packet) {
  for (int tries = 0; tries < kMaxConsecutiveDamage; ++tries) {
    const int code = av_read_frame(state_->format.get(), packet);
    // Half a picture, or one put together of two. libav's own way of leaving it out tells nobody.
    if (code >= 0 && (packet->flags & AV_PKT_FLAG_CORRUPT)) {
      ++state_->damaged;
      av_packet_unref(packet);
      continue;
    }
    if (code >= 0) return true;
    if (state_->read_errno != 0) return std::unexpected(system_error(state_->read_errno, "read the input"));
    if (code == AVERROR(ENOMEM)) return std::unexpected(error_from(code, ErrorCode::internal, "read a packet"));
    if (code == AVERROR_EOF || avio_feof(state_->io.get())) return false;
    ++state_->damaged;
  }
  return false;
}

bool Input::skim_from_start() {
  auto* context = state_->format.get();
  if (state_->parts.size() != 1) return false;
  std::int64_t first = INT64_MAX;
  for (unsigned i = 0; i < context->nb_streams; ++i)
    if (const auto* entry = avformat_index_get_entry(context->streams[i], 0))
      first = std::min(first, av_rescale_q(entry->timestamp, context->streams[i]->time_base, AV_TIME_BASE_Q));
  if (first == INT64_MAX || std::abs(first) > kLatestStart) return false;
  // Seeking closes the parsers, and the flags keep them closed: for each packet they would allocate and
  // clear as much again as it is long.
  const int flags = context->flags;
  context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  const auto before_all = first - AV_TIME_BASE;
  if (avformat_seek_file(context, -1, INT64_MIN, before_all, before_all, 0) < 0) {
    context->flags = flags;
    return false;
  }
  state_->skimming = true;
  // Each packet is one read of its own, straight into its buffer.
  state_->io->direct = AVIO_FLAG_DIRECT;
  return true;
}

Result<void> Input::seek(int stream_index, std::int64_t timestamp) {
  auto* context = state_->format.get();
  if (avformat_seek_file(context, stream_index, INT64_MIN, timestamp, timestamp, 0) >= 0) return {};
  if (av_seek_frame(context, stream_index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0) return {};
  // Nothing before it is known: the beginning is always a right answer, only a slower one.
  if (av_seek_frame(context, -1, INT64_MIN, AVSEEK_FLAG_BACKWARD) >= 0) return {};
  if (av_seek_frame(context, -1, 0, AVSEEK_FLAG_BYTE) >= 0) return {};
  return fail(ErrorCode::unsupported_input, "The container cannot be read from any place but its beginning.");
}

}  // namespace vf::media::av
