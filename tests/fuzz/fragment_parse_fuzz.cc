// The readers of media/package over any bytes: boxes, fragments, indexes, byte streams, sample entries.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/package/annexb.h"
#include "media/package/parse.h"
#include "media/package/sample_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vf::media;
  const ByteView bytes(data, size);
  if (const auto fragment = parse_fragment(bytes)) {
    // What the reader promises: every sample lies inside the segment.
    std::uint64_t end = fragment->data_offset;
    for (const auto& sample : fragment->samples) end += sample.size;
    if (end > size || fragment->data_offset < fragment->moof_size) std::abort();
  }
  (void)parse_index(bytes, 0);
  (void)codecs_string({reinterpret_cast<const char*>(data), size});
  std::vector<std::uint8_t> out;
  for (const auto codec : {NalCodec::h264, NalCodec::hevc}) {
    // A start code of three bytes becomes a length of four: a third more at most.
    if (annexb_to_lengths(codec, bytes, out) && out.size() > size + size / 3 + 4) std::abort();
  }
  return 0;
}
