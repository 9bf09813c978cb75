#include "http/idempotency.h"

#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/uuid.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

constexpr std::size_t kLongestKey = 255;

using OwnedKey = std::pair<std::string, std::string>;  // account, key

bool is_key(std::string_view text) {
  if (text.empty() || text.size() > kLongestKey) return false;
  for (const char c : text)
    if (c < 0x21 || c > 0x7e) return false;
  return true;
}

Response replay(const store::FirstAnswer& first) {
  Response out;
  out.status = first.status;
  out.headers.add("Content-Type", "application/json");
  out.headers.add("Idempotency-Replayed", "true");
  if (!first.location.empty()) out.headers.add("Location", first.location);
  out.body = first.body;
  return out;
}

std::string asked_by(const Call& call) {
  std::string text = fmt::format("{}\n{}\n", call.request.method, call.request.path);
  for (const auto& [name, value] : call.request.query) text += fmt::format("{}\n{}\n", name, value);
  return text + "\n" + call.body;
}

}  // namespace

// The keys of requests that are being worked on.
struct IdempotencyKeys::InUse {
  std::mutex mutex;
  std::set<OwnedKey> keys;
};

struct IdempotencyKeys::Claim::Held {
  Held(Platform& p, std::shared_ptr<InUse> u, OwnedKey k) : platform(p), in_use(std::move(u)), key(std::move(k)) {}
  Held(const Held&) = delete;
  ~Held() {
    const std::lock_guard lock(in_use->mutex);
    in_use->keys.erase(key);
  }
  Platform& platform;
  std::shared_ptr<InUse> in_use;
  OwnedKey key;
};

IdempotencyKeys::IdempotencyKeys(Platform& platform) : platform_(platform), in_use_(std::make_shared<InUse>()) {}

std::expected<IdempotencyKeys::Claim, Response> IdempotencyKeys::claim(const Call& call) {
  const auto* field = call.request.headers.find("Idempotency-Key");
  if (!field || call.who.anonymous()) return Claim();
  if (!is_key(*field) || call.request.headers.count("Idempotency-Key") > 1)
    return std::unexpected(
        problem(call.request, 400, "invalid_argument",
                fmt::format("Idempotency-Key is one word of at most {} printable ASCII characters; a UUID is good.",
                            kLongestKey)));
  OwnedKey key{call.who.user, *field};
  {
    const std::lock_guard lock(in_use_->mutex);
    if (!in_use_->keys.insert(key).second) {
      auto busy = problem(call.request, 409, "conflict",
                          "A request with this Idempotency-Key is still being worked on; ask again in a second.");
      busy.headers.add("Retry-After", "1");
      return std::unexpected(std::move(busy));
    }
  }
  Claim out;
  out.held_ = std::make_shared<const Claim::Held>(platform_, in_use_, std::move(key));
  return out;
}

std::optional<Response> IdempotencyKeys::Claim::earlier(const Request& request, std::string_view asked) const {
  if (!held_) return std::nullopt;
  auto found = held_->platform.idempotency.find(held_->key.first, held_->key.second);
  if (!found) return problem(request, found.error());
  if (!*found) return std::nullopt;
  if ((*found)->request == sha256_hex(asked)) return replay(**found);
  return problem(request, 422, "conflict",
                 "This Idempotency-Key was used for another request; take a new key for a new request.");
}

void IdempotencyKeys::Claim::keep(std::string_view asked, const Response& response) const {
  const auto* body = std::get_if<std::string>(&response.body);
  if (!held_ || !body || response.status < 200 || response.status > 299) return;
  // The work is done and says so; an answer that could not be kept must not take that back.
  (void)held_->platform.idempotency.keep(
      held_->key.first, held_->key.second,
      {sha256_hex(asked), response.status, *body, std::string(response.headers.get("Location"))});
}

std::string IdempotencyKeys::Claim::derived_id() const {
  return held_ ? http::derived_id(held_->key.first, held_->key.second) : make_uuid();
}

std::string derived_id(const std::string& account, std::string_view key) {
  if (key.empty()) return make_uuid();
  auto hex = sha256_hex(fmt::format("{}\n{}", account, key)).substr(0, 32);
  hex[12] = '8';  // RFC 9562 5.8: a UUID by a rule of our own
  hex[16] = 'a';
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

Handler idempotent(Platform& platform, Handler handler, Completion complete) {
  return [keys = std::make_shared<IdempotencyKeys>(platform), handler = std::move(handler),
          complete = std::move(complete)](const Call& call) {
    const auto whole = [&](Response answer) {
      return complete && answer.status < 300 ? complete(call, std::move(answer)) : std::move(answer);
    };
    auto claim = keys->claim(call);
    if (!claim) return std::move(claim).error();
    const auto asked = asked_by(call);
    if (auto first = claim->earlier(call.request, asked)) return whole(std::move(*first));
    auto answer = handler(call);
    claim->keep(asked, answer);
    return whole(std::move(answer));
  };
}

}  // namespace vf::http
