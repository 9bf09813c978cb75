#include "app/doctor.h"

#include "app/engine.h"
#include "media/av/allow.h"
#include "media/av/version.h"
#include "media/encode/presets.h"

namespace vf::app {

DoctorReport examine() {
  DoctorReport report;
  report.version = VIDEOFORGE_VERSION;
  report.processors = usable_processors();
  report.memory_bytes = available_memory();
  report.sandbox = media::describe_sandbox();
  for (const auto* codec : {"h264", "hevc", "av1", "vp9"})
    report.encoders.push_back({codec, media::encoder_version(codec)});
  for (const auto& row : media::av::allowed_demuxers())
    report.demuxers.push_back({std::string(row.name), std::string(row.usage), true});
  for (const auto& row : media::av::allowed_codecs())
    report.codecs.push_back({std::string(row.name), std::string(row.usage), media::av::is_decodable(row.name)});
  report.libraries = media::av::library_versions();
  report.builds = media::av::library_builds();
  report.warnings = report.sandbox.warnings;
  report.healthy = report.sandbox.seccomp;
  return report;
}

}  // namespace vf::app
