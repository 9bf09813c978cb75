#include "app/platform/served_files.h"

#include <array>

#include "pipeline/stages/grow.h"

namespace vf::app {
namespace {

struct ContentType {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array kContentTypes{
    ContentType{".m3u8", "application/vnd.apple.mpegurl"},
    ContentType{".mpd", "application/dash+xml"},
    ContentType{".mp4", "video/mp4"},
    ContentType{".mov", "video/quicktime"},
    ContentType{".mkv", "video/x-matroska"},
    ContentType{".webm", "video/webm"},
    ContentType{".ts", "video/mp2t"},
    ContentType{".vtt", "text/vtt; charset=utf-8"},
    ContentType{".jpg", "image/jpeg"},
    ContentType{".png", "image/png"},
    ContentType{".webp", "image/webp"},
    ContentType{".json", "application/json"},
    ContentType{".zip", "application/zip"},
    ContentType{".html", "text/html; charset=utf-8"},
    ContentType{".bin", "application/octet-stream"},
};

void add_part(store::FileRow& row, const jobs::BlobRef& blob, std::int64_t offset, std::int64_t size) {
  if (size == 0) return;
  row.parts.push_back({blob.sha256, offset, size, blob.size});
  row.size += size;
}

std::unexpected<Error> does_not_fit() {
  return fail(ErrorCode::internal, "What a stage says of a growing set does not fit what it was made of.");
}

}  // namespace

std::string content_type_of(const std::string& name) {
  for (const auto& row : kContentTypes)
    if (name.ends_with(row.extension)) {
      // Sound alone has a type of its own.
      if (row.extension == ".mp4" && name.starts_with("audio_")) return "audio/mp4";
      return std::string(row.type);
    }
  return "application/octet-stream";
}

Result<jobs::BlobRef> keep_text(blob::BlobStore& blobs, std::string_view text) {
  auto staged = VF_TRY(blobs.stage());
  VF_CHECK(write_all(staged->fd(), text));
  return blobs.commit(std::move(staged));
}

Result<store::FileRow> file_row(blob::BlobStore& blobs, const PublishedFile& file) {
  store::FileRow row;
  row.name = file.name;
  row.content_type = content_type_of(file.name);
  for (const auto& piece : file.pieces) add_part(row, piece, 0, piece.size);
  if (file.slice) add_part(row, file.slice->blob, file.slice->offset, file.slice->size);
  if (!file.text.empty()) {
    const auto text = VF_TRY(keep_text(blobs, file.text));
    add_part(row, text, 0, text.size);
  }
  row.etag = store::etag_of(row.parts);
  return row;
}

Result<Grown> grown_files(const jobs::Stage& stage, const jobs::StageOutput& output,
                          const std::map<std::string, jobs::StageOutput>& inputs) {
  const auto result = VF_TRY(from_json<pipeline::GrowResult>(output.result));
  Grown out;
  out.seconds = result.shown_seconds;
  for (const auto& file : result.files) {
    store::FileRow row;
    row.name = file.name;
    row.content_type = content_type_of(file.name);
    if (file.output < 0 || std::cmp_greater_equal(file.output, output.blobs.size())) return does_not_fit();
    const auto& own = output.blobs[static_cast<std::size_t>(file.output)];
    add_part(row, own, 0, own.size);
    for (const auto input : file.inputs) {
      if (input < 0 || std::cmp_greater_equal(input, stage.inputs.size())) return does_not_fit();
      const auto made = inputs.find(stage.inputs[static_cast<std::size_t>(input)].stage);
      if (made == inputs.end() || made->second.blobs.empty()) return does_not_fit();
      add_part(row, made->second.blobs.front(), 0, made->second.blobs.front().size);
    }
    row.etag = store::etag_of(row.parts);
    out.files.push_back(std::move(row));
  }
  return out;
}

}  // namespace vf::app
