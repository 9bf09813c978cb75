// multipart/form-data (RFC 7578) as a stream: parts go to a sink as their bytes come.
//
// Memory is bounded by the limits, whatever the parts' sizes. One parser a body; not thread-safe. A part
// without a name, a malformed head or a body that ends early is an error (invalid_argument).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::http {

struct Part {
  std::string name;
  std::string filename;      // as the client said: text, never a path; empty where it is not a file
  std::string content_type;  // as declared; "text/plain" where nothing is
};

// An error of the sink ends the parse and is given back.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual Result<void> begin(const Part& part) = 0;
  virtual Result<void> data(std::span<const std::uint8_t> bytes) = 0;
  virtual Result<void> end() = 0;
};

struct MultipartLimits {
  std::size_t parts = 100;
  std::size_t head = 8 * 1024;  // bytes of one part's head
};

class MultipartParser {
 public:
  // `content_type`: the request's field. unsupported_input where it is not multipart/form-data with a
  // boundary. The sink has to outlive the parser.
  static Result<MultipartParser> create(std::string_view content_type, PartSink& sink, MultipartLimits limits = {});

  Result<void> write(std::span<const std::uint8_t> bytes);
  Result<void> finish();

 private:
  enum class State { preamble, after_boundary, head, data, epilogue };
  enum class Step { again, need_more };

  MultipartParser(std::string delimiter, PartSink& sink, MultipartLimits limits);
  Result<Step> step();
  Result<Step> skip_preamble();
  Result<Step> read_boundary_line();
  Result<Step> read_head();
  Result<Step> read_data();

  std::string delimiter_;  // CRLF "--" boundary
  PartSink* sink_;
  MultipartLimits limits_;
  State state_ = State::preamble;
  std::string buffer_;  // what was not yet understood
  std::size_t parts_ = 0;
};

}  // namespace vf::http
