// Accounts behind the real router and gate, over SQLite, without sockets: a test asks and reads the answer.
#pragma once

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/totp.h"
#include "cache/memory/memory_cache.h"
#include "http/accounts.h"
#include "http/message/problem.h"
#include "http/message/target.h"
#include "http/router.h"
#include "support/sqlite_accounts.h"

namespace vf::http {

struct Answer {
  int status = 0;
  Headers headers;
  std::string text;
  json::value body;

  std::string at(std::string_view pointer) const {
    boost::system::error_code none;
    const auto* found = body.find_pointer(pointer, none);
    if (!found) return "(absent)";
    return found->is_string() ? std::string(found->get_string()) : dump(*found);
  }
  std::string code() const { return at("/code"); }
  // What it says, apart from what names this one request.
  std::string without_correlation() const {
    auto copy = body;
    if (copy.is_object()) copy.get_object().erase("correlationId");
    return std::to_string(status) + dump(copy);
  }
};

using Sent = std::map<std::string, std::string>;

class AccountServer {
 public:
  static constexpr std::string_view kPassword = "violet otter parade";

  explicit AccountServer(AccountsOptions options = {}) { start(std::move(options)); }

  // As a new process over the same database.
  void start(AccountsOptions options) {
    router_.reset();
    options.clock = [this] { return now.load(); };
    cache = cache::make_memory_cache();
    options.cache = cache.get();
    options.cost = {.passes = 1, .memory = 8192};
    options.complain = [](const Error& error) { ADD_FAILURE() << error.message << " " << error.detail; };
    const AccountStores stores{*db->users, *db->sessions, *db->keys, *db->audit, *db->secrets, db->passkeys.get()};
    auto made = Accounts::create(stores, *auth::SecretBox::open(db->folder / "secret.key"), std::move(options));
    ASSERT_TRUE(made) << made.error().message << made.error().detail;
    accounts = std::move(*made);
    auto table = accounts->endpoints();
    table.push_back(sample("GET", "/api/videos", auth::Permission::read_videos));
    table.push_back(sample("POST", "/api/videos", auth::Permission::write_videos));
    table.push_back(sample("GET", "/api/gallery", auth::Permission::open));
    table.push_back(sample("POST", "/api/jobs", auth::Permission::trigger_pipeline, RateClass::pipeline));
    table.push_back(sample("GET", "/api/stream", auth::Permission::open, RateClass::none));
    auto router = Router::create(std::move(table), accounts->gate());
    ASSERT_TRUE(router) << router.error().message;
    router_ = std::move(*router);
  }

  Answer ask(std::string method, std::string path, const json::value& body = nullptr, const Sent& fields = {}) {
    Request request;
    request.method = std::move(method);
    const auto target = parse_target(path);
    EXPECT_TRUE(target) << path;
    request.path = target->path;
    request.query = target->query;
    request.peer = peer;
    request.secure = true;
    request.host = "videos.example";
    request.correlation = "c1";
    request.headers.add("User-Agent", "test");
    if (!body.is_null()) request.headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : fields) request.headers.set(name, value);
    return send(request, body.is_null() ? "" : dump(body));
  }

  Answer send(const Request& request, std::string_view body) {
    auto opened = router_->open(request);
    if (opened.sink) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
      auto early = body.empty() ? std::nullopt : opened.sink->write({bytes, body.size()});
      opened.response = early ? std::move(*early) : opened.sink->finish();
    }
    Answer answer{opened.response.status, opened.response.headers, std::get<std::string>(opened.response.body),
                  nullptr};
    if (auto parsed = parse_json(answer.text)) answer.body = std::move(*parsed);
    return answer;
  }

  // The first admin, as the one who installs the server makes it.
  Answer make_admin(const std::string& name = "boss") {
    return ask("POST", "/api/auth/register",
               {{"username", name}, {"password", kPassword}, {"bootstrapToken", accounts->bootstrap_token()}});
  }
  Answer make_user(const std::string& name) {
    return ask("POST", "/api/auth/register", {{"username", name}, {"password", kPassword}});
  }
  Answer login(const std::string& name, std::string_view password = kPassword, const std::string& code = "") {
    json::object body{{"username", name}, {"password", password}};
    if (!code.empty()) body["code"] = code;
    return ask("POST", "/api/auth/login", body);
  }
  Answer refresh(const std::string& token) { return ask("POST", "/api/auth/refresh", {{"refreshToken", token}}); }
  static Sent bearer(const Answer& signed_in) { return {{"Authorization", "Bearer " + signed_in.at("/accessToken")}}; }
  static Sent key(const Answer& made) {
    const auto text = made.at("/key");
    return {{"x-api-key", text == "(absent)" ? made.at("/apiKey/key") : text}};
  }

  // What an authenticator app shows now: undoes base32.
  std::string app_code(std::string_view secret) const {
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string bytes;
    unsigned held = 0;
    int bits = 0;
    for (const char c : secret) {
      held = (held << 5 | static_cast<unsigned>(letters.find(c))) & 0xfff;
      if ((bits += 5) >= 8) bytes += static_cast<char>(held >> (bits -= 8) & 0xff);
    }
    return *auth::totp_code(bytes, now / 1000);
  }

  // No limit gets into the way of what a test is about.
  static AccountsOptions without_limits() {
    AccountsOptions options;
    options.rates.api = options.rates.auth = options.rates.pipeline = {};
    return options;
  }

  std::unique_ptr<store::SqliteAccounts> db = store::open_sqlite_file();
  std::atomic<std::int64_t> now{1'800'000'000'000};
  std::string peer = "192.0.2.1";
  std::unique_ptr<cache::Cache> cache;
  std::unique_ptr<Accounts> accounts;

 private:
  static Endpoint sample(std::string method, std::string path, auth::Permission permission,
                         RateClass rate = RateClass::api) {
    Endpoint endpoint;
    endpoint.method = std::move(method);
    endpoint.path = std::move(path);
    endpoint.permission = permission;
    endpoint.rate = rate;
    endpoint.handle = [](const Call& call) { return json_response(200, {{"who", call.who.name}}); };
    return endpoint;
  }
  std::unique_ptr<Router> router_;
};

}  // namespace vf::http
