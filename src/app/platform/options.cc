#include "app/platform/options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/engine.h"

namespace vf::app {

telemetry::LogOptions log_options(const Config& config, const std::filesystem::path& data) {
  telemetry::LogOptions options;
  const auto& folder = config.text("log.directory");
  options.folder = folder.empty() ? data / "log" : std::filesystem::path(folder);
  constexpr std::array kLevels{"debug", "info", "warning", "error"};
  options.level = static_cast<telemetry::Level>(std::ranges::find(kLevels, config.text("log.level")) - kLevels.begin());
  options.keep =
      std::chrono::duration_cast<std::chrono::hours>(std::chrono::milliseconds(config.milliseconds("log.keep")));
  options.console = config.text("log.console");
  return options;
}

http::PlatformOptions platform_options(const Config& config) {
  http::PlatformOptions out;
  out.version = VIDEOFORGE_VERSION;
  out.public_url = config.text("server.public_url");
  out.default_visibility = config.text("videos.default_visibility");
  out.max_upload_bytes = config.number("uploads.max_size");
  out.max_form_bytes = config.number("uploads.max_form_size");
  out.disk_margin_bytes = config.number("uploads.disk_margin");
  out.upload_ms = config.milliseconds("uploads.keep_unfinished");
  return out;
}

http::RateRules rate_rules(const Config& config) {
  http::RateRules out;
  const auto read = [&](const std::string& key) {
    return auth::Quota{config.number(key), std::max<std::int64_t>(1000, config.milliseconds(key + "_period"))};
  };
  out.api = read("limits.api");
  out.api_signed_in = std::max<std::int64_t>(1, config.number("limits.api_signed_in"));
  out.auth = read("limits.auth");
  out.upload = read("limits.upload");
  if (!config.flag("auth.rate_limits"))
    for (auto* quota : {&out.api, &out.auth, &out.webhook, &out.pipeline, &out.upload}) quota->limit = 0;
  return out;
}

http::QuotaShares quota_shares(const Config& config) {
  const auto share = [&](const std::string& of) {
    return store::QuotaLimits{config.number(of + "storage"), config.number(of + "minutes_per_month"),
                              config.number(of + "jobs"), config.number(of + "uploads_per_day")};
  };
  return {share("quota."), share("quota.admin_")};
}

Result<void> listen_on(const std::string& address, http::ServerOptions& options) {
  const auto colon = address.rfind(':');
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is no address to listen on. Write it like 127.0.0.1:8080 or [::]:8080.", address));
  };
  if (colon == std::string::npos) return wrong();
  options.address = address.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']'))
    options.address = options.address.substr(1, options.address.size() - 2);
  char* end = nullptr;
  const auto port = std::strtol(address.c_str() + colon + 1, &end, 10);
  if (*end != '\0' || port < 0 || port > 65535 || colon + 1 == address.size()) return wrong();
  options.port = static_cast<std::uint16_t>(port);
  return {};
}

Result<http::ServerOptions> server_options(const Config& config) {
  http::ServerOptions out;
  VF_CHECK(listen_on(config.text("server.listen"), out));
  const auto& certificate = config.text("server.tls_certificate");
  const auto& key = config.text("server.tls_key");
  if (certificate.empty() != key.empty())
    return fail(ErrorCode::invalid_argument, "TLS needs both server.tls_certificate and server.tls_key.");
  if (!certificate.empty()) out.tls = http::TlsFiles{certificate, key};
  out.work_threads = static_cast<int>(config.number("server.work_threads"));
  out.slow_threads = static_cast<int>(std::clamp<std::int64_t>(config.number("server.slow_threads"), 0, 256));
  out.limits.slow_requests = static_cast<std::size_t>(std::max<std::int64_t>(1, config.number("server.slow_requests")));
  out.limits.connections = static_cast<std::size_t>(config.number("server.max_connections"));
  out.limits.connections_per_address = static_cast<std::size_t>(config.number("server.max_connections_per_address"));
  if (config.text("server.forwarded_field") == "forwarded") out.proxies.field = http::ForwardedField::forwarded;
  for (const auto& text : config.list("server.trusted_proxies")) {
    const auto range = Cidr::parse(text);
    if (!range)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("server.trusted_proxies: '{}' is no address or network.", text));
    out.proxies.trusted.push_back(*range);
  }
  out.cors.origins = config.list("server.cors_origins");
  return out;
}

int slots_of(const Config& config) {
  const auto chosen = config.number("worker.slots");
  return chosen < 0 ? usable_processors() : static_cast<int>(std::min<std::int64_t>(chosen, 256));
}

}  // namespace vf::app
