// The durable event log: every change of state, written in the transaction that made it.
//
// Numbers count per subject (a job, a video) without gaps, under that row's lock; a global sequence would
// not be in commit order on every database. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace vf::store {

struct Event {
  std::string subject;
  std::int64_t number = 0;  // from 1 on
  std::string type;         // "stage-complete", "done" ...
  json::value data;
  std::int64_t at_ms = 0;
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // Events of a subject after that number, oldest first.
  virtual Result<std::vector<Event>> after(const std::string& subject, std::int64_t number, int limit) = 0;

  // How far the log has come in all; grows with every event of anybody.
  virtual Result<std::int64_t> head() = 0;

  // Subjects with events after that place of the whole log, and the place this was true at.
  struct Changes {
    std::vector<std::string> subjects;
    std::vector<std::string> videos;  // those of them that are videos
    std::int64_t head = 0;
  };
  virtual Result<Changes> changes(std::int64_t since) = 0;
};

}  // namespace vf::store
