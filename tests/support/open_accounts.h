// The account stores, whichever database they are over.
#pragma once

#include <memory>

#include "store/audit.h"
#include "store/keys.h"
#include "store/passkeys.h"
#include "store/quotas.h"
#include "store/secrets.h"
#include "store/sessions.h"
#include "store/users.h"

namespace vf::store {

// Empty stores over one database, which goes with them.
struct OpenAccounts {
  virtual ~OpenAccounts() = default;
  std::unique_ptr<UserStore> users;
  std::unique_ptr<SessionStore> sessions;
  std::unique_ptr<KeyStore> keys;
  std::unique_ptr<AuditStore> audit;
  std::unique_ptr<SecretStore> secrets;
  std::unique_ptr<PasskeyStore> passkeys;
  std::unique_ptr<QuotaStore> quotas;
};

}  // namespace vf::store
