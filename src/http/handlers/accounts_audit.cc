// The audit log and the blocked addresses, for admins.
#include <charconv>

#include "base/rfc3339.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_views.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

constexpr std::int64_t kMostExported = 10'000;

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

Result<std::int64_t> read_time(const Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (text.empty()) return 0;
  const auto time = parse_rfc3339(text);
  if (!time) return bad(std::string(name) + " is a time as in \"2027-01-31T00:00:00Z\".");
  return *time;
}

Result<std::int64_t> read_cursor(const Request& request) {
  const auto text = request.query_value("cursor");
  if (text.empty()) return 0;
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 1)
    return bad("cursor is the nextCursor of the page before.");
  return value;
}

Result<store::AuditQuery> query_of(const Request& request) {
  const auto text = [&](std::string_view name) { return std::string(request.query_value(name)); };
  return store::AuditQuery{.before = VF_TRY(read_cursor(request)),
                           .actor = text("actor"),
                           .action = text("action"),
                           .target = text("target"),
                           .outcome = text("outcome"),
                           .from = VF_TRY(read_time(request, "from")),
                           .to = VF_TRY(read_time(request, "to"))};
}

Response list(AccountsContext& context, const Call& call) {
  auto page = page_of(call.request);
  if (!page) return std::move(page).error();
  auto query = query_of(call.request);
  if (!query) return problem(call.request, query.error());
  query->limit = page->limit + 1;
  const auto entries = context.audit_store.list(*query);
  if (!entries) return problem(call.request, entries.error());
  json::array items;
  for (const auto& entry : *entries) items.push_back(audit_view(entry));
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > page->limit) {
    items.resize(static_cast<std::size_t>(page->limit));
    next = std::to_string(items.back().at("sequence").as_int64());
  }
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", std::move(next)}});
}

// One JSON object a line, newest first; the cursor of the last line goes on from there.
Response export_lines(AccountsContext& context, const Call& call) {
  auto query = query_of(call.request);
  if (!query) return problem(call.request, query.error());
  query->limit = kMostExported;
  const auto entries = context.audit_store.list(*query);
  if (!entries) return problem(call.request, entries.error());
  std::string lines;
  for (const auto& entry : *entries) lines += dump(audit_view(entry)) + "\n";
  Response out;
  out.headers.set("Content-Type", "application/x-ndjson");
  out.headers.set("Content-Disposition", "attachment; filename=\"audit.ndjson\"");
  out.body = std::move(lines);
  context.audit.record(call.who, call.request.peer, {"audit.export", "audit"});
  return out;
}

Response verify(AccountsContext& context, const Call& call) {
  const auto verdict = context.audit_store.verify();
  if (!verdict) return problem(call.request, verdict.error());
  json::value broken = nullptr;
  if (verdict->broken_at) broken = *verdict->broken_at;
  json::value keyed = nullptr;
  if (verdict->keyed_from) keyed = *verdict->keyed_from;
  return json_response(200, {{"intact", !verdict->broken_at},
                             {"rows", verdict->rows},
                             {"head", verdict->head},
                             {"brokenAt", broken},
                             {"keyedFrom", keyed}});
}

Response list_blocked(AccountsContext& context, const Call&) {
  json::array items;
  for (const auto& one : context.blocks.list())
    items.push_back(
        {{"address", one.address}, {"since", format_rfc3339(one.since)}, {"until", format_rfc3339(one.until)}});
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", nullptr}});
}

Response release(AccountsContext& context, const Call& call) {
  const auto& address = call.param("address");
  if (!context.blocks.release(address)) return problem(call.request, 404, "not_found", "This address is not blocked.");
  context.audit.record(call.who, call.request.peer, {"address.release", "address " + address});
  return no_content();
}

}  // namespace

std::vector<Endpoint> admin_audit_endpoints(AccountsContext& context) {
  const auto row = [&](std::string method, std::string path, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), auth::Permission::administer, RateClass::api,
                             handler);
  };
  return {row("GET", "/api/admin/audit", list), row("GET", "/api/admin/audit/export", export_lines),
          row("GET", "/api/admin/audit/verify", verify), row("GET", "/api/admin/blocked", list_blocked),
          // An IPv6 network's name holds a slash.
          row("DELETE", "/api/admin/blocked/{address...}", release)};
}

}  // namespace vf::http
