// One client's connection: requests one after the other, from the first byte to the last answer.
//
// Lives on one loop; owned by its own coroutine, so that it goes when that ends. begin_stop,
// wake and abort may come from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "base/cidr.h"
#include "http/message/application.h"
#include "http/server/census.h"
#include "http/server/delivery.h"
#include "http/server/request_parser.h"
#include "http/server/slow_lane.h"
#include "http/server/topics.h"
#include "http/server/wire.h"
#include "http/server/work_pool.h"

namespace vf::http {

// What all connections of one server share.
struct Common {
  ServerOptions options;
  Application& application;
  WorkPool pool = {};
  SlowLane slow{options.limits.slow_requests};
  Census census{options.limits, options.proxies};
  Topics topics;
  std::atomic<bool> stopping = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Common& common, std::unique_ptr<Wire> wire, IpAddress peer);
  ~Connection();

  boost::asio::awaitable<void> run();

  void turn_away();   // one too many: says so, as far as that needs no waiting
  void begin_stop();  // idle and streaming ones end; a running request is answered first
  void wake();        // its topic has news
  void abort();       // closes the socket

 private:
  // One request and what is known about its way. Kept small: event streams hold one for hours.
  struct Turn {
    std::unique_ptr<RequestParser> parser;
    Request request;
    bool http_1_0 = false;
    bool keep_alive = false;
    bool expects_continue = false;
    bool has_body = false;
    bool instant = false;  // answered here, on the loop
    int status = 0;        // of the answer; 0: none went out
    std::int64_t received = 0;
    std::int64_t sent_before = 0;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  };
  // What the application decided about a request.
  struct Decision {
    Opened opened;
    std::optional<Delivery> delivery;  // where no body is wanted
  };
  enum class Read { request, nothing, refused };

  boost::asio::awaitable<bool> serve_next();
  boost::asio::awaitable<bool> serve(Turn& turn);
  boost::asio::awaitable<Read> read_head(Turn& turn, Refusal& refusal);
  boost::asio::awaitable<std::size_t> fill(std::size_t bytes);
  std::optional<Refusal> understand(Turn& turn);

  // Body (body.cc): the answer once it is taken, nothing when the client went away.
  struct Progress {
    std::chrono::steady_clock::time_point began;
    std::int64_t limit = 0;
    std::string slow_turn;
  };
  boost::asio::awaitable<std::optional<Delivery>> take_body(Turn& turn, Opened& opened);
  boost::asio::awaitable<std::optional<Delivery>> read_body(Turn& turn, BodySink& sink, Progress progress);
  enum class Arrival { some, gone, slow };
  struct Pieces {
    std::vector<std::span<const std::uint8_t>> views;  // into the buffer
    std::size_t used = 0;                              // bytes to take off the buffer afterwards
  };
  boost::asio::awaitable<Arrival> read_some_of_body(Turn& turn, const Progress& progress, Pieces& pieces);
  boost::asio::awaitable<std::optional<Delivery>> offer(Turn& turn, BodySink& sink, const Pieces& pieces,
                                                        const std::string& slow_turn);
  std::optional<Delivery> give_to_sink(Turn& turn, BodySink& sink, const Pieces& pieces) const;
  boost::asio::awaitable<bool> discard_body(Turn& turn);

  // Answers (answer.cc).
  boost::asio::awaitable<bool> refuse(Turn& turn, const Refusal& refusal);
  boost::asio::awaitable<bool> send(Turn& turn, Delivery delivery);
  boost::asio::awaitable<bool> send_body(const Turn& turn, Delivery& delivery);
  boost::asio::awaitable<bool> send_slice(const Turn& turn, FileSlice& slice);
  boost::asio::awaitable<void> stream(Turn& turn, EventStream events);
  boost::asio::awaitable<bool> stream_batches(EventStream& events, bool chunked);
  boost::asio::awaitable<void> wait_for_events();
  void watch_for_good_bye();
  boost::asio::awaitable<void> close_politely();
  Delivery deliver_to(const Turn& turn, Response response) const;
  Delivery delivery_of_refusal(const Turn& turn, int status, std::string_view reason) const;
  boost::asio::awaitable<void> report(const Turn& turn);

  Common& common_;
  std::unique_ptr<Wire> wire_;
  IpAddress peer_;
  boost::beast::flat_buffer buffer_;  // bytes that were read and not yet understood
  bool first_ = true;
  bool idle_ = false;
  bool unread_ = false;  // the client may still be sending: closing at once would take our answer from it
  bool woken_ = false;
  bool gone_ = false;                               // an event stream's client went away
  std::unique_ptr<boost::asio::steady_timer> nap_;  // of an event stream
};

}  // namespace vf::http
