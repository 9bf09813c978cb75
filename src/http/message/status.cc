#include "http/message/status.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vf::http {
namespace {

constexpr auto kReasons = std::to_array<std::pair<int, std::string_view>>({
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {460, "Checksum Mismatch"},  // tus 1.0.0, checksum extension
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

// What the caller should do decides: mend the request, send other content, wait, or report.
constexpr auto kStatuses = std::to_array<std::pair<ErrorCode, int>>({
    {ErrorCode::invalid_argument, 400},
    {ErrorCode::invalid_input, 422},
    {ErrorCode::unsupported_input, 422},
    {ErrorCode::limit_exceeded, 413},
    {ErrorCode::not_found, 404},
    {ErrorCode::conflict, 409},
    {ErrorCode::cancelled, 409},
    {ErrorCode::no_space, 507},
    {ErrorCode::no_memory, 503},
    {ErrorCode::no_access, 503},
    {ErrorCode::io_error, 503},
    {ErrorCode::unavailable, 503},
    {ErrorCode::timeout, 504},
    {ErrorCode::verify_failed, 500},
    {ErrorCode::internal, 500},
});

template <typename Table, typename Key>
auto look_up(const Table& table, Key key) {
  return std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == key; });
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto row = look_up(kReasons, status);
  return row == kReasons.end() ? std::string_view() : row->second;
}

int status_of(ErrorCode code) {
  const auto row = look_up(kStatuses, code);
  return row == kStatuses.end() ? 500 : row->second;
}

}  // namespace vf::http
