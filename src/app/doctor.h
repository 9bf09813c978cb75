// What this machine offers to the engine.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "media/sandbox/report.h"

namespace vf::app {

struct DoctorEncoder {
  std::string codec;
  std::string library;  // empty: not there
};
BOOST_DESCRIBE_STRUCT(DoctorEncoder, (), (codec, library))

struct DoctorRow {
  std::string name;
  std::string usage;
  bool present = true;
};
BOOST_DESCRIBE_STRUCT(DoctorRow, (), (name, usage, present))

struct DoctorReport {
  std::string version;
  int processors = 0;
  std::int64_t memory_bytes = 0;
  media::SandboxReport sandbox;
  std::vector<DoctorEncoder> encoders;
  std::vector<DoctorRow> demuxers;
  std::vector<DoctorRow> codecs;
  std::string libraries;
  std::string builds;  // of these and the encoders: cached results of one build are not used by another
  std::vector<std::string> warnings;
  bool healthy = true;  // false: untrusted media cannot be handled safely here
};
BOOST_DESCRIBE_STRUCT(DoctorReport, (),
                      (version, processors, memory_bytes, sandbox, encoders, demuxers, codecs, libraries, builds,
                       warnings, healthy))

DoctorReport examine();

}  // namespace vf::app
