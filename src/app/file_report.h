// What the reports of jobs that make one file share.
#pragma once

#include <filesystem>

#include "app/job.h"

namespace vf::app {

// "file" (name, bytes, tracks) and "proof" of a report.
void add_file(json::object& report, const std::string& name, const pipeline::RunReport& run,
              const std::string& file_stage, const std::string& proof_stage);

// The source's own warnings and those of every stage, each sentence once.
std::vector<media::Warning> file_warnings(const media::MediaInfo& info, const pipeline::RunReport& run);

}  // namespace vf::app
