#include "http/server/connection.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "base/uuid.h"
#include "http/message/fields.h"
#include "http/message/target.h"
#include "http/server/cors.h"
#include "http/server/offload.h"

namespace vf::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kHeadPiece = 4 * 1024;
constexpr std::size_t kLongestCorrelation = 64;

std::string_view text_of(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// Somebody else's id is taken when it can do no harm in a log or a field.
std::string correlation_of(std::string_view offered) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  const bool good = !offered.empty() && offered.size() <= kLongestCorrelation &&
                    offered.find_first_not_of(kAllowed) == std::string_view::npos;
  return good ? std::string(offered) : make_uuid();
}

}  // namespace

Connection::Connection(Common& common, std::unique_ptr<Wire> wire, IpAddress peer)
    : common_(common), wire_(std::move(wire)), peer_(peer) {}

Connection::~Connection() { common_.census.leave(this, peer_); }

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  wire_->deadline().after(common_.options.limits.head_time);
  if (!co_await wire_->handshake()) co_return;
  while (co_await serve_next()) first_ = false;
  co_await close_politely();
}

void Connection::begin_stop() {
  asio::post(wire_->socket().get_executor(), [self = shared_from_this()] {
    boost::system::error_code ignored;
    if (self->idle_) self->wire_->socket().cancel(ignored);
    if (self->nap_) self->nap_->cancel();
  });
}

void Connection::wake() {
  asio::post(wire_->socket().get_executor(), [self = shared_from_this()] {
    self->woken_ = true;
    if (self->nap_) self->nap_->cancel();
  });
}

void Connection::abort() {
  asio::post(wire_->socket().get_executor(), [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->gone_ = true;
    self->wire_->socket().close(ignored);
    if (self->nap_) self->nap_->cancel();
  });
}

// True: the connection is good for another request.
asio::awaitable<bool> Connection::serve_next() {
  Turn turn;
  turn.sent_before = wire_->sent();
  turn.parser = std::make_unique<RequestParser>(common_.options.limits);
  Refusal refusal;
  const auto read = co_await read_head(turn, refusal);
  if (read == Read::nothing) co_return false;
  turn.began = std::chrono::steady_clock::now();
  const bool good = read == Read::request ? co_await serve(turn) : co_await refuse(turn, refusal);
  co_await report(turn);
  co_return good && !common_.stopping;
}

asio::awaitable<std::size_t> Connection::fill(std::size_t bytes) {
  const auto space = buffer_.prepare(bytes);
  const auto got = co_await wire_->read({static_cast<char*>(space.data()), space.size()});
  buffer_.commit(got);
  co_return got;
}

asio::awaitable<Connection::Read> Connection::read_head(Turn& turn, Refusal& refusal) {
  const auto& limits = common_.options.limits;
  if (buffer_.size() == 0) {
    if (common_.stopping) co_return Read::nothing;
    buffer_.shrink_to_fit();
    wire_->deadline().after(first_ ? limits.head_time : limits.idle_time);
    idle_ = true;
    const bool there = co_await wire_->wait_readable() && co_await fill(kHeadPiece) > 0;
    idle_ = false;
    if (!there) co_return Read::nothing;
  }
  wire_->deadline().after(limits.head_time);
  std::vector<std::span<const std::uint8_t>> no_body;
  bool begun = false;
  while (true) {
    // Empty lines before a request are an old habit of clients (RFC 9112 2.2).
    while (!begun && text_of(buffer_).starts_with("\r\n")) buffer_.consume(2);
    begun = begun || (buffer_.size() > 0 && text_of(buffer_) != "\r");
    if (begun) buffer_.consume(turn.parser->feed(text_of(buffer_), no_body));
    if (turn.parser->refusal()) refusal = *turn.parser->refusal();
    if (turn.parser->refusal() || turn.parser->head_done()) break;
    if (co_await fill(kHeadPiece) > 0) continue;
    if (!wire_->deadline().passed()) co_return Read::nothing;
    refusal = {408, "The request's head did not arrive in time."};
    break;
  }
  if (auto wrong = understand(turn); wrong && refusal.reason.empty()) refusal = std::move(*wrong);
  co_return refusal.reason.empty() ? Read::request : Read::refused;
}

