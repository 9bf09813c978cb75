// Runs a function that may block on the work pool or in the slow lane, and gives its result to the coroutine, on the
// loop that it came from.
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/server/slow_lane.h"
#include "http/server/work_pool.h"

namespace vf::http {

// `work` gives a value and does not throw. What it refers to has to outlive the wait, which nothing ends
// early: name the lambda before the co_await (docs/adr/0001-compiler.md).
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> offload(WorkPool& pool, WorkPool::Lane lane, Work work) {
  namespace asio = boost::asio;
  using Value = std::invoke_result_t<Work&>;
  auto executor = co_await asio::this_coro::executor;
  auto initiate = [&pool, lane, executor, &work](auto handler) {
    pool.post(lane, [&work, executor, handler = std::move(handler)]() mutable {
      asio::post(executor,
                 [value = work(), handler = std::move(handler)]() mutable { std::move(handler)(std::move(value)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Value)>(initiate, asio::use_awaitable);
}

// The same in the slow lane, for a Work whose value may be nothing: that is what a full lane gives.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> offload(SlowLane& lane, const std::string& turn, Work work) {
  namespace asio = boost::asio;
  using Value = std::invoke_result_t<Work&>;
  auto executor = co_await asio::this_coro::executor;
  auto initiate = [&lane, &turn, executor, &work](auto handler) {
    lane.post(turn, [&work, executor, handler = std::move(handler)](bool taken) mutable {
      Value value;
      if (taken) value = work();
      asio::post(executor, [value = std::move(value), handler = std::move(handler)]() mutable {
        std::move(handler)(std::move(value));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Value)>(initiate, asio::use_awaitable);
}

}  // namespace vf::http
