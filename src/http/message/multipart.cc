#include "http/message/multipart.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/message/fields.h"
#include "http/message/target.h"

namespace vf::http {
namespace {

constexpr std::size_t kLongestBoundary = 70;  // RFC 2046 5.1.1

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Browsers write %22, %0D and %0A for what a quoted name cannot hold (WHATWG, multipart/form-data).
std::string unescape(std::string text) {
  for (const auto& [from, to] : {std::pair{"%22", "\""}, {"%0D", "\r"}, {"%0A", "\n"}})
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at) text.replace(at, 3, to);
  return text;
}

Result<Part> parse_part_head(std::string_view head) {
  Part part;
  bool named = false;
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head = head.substr(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return bad("The head of a part of the form holds a line that is no field.");
    const auto value = trim(line.substr(colon + 1));
    if (equal_ignoring_case(line.substr(0, colon), "Content-Type")) part.content_type = value;
    if (!equal_ignoring_case(line.substr(0, colon), "Content-Disposition")) continue;
    const auto disposition = parse_parameters(value);
    const auto* name = disposition.find("name");
    if (disposition.value != "form-data" || !name) continue;
    named = true;
    part.name = unescape(*name);
    if (const auto* filename = disposition.find("filename")) part.filename = unescape(*filename);
  }
  if (!named) return bad("A part of the form has no name (Content-Disposition: form-data; name=\"...\").");
  if (!is_utf8(part.name) || !is_utf8(part.filename)) return bad("The name of a part of the form is not valid UTF-8.");
  if (part.content_type.empty()) part.content_type = "text/plain";
  return part;
}

}  // namespace

Result<MultipartParser> MultipartParser::create(std::string_view content_type, PartSink& sink, MultipartLimits limits) {
  const auto type = parse_parameters(content_type);
  const auto* boundary = type.find("boundary");
  if (type.value != "multipart/form-data" || !boundary || boundary->empty() || boundary->size() > kLongestBoundary)
    return fail(ErrorCode::unsupported_input,
                "The body has to be multipart/form-data with a boundary of 1 to 70 characters.");
  return MultipartParser("\r\n--" + *boundary, sink, limits);
}

MultipartParser::MultipartParser(std::string delimiter, PartSink& sink, MultipartLimits limits)
    : delimiter_(std::move(delimiter)), sink_(&sink), limits_(limits) {
  buffer_ = "\r\n";  // the first boundary may stand at the very beginning
}

Result<void> MultipartParser::write(std::span<const std::uint8_t> bytes) {
  if (state_ == State::epilogue) return {};
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (state_ != State::epilogue)
    if (VF_TRY(step()) == Step::need_more) return {};
  buffer_.clear();
  return {};
}

Result<void> MultipartParser::finish() {
  if (state_ != State::epilogue) return bad("The form ends before its last boundary.");
  return {};
}

Result<MultipartParser::Step> MultipartParser::step() {
  switch (state_) {
    case State::preamble:
      return skip_preamble();
    case State::after_boundary:
      return read_boundary_line();
    case State::head:
      return read_head();
    case State::data:
      return read_data();
    case State::epilogue:
      break;
  }
  return Step::need_more;
}

Result<MultipartParser::Step> MultipartParser::skip_preamble() {
  const auto at = buffer_.find(delimiter_);
  if (at == std::string::npos) {
    if (buffer_.size() > limits_.head) return bad("The form does not begin with its boundary.");
    return Step::need_more;
  }
  buffer_.erase(0, at + delimiter_.size());
  state_ = State::after_boundary;
  return Step::again;
}

// After a boundary: "--" ends the form, a line end (after optional blanks) begins a part.
Result<MultipartParser::Step> MultipartParser::read_boundary_line() {
  if (buffer_.starts_with("--")) {
    state_ = State::epilogue;
    return Step::again;
  }
  const auto end = buffer_.find("\r\n");
  if (end == std::string::npos) {
    if (buffer_.size() > limits_.head) return bad("A boundary of the form is followed by something else.");
    return Step::need_more;
  }
  if (buffer_.find_first_not_of(" \t") != end) return bad("A boundary of the form is followed by something else.");
  if (++parts_ > limits_.parts)
    return fail(ErrorCode::limit_exceeded, fmt::format("The form has more than {} parts.", limits_.parts));
  buffer_.erase(0, end);  // the line end stays: a part without any field begins with the empty line
  state_ = State::head;
  return Step::again;
}

Result<MultipartParser::Step> MultipartParser::read_head() {
  const auto end = buffer_.find("\r\n\r\n");
  if (std::min(end, buffer_.size()) > limits_.head)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("The head of a part of the form is longer than {} bytes.", limits_.head));
  if (end == std::string::npos) return Step::need_more;
  const auto head = std::string_view(buffer_).substr(0, end);
  const auto part = VF_TRY(parse_part_head(head.substr(std::min<std::size_t>(2, head.size()))));
  VF_CHECK(sink_->begin(part));
  buffer_.erase(0, end + 4);
  state_ = State::data;
  return Step::again;
}

Result<MultipartParser::Step> MultipartParser::read_data() {
  const auto at = buffer_.find(delimiter_);
  // Without a boundary, all but what may be the beginning of one is data.
  const auto ready = at != std::string::npos ? at : buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
  if (ready > 0) VF_CHECK(sink_->data(bytes_of(std::string_view(buffer_).substr(0, ready))));
  if (at == std::string::npos) {
    buffer_.erase(0, ready);
    return Step::need_more;
  }
  VF_CHECK(sink_->end());
  buffer_.erase(0, at + delimiter_.size());
  state_ = State::after_boundary;
  return Step::again;
}

}  // namespace vf::http
