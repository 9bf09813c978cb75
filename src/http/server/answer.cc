// The part of a connection that sends answers and events, and says good-bye.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <ctime>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/server/connection.h"
#include "http/server/offload.h"

namespace vf::http {

namespace asio = boost::asio;

namespace {

// A text up to this size goes out together with the head, in one call.
constexpr std::size_t kOneCall = 64 * 1024;
constexpr std::int64_t kMostDiscarded = 16 << 20;
constexpr std::chrono::seconds kGoodBye{2};

std::string framed(std::string_view text, bool chunked) {
  return chunked ? fmt::format("{:x}\r\n{}\r\n", text.size(), text) : std::string(text);
}

}  // namespace

Delivery Connection::deliver_to(const Turn& turn, Response response) const {
  const Exchange exchange{&turn.request, turn.http_1_0, turn.keep_alive && !common_.stopping, std::time(nullptr)};
  auto out = deliver(exchange, std::move(response), common_.options);
  if (!out.fault.empty()) common_.application.failed(turn.request, out.fault);
  return out;
}

Delivery Connection::delivery_of_refusal(const Turn& turn, int status, std::string_view reason) const {
  auto response = common_.application.refuse(turn.request, status, reason);
  if (status == 503 && !response.headers.find("Retry-After")) response.headers.add("Retry-After", "5");
  return deliver_to(turn, std::move(response));
}

asio::awaitable<bool> Connection::refuse(Turn& turn, const Refusal& refusal) {
  turn.keep_alive = false;
  unread_ = true;
  co_await send(turn, delivery_of_refusal(turn, refusal.status, refusal.reason));
  co_return false;
}

asio::awaitable<bool> Connection::send(Turn& turn, Delivery delivery) {
  turn.status = delivery.status;
  bool good = true;
  if (delivery.events) {
    good = co_await wire_->write(delivery.head);
    turn.parser.reset();
    delivery.head = {};
    if (good) co_await stream(turn, std::move(*delivery.events));
    co_return false;
  }
  // One packet for the usual small answer.
  if (!delivery.body.empty())
    if (auto* text = std::get_if<std::string>(&delivery.body[0]); text && text->size() <= kOneCall) {
      delivery.head += *text;
      text->clear();
    }
  good = co_await wire_->write(delivery.head) && co_await send_body(turn, delivery);
  if (!good) turn.status = 0;
  co_return good&& delivery.keep_alive;
}

asio::awaitable<bool> Connection::send_body(const Turn& turn, Delivery& delivery) {
  for (auto& part : delivery.body) {
    auto* file = std::get_if<FileSlice>(&part);
    const bool sent = file ? co_await send_slice(turn, *file) : co_await wire_->write(std::get<std::string>(part));
    if (!sent) co_return false;
  }
  co_return true;
}

// Not all descriptors at once: a whole film is many files.
asio::awaitable<bool> Connection::send_slice(const Turn& turn, FileSlice& slice) {
  if (!slice.fd) {
    auto open = [&slice] { return (*slice.open)(slice.piece); };
    auto opened = co_await offload(common_.pool, WorkPool::Lane::other, open);
    if (!opened) {
      const auto& error = opened.error();
      common_.application.failed(turn.request,
                                 error.detail.empty() ? error.message : error.message + " " + error.detail);
      co_return false;
    }
    slice.fd = std::move(*opened);
  }
  const bool sent = co_await wire_->send_file(slice);
  slice.fd.reset();
  co_return sent;
}

asio::awaitable<void> Connection::stream(Turn& turn, EventStream events) {
  buffer_.clear();
  buffer_.shrink_to_fit();
  nap_ = std::make_unique<asio::steady_timer>(wire_->socket().get_executor());
  common_.topics.join(events.topic, shared_from_this());
  watch_for_good_bye();
  const bool chunked = !turn.http_1_0;
  bool good = co_await stream_batches(events, chunked);
  common_.topics.leave(events.topic, this);
  if (good && common_.stopping) {
    const auto hint = fmt::format("retry: {}\n\n", common_.options.event_retry.count());
    good = co_await wire_->write(framed(hint, chunked));
  }
  if (good && chunked) co_await wire_->write("0\r\n\r\n");
  nap_.reset();
  auto drop = [&events] {
    events.read = {};
    return true;
  };
  co_await offload(common_.pool, WorkPool::Lane::other, drop);
}

// A client of an event stream has nothing more to say: whatever comes, or the end, is its good-bye. A wait
// may also end because of bytes that were read long ago, so look.
void Connection::watch_for_good_bye() {
  wire_->socket().async_wait(asio::ip::tcp::socket::wait_read, [weak = weak_from_this()](auto wrong) {
    const auto self = weak.lock();
    if (!self || !self->nap_) return;
    char byte = 0;
    const auto got = ::recv(self->wire_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (!wrong && got < 0 && (errno == EAGAIN || errno == EINTR)) return self->watch_for_good_bye();
    self->gone_ = true;
    self->nap_->cancel();
  });
}

// Until the events end, the client goes or the server stops. False: nothing more can be written.
asio::awaitable<bool> Connection::stream_batches(EventStream& events, bool chunked) {
  bool look = true;
  while (!gone_ && !common_.stopping) {
    if (look) {
      woken_ = false;
      auto read = [&events]() -> EventStream::Batch {
        try {
          return events.read();
        } catch (...) {
          return {{}, true};  // the client comes back and sees what is wrong by the answer's status
        }
      };
      const auto batch = co_await offload(common_.pool, WorkPool::Lane::other, read);
      if (!batch.text.empty() && !co_await wire_->write(framed(batch.text, chunked))) co_return false;
      if (batch.end) co_return true;
    } else {
      auto ask = [&events] {
        try {
          return !events.alive || events.alive();
        } catch (...) {
          return false;
        }
      };
      if (!co_await offload(common_.pool, WorkPool::Lane::other, ask)) co_return true;
      if (!co_await wire_->write(framed(": keep-alive\n\n", chunked))) co_return false;
    }
    wire_->deadline().off();
    co_await wait_for_events();
    look = woken_;
  }
  co_return !gone_;
}

asio::awaitable<void> Connection::wait_for_events() {
  if (woken_ || gone_ || common_.stopping) co_return;
  nap_->expires_after(common_.options.event_keep_alive);
  boost::system::error_code woken;
  co_await nap_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void Connection::turn_away() {
  if (common_.options.tls) return;  // nothing can be said before a handshake
  Turn turn;
  turn.request.peer = peer_.text();
  const auto delivery = delivery_of_refusal(turn, 503, "Too many connections are open; try again in a few seconds.");
  auto text = delivery.head;
  for (const auto& part : delivery.body)
    if (const auto* words = std::get_if<std::string>(&part)) text += *words;
  ::send(wire_->socket().native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Closing with unread bytes would reset the connection, and the client might never see our answer: say
// that nothing more comes, and read on for a moment.
asio::awaitable<void> Connection::close_politely() {
  co_await wire_->end_writing();
  if (!unread_) co_return;
  wire_->deadline().after(kGoodBye);
  std::array<char, 4096> thrown_away;
  std::int64_t sum = 0;
  while (sum < kMostDiscarded) {
    const auto got = co_await wire_->read(thrown_away);
    if (got == 0) break;
    sum += static_cast<std::int64_t>(got);
  }
}

}  // namespace vf::http
