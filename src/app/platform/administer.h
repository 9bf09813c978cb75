// What an operator does at the command line, with the data folder and no server in between: accounts, keys,
// jobs, and a look whether rows and blobs belong together.
#pragma once

#include <string>
#include <vector>

#include "app/platform/config.h"
#include "base/json.h"

namespace vf::app {

// The new account, with its first API key. `role`: viewer, user, admin. Errors: invalid_argument, conflict.
Result<json::value> add_user(const Config& config, const std::string& name, const std::string& password,
                             const std::string& role);
Result<json::value> list_users(const Config& config);
Result<json::value> set_user_password(const Config& config, const std::string& name, const std::string& password);
Result<json::value> set_user_role(const Config& config, const std::string& name, const std::string& role);

// The key, shown once.
Result<json::value> add_key(const Config& config, const std::string& user, const std::string& title);

// A new key seals everything that is sealed, in one transaction, and the old ones open nothing any more. Servers may
// run. With auth.encryption_key the keys are the operator's: everything is sealed with the first of them.
Result<json::value> rotate_secrets(const Config& config);

// Password resets that wait to be mailed, with their tokens: for operators whose server sends no mails.
Result<json::value> list_mails(const Config& config);

Result<json::value> list_jobs(const Config& config, const std::string& state);
Result<json::value> cancel_job(const Config& config, const std::string& id);
Result<json::value> retry_job(const Config& config, const std::string& id);

struct DataReport {
  std::string folder;
  std::int64_t blobs = 0;
  std::vector<std::string> missing_blobs;   // that rows name and the store lacks
  std::vector<std::string> damaged_videos;  // that need one of them
  std::int64_t orphans = 0;                 // blobs that no row names, and not young enough to be on their way
  std::int64_t orphan_bytes = 0;
  std::int64_t audit_rows = 0;
  std::string audit;                  // what is wrong with its chain; empty: nothing
  std::string audit_key;              // what of the chain could not be looked at, or stands outside the key's part
  std::vector<std::string> repaired;  // what was done about it, as sentences
  bool healthy = true;
};
BOOST_DESCRIBE_STRUCT(DataReport, (),
                      (folder, blobs, missing_blobs, damaged_videos, orphans, orphan_bytes, audit_rows, audit,
                       audit_key, repaired, healthy))

// Looks at every blob's name and, with `repair`, marks damaged videos as failed or makes their sets anew where
// the source is there, and removes orphans.
Result<DataReport> examine_data(const Config& config, bool repair);

}  // namespace vf::app
