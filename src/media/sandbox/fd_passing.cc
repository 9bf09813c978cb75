#include "media/sandbox/fd_passing.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace vf::media::sandbox {
namespace {

constexpr std::size_t kBatch = 200;  // SCM_RIGHTS carries at most 253
constexpr int kMaxFds = 16'384;

union ControlBuffer {
  cmsghdr align;
  char bytes[CMSG_SPACE(kBatch * sizeof(int))];
};

Result<void> send_batch(int socket, std::span<const int> fds) {
  char mark = 'f';
  iovec text{&mark, 1};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  auto* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(head), fds.data(), fds.size_bytes());
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return std::unexpected(system_error(errno, "hand descriptors to the nursery"));
  return {};
}

bool receive_batch(int socket, std::vector<UniqueFd>& fds) {
  char mark = 0;
  iovec text{&mark, 1};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  ssize_t n = 0;
  while ((n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n != 1) return false;
  for (auto* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return (message.msg_flags & MSG_CTRUNC) == 0;  // no number was left for a descriptor
}

// One whole struct as one message.
template <typename T>
Result<void> send_struct(int socket, const T& value, std::string_view what) {
  while (::send(socket, &value, sizeof(value), MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return std::unexpected(system_error(errno, what));
  return {};
}

template <typename T>
bool receive_struct(int socket, T& value) {
  ssize_t n = 0;
  while ((n = ::recv(socket, &value, sizeof(value), 0)) < 0 && errno == EINTR) {
  }
  return n == static_cast<ssize_t>(sizeof(value));
}

}  // namespace

Result<void> send_request(int socket, const SpawnRequest& request, std::span<const int> fds) {
  if (fds.size() > kMaxFds)
    return fail(ErrorCode::invalid_argument, "A stage was handed more descriptors than can be passed.");
  VF_CHECK(send_struct(socket, request, "ask the nursery for a child"));
  for (std::size_t at = 0; at < fds.size(); at += kBatch)
    VF_CHECK(send_batch(socket, fds.subspan(at, std::min(kBatch, fds.size() - at))));
  return {};
}

bool receive_request(int socket, SpawnRequest& request, std::vector<UniqueFd>& fds) {
  if (!receive_struct(socket, request) || request.fd_count < 2 || request.fd_count > kMaxFds) return false;
  while (static_cast<int>(fds.size()) < request.fd_count)
    if (!receive_batch(socket, fds)) return false;
  return static_cast<int>(fds.size()) == request.fd_count;
}

Result<void> send_reply(int socket, const SpawnReply& reply) {
  return send_struct(socket, reply, "answer from the nursery");
}

Result<SpawnReply> receive_reply(int socket) {
  SpawnReply reply;
  if (!receive_struct(socket, reply)) return fail(ErrorCode::unavailable, "The nursery did not answer.");
  return reply;
}

}  // namespace vf::media::sandbox
