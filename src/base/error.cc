#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace vf {
namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  int exit;
  bool retryable;
};

constexpr std::array<CodeRow, 15> kCodes{{
    {ErrorCode::invalid_argument, "invalid_argument", 2, false},
    {ErrorCode::invalid_input, "invalid_input", 3, false},
    {ErrorCode::unsupported_input, "unsupported_input", 3, false},
    {ErrorCode::limit_exceeded, "limit_exceeded", 3, false},
    {ErrorCode::not_found, "not_found", 2, false},
    {ErrorCode::conflict, "conflict", 2, false},
    {ErrorCode::no_space, "no_space", 4, true},
    {ErrorCode::no_memory, "no_memory", 4, true},
    {ErrorCode::no_access, "no_access", 2, false},
    {ErrorCode::io_error, "io_error", 5, true},
    {ErrorCode::unavailable, "unavailable", 5, true},
    {ErrorCode::timeout, "timeout", 5, true},
    {ErrorCode::cancelled, "cancelled", 130, false},
    {ErrorCode::verify_failed, "verify_failed", 5, false},
    {ErrorCode::internal, "internal", 5, false},
}};

const CodeRow& row(ErrorCode code) {
  for (const auto& r : kCodes)
    if (r.code == code) return r;
  return kCodes.back();
}

}  // namespace

std::string_view to_string(ErrorCode code) { return row(code).name; }

ErrorCode error_code_from(std::string_view name) {
  for (const auto& r : kCodes)
    if (r.name == name) return r.code;
  return ErrorCode::internal;
}

int exit_status(ErrorCode code) { return row(code).exit; }

bool is_retryable(ErrorCode code) { return row(code).retryable; }

Error system_error(int error_number, std::string_view what) {
  const std::string reason = std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {
          ErrorCode::no_space,
          fmt::format("Cannot {}: {}. Free some space and run it again; it goes on where it stopped.", what, reason),
          {}};
    case EACCES:
    case EROFS:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return {ErrorCode::no_access, fmt::format("Cannot {}: {}.", what, reason), {}};
    case EAGAIN:
    case EINTR:
    case EMFILE:
    case ENFILE:
    case EIO:
      return {ErrorCode::io_error, fmt::format("Cannot {}: {}.", what, reason), {}};
    case ENOMEM:
      return {ErrorCode::no_memory, fmt::format("Cannot {}: {}.", what, reason), {}};
    default:
      return {ErrorCode::internal, fmt::format("Cannot {}: {}.", what, reason), {}};
  }
}

}  // namespace vf
