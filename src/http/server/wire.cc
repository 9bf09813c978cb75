#include "http/server/wire.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "http/server/offload.h"

namespace vf::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// At most so much goes out of one file before others get the thread, and is read ahead at once.
constexpr std::int64_t kWindow = 1 << 20;
constexpr std::size_t kTlsPiece = 128 * 1024;

// Whether both ends of a window lie in the page cache. A file system that cannot tell counts as fast.
bool in_memory(const FileSlice& slice, std::int64_t offset, std::int64_t size) {
  for (const auto at : {offset, offset + size - 1}) {
    char byte = 0;
    iovec one{&byte, 1};
    if (preadv2(slice.fd.get(), &one, 1, at, RWF_NOWAIT) < 0 && errno == EAGAIN) return false;
  }
  return true;
}

// Blocks until the window is in the page cache.
int read_ahead(const FileSlice& slice, std::int64_t offset, std::int64_t size) {
  readahead(slice.fd.get(), offset, static_cast<std::size_t>(size));
  char byte = 0;
  return static_cast<int>(pread(slice.fd.get(), &byte, 1, offset + size - 1));
}

class PlainWire final : public Wire {
 public:
  PlainWire(tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time)
      : Wire(std::move(socket), pool, write_time) {}

  asio::awaitable<bool> handshake() override { co_return true; }

  asio::awaitable<std::size_t> read(std::span<char> into) override {
    while (true) {
      const auto got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
      if (got >= 0) co_return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      if (errno != EAGAIN || !co_await ready(tcp::socket::wait_read)) co_return 0;
    }
  }

  asio::awaitable<bool> wait_readable() override { co_return co_await ready(tcp::socket::wait_read); }

  asio::awaitable<bool> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      // Not MSG_MORE, even where a file follows: a head and file pages in one packet cost the kernel twice
      // the time of two packets (measured over loopback).
      const auto put = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put > 0) {
        sent_ += put;
        bytes.remove_prefix(static_cast<std::size_t>(put));
      } else if (errno != EINTR && (errno != EAGAIN || !co_await ready_to_write())) {
        co_return false;
      }
    }
    co_return true;
  }

  asio::awaitable<bool> send_file(const FileSlice& slice) override {
    off_t at = slice.offset;
    const off_t end = slice.offset + slice.size;
    while (at < end) {
      const auto window = std::min<std::int64_t>(kWindow, end - at);
      if (!in_memory(slice, at, window)) {
        auto fetch = [&slice, at, window] { return read_ahead(slice, at, window); };
        co_await offload(pool_, WorkPool::Lane::other, fetch);
      }
      if (!co_await send_window(slice.fd.get(), at, at + window)) co_return false;
      // Others wait as well.
      if (at < end) co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    }
    co_return true;
  }

  asio::awaitable<void> end_writing() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    co_return;
  }

 private:
  asio::awaitable<bool> ready(tcp::socket::wait_type what) {
    if (deadline_.passed()) co_return false;
    error_code wrong;
    co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, wrong));
    co_return !wrong;
  }

  asio::awaitable<bool> ready_to_write() {
    deadline_.after(write_time_);
    return ready(tcp::socket::wait_write);
  }

  // Advances `at` to `end`. A file that became shorter ends the connection.
  asio::awaitable<bool> send_window(int file, off_t& at, off_t end) {
    while (at < end) {
      const auto put = ::sendfile(socket_.native_handle(), file, &at, static_cast<std::size_t>(end - at));
      if (put > 0)
        sent_ += put;
      else if (put == 0 || (errno != EINTR && (errno != EAGAIN || !co_await ready_to_write())))
        co_return false;
    }
    co_return true;
  }
};

class TlsWire final : public Wire {
 public:
  TlsWire(tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time, asio::ssl::context& context)
      : Wire(std::move(socket), pool, write_time), stream_(socket_, context) {
    SSL_set_mode(stream_.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }

  asio::awaitable<bool> handshake() override {
    error_code wrong;
    co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, wrong));
    co_return !wrong;
  }

  asio::awaitable<std::size_t> read(std::span<char> into) override {
    if (deadline_.passed()) co_return 0;
    error_code wrong;
    const auto buffer = asio::buffer(into.data(), into.size());
    const auto got = co_await stream_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, wrong));
    co_return wrong ? 0 : got;
  }

  asio::awaitable<bool> wait_readable() override { co_return true; }

  asio::awaitable<bool> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      deadline_.after(write_time_);
      error_code wrong;
      const auto piece = asio::buffer(bytes.data(), std::min(bytes.size(), kTlsPiece));
      const auto put = co_await asio::async_write(stream_, piece, asio::redirect_error(asio::use_awaitable, wrong));
      sent_ += static_cast<std::int64_t>(put);
      bytes.remove_prefix(put);
      if (wrong) co_return false;
    }
    co_return true;
  }

  asio::awaitable<bool> send_file(const FileSlice& slice) override {
    std::vector<std::uint8_t> buffer(std::min<std::size_t>(kTlsPiece, static_cast<std::size_t>(slice.size)));
    for (std::int64_t done = 0; done < slice.size;) {
      const auto want = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(slice.size - done));
      auto fetch = [&slice, &buffer, done, want] {
        auto got = read_at(slice.fd.get(), std::span(buffer).first(want), slice.offset + done);
        return got ? *got : std::size_t{0};
      };
      const bool here = in_memory(slice, slice.offset + done, static_cast<std::int64_t>(want));
      const auto got = here ? fetch() : co_await offload(pool_, WorkPool::Lane::other, fetch);
      if (got < want) co_return false;
      if (!co_await write({reinterpret_cast<const char*>(buffer.data()), got})) co_return false;
      done += static_cast<std::int64_t>(got);
    }
    co_return true;
  }

  asio::awaitable<void> end_writing() override {
    deadline_.after(std::chrono::seconds(2));
    error_code ignored;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

 private:
  asio::ssl::stream<tcp::socket&> stream_;
};

}  // namespace

Wire::Wire(tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time)
    : socket_(std::move(socket)), deadline_(socket_), pool_(pool), write_time_(write_time) {}

std::unique_ptr<Wire> Wire::plain(tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time) {
  return std::make_unique<PlainWire>(std::move(socket), pool, write_time);
}

std::unique_ptr<Wire> Wire::encrypted(tcp::socket socket, WorkPool& pool, std::chrono::milliseconds write_time,
                                      asio::ssl::context& context) {
  return std::make_unique<TlsWire>(std::move(socket), pool, write_time, context);
}

}  // namespace vf::http
