// Who asks, and what they may: roles, permissions, scopes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vf::auth {

enum class Role { viewer, user, admin };

// What an operation asks for. `open`: nothing; `signed_in`: any account. The pairs are one per resource.
enum class Permission {
  open,
  signed_in,
  read_videos,
  write_videos,
  read_jobs,
  write_jobs,
  read_playlists,
  write_playlists,
  read_keys,
  write_keys,
  read_runs,
  write_runs,
  read_logs,
  trigger_pipeline,
  administer,
};

// "read:videos"; also the names of an API key's scopes.
std::string_view to_string(Permission permission);
std::string_view to_string(Role role);  // "viewer", "user", "admin"
std::optional<Role> role_from(std::string_view name);
// The permission of that name, where a key's scopes may hold it.
std::optional<Permission> scope_from(std::string_view name);

// Whoever sent a request. Anonymous: `user` is empty.
struct Principal {
  std::string user;  // id; empty: nobody signed in
  std::string name;
  Role role = Role::viewer;
  std::string key;                  // id of the API key used; empty: a session
  std::string session;              // id of the session's refresh family; empty: a key
  std::vector<std::string> scopes;  // of the key; empty: everything the role allows

  bool anonymous() const { return user.empty(); }
  bool admin() const { return !anonymous() && role == Role::admin; }
};

// What a role has at most: viewer reads, user also writes its own and triggers, admin everything. Whose
// things may be read or written is for the handler to ask (owner, visibility).
bool allows(Role role, Permission permission);

// Whether the role allows it and the key's scopes do not take it away.
bool may(const Principal& who, Permission permission);

// Names of all that may() allows, in the order above.
std::vector<std::string> permissions_of(const Principal& who);

}  // namespace vf::auth
