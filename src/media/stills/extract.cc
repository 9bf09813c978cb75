#include "media/stills/extract.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/stills/encoder_pool.h"
#include "media/stills/frame_walk.h"
#include "media/zip/zip.h"

namespace vf::media::stills {
namespace {

// Writes members as they come, in the order of the list.
class PieceWriter {
 public:
  PieceWriter(const ExtractSpec& spec, int fd) : spec_(spec), fd_(fd) {}

  Result<void> add(std::size_t at, bool damaged, const Bytes& file) {
    const auto index = spec_.frames.index[at];
    const auto ticks = spec_.frames.ticks[at];
    const zip::Member member{spec_.naming.name(index, ticks), static_cast<std::int64_t>(file.size()), zip::crc32(file)};
    const auto header = zip::local_header(member);
    VF_CHECK(write_all(fd_, header));
    VF_CHECK(write_all(fd_, file));
    lose_up_to(at);
    offset_ += static_cast<std::int64_t>(header.size());
    out_.rows += to_row({index, ticks, std::ranges::binary_search(spec_.frames.keys, index), damaged, offset_,
                         member.size, member.crc});
    offset_ += member.size;
    ++out_.frames;
    next_ = at + 1;
    return {};
  }

  Extracted finish() && {
    lose_up_to(spec_.frames.ticks.size());
    out_.wanted = static_cast<std::int64_t>(spec_.frames.ticks.size());
    return std::move(out_);
  }

 private:
  void lose_up_to(std::size_t at) {
    for (; next_ < at; ++next_) out_.lost.push_back(spec_.frames.ticks[next_]);
  }

  const ExtractSpec& spec_;
  int fd_;
  std::size_t next_ = 0;
  std::int64_t offset_ = 0;
  Extracted out_;
};

}  // namespace

double Naming::seconds(std::int64_t ticks) const {
  return static_cast<double>(ticks - origin_ticks) * time_base.value();
}

std::string Naming::name(std::int64_t index, std::int64_t ticks) const {
  const auto ms = std::max<std::int64_t>(0, std::llround(seconds(ticks) * 1000));
  return fmt::format("frame_{:0{}}_{:02}-{:02}-{:02}.{:03}.{}", index, digits, ms / 3'600'000, ms / 60'000 % 60,
                     ms / 1000 % 60, ms % 1000, extension);
}

std::string to_row(const ExtractedFrame& f) {
  return fmt::format("{} {} {} {} {} {}\n", f.index, f.ticks, (f.key ? 1 : 0) + (f.damaged ? 2 : 0), f.offset, f.size,
                     f.crc);
}

Result<std::vector<ExtractedFrame>> frames_of(const Extracted& extracted) {
  std::vector<ExtractedFrame> out;
  std::istringstream in(extracted.rows);
  ExtractedFrame f;
  int flags = 0;
  while (in >> f.index >> f.ticks >> flags >> f.offset >> f.size >> f.crc) {
    f.key = flags & 1;
    f.damaged = flags & 2;
    out.push_back(f);
  }
  if (static_cast<std::int64_t>(out.size()) != extracted.frames)
    return fail(ErrorCode::internal, "A list of extracted frames is damaged.");
  return out;
}

Result<Extracted> extract_frames(int fd, const ExtractSpec& spec, int out_fd,
                                 const std::function<void(double)>& progress) {
  PieceWriter writer(spec, out_fd);
  EncoderPool pool(spec.still, spec.encoders, [&](std::size_t at, bool damaged, const Bytes& file) -> Result<void> {
    VF_CHECK(writer.add(at, damaged, file));
    if (progress) progress(static_cast<double>(at + 1) / static_cast<double>(spec.frames.ticks.size()));
    return {};
  });
  VF_CHECK(walk_frames(fd, spec.stream_index, spec.frames, [&](const AVFrame& frame, std::size_t at, bool damaged) {
    return pool.add(frame, at, damaged);
  }));
  VF_CHECK(pool.finish());
  return std::move(writer).finish();
}

}  // namespace vf::media::stills
