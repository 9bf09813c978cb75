// The part of a connection that takes a request's body: as fast as the sink takes it, and no faster.
#include <algorithm>

#include <fmt/format.h>

#include "http/server/connection.h"
#include "http/server/offload.h"

namespace vf::http {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::size_t kSmallBuffer = 16 * 1024;

std::string_view text_of(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

std::string too_long(std::int64_t limit) {
  return fmt::format("The body is longer than the {} bytes that are taken here.", limit);
}

}  // namespace

asio::awaitable<std::optional<Delivery>> Connection::take_body(Turn& turn, Opened& opened) {
  std::optional<Delivery> answer;
  const auto limit = opened.body_limit;
  bool open = true;
  if (turn.request.content_length.value_or(0) > limit) {
    unread_ = true;
    turn.keep_alive = false;
    answer = delivery_of_refusal(turn, 413, too_long(limit));
  } else {
    if (turn.expects_continue && buffer_.size() == 0 && turn.has_body)
      open = co_await wire_->write("HTTP/1.1 100 Continue\r\n\r\n");
    if (open) answer = co_await read_body(turn, *opened.sink, {Clock::now(), limit, opened.slow_turn});
  }
  // The sink goes under the bound as well, because it may have a file to remove.
  auto drop = [&opened] {
    opened.sink.reset();
    return true;
  };
  co_await offload(common_.pool, WorkPool::Lane::other, drop);
  if (buffer_.capacity() > kSmallBuffer) buffer_.shrink_to_fit();
  co_return answer;
}

// Until something of the body stands in `pieces`, or the body is over.
asio::awaitable<Connection::Arrival> Connection::read_some_of_body(Turn& turn, const Progress& progress,
                                                                   Pieces& pieces) {
  const auto& limits = common_.options.limits;
  pieces.views.clear();
  pieces.used = 0;
  while (!turn.parser->done()) {
    if (buffer_.size() > 0) {
      pieces.used = turn.parser->feed(text_of(buffer_), pieces.views);
      if (!pieces.views.empty() || turn.parser->done() || turn.parser->refusal()) break;
      buffer_.consume(std::exchange(pieces.used, 0));
    }
    // The longest silence, and the average that a body has to keep.
    const std::chrono::duration<double> due(static_cast<double>(turn.received) / static_cast<double>(limits.body_rate));
    const auto left =
        progress.began + limits.body_time + std::chrono::duration_cast<Clock::duration>(due) - Clock::now();
    if (left <= Clock::duration::zero()) co_return Arrival::slow;
    wire_->deadline().after(std::min<Clock::duration>(limits.body_time, left));
    const auto missing = turn.request.content_length.value_or(turn.received + kPiece) - turn.received;
    if (co_await fill(static_cast<std::size_t>(std::clamp<std::int64_t>(missing, 512, kPiece))) == 0)
      co_return wire_->deadline().passed() ? Arrival::slow : Arrival::gone;
  }
  for (const auto& view : pieces.views) turn.received += static_cast<std::int64_t>(view.size());
  co_return Arrival::some;
}

asio::awaitable<std::optional<Delivery>> Connection::read_body(Turn& turn, BodySink& sink, Progress progress) {
  const auto refused = [&](int status, std::string_view reason) {
    unread_ = true;
    turn.keep_alive = false;
    return delivery_of_refusal(turn, status, reason);
  };
  Pieces pieces;
  while (true) {
    const auto arrival = co_await read_some_of_body(turn, progress, pieces);
    if (arrival == Arrival::gone) co_return std::nullopt;
    if (arrival == Arrival::slow) co_return refused(408, "The body did not arrive in time.");
    if (turn.received > progress.limit) co_return refused(413, too_long(progress.limit));
    if (const auto& wrong = turn.parser->refusal()) co_return refused(wrong->status, wrong->reason);
    const auto before = Clock::now();
    auto answer = co_await offer(turn, sink, pieces, progress.slow_turn);
    buffer_.consume(pieces.used);
    progress.began += Clock::now() - before;  // what the sink took is not the client's delay
    if (!answer) continue;
    unread_ = !turn.parser->done();
    co_return answer;
  }
}

// Gives the sink what arrived, where it may block. Nothing: it wants more.
asio::awaitable<std::optional<Delivery>> Connection::offer(Turn& turn, BodySink& sink, const Pieces& pieces,
                                                           const std::string& slow_turn) {
  auto take = [&] { return give_to_sink(turn, sink, pieces); };
  if (slow_turn.empty() || !turn.parser->done())
    co_return co_await offload(common_.pool, WorkPool::Lane::request, take);
  auto answer = co_await offload(common_.slow, slow_turn, take);
  if (!answer)
    answer = delivery_of_refusal(turn, 503, "Too many such requests wait at this moment; try again in a few seconds.");
  co_return answer;
}

// May block.
std::optional<Delivery> Connection::give_to_sink(Turn& turn, BodySink& sink, const Pieces& pieces) const {
  const bool last = turn.parser->done();
  std::optional<Response> response;
  try {
    for (const auto& view : pieces.views)
      if ((response = sink.write(view))) break;
    if (response && !last) turn.keep_alive = false;
    if (!response && last) response = sink.finish();
  } catch (...) {
    turn.keep_alive = false;
    response = common_.application.refuse(turn.request, 500, "A handler failed.");
  }
  if (!response) return std::nullopt;
  return deliver_to(turn, std::move(*response));
}

// Reads past a small body that nobody wanted, so that the next request can be found.
asio::awaitable<bool> Connection::discard_body(Turn& turn) {
  const Progress progress{Clock::now(), 0, {}};
  Pieces pieces;
  while (!turn.parser->done()) {
    const auto arrival = co_await read_some_of_body(turn, progress, pieces);
    if (arrival != Arrival::some || turn.parser->refusal()) co_return false;
    buffer_.consume(pieces.used);
  }
  co_return true;
}

}  // namespace vf::http
