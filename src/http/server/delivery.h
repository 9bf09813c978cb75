// From a handler's Response to what goes over the wire: conditional requests, ranges, compression, the
// fields that every answer carries, and the head as text. Pure: no socket, no clock of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/message/message.h"
#include "http/server/options.h"

namespace vf::http {

// Bytes of one piece of a FileBody.
struct FileSlice {
  std::shared_ptr<const OpenPiece> open;
  std::size_t piece = 0;
  std::int64_t offset = 0;
  std::int64_t size = 0;
  UniqueFd fd = {};  // set once it was opened
};

struct Delivery {
  int status = 200;
  std::string head;  // with the empty line
  std::vector<std::variant<std::string, FileSlice>> body;
  std::string fault = {};             // why its file could not be opened: for the log
  std::optional<EventStream> events;  // instead of a body
  bool keep_alive = true;
};

// How the connection stands with that request.
struct Exchange {
  const Request* request = nullptr;
  bool http_1_0 = false;
  bool keep_alive = true;
  std::int64_t now = 0;  // seconds since 1970
};

Delivery deliver(const Exchange& exchange, Response response, const ServerOptions& options);

}  // namespace vf::http
