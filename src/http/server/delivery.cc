#include "http/server/delivery.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/uuid.h"
#include "http/message/conditional.h"
#include "http/message/fields.h"
#include "http/message/http_date.h"
#include "http/message/problem.h"
#include "http/message/ranges.h"
#include "http/message/status.h"
#include "http/server/compress.h"
#include "http/server/cors.h"

namespace vf::http {
namespace {

// Less than this does not get smaller by much, and fits into one packet anyway.
constexpr std::size_t kWorthCompressing = 1024;

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

// What is opened before the head is written; a range seldom needs more.
constexpr int kOpenedAtOnce = 2;

// A FileBody on its way out.
struct Pieces {
  std::vector<FilePiece> list;
  std::shared_ptr<const OpenPiece> open;
};

// The bytes first..first+size of pieces that lie one after the other.
void append_slice(const Pieces& file, ByteRange want, Delivery& out) {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < file.list.size(); ++i) {
    const auto& piece = file.list[i];
    const auto from = std::max(want.first, at), to = std::min(want.first + want.size, at + piece.size);
    if (from < to) out.body.emplace_back(FileSlice{file.open, i, piece.offset + from - at, to - from});
    at += piece.size;
  }
}

// While the status can still say that a file is not there.
Result<void> open_first(Delivery& out) {
  int opened = 0;
  for (auto& part : out.body) {
    auto* slice = std::get_if<FileSlice>(&part);
    if (!slice) continue;
    if (opened++ == kOpenedAtOnce) break;
    slice->fd = VF_TRY((*slice->open)(slice->piece));
  }
  return {};
}

std::int64_t size_of(const Delivery& out) {
  std::int64_t sum = 0;
  for (const auto& part : out.body) {
    const auto* file = std::get_if<FileSlice>(&part);
    sum += file ? file->size : static_cast<std::int64_t>(std::get<std::string>(part).size());
  }
  return sum;
}

Validators validators_of(const Response& response) {
  return {std::string(response.headers.get("ETag")), parse_http_date(response.headers.get("Last-Modified")), true};
}

// 304 has no body and keeps the fields that a cache updates (RFC 9110 15.4.5).
void become_not_modified(Response& response) {
  response.status = 304;
  response.body = std::string();
  response.headers.remove("Content-Type");
}

// A problem instead of the body; the other fields say what stands there and stay.
std::string become_problem(const Request& request, Response& response, int status, std::string_view detail) {
  auto instead = problem(request, status, code_of(status), detail);
  response.status = status;
  response.headers.set("Content-Type", std::string(instead.headers.get("Content-Type")));
  response.headers.remove("Content-Disposition");
  return std::get<std::string>(std::move(instead.body));
}

void apply_conditions(const Request& request, Response& response) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads || response.status != 200 || std::holds_alternative<EventStream>(response.body)) return;
  switch (evaluate(request, validators_of(response))) {
    case Precondition::go_on:
      return;
    case Precondition::not_modified:
      return become_not_modified(response);
    case Precondition::failed:
      response.body =
          become_problem(request, response, 412,
                         "What stands here is not what If-Match or If-Unmodified-Since names; fetch it again.");
  }
}

void append_many(const Pieces& file, const std::vector<ByteRange>& ranges, std::int64_t size, Response& response,
                 Delivery& out) {
  const auto boundary = "vf-" + make_uuid();
  const auto type = response.headers.get("Content-Type");
  for (const auto& range : ranges) {
    out.body.emplace_back(fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", boundary,
                                      type.empty() ? "application/octet-stream" : type, content_range(range, size)));
    append_slice(file, range, out);
  }
  out.body.emplace_back(fmt::format("\r\n--{}--\r\n", boundary));
  response.headers.set("Content-Type", "multipart/byteranges; boundary=" + boundary);
}

void take_file(const Request& request, FileBody body, Response& response, Delivery& out) {
  std::int64_t size = 0;
  for (const auto& piece : body.pieces) size += piece.size;
  const Pieces file{std::move(body.pieces), std::make_shared<const OpenPiece>(std::move(body.open))};
  response.headers.set("Accept-Ranges", body.ranges ? "bytes" : "none");
  RangeChoice choice;
  // Range means something for GET alone (RFC 9110 14.2).
  if (body.ranges && response.status == 200 && request.method == "GET" && request.headers.find("Range") &&
      range_applies(request, validators_of(response)))
    choice = choose_ranges(request.headers.get("Range"), size);
  switch (choice.answer) {
    case RangeChoice::Answer::whole:
      return append_slice(file, {0, size}, out);
    case RangeChoice::Answer::unsatisfiable:
      response.headers.set("Content-Range", content_range_unsatisfied(size));
      out.body.emplace_back(become_problem(
          request, response, 416,
          fmt::format("There are {} bytes; ask for ranges within them, at most {} apart from each other.", size,
                      kMostRanges)));
      return;
    case RangeChoice::Answer::partial:
      break;
  }
  response.status = 206;
  if (choice.ranges.size() > 1) return append_many(file, choice.ranges, size, response, out);
  response.headers.set("Content-Range", content_range(choice.ranges[0], size));
  append_slice(file, choice.ranges[0], out);
}

