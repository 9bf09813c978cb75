#include "net/fetch.h"

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace vf::net {
namespace {

struct Range4 {
  std::uint32_t network;
  int bits;
};

// RFC 6890 and its successors: everything that is not globally reachable unicast.
constexpr std::array<Range4, 16> kSpecial4{{
    {0x00000000, 8},
    {0x0A000000, 8},
    {0x64400000, 10},
    {0x7F000000, 8},
    {0xA9FE0000, 16},
    {0xAC100000, 12},
    {0xC0000000, 24},
    {0xC0000200, 24},
    {0xC0586300, 24},
    {0xC0A80000, 16},
    {0xC6120000, 15},
    {0xC6336400, 24},
    {0xCB007100, 24},
    {0xE0000000, 4},
    {0xF0000000, 4},
    {0xFFFFFFFF, 32},
}};

bool is_public4(std::uint32_t address) {
  for (const auto& [network, bits] : kSpecial4)
    if (((address ^ network) >> (32 - bits)) == 0) return false;
  return true;
}

bool is_public6(const in6_addr& a) {
  const auto* b = a.s6_addr;
  const auto tail4 = [&](int at) {
    return is_public4(static_cast<std::uint32_t>(b[at]) << 24 | static_cast<std::uint32_t>(b[at + 1]) << 16 |
                      static_cast<std::uint32_t>(b[at + 2]) << 8 | b[at + 3]);
  };
  if (IN6_IS_ADDR_V4MAPPED(&a) || IN6_IS_ADDR_V4COMPAT(&a)) return tail4(12);
  if (b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) return tail4(12);  // 64:ff9b::/96, NAT64
  if (b[0] == 0x20 && b[1] == 0x02) return tail4(2);                                   // 2002::/16, 6to4
  if ((b[0] & 0xe0) != 0x20) return false;  // only 2000::/3 is global unicast
  const bool documentation = b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8;
  const bool teredo = b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x00 && b[3] == 0x00;
  return !documentation && !teredo;
}

struct Transfer {
  int fd;
  const FetchLimits& limits;
  const std::stop_token& stop;
  const std::function<void(std::int64_t, std::int64_t)>& progress;
  std::int64_t written = 0;
  bool refused_address = false;
  bool too_large = false;
  std::optional<Error> write_error;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const auto bytes = size * count;
  if (t.written + static_cast<std::int64_t>(bytes) > t.limits.max_bytes) {
    t.too_large = true;
    return 0;
  }
  if (auto done = write_all(t.fd, std::string_view(data, bytes)); !done) {
    t.write_error = done.error();
    return 0;
  }
  t.written += static_cast<std::int64_t>(bytes);
  return bytes;
}

int on_progress(void* user, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  const auto& t = *static_cast<Transfer*>(user);
  if (t.progress) t.progress(now, total);
  return t.stop.stop_requested() ? 1 : 0;
}

// Called with the address of every connection, before it is made.
curl_socket_t on_open_socket(void* user, curlsocktype, struct curl_sockaddr* address) {
  auto& t = *static_cast<Transfer*>(user);
  if (!t.limits.allow_private && !is_public_address(&address->addr)) {
    t.refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct EasyClose {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

Result<void> outcome(CURLcode code, long status, const Transfer& t, const std::string& asked) {
  const auto url = shown_address(asked);
  if (t.stop.stop_requested()) return fail(ErrorCode::cancelled, "Interrupted.");
  if (t.write_error) return std::unexpected(*t.write_error);
  if (t.too_large || code == CURLE_FILESIZE_EXCEEDED)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("'{}' is larger than the limit of {} bytes.", url, t.limits.max_bytes));
  if (t.refused_address)
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' leads to a private address, which is not fetched.", url));
  const std::string detail = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK:
      break;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not an http or https address.", url), detail);
    case CURLE_TOO_MANY_REDIRECTS:
      return fail(ErrorCode::unavailable,
                  fmt::format("'{}' redirects more than {} times.", url, t.limits.max_redirects), detail);
    case CURLE_OPERATION_TIMEDOUT:
      return fail(ErrorCode::timeout, fmt::format("'{}' does not answer in time.", url), detail);
    default:
      return fail(ErrorCode::unavailable, fmt::format("Cannot fetch '{}'.", url), detail);
  }
  if (status == 404 || status == 410)
    return fail(ErrorCode::not_found, fmt::format("There is nothing at '{}' (status {}).", url, status));
  if (status >= 400)
    return fail(status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument,
                fmt::format("'{}' answered with status {}.", url, status));
  return {};
}

}  // namespace

std::string shown_address(std::string_view url) {
  const auto scheme = url.find("://");
  auto rest = url.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
  const auto prefix = url.substr(0, url.size() - rest.size());
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(prefix) + std::string(rest);
}

bool is_public_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return is_public4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return is_public6(in.sin6_addr);
  }
  return false;
}

Result<void> fetch(const std::string& url, int fd, const FetchLimits& limits, std::stop_token stop,
                   const std::function<void(std::int64_t, std::int64_t)>& progress) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, EasyClose> curl(curl_easy_init());
  if (!curl) return fail(ErrorCode::no_memory, "There is not enough memory for a connection.");
  Transfer transfer{fd, limits, stop, progress, 0, false, false, {}};
  auto* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_PROXY, "");  // a proxy would hide the address from the check
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, static_cast<long>(limits.max_redirects));
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits.connect_seconds));
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1000L);
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall_seconds));
  curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.max_bytes));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "videoforge");
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &transfer);
  const auto code = curl_easy_perform(c);
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return outcome(code, status, transfer, url);
}

}  // namespace vf::net
