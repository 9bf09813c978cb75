// A request's JSON body as a described struct, or the problem to answer with.
//
//   auto wanted = read_body<NewPlaylist>(call);
//   if (!wanted) return std::move(wanted).error();
#pragma once

#include <expected>

#include "base/json.h"
#include "http/endpoint.h"
#include "http/message/problem.h"

namespace vf::http {

// 415 unless the body is declared as JSON; 400 where it is no JSON, naming the place where it does not fit.
std::expected<json::value, Response> read_json(const Call& call);

template <typename T>
std::expected<T, Response> read_body(const Call& call) {
  auto value = read_json(call);
  if (!value) return std::unexpected(std::move(value).error());
  auto out = from_json<T>(*value);
  if (!out) return std::unexpected(problem(call.request, out.error()));
  return std::move(*out);
}

}  // namespace vf::http
