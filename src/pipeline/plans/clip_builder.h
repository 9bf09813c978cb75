// The making of a ClipPlan, in steps. Internal to the planner.
#pragma once

#include "media/mux/containers.h"
#include "media/verify/file.h"
#include "pipeline/plans/clip.h"
#include "pipeline/plans/file_builder.h"

namespace vf::pipeline {

// The pictures that are asked for: times of the first one wanted and the first one no longer wanted.
struct ClipTicks {
  std::int64_t from = 0;
  std::int64_t to = 0;  // INT64_MAX: the end
};

Result<ClipTicks> clip_ticks(const Inspection& source, const ClipOptions& options);

class ClipBuilder {
 public:
  ClipBuilder(const Inspection& source, const ClipOptions& options, const std::optional<media::cut::CutPoints>& points)
      : source_(source),
        options_(options),
        points_(points),
        container_(*media::mux::find_container(options.container)),
        file_(source, container_) {}

  Result<void> cut_video();
  Result<ClipPlan> finish() &&;

 private:
  Result<void> range_without_video();
  Result<void> cut_by_copy();
  Result<void> cut_exactly();
  Result<void> convert(const std::string& reason);
  void copy_pictures();
  void encode_edges(const std::string& part, std::int64_t from, std::int64_t to);
  std::string why_not_joined(bool edges) const;
  void note(std::string part, std::string action, std::int64_t from, std::int64_t to);
  void prove(const std::string& file_stage);

  const Inspection& source_;
  const ClipOptions& options_;
  const std::optional<media::cut::CutPoints>& points_;
  const media::mux::Container& container_;
  FileBuilder file_;
  const media::StreamInfo* video_ = nullptr;
  ClipTicks wanted_;
  ClipPlan out_;
  std::vector<media::mux::Run> runs_;
  std::vector<media::verify::Stretch> stretches_;
  bool converted_ = false;
};

}  // namespace vf::pipeline
