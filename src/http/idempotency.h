// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-06): a POST that creates work is done once,
// however often it is sent.
//
// Keys belong to the account that sent them. The first answer of the 2xx class is kept and given to every
// repetition, marked by "Idempotency-Replayed: true"; another request under the same key is refused with
// 422, one that comes while the first is still at work with 409. A refusal is not kept: nothing was created,
// so that the same key may be tried again. Without the field nothing changes.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/endpoint.h"
#include "http/platform.h"

namespace vf::http {

using Handler = std::function<Response(const Call&)>;
// Puts into an answer of the 2xx class, first or repeated, what must not be kept: a secret.
using Completion = std::function<Response(const Call&, Response)>;

// The handler with that promise around it. What was asked is told apart by method, path, query and body.
Handler idempotent(Platform& platform, Handler handler, Completion complete = {});

// A UUID that is the same for every request of the account under this key; a fresh one for an empty key.
std::string derived_id(const std::string& account, std::string_view key);

// For endpoints that take their body as a stream: the same in steps. One object an endpoint, shared by its
// requests; thread-safe.
class IdempotencyKeys {
 public:
  explicit IdempotencyKeys(Platform& platform);

  // One request with its key. While it lives, others under the key get 409. Not thread-safe.
  class Claim {
   public:
    Claim() = default;  // of a request without a key: nothing is looked up or kept
    // The answer to send instead: the first one, or 422 where `asked` (any text that stands for the whole
    // request) is not what was asked then. Empty: this is the first.
    std::optional<Response> earlier(const Request& request, std::string_view asked) const;
    // Keeps an answer of the 2xx class.
    void keep(std::string_view asked, const Response& response) const;
    // derived_id() of the account and the key.
    std::string derived_id() const;

   private:
    friend class IdempotencyKeys;
    struct Held;
    std::shared_ptr<const Held> held_;
  };
  // Errors: the refusal to send, 400 for a key that cannot be one, 409 for one that is in use.
  std::expected<Claim, Response> claim(const Call& call);

 private:
  struct InUse;
  Platform& platform_;
  std::shared_ptr<InUse> in_use_;
};

}  // namespace vf::http
