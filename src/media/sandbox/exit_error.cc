// How an unclean exit reads to the person who asked.
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "media/sandbox/child.h"

namespace vf::media {
namespace {

// 1536 MiB, 2 GiB, 512 bytes: the largest unit that divides the value, or one decimal of it.
std::string size_text(std::int64_t bytes) {
  struct Unit {
    std::int64_t bytes;
    const char* name;
  };
  for (const Unit unit : {Unit{std::int64_t{1} << 30, "GiB"}, Unit{std::int64_t{1} << 20, "MiB"}, Unit{1024, "KiB"}}) {
    if (bytes < unit.bytes) continue;
    return fmt::format("{:.4g} {}", static_cast<double>(bytes) / static_cast<double>(unit.bytes), unit.name);
  }
  return fmt::format("{} bytes", bytes);
}

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

Error crash(const ChildExit& exit) {
  const auto detail = fmt::format("The stage ended with {}.\n{}", signal_text(exit.code_or_signal), exit.stderr_tail);
  switch (exit.code_or_signal) {
    case SIGKILL:
      return {ErrorCode::no_memory,
              "The system ended the work on this file, most likely because the machine ran out of memory.", detail};
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
      return {ErrorCode::unavailable, "Somebody ended the work on this file from outside.", detail};
    default:
      return {ErrorCode::invalid_input,
              fmt::format("The decoder crashed on this file ({}); it is damaged or made to do harm.",
                          signal_text(exit.code_or_signal)),
              detail};
  }
}

}  // namespace

Error error_from(const ChildExit& exit, const Limits& limits) {
  using How = ChildExit::How;
  const auto over = [&](std::string message) {
    return Error{ErrorCode::limit_exceeded, std::move(message), exit.stderr_tail};
  };
  switch (exit.how) {
    case How::over_memory:
      return over(fmt::format("This file needs more memory than the cap of {}.", size_text(limits.memory_bytes)));
    case How::over_cpu:
      return over(fmt::format("This file needs more processor time than the cap of {:.4g} s.", limits.cpu_seconds));
    case How::over_wall:
      return over(fmt::format("The work on this file took longer than the cap of {:.4g} s.", limits.wall_seconds));
    case How::over_output:
      return over(fmt::format("This file grew into more output than the cap of {}.", size_text(limits.output_bytes)));
    case How::over_threads:
      return over(fmt::format("The work on this file started more threads than the cap of {}.", limits.max_threads));
    case How::cancelled:
      return {ErrorCode::cancelled, "The work was cancelled.", {}};
    case How::protocol_error:
      return {ErrorCode::invalid_input,
              "The work on this file was stopped because its process misbehaved; the file may be made to do harm.",
              exit.detail + "\n" + exit.stderr_tail};
    case How::signalled:
      return crash(exit);
    case How::exited:
      break;
  }
  return {ErrorCode::internal, fmt::format("A stage ended with status {} and without an answer.", exit.code_or_signal),
          exit.stderr_tail};
}

}  // namespace vf::media
