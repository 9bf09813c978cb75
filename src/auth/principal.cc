#include "auth/principal.h"

#include <algorithm>
#include <array>

namespace vf::auth {
namespace {

struct PermissionRow {
  Permission permission;
  std::string_view name;
  Role least;      // the lowest role that has it
  bool grantable;  // may stand among an API key's scopes
};

constexpr std::array<PermissionRow, 15> kPermissions{{
    {Permission::open, "open", Role::viewer, false},
    {Permission::signed_in, "signed_in", Role::viewer, false},
    {Permission::read_videos, "read:videos", Role::viewer, true},
    {Permission::write_videos, "write:videos", Role::user, true},
    {Permission::read_jobs, "read:jobs", Role::viewer, true},
    {Permission::write_jobs, "write:jobs", Role::user, true},
    {Permission::read_playlists, "read:playlists", Role::viewer, true},
    {Permission::write_playlists, "write:playlists", Role::user, true},
    {Permission::read_keys, "read:keys", Role::viewer, true},
    {Permission::write_keys, "write:keys", Role::user, true},
    {Permission::read_runs, "read:runs", Role::viewer, true},
    {Permission::write_runs, "write:runs", Role::user, true},
    {Permission::read_logs, "read:logs", Role::viewer, true},
    {Permission::trigger_pipeline, "trigger:pipeline", Role::user, true},
    {Permission::administer, "administer", Role::admin, true},
}};

constexpr std::array<std::string_view, 3> kRoles{"viewer", "user", "admin"};

const PermissionRow& row(Permission permission) { return kPermissions.at(static_cast<std::size_t>(permission)); }

// The table is indexed by the enumeration.
static_assert([] {
  for (std::size_t i = 0; i < kPermissions.size(); ++i)
    if (static_cast<std::size_t>(kPermissions[i].permission) != i) return false;
  return true;
}());

}  // namespace

std::string_view to_string(Permission permission) { return row(permission).name; }

std::string_view to_string(Role role) { return kRoles.at(static_cast<std::size_t>(role)); }

std::optional<Role> role_from(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

std::optional<Permission> scope_from(std::string_view name) {
  for (const auto& r : kPermissions)
    if (r.grantable && r.name == name) return r.permission;
  return std::nullopt;
}

bool allows(Role role, Permission permission) { return role >= row(permission).least; }

bool may(const Principal& who, Permission permission) {
  if (permission == Permission::open) return true;
  if (who.anonymous()) return false;
  if (!allows(who.role, permission)) return false;
  if (permission == Permission::signed_in || who.scopes.empty()) return true;
  return std::ranges::find(who.scopes, to_string(permission)) != who.scopes.end();
}

std::vector<std::string> permissions_of(const Principal& who) {
  std::vector<std::string> names;
  for (const auto& r : kPermissions)
    if (r.grantable && may(who, r.permission)) names.emplace_back(r.name);
  return names;
}

}  // namespace vf::auth
