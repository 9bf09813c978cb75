#include "app/platform/administer.h"

#include <algorithm>
#include <thread>
#include <unordered_set>

#include "app/platform/housekeeping.h"
#include "app/platform/job_kinds.h"
#include "app/platform/storage.h"
#include "auth/api_keys.h"
#include "base/rfc3339.h"
#include "cache/memory/memory_cache.h"

namespace vf::app {
namespace {

constexpr const char* kVia = "command line";
constexpr std::int64_t kMostListed = 10'000;

// The stores and what the accounts need around them.
struct Office {
  Storage storage;
  std::unique_ptr<cache::Cache> cache;
  std::unique_ptr<http::Accounts> accounts;

  auth::ApiKeys keys() const { return {*storage.keys, auth::wall_clock(), {}}; }

  void note(std::string_view action, const std::string& target) const {
    store::AuditEntry entry;
    entry.at = auth::wall_clock()();
    entry.via = kVia;
    entry.action = action;
    entry.target = target;
    entry.outcome = "ok";
    (void)storage.audit->append(entry);
  }
};

Result<Office> open_office(const Config& config) {
  Office out{VF_TRY(open_storage(config)), cache::make_memory_cache(), nullptr};
  http::AccountsOptions options;
  options.cache = out.cache.get();
  out.accounts = VF_TRY(http::Accounts::create(out.storage.account_stores(), VF_TRY(open_secret_box(config)), options));
  return out;
}

Result<store::User> user_named(const Office& office, const std::string& name) {
  const auto user = VF_TRY(office.storage.users->find_by_name(name));
  if (!user) return fail(ErrorCode::not_found, fmt::format("There is no account '{}'.", name));
  return *user;
}

Result<auth::Role> role_named(const std::string& name) {
  const auto role = auth::role_from(name);
  if (!role)
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no role; choose viewer, user or admin.", name));
  return *role;
}

json::object user_row(const store::User& user) {
  return {{"id", user.id},
          {"username", user.name},
          {"role", user.role},
          {"disabled", user.disabled},
          {"createdAt", format_rfc3339(user.created_at)}};
}

Result<std::string> new_key(const Office& office, const store::User& user, const std::string& title) {
  auth::Principal who;
  who.user = user.id;
  who.name = user.name;
  who.role = VF_TRY(role_named(user.role));
  auth::KeyWish wish;
  wish.name = title;
  const auto made = VF_TRY(office.keys().create(who, wish));
  office.note("key.create", "key " + made.key.id);
  return made.text;
}

json::object job_row(const store::Job& job) {
  return {{"id", job.id},
          {"kind", job.kind},
          {"state", job.state},
          {"owner", job.owner},
          {"percentage", job.progress * 100},
          {"createdAt", format_rfc3339(job.created_ms)}};
}

Result<json::value> changed_job(const Storage& storage, const std::string& id, bool done, std::string_view why_not) {
  const auto job = VF_TRY(storage.jobs->find(id));
  if (!job) return fail(ErrorCode::not_found, fmt::format("There is no job '{}'.", id));
  if (!done) return fail(ErrorCode::conflict, fmt::format("The job is {}: {}.", job->state, why_not));
  return json::value(job_row(*job));
}

}  // namespace

Result<json::value> add_user(const Config& config, const std::string& name, const std::string& password,
                             const std::string& role) {
  const auto office = VF_TRY(open_office(config));
  auth::NewUser wish;
  wish.name = name;
  wish.password = password;
  wish.role = VF_TRY(role_named(role));
  const auto user = VF_TRY(office.accounts->users().add(wish, {}, false));
  office.note("user.create", "user " + user.id);
  auto out = user_row(user);
  out["apiKey"] = VF_TRY(new_key(office, user, "first key"));
  return json::value(std::move(out));
}

Result<json::value> list_users(const Config& config) {
  const auto storage = VF_TRY(open_storage(config));
  json::array out;
  store::UserQuery query;
  query.limit = kMostListed;
  for (const auto& user : VF_TRY(storage.users->list(query))) out.push_back(user_row(user));
  return json::value(std::move(out));
}

Result<json::value> set_user_password(const Config& config, const std::string& name, const std::string& password) {
  const auto office = VF_TRY(open_office(config));
  const auto user = VF_TRY(user_named(office, name));
  VF_CHECK(office.accounts->users().set_password(user.id, password));
  office.note("user.password", "user " + user.id);
  return json::value(user_row(user));
}

Result<json::value> set_user_role(const Config& config, const std::string& name, const std::string& role) {
  const auto office = VF_TRY(open_office(config));
  const auto user = VF_TRY(user_named(office, name));
  VF_CHECK(office.accounts->users().set_role(user.id, VF_TRY(role_named(role))));
  office.note("user.role", "user " + user.id);
  return json::value(user_row(VF_TRY(user_named(office, name))));
}

Result<json::value> add_key(const Config& config, const std::string& user, const std::string& title) {
  const auto office = VF_TRY(open_office(config));
  return json::value(json::object{{"apiKey", VF_TRY(new_key(office, VF_TRY(user_named(office, user)), title))}});
}

Result<json::value> rotate_secrets(const Config& config) {
  const auto office = VF_TRY(open_office(config));
  const bool by_file = config.text("auth.encryption_key").empty();
  const auto file = encryption_key_file(config);
  if (by_file) {
    VF_CHECK(auth::SecretBox::rotate(file));
    // A running server that sealed with the old key a moment ago has stored it by then.
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  const auto resealed = VF_TRY(office.accounts->reseal());
  if (by_file) VF_CHECK(auth::SecretBox::drop_old(file));
  office.note("secrets.rotate", "encryption key");
  return json::value(json::object{
      {"resealed", resealed},
      {"next", by_file ? fmt::format("Back up {}; older copies of it open nothing any more.", file.string())
                       : "Only the first key of auth.encryption_key is needed now; remove the others."}});
}

Result<json::value> list_mails(const Config& config) {
  const auto office = VF_TRY(open_office(config));
  json::array out;
  for (const auto& ticket : VF_TRY(office.storage.users->open_tickets("reset", auth::wall_clock()()))) {
    if (ticket.created_by != auth::Users::kByMail) continue;
    const auto user = VF_TRY(office.accounts->users().find(ticket.user));
    out.push_back({{"username", user.name},
                   {"address", user.email.value_or("")},
                   {"token", office.accounts->users().mailed_token(ticket.id)},
                   {"expiresAt", format_rfc3339(ticket.expires_at)}});
  }
  if (!out.empty()) office.note("mail.show", "password resets");
  return json::value(std::move(out));
}

Result<json::value> list_jobs(const Config& config, const std::string& state) {
  const auto storage = VF_TRY(open_storage(config));
  json::array out;
  std::optional<store::Cursor> from;
  do {
    const auto page = VF_TRY(storage.jobs->list({.state = state}, 100, from));
    for (const auto& job : page.items) out.push_back(job_row(job));
    from = page.next;
  } while (from && out.size() < static_cast<std::size_t>(kMostListed));
  return json::value(std::move(out));
}

Result<json::value> cancel_job(const Config& config, const std::string& id) {
  const auto storage = VF_TRY(open_storage(config));
  return changed_job(storage, id, VF_TRY(storage.jobs->cancel(id)), "only one that has not ended can be cancelled");
}

Result<json::value> retry_job(const Config& config, const std::string& id) {
  const auto storage = VF_TRY(open_storage(config));
  return changed_job(storage, id, VF_TRY(storage.jobs->retry(id)), "only a failed or cancelled one can be retried");
}

namespace {

// A video whose source is whole is made anew; one without it can only be marked.
Result<std::string> mend_video(Storage& storage, const std::string& id, const std::unordered_set<std::string>& gone) {
  const auto video = VF_TRY(storage.videos->find(id));
  if (!video) return std::string();
  if (!video->source || gone.contains(video->source->sha256)) {
    VF_CHECK(storage.videos->mark_damaged(id, "The bytes of this video are missing on the server."));
    return fmt::format("Video {} lost its source: it is marked as failed.", id);
  }
  const auto params = VF_TRY(find_job_kind("transcode")->check(nullptr));
  const auto job = VF_TRY(storage.jobs->create({"transcode", video->owner, id, params, 0, "doctor"}));
  return fmt::format("Video {} lost a part of its set: job {} makes it anew.", id, job.id);
}

// The key of the chain, where the key file (or auth.encryption_key) is at hand; nothing is made by looking.
Result<void> take_audit_key(const Config& config, const Storage& storage) {
  if (config.text("auth.encryption_key").empty() && !std::filesystem::exists(encryption_key_file(config))) return {};
  const auto key =
      auth::ServerKeys::derived(*storage.secrets, VF_TRY(open_secret_box(config)), auth::ServerKeys::kAuditChain);
  if (key && *key) storage.audit->use_key(**key);
  return {};  // keys that do not open ours are as good as none
}

Result<void> examine_audit(const Config& config, const Storage& storage, DataReport& report) {
  VF_CHECK(take_audit_key(config, storage));
  const auto verdict = VF_TRY(storage.audit->verify());
  report.audit_rows = verdict.rows;
  if (verdict.broken_at)
    report.audit = fmt::format("Row {} of the audit log was changed or is missing.", *verdict.broken_at);
  if (verdict.unchecked > 0)
    report.audit_key = fmt::format(
        "{} rows of the audit log are chained under the server's key, which is not here, and were not checked: look "
        "where encryption.keys is, or with auth.encryption_key.",
        verdict.unchecked);
  else if (const auto bare = verdict.keyed_from.value_or(verdict.rows + 1) - 1; bare > 0)
    report.audit_key = fmt::format(
        "The first {} rows of the audit log are of before its chain had a key: whoever can write to the database could "
        "have computed them anew. The number never changes.",
        bare);
  return {};
}

}  // namespace

Result<DataReport> examine_data(const Config& config, bool repair) {
  auto storage = VF_TRY(open_storage(config));
  DataReport report;
  report.folder = storage.folder.string();
  report.blobs = static_cast<std::int64_t>(VF_TRY(storage.blobs->list()).size());
  const auto missing = VF_TRY(find_missing(storage));
  report.missing_blobs = missing.blobs;
  report.damaged_videos = missing.videos;
  const auto orphans = VF_TRY(find_orphans(storage));
  report.orphans = static_cast<std::int64_t>(orphans.size());
  for (const auto& blob : orphans) report.orphan_bytes += blob.size;
  VF_CHECK(examine_audit(config, storage, report));
  report.healthy = report.missing_blobs.empty() && report.audit.empty();
  if (!repair) return report;
  const std::unordered_set<std::string> gone(missing.blobs.begin(), missing.blobs.end());
  for (const auto& id : missing.videos)
    if (auto said = VF_TRY(mend_video(storage, id, gone)); !said.empty()) report.repaired.push_back(std::move(said));
  for (const auto& blob : orphans) VF_CHECK(storage.blobs->remove(blob.sha256));
  if (!orphans.empty())
    report.repaired.push_back(fmt::format("{} blobs that nobody needs were removed.", orphans.size()));
  return report;
}

}  // namespace vf::app
