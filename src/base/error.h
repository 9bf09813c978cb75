// Errors as values. A fallible function returns Result<T>; an Error says what the caller should do
// (its code), what a person should read (message) and what an operator needs (detail).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vf {

// Chosen by what the caller should do next, not by where it happened.
enum class ErrorCode {
  invalid_argument,   // the request is wrong: mend the option (exit 2)
  invalid_input,      // the media is broken: reject, permanent (exit 3)
  unsupported_input,  // a codec, container or kind that is not on the allow-list (exit 3)
  limit_exceeded,     // the input exceeds a cap, which the message names (exit 3)
  not_found,          // nothing has that name
  conflict,           // somebody else changed or owns it
  no_space,           // disk is full: wait or free some, then go on (exit 4)
  no_memory,          // memory is short: wait (exit 4)
  no_access,          // a folder or file may not be used, or only be read: mend that or name another (exit 2)
  io_error,           // a disk or the system failed: retry (exit 5)
  unavailable,        // passing fault: retry
  timeout,            // a deadline passed: retry
  cancelled,          // the caller asked for it (exit 130)
  verify_failed,      // what was written is not what was asked for: never publish (exit 5)
  internal,           // our fault: report it (exit 5)
};

// The code's name as it stands in JSON, for example "invalid_input".
std::string_view to_string(ErrorCode code);

// The code of that name; `internal` for a name nobody knows (a child process may say anything).
ErrorCode error_code_from(std::string_view name);

// The process exit status for a command that ended with this code.
int exit_status(ErrorCode code);

// True where trying again without changing anything may succeed.
bool is_retryable(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence for the person who asked
  std::string detail;   // diagnosis for the operator; may be empty
  std::string pointer;  // the bad field of a document (RFC 6901); empty where there is none
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(detail)});
}

// An Error from errno after a failed system call: a full disk becomes no_space, ENOMEM no_memory, a
// place that may not be used no_access, what may pass (EIO, EAGAIN, too many files) io_error, everything
// else internal. `what` names the act: "write the output".
Error system_error(int error_number, std::string_view what);

}  // namespace vf

// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define VF_TRY(...) VF_TRY_NAMED(VF_JOIN(vf_result_, __COUNTER__), __VA_ARGS__)

// The same for Result<void>.
#define VF_CHECK(...) VF_CHECK_NAMED(VF_JOIN(vf_result_, __COUNTER__), __VA_ARGS__)

// Each use gets a name of its own, so that one may stand inside another.
#define VF_JOIN_TEXT(a, b) a##b
#define VF_JOIN(a, b) VF_JOIN_TEXT(a, b)
#define VF_TRY_NAMED(name, ...)                                 \
  ({                                                            \
    auto name = (__VA_ARGS__);                                  \
    if (!name) return std::unexpected(std::move(name).error()); \
    std::move(*name);                                           \
  })
#define VF_CHECK_NAMED(name, ...)                               \
  do {                                                          \
    auto name = (__VA_ARGS__);                                  \
    if (!name) return std::unexpected(std::move(name).error()); \
  } while (false)
