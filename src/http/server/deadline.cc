#include "http/server/wire.h"

namespace vf::http {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// Shared with the timer's handler, which may come after the connection went.
struct Deadline::State {
  State(asio::ip::tcp::socket& s) : socket(&s), timer(s.get_executor()) {}
  asio::ip::tcp::socket* socket;
  asio::steady_timer timer;
  Clock::time_point end = Clock::time_point::max();
  Clock::time_point armed = Clock::time_point::max();
  bool passed = false;
};

Deadline::Deadline(asio::ip::tcp::socket& socket) : state_(std::make_shared<State>(socket)) {}

Deadline::~Deadline() {
  state_->socket = nullptr;
  state_->timer.cancel();
}

void Deadline::after(Clock::duration time) {
  state_->passed = false;
  state_->end = Clock::now() + time;
  // A timer that rings too early looks at `end` and is set again; only one that would ring late is moved.
  if (state_->end < state_->armed) arm(state_);
}

void Deadline::off() {
  state_->passed = false;
  state_->end = Clock::time_point::max();
}

bool Deadline::passed() const { return state_->passed; }

void Deadline::arm(const std::shared_ptr<State>& state) {
  state->armed = state->end;
  state->timer.expires_at(state->end);
  state->timer.async_wait([state](boost::system::error_code moved) {
    if (moved || !state->socket) return;
    state->armed = Clock::time_point::max();
    if (Clock::now() < state->end) {
      if (state->end != Clock::time_point::max()) arm(state);
      return;
    }
    state->passed = true;
    boost::system::error_code ignored;
    state->socket->cancel(ignored);
  });
}

}  // namespace vf::http
