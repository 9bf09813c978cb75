// A client that costs little, the same for every server it measures: blocking sockets, bodies thrown away
// in the kernel.
//
//   bench_load get HOST:PORT PATH CONNECTIONS SECONDS              the same request again and again
//   bench_load ranges HOST:PORT PATH CONNECTIONS SECONDS SIZE BYTES  ranges of BYTES of a file of SIZE bytes
//   bench_load idle HOST:PORT PATH CONNECTIONS                     holds event streams; says "ready", then for
//                                                                  each line of input how many heard an event
// Prints one line of JSON. Exit 1: an answer was not 200 or 206, or a connection broke.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"

namespace {

using Clock = std::chrono::steady_clock;

vf::UniqueFd connect_to(const std::string& where) {
  const auto colon = where.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(where.substr(colon + 1))));
  inet_pton(AF_INET, where.substr(0, colon).c_str(), &to.sin_addr);
  vf::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fd.reset();
  return fd;
}

// Reads one answer; its body's size, or -1.
std::int64_t read_answer(int fd) {
  char head[4096];
  std::size_t have = 0;
  const char* end = nullptr;
  while (!end && have < sizeof head - 1) {
    const auto got = recv(fd, head + have, sizeof head - 1 - have, 0);
    if (got <= 0) return -1;
    have += static_cast<std::size_t>(got);
    head[have] = 0;
    end = std::strstr(head, "\r\n\r\n");
  }
  const char* length = end ? strcasestr(head, "\r\ncontent-length:") : nullptr;
  if (!length || std::strncmp(head, "HTTP/1.1 20", 11) != 0) return -1;
  const std::int64_t size = std::atoll(length + 17);
  std::int64_t left = size - static_cast<std::int64_t>(head + have - (end + 4));
  while (left > 0) {
    const auto got = recv(fd, nullptr, static_cast<std::size_t>(std::min<std::int64_t>(left, 1 << 20)), MSG_TRUNC);
    if (got <= 0) return -1;
    left -= got;
  }
  return size;
}

struct Sum {
  std::vector<float> milliseconds;
  std::int64_t bytes = 0;
  bool broken = false;
};

template <typename Next>
void ask_until(const std::string& where, Clock::time_point end, Next next, Sum& sum) {
  const auto fd = connect_to(where);
  while (fd && Clock::now() < end) {
    const auto request = next();
    const auto began = Clock::now();
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
    const auto size = read_answer(fd.get());
    if (size < 0) break;
    sum.bytes += size;
    sum.milliseconds.push_back(std::chrono::duration<float, std::milli>(Clock::now() - began).count());
  }
  sum.broken = Clock::now() < end;
}

int report(std::vector<Sum>& sums, double seconds) {
  std::vector<float> all;
  std::int64_t bytes = 0;
  bool broken = false;
  for (auto& sum : sums) {
    all.insert(all.end(), sum.milliseconds.begin(), sum.milliseconds.end());
    bytes += sum.bytes;
    broken = broken || sum.broken;
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  fmt::print(
      "{{\"requests\":{},\"bytes\":{},\"seconds\":{:.3f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"max_ms\":{:.3f}}}\n",
      all.size(), bytes, seconds, at(0.5), at(0.99), at(1));
  return broken || all.empty() ? 1 : 0;
}

int hold(const std::string& where, const std::string& request, int count) {
  std::vector<vf::UniqueFd> streams;
  for (int i = 0; i < count; ++i) {
    auto fd = connect_to(where);
    char head[4096];
    if (!fd || send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
        recv(fd.get(), head, sizeof head, 0) <= 0) {
      fmt::print(stderr, "stream {} was not opened: {}\n", i, std::strerror(errno));
      return 1;
    }
    streams.push_back(std::move(fd));
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    int heard = 0;
    const auto began = Clock::now();
    for (const auto& fd : streams) {
      pollfd wait{fd.get(), POLLIN, 0};
      char text[4096];
      if (poll(&wait, 1, 10'000) == 1 && recv(fd.get(), text, sizeof text, 0) > 0) ++heard;
    }
    fmt::print("{{\"heard\":{},\"seconds\":{:.3f}}}\n", heard,
               std::chrono::duration<double>(Clock::now() - began).count());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (argc < 5) return 2;
  const std::string mode = argv[1], where = argv[2], path = argv[3];
  const int connections = std::stoi(argv[4]);
  const auto head = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", path, where);
  if (mode == "idle") return hold(where, head + "\r\n", connections);
  if (argc < (mode == "ranges" ? 8 : 6)) return 2;
  const double seconds = std::stod(argv[5]);
  const std::int64_t size = mode == "ranges" ? std::stoll(argv[6]) : 0,
                     bytes = mode == "ranges" ? std::stoll(argv[7]) : 0;
  std::vector<Sum> sums(static_cast<std::size_t>(connections));
  const auto began = Clock::now();
  const auto end = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i)
    threads.emplace_back([&, i] {
      std::mt19937_64 random(static_cast<std::uint64_t>(i));
      const auto next = [&] {
        if (mode == "get") return head + "\r\n";
        const auto first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size - bytes));
        return fmt::format("{}Range: bytes={}-{}\r\n\r\n", head, first, first + bytes - 1);
      };
      ask_until(where, end, next, sums[static_cast<std::size_t>(i)]);
    });
  for (auto& thread : threads) thread.join();
  return report(sums, std::chrono::duration<double>(Clock::now() - began).count());
}
