#include "net/call.h"

#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "net/fetch.h"

namespace vf::net {
namespace {

struct EasyClose {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;

struct Exchange {
  const CallLimits& limits;
  std::string body;
  bool too_large = false;
  bool refused_address = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (static_cast<std::int64_t>(exchange.body.size() + size * count) > exchange.limits.max_bytes) {
    exchange.too_large = true;
    return 0;
  }
  exchange.body.append(data, size * count);
  return size * count;
}

curl_socket_t on_open_socket(void* user, curlsocktype, struct curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.limits.allow_private && !is_public_address(&address->addr)) {
    exchange.refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

List header_list(const Call& call) {
  List list;
  for (const auto& [name, value] : call.headers) {
    auto* longer = curl_slist_append(list.get(), fmt::format("{}: {}", name, value).c_str());
    if (!longer) break;
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

Error error_of(CURLcode code, const Exchange& exchange, const std::string& url) {
  const std::string detail = curl_easy_strerror(code);
  if (exchange.too_large)
    return {ErrorCode::limit_exceeded,
            fmt::format("'{}' answers more than {} bytes.", url, exchange.limits.max_bytes),
            detail,
            {}};
  if (exchange.refused_address)
    return {ErrorCode::invalid_argument, fmt::format("'{}' leads to a private address.", url), detail, {}};
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return {ErrorCode::invalid_argument, fmt::format("'{}' is not an http or https address.", url), detail, {}};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorCode::timeout, fmt::format("'{}' does not answer in time.", url), detail, {}};
  return {ErrorCode::unavailable, fmt::format("'{}' cannot be reached.", url), detail, {}};
}

}  // namespace

Result<Said> call(const Call& call, const CallLimits& limits) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, EasyClose> curl(curl_easy_init());
  if (!curl) return fail(ErrorCode::no_memory, "There is not enough memory for a connection.");
  Exchange exchange{limits, {}};
  const auto headers = header_list(call);
  auto* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  if (call.method != "GET") {
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits.connect_seconds));
  curl_easy_setopt(c, CURLOPT_TIMEOUT, static_cast<long>(limits.total_seconds));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "videoforge");
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &exchange);
  const auto code = curl_easy_perform(c);
  if (code != CURLE_OK) return std::unexpected(error_of(code, exchange, call.url));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return Said{static_cast<int>(status), std::move(exchange.body)};
}

}  // namespace vf::net
