#include "http/server/request_parser.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "http/message/fields.h"

namespace vf::http {
namespace {

namespace beast = boost::beast::http;
using ErrorCode = boost::beast::error_code;
using Text = boost::beast::string_view;

// A chunk's size line, or the trailers: what may have to be kept because it is not whole yet.
constexpr std::size_t kLongestChunkLine = 4 * 1024;

std::string_view view(Text text) { return {text.data(), text.size()}; }

std::span<const std::uint8_t> bytes_of(Text text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_host(std::string_view text) { return text.find_first_of(" \t/?#@\\\"<>,") == std::string_view::npos; }

}  // namespace

class RequestParser::Callbacks : public beast::basic_parser<true> {
 public:
  explicit Callbacks(RequestHead& head) : head_(head) {
    body_limit(boost::none);
    header_limit(std::numeric_limits<std::uint32_t>::max());  // the buffer is bounded instead
    eager(false);
  }
  std::vector<std::span<const std::uint8_t>>* body = nullptr;

 private:
  void on_request_impl(beast::verb, Text method, Text target, int version, ErrorCode&) override {
    head_.method = view(method);
    head_.target = view(target);
    head_.http_1_0 = version < 11;
  }
  void on_field_impl(beast::field, Text name, Text value, ErrorCode&) override {
    // Trailers come after the head is done; nobody asked for one.
    if (!is_header_done()) head_.headers.add(std::string(view(name)), std::string(view(value)));
  }
  std::size_t on_body_impl(Text bytes, ErrorCode&) override { return take(bytes); }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode&) override { return take(bytes); }

  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  std::size_t take(Text bytes) {
    if (!bytes.empty()) body->push_back(bytes_of(bytes));
    return bytes.size();
  }

  RequestHead& head_;
};

RequestParser::RequestParser(const ServerLimits& limits)
    : limits_(limits), callbacks_(std::make_unique<Callbacks>(head_)) {}
RequestParser::~RequestParser() = default;

bool RequestParser::head_done() const { return callbacks_->is_header_done() && !refusal_; }
bool RequestParser::done() const { return callbacks_->is_done(); }

void RequestParser::refuse(int status, std::string reason) {
  if (!refusal_) refusal_ = Refusal{status, std::move(reason)};
}

std::size_t RequestParser::feed(std::string_view bytes, std::vector<std::span<const std::uint8_t>>& body) {
  const bool in_head = !callbacks_->is_header_done();
  callbacks_->body = &body;
  std::size_t used = 0;
  ErrorCode wrong;
  while (used < bytes.size() && !callbacks_->is_done() && !wrong) {
    const auto before = used;
    used += callbacks_->put({bytes.data() + used, bytes.size() - used}, wrong);
    if (in_head || used == before) break;
  }
  if (wrong && wrong != beast::error::need_more) {
    refuse(400, wrong == beast::error::bad_version ? "The request is not HTTP/1.1 or HTTP/1.0."
                                                   : fmt::format("The request is malformed ({}).", wrong.message()));
  } else if (in_head) {
    count_head(bytes.substr(0, used), bytes.substr(used));
    if (callbacks_->is_header_done()) check_head();
  } else if (!callbacks_->is_done() && bytes.size() - used > kLongestChunkLine) {
    refuse(400, "A chunk's size line or the trailers are too long.");
  }
  return used;
}

// Beast takes whole lines, so that a line folded over two (RFC 9112 5.2) stands in one piece here.
void RequestParser::count_head(std::string_view taken, std::string_view kept) {
  const bool done = callbacks_->is_header_done();
  head_bytes_ += taken.size();
  if (taken.find("\r\n ") != std::string_view::npos || taken.find("\r\n\t") != std::string_view::npos)
    refuse(400, "A header field is folded over several lines.");
  // The first line may stay here, whole, until the end of the head has come.
  const auto longest_line = limits_.target_bytes + 64;
  if (head_.method.empty() && kept.size() > longest_line && kept.substr(0, longest_line).find('\n') == kept.npos)
    refuse(414, fmt::format("The request's target is longer than {} bytes.", limits_.target_bytes));
  if (head_bytes_ + (done ? 0 : kept.size()) > limits_.head_bytes)
    refuse(431, fmt::format("The request's head is longer than {} bytes.", limits_.head_bytes));
}

void RequestParser::check_head() {
  callbacks_->eager(true);
  auto& h = head_.headers;
  if (head_.target.size() > limits_.target_bytes)
    return refuse(414, fmt::format("The request's target is longer than {} bytes.", limits_.target_bytes));
  if (h.fields().size() > limits_.fields)
    return refuse(431, fmt::format("The request has more than {} header fields.", limits_.fields));

  const auto lengths = h.count("Content-Length"), codings = h.count("Transfer-Encoding");
  if (lengths > 1) return refuse(400, "The request has more than one Content-Length.");
  if (lengths == 1 && codings > 0) return refuse(400, "The request has both Content-Length and Transfer-Encoding.");
  if (codings > 1 || (codings == 1 && !equal_ignoring_case(h.get("Transfer-Encoding"), "chunked")))
    return refuse(400, "The only transfer coding that is taken is \"chunked\", once.");
  if (codings == 1 && head_.http_1_0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
  if (lengths == 1) {
    const auto text = h.get("Content-Length");
    if (!only_digits(text) || text.size() > 18) return refuse(400, "Content-Length is not a number that can be.");
    head_.content_length = std::stoll(std::string(text));
  }
  head_.chunked = codings == 1;

  if (h.count("Host") > 1 || (!head_.http_1_0 && h.count("Host") == 0) || !is_host(h.get("Host")))
    return refuse(400, "The request needs exactly one valid Host.");
  if (const auto* expect = h.find("Expect")) {
    if (!equal_ignoring_case(*expect, "100-continue"))
      return refuse(417, "The only expectation that is met is \"100-continue\".");
    head_.expects_continue = !head_.http_1_0;
  }
  head_.keep_alive = callbacks_->keep_alive();
}

}  // namespace vf::http
