// The table of all settings; docs/reference/configuration.md is made from it.
#include <array>

#include "app/platform/config.h"

namespace vf::app {
namespace {

using enum SettingType;

constexpr auto kSettings = std::to_array<Setting>({
    {"data", path, "", "Folder with everything the server keeps. Empty: data in the current folder."},

    {"server.listen", text, "127.0.0.1:8080", "Address and port to listen on; [::]:8080 takes every address."},
    {"server.public_url", text, "", "How clients reach the server, for links. Empty: as each request names it."},
    {"server.tls_certificate", path, "",
     "PEM file with the certificate chain; with server.tls_key it switches TLS on."},
    {"server.tls_key", path, "", "PEM file with the private key."},
    {"server.trusted_proxies", list, "",
     "Addresses or networks (CIDR) of proxies whose word on the sender's address counts."},
    {"server.forwarded_field", choice, "x-forwarded-for",
     "The field in which these proxies say it, as they pass on the other one unread: x-forwarded-for, or forwarded "
     "(RFC 7239).",
     "x-forwarded-for,forwarded"},
    {"server.cors_origins", list, "",
     "Origins of web pages that may call the API, for example https://app.example; * for any, without cookies."},
    {"server.work_threads", number, "0", "Threads that answer requests. 0: twice the processors, 4 to 32."},
    {"server.slow_threads", number, "0",
     "Threads for what keeps a processor busy, such as checking passwords. 0: half of the processors, 2 at least."},
    {"server.slow_requests", number, "256",
     "Such requests that may wait, half of them from one address; more get 503."},
    {"server.max_connections", number, "20000", "Connections at a time; more are refused with 503."},
    {"server.max_connections_per_address", number, "0", "The same for one address. 0: no bound."},
    {"server.stop_grace", duration, "10s", "How long running requests may take when the server stops."},

    {"worker.slots", number, "-1", "Heavy stages at a time in this process. -1: the processors; 0: none, others work."},
    {"worker.listen", text, "",
     "Where a worker in a process of its own answers /health, /ready and /metrics, such as 127.0.0.1:9100; empty: "
     "nowhere."},
    {"worker.memory", size, "0",
     "Memory for all running stages together. 0: three quarters of what is free at the start."},
    {"worker.nice", number, "19",
     "Priority of the stages' processes, 0 (as the server) to 19 (only what others leave). Where somebody waits to "
     "watch, 9 less."},

    {"jobs.max_attempts", number, "3", "How often a stage is tried when its error may pass."},
    {"jobs.keep_results", duration, "7d",
     "How long the files of a job (archive, clip, report) are kept. 0: until it is deleted."},

    {"videos.default_visibility", choice, "private", "Of a new video, where the upload does not say it.",
     "private,unlisted,public"},

    {"uploads.max_size", size, "50G", "Largest upload."},
    {"uploads.max_form_size", size, "2G", "Largest upload by a form; larger ones go by tus or a presigned address."},
    {"uploads.keep_unfinished", duration, "24h", "An upload that nobody goes on with is removed after this time."},
    {"uploads.disk_margin", size, "1G", "Left free on the disk whatever is uploaded."},

    {"import.max_size", size, "50G", "Largest file fetched from an address."},
    {"import.timeout", duration, "6h", "Longest time that fetching one may take."},
    {"import.allow_private", flag, "false",
     "Whether imports may reach private and loopback addresses. Only for closed networks."},

    {"quota.storage", size, "0", "What one account may store in all. 0: no bound."},
    {"quota.uploads_per_day", number, "0", "Uploads one account may begin in 24 hours. 0: no bound."},
    {"quota.jobs", number, "0", "Jobs of one account that may wait or run at a time. 0: no bound."},
    {"quota.minutes_per_month", number, "0",
     "Minutes of media that one account's jobs may read in a calendar month (UTC). 0: no bound."},
    {"quota.admin_storage", size, "0", "What an administrator may store in all. 0: no bound."},
    {"quota.admin_uploads_per_day", number, "0", "Uploads an administrator may begin in 24 hours. 0: no bound."},
    {"quota.admin_jobs", number, "0", "Jobs of an administrator at a time. 0: no bound."},
    {"quota.admin_minutes_per_month", number, "0", "Minutes of media in a month for an administrator. 0: no bound."},

    {"auth.registration", choice, "open", "Who may register once there is an administrator.", "open,invitation,closed"},
    {"auth.encryption_key", text, "",
     "Key that secrets are sealed with, 64 hexadecimal digits; more after commas only open. Empty: a file in the data "
     "folder.",
     "", true},
    {"auth.rate_limits", flag, "true", "Whether requests are counted against the limits of docs/guides/configure.md."},
    {"auth.password_length", number, "10", "Characters that a new password has at least, 8 to 128."},
    {"auth.password_classes", number, "1",
     "How many of lower case, upper case, digits and other signs a new password has at least, 1 to 4."},

    {"limits.api", number, "100", "Requests of one address that is not signed in, in limits.api_period. 0: no bound."},
    {"limits.api_signed_in", number, "100", "How many times that for whoever is signed in."},
    {"limits.api_period", duration, "15m", "The time in which that many may come."},
    {"limits.auth", number, "5", "Sign-ins, registrations and the like, by user or address. 0: no bound."},
    {"limits.auth_period", duration, "15m", "The time in which that many may come."},
    {"limits.upload", number, "20", "Uploads that are begun, by user or address. 0: no bound."},
    {"limits.upload_period", duration, "1h", "The time in which that many may come."},

    {"auth.oidc_issuer", text, "",
     "OpenID Connect provider for single sign-on, exactly as it calls itself. Empty: none."},
    {"auth.oidc_name", text, "sso", "Its name in our addresses."},
    {"auth.oidc_title", text, "Single sign-on", "Its name for people."},
    {"auth.oidc_client_id", text, "", "Our name at the provider."},
    {"auth.oidc_client_secret", text, "", "Our secret at the provider; empty for a public client.", "", true},
    {"auth.oidc_role_claim", text, "", "Where roles stand among its claims, for example groups or realm_access.roles."},
    {"auth.oidc_user_roles", list, "", "Values there that give the role user."},
    {"auth.oidc_admin_roles", list, "", "Values there that give the role admin."},
    {"auth.oidc_default_role", choice, "user", "The role without such a value; none: nobody gets in without one.",
     "none,viewer,user"},
    {"auth.oidc_create_accounts", flag, "true", "Whether a first sign-in makes an account; false: only linked ones."},
    {"auth.oidc_api_audience", text, "",
     "Audience of the provider's access tokens that are taken as bearer. Empty: they are not."},
    {"auth.oidc_api_claim", text, "aud", "The claim that names the audience; client_id for Amazon Cognito."},

    {"log.level", choice, "info", "What is logged at least.", "debug,info,warning,error"},
    {"log.directory", path, "", "Folder of the logs. Empty: log in the data folder."},
    {"log.keep", duration, "30d", "How long old logs are kept."},
    {"log.console", choice, "text", "What is written to standard error beside the files.", "text,json,none"},

    {"telemetry.otlp_endpoint", text, "",
     "OpenTelemetry collector that traces are sent to by OTLP/HTTP, for example http://localhost:4318. Empty: none."},
    {"telemetry.otlp_headers", list, "", "Header fields for it, name=value, for example an API key.", "", true},
    {"telemetry.service_name", text, "videoforge", "What this service is called in traces."},
    {"telemetry.sample_ratio", ratio, "1",
     "Part of the traces that begin here and are kept, 0 to 1. A caller's own decision in traceparent goes before it."},

    {"cache.answers", size, "64M", "Memory for answers that many ask for: gallery pages, videos, manifests. 0: none."},
    {"cache.max_size", size, "40G", "What finished stages may keep beyond the results; the least used go first."},
});

}  // namespace

std::span<const Setting> settings() { return kSettings; }

}  // namespace vf::app
