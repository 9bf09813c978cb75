// From the configuration to what each part of the platform takes.
#pragma once

#include <string>

#include "app/platform/config.h"
#include "http/gate_rates.h"
#include "http/platform.h"
#include "http/quotas.h"
#include "http/server/options.h"
#include "telemetry/log.h"

namespace vf::app {

telemetry::LogOptions log_options(const Config& config, const std::filesystem::path& data);
http::PlatformOptions platform_options(const Config& config);
http::RateRules rate_rules(const Config& config);
http::QuotaShares quota_shares(const Config& config);

// Where a server listens: "127.0.0.1:8080", "[::]:8080". Errors: invalid_argument.
Result<void> listen_on(const std::string& address, http::ServerOptions& options);

// Errors: invalid_argument, with the setting.
Result<http::ServerOptions> server_options(const Config& config);

// Heavy stages at a time; 0: none.
int slots_of(const Config& config);

}  // namespace vf::app
