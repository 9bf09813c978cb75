#include "app/fetch.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "net/fetch.h"

namespace vf::app {

Download::~Download() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

bool is_url(const std::string& text) { return text.starts_with("http://") || text.starts_with("https://"); }

Result<Download> fetch(const std::string& url, const std::filesystem::path& folder, std::stop_token stop) {
  // Starts with the process id, so that the blob store clears it after a crash.
  const auto path = folder / fmt::format("{}-{}", ::getpid(), sha256_hex(url).substr(0, 16));
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  const auto fd = VF_TRY(create_new(path));
  Download download(path);
  net::FetchLimits limits;
  limits.allow_private = true;
  auto fetched = net::fetch(url, fd.get(), limits, std::move(stop));
  if (fetched) return download;
  auto& error = fetched.error();
  // For a person at a command line an address that does not answer is a fault of the input.
  if (error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout) {
    error.code = ErrorCode::invalid_input;
    error.message += " Check the address, or try again later.";
  }
  return std::unexpected(std::move(error));
}

}  // namespace vf::app
