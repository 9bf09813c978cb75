// What the worker and its sandboxed child say to each other.
//
// The worker hands over descriptors: first the request (this JSON, in a memory file), then inputs and
// outputs, which the request names by their place. The child answers with lines of JSON: Progress
// any number of times, then one Answer. The worker believes none of it without checking.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace vf::pipeline {

struct WireInput {
  json::value result;
  std::vector<int> fds;  // places in the list of descriptors
};
BOOST_DESCRIBE_STRUCT(WireInput, (), (result, fds))

struct WireMember {
  json::value params;
  std::vector<WireInput> inputs;
  std::vector<int> outputs;  // places in the list of descriptors
};
BOOST_DESCRIBE_STRUCT(WireMember, (), (params, inputs, outputs))

struct WireRequest {
  std::string kind;
  std::vector<WireMember> members;
  int decode_threads = 1;
};
BOOST_DESCRIBE_STRUCT(WireRequest, (), (kind, members, decode_threads))

struct WireError {
  std::string code;
  std::string message;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(WireError, (), (code, message, detail))

// One line from the child: exactly one of the three.
struct WireLine {
  std::optional<double> progress;
  std::optional<std::vector<json::value>> results;
  std::optional<WireError> error;
};
BOOST_DESCRIBE_STRUCT(WireLine, (), (progress, results, error))

}  // namespace vf::pipeline
