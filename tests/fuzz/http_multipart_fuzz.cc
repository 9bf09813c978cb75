// Any form, in pieces of any size, gives the same parts or an error, and never more than it holds.
// The first byte is the size of the pieces.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/multipart.h"

namespace {

class Recorder : public vf::http::PartSink {
 public:
  vf::Result<void> begin(const vf::http::Part& part) override {
    log += "[" + part.name + "|" + part.filename + "]";
    return {};
  }
  vf::Result<void> data(std::span<const std::uint8_t> bytes) override {
    log.append(bytes.begin(), bytes.end());
    sum += bytes.size();
    return {};
  }
  vf::Result<void> end() override {
    log += ";";
    return {};
  }
  std::string log;
  std::size_t sum = 0;
};

bool parse(std::span<const std::uint8_t> body, std::size_t piece, Recorder& recorder) {
  auto parser = vf::http::MultipartParser::create("multipart/form-data; boundary=b", recorder, {8, 128});
  if (!parser) std::abort();
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (!parser->write(body.subspan(at, std::min(piece, body.size() - at)))) return false;
  return parser->finish().has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::span body(data + 1, size - 1);
  Recorder whole, pieces;
  const bool a = parse(body, std::max<std::size_t>(1, body.size()), whole);
  const bool b = parse(body, 1 + data[0], pieces);
  // A limit may strike at another place when less is known; what is accepted is the same.
  if (a && b && whole.log != pieces.log) std::abort();
  if (whole.sum > body.size() || pieces.sum > body.size()) std::abort();
  return 0;
}
