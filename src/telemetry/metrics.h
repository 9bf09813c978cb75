// Figures for Prometheus: counted where things happen, read when they are asked for.
//
// Names and units follow Prometheus' conventions (base units, _total for counters). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vf::telemetry {

// A figure that is looked up when somebody asks, for example the depth of the queue.
struct Reading {
  std::string name;
  std::string help;
  std::map<std::string, std::string> labels;
  double value = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // `route` is the endpoint's template, never the path itself: paths have no bound.
  void request(std::string_view method, std::string_view route, int status, double seconds, std::int64_t bytes_in,
               std::int64_t bytes_out);
  void request_began();
  void request_ended();

  void stage(std::string_view kind, std::string_view outcome, double wall_seconds, double cpu_seconds,
             std::int64_t peak_memory_bytes);
  void job(std::string_view kind, std::string_view outcome);
  void media_seconds(double seconds);           // of finished videos
  void cache(std::string_view what, bool hit);  // `what`: gallery, video, manifest
  void frames(std::int64_t extracted);
  void lease_lost();

  // Asked at every text(); gives what is true now.
  void on_read(std::function<std::vector<Reading>()> read);

  // The exposition format, version 0.0.4.
  std::string text();

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace vf::telemetry
