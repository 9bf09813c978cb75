#include "app/set_files.h"

#include <algorithm>

#include "app/report/page.h"
#include "pipeline/stages/package.h"

namespace vf::app {
namespace {

using Outputs = std::map<std::string, jobs::StageOutput>;

constexpr std::int64_t kMaxTextBytes = 64 << 20;

PublishedFile joined(const std::string& name, const Outputs& outputs, const std::string& header,
                     const std::vector<std::string>& chunks) {
  PublishedFile file{name, {outputs.at(header).blobs.at(0)}, {}};
  for (const auto& chunk : chunks) file.pieces.push_back(outputs.at(chunk).blobs.at(0));
  return file;
}

std::string bytes_of_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

std::int64_t size_of(const PublishedFile& file) {
  auto size = static_cast<std::int64_t>(file.text.size());
  for (const auto& piece : file.pieces) size += piece.size;
  return size;
}

}  // namespace

Result<std::vector<PublishedFile>> set_files(const pipeline::TranscodePlan& plan, const pipeline::RunReport& run,
                                             const std::optional<pipeline::ContentKey>& key) {
  const auto& outputs = run.outputs;
  std::vector<PublishedFile> files;
  for (const auto& video : plan.videos)
    files.push_back(joined(video.file, outputs, video.stitch_stage, video.chunk_stages));
  for (const auto& audio : plan.audios)
    files.push_back(joined(audio.file, outputs, audio.stitch_stage, {audio.chunk_stage}));
  for (const auto& text : plan.subtitles) files.push_back({text.file, {outputs.at(text.stage).blobs.at(0)}, {}});
  if (const auto poster = outputs.find("poster"); poster != outputs.end())
    files.push_back({"poster.jpg", {poster->second.blobs.at(0)}, {}});
  if (const auto board = outputs.find("storyboard"); board != outputs.end()) {
    files.push_back({"storyboard.jpg", {board->second.blobs.at(0)}, {}});
    files.push_back({"storyboard.vtt", {board->second.blobs.at(1)}, {}});
  }
  if (key) files.push_back({pipeline::kKeyFile, {}, bytes_of_hex(key->key)});
  const auto& package = outputs.at("package");
  const auto names = VF_TRY(from_json<pipeline::PackageResult>(package.result)).names;
  // From the last to the first: media playlists before the master that names them.
  for (std::size_t i = names.size(); i-- > 0;) files.push_back({names[i], {package.blobs.at(i)}, {}});
  return files;
}

void list_files(json::value& report, const std::vector<PublishedFile>& files) {
  json::array list;
  for (const auto& file : files) list.push_back(json::object{{"name", file.name}, {"bytes", size_of(file)}});
  report.as_object()["files"] = std::move(list);
}

Result<void> add_report_files(std::vector<PublishedFile>& files, const json::value& report,
                              const pipeline::TranscodePlan& plan, blob::BlobStore& blobs) {
  const auto text_of = [&](const std::string& name) -> Result<std::string> {
    const auto file = std::ranges::find(files, name, &PublishedFile::name);
    if (file == files.end()) return std::string();
    return read_whole(VF_TRY(blobs.open(file->pieces.at(0))).get(), kMaxTextBytes);
  };
  ReportPage page{report};
  if (!plan.videos.empty()) page.poster = "poster.jpg";
  page.storyboard_webvtt = VF_TRY(text_of("storyboard.vtt"));
  for (const auto& text : plan.subtitles)
    page.subtitles.push_back({text.title.empty() ? text.name : text.title, text.language, VF_TRY(text_of(text.file))});
  files.push_back({"report.json", {}, dump_pretty(report)});
  files.push_back({"index.html", {}, render_report_page(page)});
  return {};
}

}  // namespace vf::app
