// The bytes of one connection, plain or encrypted, with a deadline over whatever is waited for.
//
// Everything happens on the connection's strand; one operation at a time. `false` and 0 mean that the
// connection is of no more use: closed by the other end, broken, or past its deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/server/delivery.h"
#include "http/server/work_pool.h"

namespace vf::http {

// Cancels the socket's operations when its time is over. Setting it later costs no timer operation.
class Deadline {
 public:
  explicit Deadline(boost::asio::ip::tcp::socket& socket);
  ~Deadline();
  void after(std::chrono::steady_clock::duration time);
  void off();
  bool passed() const;

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

class Wire {
 public:
  static std::unique_ptr<Wire> plain(boost::asio::ip::tcp::socket socket, WorkPool& pool,
                                     std::chrono::milliseconds write_time);
  static std::unique_ptr<Wire> encrypted(boost::asio::ip::tcp::socket socket, WorkPool& pool,
                                         std::chrono::milliseconds write_time, boost::asio::ssl::context& context);
  virtual ~Wire() = default;

  Deadline& deadline() { return deadline_; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }
  std::int64_t sent() const { return sent_; }

  // Under the deadline that is set.
  virtual boost::asio::awaitable<bool> handshake() = 0;
  virtual boost::asio::awaitable<std::size_t> read(std::span<char> into) = 0;
  // Until a read may give something. True at once where that cannot be known without reading.
  virtual boost::asio::awaitable<bool> wait_readable() = 0;

  // Set the deadline themselves, anew whenever the other end took something.
  virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
  virtual boost::asio::awaitable<bool> send_file(const FileSlice& slice) = 0;
  virtual boost::asio::awaitable<void> end_writing() = 0;

 protected:
  Wire(boost::asio::ip::tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time);

  boost::asio::ip::tcp::socket socket_;
  Deadline deadline_;
  WorkPool& pool_;
  std::chrono::milliseconds write_time_;
  std::int64_t sent_ = 0;
};

}  // namespace vf::http
