#include "auth/password.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <sodium.h>

#include "auth/crypto.h"

namespace vf::auth {

struct PasswordHasher::Turns {
  std::mutex mutex;
  std::condition_variable freed;
  int free = 0;
  int waiting = 0;

  // Holds one of the places while it lives.
  class Place {
   public:
    explicit Place(Turns& turns) : turns_(turns) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      {
        const std::scoped_lock lock(turns_.mutex);
        ++turns_.free;
      }
      turns_.freed.notify_one();
    }

   private:
    Turns& turns_;
  };

  Result<std::unique_ptr<Place>> take(int most_waiting) {
    std::unique_lock lock(mutex);
    if (free == 0 && waiting >= most_waiting)
      return fail(ErrorCode::unavailable, "Too many people are signing in at this moment; try again in a few seconds.");
    ++waiting;
    freed.wait(lock, [this] { return free > 0; });
    --waiting;
    --free;
    return std::make_unique<Place>(*this);
  }
};

PasswordHasher::PasswordHasher(const PasswordCost& cost) : cost_(cost), turns_(std::make_unique<Turns>()) {
  const int processors = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  turns_->free = cost.at_once > 0 ? cost.at_once : std::max(2, processors / 2);
}

PasswordHasher::~PasswordHasher() = default;

Result<std::unique_ptr<PasswordHasher>> PasswordHasher::create(const PasswordCost& cost) {
  std::unique_ptr<PasswordHasher> hasher(new PasswordHasher(cost));
  hasher->nobody_ = VF_TRY(hasher->hash(random_token()));
  return hasher;
}

Result<std::string> PasswordHasher::hash(std::string_view password) {
  const auto place = VF_TRY(turns_->take(cost_.waiting));
  std::string text(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost_.passes, cost_.memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::no_memory, "There is not enough memory to check passwords; try again later.");
  text.resize(text.find('\0'));
  return text;
}

Result<bool> PasswordHasher::verify(std::string_view stored, std::string_view password) {
  const auto place = VF_TRY(turns_->take(cost_.waiting));
  const std::string text(stored.empty() ? std::string_view(nobody_) : stored);
  const bool right = crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
  return right && !stored.empty();
}

bool PasswordHasher::is_outdated(const std::string& stored) const {
  return crypto_pwhash_str_needs_rehash(stored.c_str(), cost_.passes, cost_.memory) != 0;
}

}  // namespace vf::auth
