// A source that is named by an address: fetched through net into a temporary file, which goes with
// the Download. libav never opens a network protocol.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/error.h"

namespace vf::app {

class Download {
 public:
  explicit Download(std::filesystem::path path) : path_(std::move(path)) {}
  Download(Download&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Download& operator=(Download&&) = delete;
  ~Download();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Whether it is an address and not a file name: "http://..." or "https://...".
bool is_url(const std::string& text);

// Fetches into `folder`. A person at a command line may name their own machine: private addresses
// are allowed here (the platform's imports do not allow them). Errors: as net::fetch, and invalid_input
// (exit 3) where nothing answers.
Result<Download> fetch(const std::string& url, const std::filesystem::path& folder, std::stop_token stop);

}  // namespace vf::app
