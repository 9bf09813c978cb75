// A client that costs little, the same for every server it measures: blocking sockets, bodies thrown away
// in the kernel.
//
//   bench_load get HOST:PORT PATH CONNECTIONS SECONDS [RATE FIELD]  the same request again and again
//   bench_load ranges HOST:PORT PATH CONNECTIONS SECONDS SIZE BYTES [RATE FIELD]
//                                                                  ranges of BYTES of a file of SIZE bytes
//   bench_load together HOST:PORT PATH                             POSTs, all at once, each by a client of its own:
//                                                                  one a line of input, address, tab, JSON
//   bench_load idle HOST:PORT PATH CONNECTIONS                     holds event streams; says "ready", then for
//                                                                  each line of input how many heard an event
// RATE: requests a second of all connections together, each timed from when it was due, so that one slow answer
// counts for those it kept waiting; without it as fast as they go. FIELD: a header field for each of them.
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

// When one connection's requests are due; every: 0 for as soon as the one before is answered.
struct Pace {
  Clock::time_point first;
  Clock::duration every{};
};

template <typename Next>
void ask_until(const std::string& where, Clock::time_point end, Pace pace, Next next, Sum& sum) {
  const auto fd = connect_to(where);
  for (auto due = pace.first; fd && Clock::now() < end; due += pace.every) {
    const auto request = next();
    const bool paced = pace.every.count() > 0;
    if (paced && due >= end) return;
    if (paced) std::this_thread::sleep_until(due);
    const auto began = paced ? due : Clock::now();
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

int together(const std::string& where, const std::string& path) {
  std::vector<std::string> requests;
  std::vector<vf::UniqueFd> clients;
  for (std::string line; std::getline(std::cin, line);) {
    const auto tab = line.find('\t');
    const auto body = line.substr(tab + 1);
    requests.push_back(
        fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {}\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    path, where, line.substr(0, tab), body.size(), body));
    clients.push_back(connect_to(where));
    if (!clients.back()) return 1;
  }
  std::vector<Sum> sums(clients.size());
  std::vector<std::thread> threads;
  const auto began = Clock::now() + std::chrono::milliseconds(50);  // every thread is there by then
  for (std::size_t i = 0; i < clients.size(); ++i)
    threads.emplace_back([&, i] {
      std::this_thread::sleep_until(began);
      const auto& request = requests[i];
      const bool said = send(clients[i].get(), request.data(), request.size(), MSG_NOSIGNAL) >= 0;
      const auto size = said ? read_answer(clients[i].get()) : -1;
      sums[i].broken = size < 0;
      sums[i].bytes = std::max<std::int64_t>(0, size);
      sums[i].milliseconds.push_back(std::chrono::duration<float, std::milli>(Clock::now() - began).count());
    });
  for (auto& thread : threads) thread.join();
  return report(sums, std::chrono::duration<double>(Clock::now() - began).count());
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
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc < (mode == "together" ? 4 : 5)) return 2;
  const std::string where = argv[2], path = argv[3];
  if (mode == "together") return together(where, path);
  const int connections = std::stoi(argv[4]);
  auto head = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", path, where);
  if (mode == "idle") return hold(where, head + "\r\n", connections);
  const int plain = mode == "ranges" ? 8 : 6;
  if (argc < plain) return 2;
  const double rate = argc > plain ? std::stod(argv[plain]) : 0;
  if (argc > plain + 1) head += std::string(argv[plain + 1]) + "\r\n";
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
      Pace pace{began};
      if (rate > 0) {
        pace.every = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(connections / rate));
        pace.first += pace.every * i / connections;
      }
      ask_until(where, end, pace, next, sums[static_cast<std::size_t>(i)]);
    });
  for (auto& thread : threads) thread.join();
  return report(sums, std::chrono::duration<double>(Clock::now() - began).count());
}
