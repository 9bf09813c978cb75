// Parameter sets and slice headers of H.264 and HEVC over any bytes: the first byte chooses the codec,
// the next two are the size of the configuration record, a NAL unit follows it.
#include <cstdint>
#include <cstdlib>

#include "media/package/slice_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vf::media;
  if (size < 3) return 0;
  const ByteView rest(data + 3, size - 3);
  const auto config = rest.first(std::min<std::size_t>(rest.size(), std::size_t{data[1]} << 8 | data[2]));
  const auto headers = data[0] & 1 ? avc_slice_headers(config) : hevc_slice_headers(config);
  if (!headers) return 0;
  const auto nal = rest.subspan(config.size());
  const auto clear = (*headers)->clear_bytes(nal);
  if (clear && *clear && **clear > nal.size()) std::abort();
  return 0;
}
