// The provider of tests/e2e/oidc_provider.mjs as a child process, and the person with a browser who signs in
// there.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include <curl/curl.h>

namespace vf::test {

class OidcPeer {
 public:
  // No issuer: node or the package is not here.
  OidcPeer(const std::string& redirect_uri, const std::string& audience) {
    if (!std::filesystem::exists("tests/e2e/node_modules/oidc-provider")) return;
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::string words[] = {"node", "tests/e2e/oidc_provider.mjs", redirect_uri, audience};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    if (::posix_spawnp(&child_, "node", &actions, nullptr, arguments, environ) != 0) child_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    for (char c; child_ > 0 && ::read(out[0], &c, 1) == 1 && c != '\n';) issuer_ += c;
    ::close(out[0]);
  }
  OidcPeer(const OidcPeer&) = delete;
  OidcPeer& operator=(const OidcPeer&) = delete;
  ~OidcPeer() {
    if (input_ >= 0) ::close(input_);  // the provider ends with its input
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  const std::string& issuer() const { return issuer_; }

 private:
  pid_t child_ = -1;
  int input_ = -1;
  std::string issuer_;
};

// Follows redirects within the provider, fills in its two forms, and stops where it is sent elsewhere.
class Person {
 public:
  explicit Person(std::string name) : name_(std::move(name)) { curl_easy_setopt(curl_.get(), CURLOPT_COOKIEFILE, ""); }

  // Where the provider sends the browser in the end.
  std::string sign_in(std::string url, const std::string& issuer) {
    for (int steps = 0; steps < 20 && url.starts_with(issuer); ++steps) {
      auto next = go(url, "");
      if (next.empty()) {
        const bool asks_for_name = page_.find("name=\"login\"") != std::string::npos;
        next = go(url, asks_for_name ? "prompt=login&password=x&login=" + name_ : "prompt=consent");
      }
      if (next.empty()) return "stuck at " + url;
      url = next.starts_with('/') ? issuer + next : next;
    }
    return url;
  }

 private:
  struct Close {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  // The Location of the answer, or nothing for a page.
  std::string go(const std::string& url, const std::string& form) {
    auto* c = curl_.get();
    page_.clear();
    curl_easy_setopt(c, CURLOPT_URL, url.c_str());
    curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
    if (!form.empty()) curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, form.c_str());
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &page_);
    curl_easy_setopt(
        c, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t size, std::size_t count, void* page) {
          static_cast<std::string*>(page)->append(data, size * count);
          return size * count;
        });
    if (curl_easy_perform(c) != CURLE_OK) return "unreachable";
    char* location = nullptr;
    curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &location);
    return location ? location : "";
  }

  std::string name_;
  std::string page_;
  std::unique_ptr<CURL, Close> curl_{curl_easy_init()};
};

}  // namespace vf::test
