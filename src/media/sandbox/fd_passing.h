// What this process and its nursery say to each other: one request, in as many messages as its
// descriptors need, and one reply. Both ends are the same program, so plain structs travel.
#pragma once

#include <span>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"
#include "media/sandbox/limits.h"

namespace vf::media::sandbox {

inline constexpr int kNurserySocket = 3;  // the nursery's end

// The first message; batches of descriptors follow until `fd_count` came. The first descriptor is the
// child's control channel, the second its stderr.
struct SpawnRequest {
  Limits limits;
  pid_t parent = 0;  // who the child's parent must be
  int fd_count = 0;
};

struct SpawnReply {
  pid_t pid = 0;  // 0: no child, `error` is an errno
  int error = 0;
};

Result<void> send_request(int socket, const SpawnRequest& request, std::span<const int> fds);

// In the nursery. False at the end of the socket, or when the other end broke the protocol.
bool receive_request(int socket, SpawnRequest& request, std::vector<UniqueFd>& fds);

Result<void> send_reply(int socket, const SpawnReply& reply);
Result<SpawnReply> receive_reply(int socket);

}  // namespace vf::media::sandbox