void take_text(const Request& request, std::string text, Response& response, bool compress, Delivery& out) {
  const bool could = compress && text.size() >= kWorthCompressing && !response.headers.find("Content-Encoding") &&
                     is_compressible(response.headers.get("Content-Type"));
  if (could) {
    vary_by(response.headers, "Accept-Encoding");
    if (accepts_encoding(request.headers.get("Accept-Encoding"), "gzip"))
      if (auto smaller = gzip(text); smaller && smaller->size() < text.size()) {
        text = std::move(*smaller);
        response.headers.set("Content-Encoding", "gzip");
        // Other bytes than the strong tag names; a weak one still serves If-None-Match.
        if (const auto tag = response.headers.get("ETag"); tag.starts_with('"'))
          response.headers.set("ETag", "W/" + std::string(tag));
      }
  }
  if (!text.empty()) out.body.emplace_back(std::move(text));
}

void set_unless(Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.find(name)) headers.add(std::string(name), std::string(value));
}

// What protects a browser, unless the handler knows better.
void protect(const Request& request, Headers& headers) {
  set_unless(headers, "X-Content-Type-Options", "nosniff");
  set_unless(headers, "Referrer-Policy", "no-referrer");
  set_unless(headers, "X-Frame-Options", "DENY");
  // An SVG opened by itself is a document: nothing in it may run.
  const bool svg = headers.get("Content-Type").starts_with("image/svg+xml");
  set_unless(headers, "Content-Security-Policy",
             svg ? "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
                 : "frame-ancestors 'none'");
  if (request.secure) set_unless(headers, "Strict-Transport-Security", "max-age=31536000");
}

// A field's value cannot end its line, whatever a handler put there.
void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  head += "\r\n";
}

std::string head_text(const Exchange& exchange, const Response& response, const Delivery& out) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  append_field(head, "Date", format_http_date(exchange.now));
  for (const auto& [name, value] : response.headers.fields()) append_field(head, name, value);
  if (out.events && !exchange.http_1_0) append_field(head, "Transfer-Encoding", "chunked");
  if (!out.events && has_body(response.status)) append_field(head, "Content-Length", fmt::to_string(size_of(out)));
  if (!out.keep_alive)
    append_field(head, "Connection", "close");
  else if (exchange.http_1_0)
    append_field(head, "Connection", "keep-alive");
  return head + "\r\n";
}

}  // namespace

Delivery deliver(const Exchange& exchange, Response response, const ServerOptions& options) {
  const auto& request = *exchange.request;
  Delivery out;
  // Ours alone: a handler's would contradict the bytes.
  for (const auto* name : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) response.headers.remove(name);
  apply_conditions(request, response);
  if (auto* file = std::get_if<FileBody>(&response.body)) {
    take_file(request, std::move(*file), response, out);
    const auto opened = request.method == "HEAD" ? Result<void>() : open_first(out);
    if (!opened) {
      response = problem(request, opened.error());
      out.fault = std::move(response.fault);
      out.body.clear();
      out.body.emplace_back(std::get<std::string>(std::move(response.body)));
    }
  } else if (auto* text = std::get_if<std::string>(&response.body)) {
    take_text(request, std::move(*text), response, options.compress, out);
  } else {
    out.events = std::move(std::get<EventStream>(response.body));
    set_unless(response.headers, "Content-Type", "text/event-stream");
    set_unless(response.headers, "Cache-Control", "no-store");
    set_unless(response.headers, "X-Accel-Buffering", "no");  // nginx would hold events back
  }
  protect(request, response.headers);
  allow_origin(request, options.cors, response.headers);
  if (!request.correlation.empty()) response.headers.set("X-Correlation-Id", request.correlation);
  out.status = response.status;
  out.keep_alive = exchange.keep_alive && !response.close && !out.events;
  out.head = head_text(exchange, response, out);
  if (request.method == "HEAD" || !has_body(out.status)) {
    out.body.clear();
    out.events.reset();
  }
  return out;
}

}  // namespace vf::http
