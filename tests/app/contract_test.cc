// The contract (api/openapi.yaml) and what is served are the same, in both directions.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "app/platform/endpoints.h"
#include "app/platform/job_kinds.h"
#include "app/platform/storage.h"
#include "cache/memory/memory_cache.h"
#include "http/quotas.h"
#include "support/temp_folder.h"

namespace vf::app {
namespace {

// What of an operation has to agree.
struct Row {
  std::string permission, rate;
  std::set<std::string> statuses, path_parameters;  // of the document only
};
using Table = std::map<std::string, Row>;  // by "GET /api/videos"

std::string_view name_of(http::RateClass rate) {
  constexpr std::array<std::string_view, 6> kNames{"none", "api", "auth", "webhook", "pipeline", "upload"};
  return kNames.at(static_cast<std::size_t>(rate));
}

// "{address...}" is "{address}" to the document.
std::string template_of(std::string path) {
  if (const auto rest = path.find("...}"); rest != std::string::npos) path.erase(rest, 3);
  return path;
}

std::string text_at(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->as_string()) : "(absent)";
}

class Contract : public ::testing::Test {
 protected:
  void SetUp() override {
    auto config = Config::load({}, {{"data", folder_.path().string()}});
    ASSERT_TRUE(config) << config.error().message;
    auto storage = open_storage(*config);
    ASSERT_TRUE(storage) << storage.error().message;
    storage_.emplace(std::move(*storage));
    http::AccountsOptions options;
    options.cache = cache_.get();
    options.providers = {
        {.name = "company", .title = "Company account", .issuer = "https://id.example", .client_id = "x"}};
    options.call = [](const auto&) { return fail(ErrorCode::unavailable, "Nothing is asked here."); };
    quotas_.emplace(*storage_->quotas, http::QuotaShares{}, auth::wall_clock());
    options.quotas = &*quotas_;
    auto accounts = http::Accounts::create(storage_->account_stores(), *open_secret_box(*config), options);
    ASSERT_TRUE(accounts) << accounts.error().message;
    accounts_ = std::move(*accounts);
    platform_.emplace(http::Platform{.options = {},
                                     .videos = *storage_->videos,
                                     .jobs = *storage_->jobs,
                                     .uploads = *storage_->uploads,
                                     .playlists = *storage_->playlists,
                                     .events = *storage_->events,
                                     .idempotency = *storage_->idempotency,
                                     .blobs = *storage_->blobs,
                                     .kinds = orderable_kinds(),
                                     .links = accounts_->links(),
                                     .uploads_dir = storage_->uploads_dir()});
    endpoints_ = all_endpoints(*accounts_, *platform_, {});
    for (const auto& endpoint : endpoints_)
      served_[endpoint.method + " " + template_of(endpoint.path)] = {
          std::string(auth::to_string(*endpoint.permission)), std::string(name_of(endpoint.rate)), {}, {}};
    read_document();
  }

  // As a client gets it.
  void read_document() {
    for (const auto& endpoint : endpoints_)
      if (endpoint.path == "/api-spec.json") document_ = *parse_json(std::get<std::string>(endpoint.handle({}).body));
    ASSERT_TRUE(document_.is_object());
    for (const auto& [path, item] : document_.at("paths").as_object())
      for (const auto& [method, operation] : item.as_object()) {
        std::string name(method);
        for (auto& c : name) c = static_cast<char>(std::toupper(c));
        documented_[name + " " + std::string(path)] = row_of(operation.as_object());
      }
  }

  static Row row_of(const json::object& operation) {
    Row row{text_at(operation, "x-permission"), text_at(operation, "x-rate-class"), {}, {}};
    for (const auto& [status, response] : operation.at("responses").as_object()) row.statuses.emplace(status);
    if (const auto* parameters = operation.if_contains("parameters"))
      for (const auto& parameter : parameters->as_array())
        if (text_at(parameter.as_object(), "in") == "path")
          row.path_parameters.insert(text_at(parameter.as_object(), "name"));
    return row;
  }

  test::TempFolder folder_;
  std::unique_ptr<cache::Cache> cache_ = cache::make_memory_cache();
  std::optional<Storage> storage_;
  std::optional<http::Quotas> quotas_;
  std::unique_ptr<http::Accounts> accounts_;
  std::optional<http::Platform> platform_;
  std::vector<http::Endpoint> endpoints_;
  json::value document_;
  Table served_, documented_;
};

TEST_F(Contract, HoldsExactlyWhatIsServed) {
  EXPECT_GT(served_.size(), 50U);
  for (const auto& [name, row] : served_) EXPECT_TRUE(documented_.contains(name)) << name << " is not documented";
  for (const auto& [name, row] : documented_) EXPECT_TRUE(served_.contains(name)) << name << " is not served";
}

TEST_F(Contract, SaysWhatEachOperationAsksFor) {
  for (const auto& [name, row] : documented_) {
    const auto served = served_.find(name);
    if (served == served_.end()) continue;
    EXPECT_EQ(row.permission, served->second.permission) << name;
    EXPECT_EQ(row.rate, served->second.rate) << name;
  }
}

TEST_F(Contract, NamesTheRefusalsOfTheDoor) {
  for (const auto& [name, row] : documented_) {
    const bool forgives = row.permission == "open" && name.find(" /api/auth/") != std::string::npos;
    if (!forgives) EXPECT_TRUE(row.statuses.contains("401")) << name;
    EXPECT_TRUE(row.statuses.contains("403")) << name;
    EXPECT_EQ(row.statuses.contains("429"), row.rate != "none") << name;
  }
}

TEST_F(Contract, DescribesEveryPartOfAPath) {
  for (const auto& [name, row] : documented_) {
    std::set<std::string> wanted;
    for (auto at = name.find('{'); at != std::string::npos; at = name.find('{', at + 1))
      wanted.insert(name.substr(at + 1, name.find('}', at) - at - 1));
    EXPECT_EQ(row.path_parameters, wanted) << name;
  }
}

void find_references(const json::value& value, std::set<std::string>& out) {
  if (const auto* array = value.if_array())
    for (const auto& item : *array) find_references(item, out);
  if (const auto* object = value.if_object())
    for (const auto& [key, item] : *object) {
      if (key == "$ref") out.emplace(item.as_string());
      find_references(item, out);
    }
}

TEST_F(Contract, RefersOnlyToWhatItHolds) {
  std::set<std::string> references;
  find_references(document_, references);
  EXPECT_FALSE(references.empty());
  for (const auto& reference : references) {
    boost::system::error_code none;
    EXPECT_TRUE(document_.find_pointer(reference.substr(1), none)) << reference;
  }
}

TEST_F(Contract, IsOfThisVersion) {
  EXPECT_EQ(text_at(document_.at("info").as_object(), "version"), VIDEOFORGE_VERSION);
  EXPECT_EQ(text_at(document_.as_object(), "openapi"), "3.1.0");
}

}  // namespace
}  // namespace vf::app
