#include "http/server/server.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/server/connection.h"
#include "http/server/loops.h"

namespace vf::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

int cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }
int io_threads(const ServerOptions& o) { return o.io_threads > 0 ? o.io_threads : std::clamp(cores(), 1, 8); }
int work_threads(const ServerOptions& o) {
  return o.work_threads > 0 ? o.work_threads : std::clamp(cores() * 2, 4, 32);
}

int slow_threads(const ServerOptions& o) {
  return o.slow_threads > 0 ? o.slow_threads : std::clamp(cores() / 2, std::min(2, cores()), 32);
}

Result<std::unique_ptr<asio::ssl::context>> open_tls(const TlsFiles& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code wrong;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression,
                       wrong);
  if (!wrong) context->use_certificate_chain_file(files.certificate.string(), wrong);
  if (wrong)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The certificate {} cannot be used; it has to be a PEM file.", files.certificate.string()),
                wrong.message());
  context->use_private_key_file(files.key.string(), asio::ssl::context::pem, wrong);
  if (wrong || SSL_CTX_check_private_key(context->native_handle()) != 1)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The key {} cannot be used; it has to be the certificate's, as PEM.", files.key.string()),
                wrong.message());
  return context;
}

Error cannot_listen(const ServerOptions& options, const error_code& wrong) {
  const auto where = fmt::format("port {} of {}", options.port, options.address);
  if (wrong == asio::error::address_in_use)
    return {ErrorCode::conflict, fmt::format("The {} is taken; stop what uses it or choose another.", where)};
  if (wrong == asio::error::access_denied)
    return {ErrorCode::invalid_argument, fmt::format("This user may not use {}; choose one above 1023.", where)};
  return {ErrorCode::invalid_argument, fmt::format("The server cannot listen on {}: {}.", where, wrong.message())};
}

// Without the zone that a link-local address carries.
IpAddress address_of(const tcp::endpoint& endpoint) {
  auto text = endpoint.address().to_string();
  text = text.substr(0, text.find('%'));
  return IpAddress::parse(text).value_or(IpAddress());
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Application& application)
      : loops_(io_threads(options)), common_{options, application}, acceptor_(loops_.first()) {}

  Result<void> start() {
    if (common_.options.tls) tls_ = VF_TRY(open_tls(*common_.options.tls));
    VF_CHECK(bind());
    common_.slow.start(slow_threads(common_.options));
    common_.pool.start(work_threads(common_.options));
    asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached);
    loops_.start();
    started_ = true;
    return {};
  }

  void stop(std::chrono::milliseconds grace) {
    const std::lock_guard lock(stop_mutex_);
    if (!std::exchange(started_, false)) return;
    common_.stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    for (const auto& connection : common_.census.everyone()) connection->begin_stop();
    if (!common_.census.wait_until_empty(std::max(grace, std::chrono::milliseconds(0)))) {
      for (const auto& connection : common_.census.everyone()) connection->abort();
      common_.census.wait_until_empty(std::chrono::milliseconds(-1));
    }
    common_.pool.stop();
    common_.slow.stop();
    loops_.stop();
  }

  std::uint16_t port() const { return port_; }
  Common& common() { return common_; }

 private:
  Result<void> bind() {
    error_code wrong;
    const auto address = asio::ip::make_address(common_.options.address, wrong);
    if (wrong)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("\"{}\" is not an address to listen on; write 127.0.0.1, 0.0.0.0 or ::.",
                              common_.options.address));
    const tcp::endpoint endpoint(address, common_.options.port);
    acceptor_.open(endpoint.protocol(), wrong);
    if (!wrong) acceptor_.set_option(tcp::acceptor::reuse_address(true), wrong);
    if (!wrong && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), wrong);
    if (!wrong) acceptor_.bind(endpoint, wrong);
    if (!wrong) acceptor_.listen(4096, wrong);
    if (wrong) return std::unexpected(cannot_listen(common_.options, wrong));
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      error_code wrong;
      auto socket = co_await acceptor_.async_accept(loops_.next(), asio::redirect_error(asio::use_awaitable, wrong));
      if (!wrong) {
        welcome(std::move(socket));
      } else if (acceptor_.is_open()) {
        // Out of descriptors, most likely: wait for some to come back rather than ask again at once.
        asio::steady_timer nap(acceptor_.get_executor(), std::chrono::milliseconds(100));
        co_await nap.async_wait(asio::redirect_error(asio::use_awaitable, wrong));
      }
    }
  }

  void welcome(tcp::socket socket) {
    error_code wrong;
    const auto peer = address_of(socket.remote_endpoint(wrong));
    if (wrong) return;
    socket.set_option(tcp::no_delay(true), wrong);
    socket.non_blocking(true, wrong);
    socket.native_non_blocking(true, wrong);
    const auto executor = socket.get_executor();
    const auto write_time = common_.options.limits.write_time;
    auto wire = tls_ ? Wire::encrypted(std::move(socket), common_.pool, write_time, *tls_)
                     : Wire::plain(std::move(socket), common_.pool, write_time);
    const auto connection = std::make_shared<Connection>(common_, std::move(wire), peer);
    if (!common_.census.enter(connection, peer)) return connection->turn_away();
    auto life = [connection] { return connection->run(); };  // holds the connection until its coroutine ends
    asio::co_spawn(executor, life, asio::detached);
    // The server may have begun to stop between the two.
    if (common_.stopping) connection->begin_stop();
  }

  Loops loops_;
  Common common_;
  std::unique_ptr<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  bool started_ = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Application& application) {
  auto impl = std::make_unique<Impl>(std::move(options), application);
  VF_CHECK(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const { return impl_->port(); }

void Server::wake(std::string_view topic) {
  for (const auto& connection : impl_->common().topics.of(topic)) connection->wake();
}

void Server::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

Server::Load Server::load() const {
  auto& common = impl_->common();
  return {common.census.size(), common.pool.waiting(WorkPool::Lane::request), common.slow.waiting(),
          common.topics.streams()};
}

}  // namespace vf::http