// From the parser's head to a Request; also of a refused one what there is, for its answer and the log.
std::optional<Refusal> Connection::understand(Turn& turn) {
  auto& head = turn.parser->head();
  auto& request = turn.request;
  request.trace = std::make_shared<RequestTrace>();
  request.correlation = correlation_of(head.headers.get("X-Correlation-Id"));
  const auto sender = sender_of(head.headers, peer_, common_.options.tls.has_value(), common_.options.proxies);
  request.peer = sender.address.text();
  request.secure = sender.secure;
  request.method = std::move(head.method);
  request.headers = std::move(head.headers);
  request.content_length = head.content_length;
  turn.http_1_0 = head.http_1_0;
  turn.keep_alive = head.keep_alive;
  turn.expects_continue = head.expects_continue;
  turn.has_body = head.has_body();
  request.host = request.headers.get("Host");
  // "OPTIONS *" asks about the server as a whole.
  auto target = parse_target(request.method == "OPTIONS" && head.target == "*" ? "/" : head.target);
  if (!target) return Refusal{400, target.error().message};
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (!target->host.empty()) request.host = std::move(target->host);
  return std::nullopt;
}

asio::awaitable<bool> Connection::serve(Turn& turn) {
  if (auto preflight = answer_preflight(turn.request, common_.options.cors)) {
    if (turn.has_body) turn.keep_alive = false;
    co_return co_await send(turn, deliver_to(turn, std::move(*preflight)));
  }
  turn.instant = common_.application.instant(turn.request);
  if (const auto most = common_.options.limits.waiting_requests;
      !turn.instant && common_.pool.waiting(WorkPool::Lane::request) >= most) {
    const Refusal busy{503, "More requests wait than this server takes; try again in a few seconds."};
    co_return co_await refuse(turn, busy);
  }
  auto decide = [this, &turn]() -> Decision {
    Decision out;
    try {
      out.opened = common_.application.open(turn.request);
    } catch (...) {
      out.opened = {};
      out.opened.response = common_.application.refuse(turn.request, 500, "A handler failed.");
    }
    // A body that nobody asked for is thrown away when it is small, or ends the connection.
    constexpr std::int64_t kSmall = 64 * 1024;
    const bool small = turn.request.content_length.value_or(kSmall + 1) <= kSmall && !turn.expects_continue;
    if (out.opened.sink) return out;
    if (turn.has_body && !small) turn.keep_alive = false;
    out.delivery = deliver_to(turn, std::move(out.opened.response));
    return out;
  };
  auto decision = turn.instant ? decide() : co_await offload(common_.pool, WorkPool::Lane::request, decide);
  if (!decision.opened.sink) {
    const bool keep = decision.delivery->keep_alive;
    unread_ = turn.has_body && !keep;
    const bool sent = co_await send(turn, std::move(*decision.delivery));
    if (!sent || !keep || !turn.has_body) co_return sent&& keep;
    co_return co_await discard_body(turn);
  }
  auto delivery = co_await take_body(turn, decision.opened);
  if (!delivery) co_return false;
  const bool keep = delivery->keep_alive;
  co_return co_await send(turn, std::move(*delivery)) && keep;
}

asio::awaitable<void> Connection::report(const Turn& turn) {
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - turn.began;
  auto tell = [this, &turn, time] {
    try {
      common_.application.closed(turn.request, turn.status, turn.received, wire_->sent() - turn.sent_before,
                                 time.count());
    } catch (...) {
      // Nobody is left who could be told.
    }
    return true;
  };
  if (turn.instant)
    tell();
  else
    co_await offload(common_.pool, WorkPool::Lane::other, tell);
}

}  // namespace vf::http
