#include "pipeline/stages/picture_inputs.h"

#include "pipeline/plans/inspection.h"

namespace vf::pipeline {

std::vector<std::string> picture_sources(const media::PictureSpec& picture) {
  std::vector<std::string> names{kVideoSource};
  if (picture.watermark) names.emplace_back(kWatermarkSource);
  if (picture.burn && picture.burn->own_file) names.emplace_back(kSubtitleSource);
  if (picture.burn) names.emplace_back(kFontSource);
  return names;
}

media::PictureResources picture_resources(const media::PictureSpec& picture, const StageCall& call) {
  const auto& member = call.members.front();
  media::PictureResources resources;
  resources.decode_threads = call.decode_threads;
  std::size_t next = 1;
  const auto take = [&] { return member.inputs.at(next++).fds.at(0); };
  if (picture.watermark) resources.watermark_fd = take();
  if (picture.burn) {
    resources.subtitle_fd = picture.burn->own_file ? take() : member.inputs.at(0).fds.at(0);
    resources.font_fd = take();
  }
  return resources;
}

}  // namespace vf::pipeline
