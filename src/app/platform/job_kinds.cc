#include "app/platform/job_kinds.h"

#include <array>
#include <cmath>

#include "app/analyze.h"
#include "app/clip.h"
#include "app/compare.h"
#include "app/frames.h"
#include "app/presets.h"
#include "app/process.h"
#include "app/thumbnails.h"
#include "app/transcode.h"
#include "base/json_case.h"

namespace vf::app {
namespace {

// What was sent, over the defaults.
template <typename Options>
Result<Options> options_from(const json::value& params, Options defaults = {}) {
  auto all = to_json(defaults);
  const auto snake = to_snake(params.is_null() ? json::value(json::object{}) : params);
  const auto* sent = snake.if_object();
  if (!sent) return fail(ErrorCode::invalid_argument, "\"params\" is an object.");
  for (const auto& [key, value] : *sent) all.as_object()[key] = value;
  auto options = from_json<Options>(all);
  if (!options) return fail(ErrorCode::invalid_argument, "In params: " + options.error().message);
  return options;
}

// Files beside the video reach the platform in a later step of the API; a recipe that needs one says so.
template <typename Options>
Result<void> without_files(const Options& options) {
  if (options.watermark || options.burn_file)
    return fail(ErrorCode::invalid_argument,
                "A watermark or a subtitle file cannot be named here yet; use the command line for it.");
  return {};
}

template <typename Options>
Result<json::value> checked(const json::value& params) {
  const auto options = VF_TRY(options_from<Options>(params));
  VF_CHECK(check(options));
  return to_json(options);
}

template <typename Options>
Result<json::value> checked_without_files(const json::value& params) {
  const auto options = VF_TRY(options_from<Options>(params));
  VF_CHECK(without_files(options));
  VF_CHECK(check(options));
  return to_json(options);
}

// A preset's name may stand in the place of its options: {"preset": "archive", "audio": false}.
Result<json::value> check_transcode(const json::value& params) {
  pipeline::TranscodeOptions defaults;
  auto rest = params;
  if (auto* object = rest.if_object()) {
    if (const auto* preset = object->if_contains("preset")) {
      if (!preset->is_string()) return fail(ErrorCode::invalid_argument, "\"preset\" is a name.");
      const std::string name(preset->as_string());
      // A name of ours only: a path would read the server's files.
      if (name.ends_with(".json")) return fail(ErrorCode::invalid_argument, "There is no preset of that name.");
      defaults = VF_TRY(load_preset(name));
      object->erase("preset");
    }
  }
  const auto options = VF_TRY(options_from(rest, defaults));
  VF_CHECK(without_files(options));
  VF_CHECK(check(options));
  return to_json(options);
}

struct CompareParams : pipeline::CompareOptions {
  std::string other_video_id;
};
BOOST_DESCRIBE_STRUCT(CompareParams, (pipeline::CompareOptions), (other_video_id))

Result<json::value> check_compare(const json::value& params) {
  const auto options = VF_TRY(options_from<CompareParams>(params));
  if (options.other_video_id.empty())
    return fail(ErrorCode::invalid_argument, "A comparison needs params.otherVideoId, the video to compare with.");
  VF_CHECK(pipeline::check(static_cast<const pipeline::CompareOptions&>(options)));
  return to_json(options);
}

struct ImportParams {
  std::string url;
};
BOOST_DESCRIBE_STRUCT(ImportParams, (), (url))

Result<json::value> check_import(const json::value& params) {
  return to_json(VF_TRY(options_from<ImportParams>(params)));
}

Result<Product> run_transcode(Recipe& recipe, const json::value& params, const KindContext& context) {
  return make_transcode(
      recipe, VF_TRY(from_json<pipeline::TranscodeOptions>(params)), context.secret,
      [&](const pipeline::Inspection& look, const pipeline::TranscodePlan&) { context.on_look(look); });
}

Result<Product> run_frames(Recipe& recipe, const json::value& params, const KindContext&) {
  return make_frames(recipe, VF_TRY(from_json<pipeline::FramesOptions>(params)), FramesShape::archive);
}

Result<Product> run_clip(Recipe& recipe, const json::value& params, const KindContext&) {
  const auto options = VF_TRY(from_json<pipeline::ClipOptions>(params));
  return make_clip(recipe, options, "clip." + options.container);
}

Result<Product> run_process(Recipe& recipe, const json::value& params, const KindContext&) {
  const auto options = VF_TRY(from_json<pipeline::ProcessOptions>(params));
  return make_process(recipe, options, "video." + options.container);
}

Result<Product> run_thumbnails(Recipe& recipe, const json::value& params, const KindContext&) {
  return make_thumbnails(recipe, VF_TRY(from_json<pipeline::ThumbnailsOptions>(params)));
}

Result<Product> run_analyze(Recipe& recipe, const json::value& params, const KindContext&) {
  return make_analyze(recipe, VF_TRY(from_json<pipeline::AnalyzeOptions>(params)), true);
}

Result<Product> run_compare(Recipe& recipe, const json::value& params, const KindContext&) {
  return make_compare(recipe, VF_TRY(from_json<CompareParams>(params)), true);
}

// One stage, which the worker runs itself because it needs the network.
Result<Product> run_import(Recipe& recipe, const json::value& params, const KindContext&) {
  jobs::Stage fetch;
  fetch.id = "fetch";
  fetch.kind = "fetch";
  fetch.params = params;
  fetch.outputs = 1;
  fetch.cost.cpu_seconds = 1;
  const auto run = VF_TRY(recipe.stages.run({{fetch}}, {}, StageRunner::Phase::work));
  const auto& output = run.outputs.at("fetch");
  return Product{{{"source", {output.blobs.at(0)}, {}}}, output.result};
}

constexpr std::array kKinds{
    JobKind{"transcode", true, check_transcode, run_transcode},
    JobKind{"frames", false, checked<pipeline::FramesOptions>, run_frames},
    JobKind{"clip", false, checked<pipeline::ClipOptions>, run_clip},
    JobKind{"process", false, checked_without_files<pipeline::ProcessOptions>, run_process},
    JobKind{"thumbnails", false, checked<pipeline::ThumbnailsOptions>, run_thumbnails},
    JobKind{"analyze", false, checked<pipeline::AnalyzeOptions>, run_analyze},
    JobKind{"compare", false, check_compare, run_compare},
    JobKind{"import", false, check_import, run_import},
};

// Imports are ordered by their own operation, which looks at the address first.
bool orderable(const JobKind& kind) { return kind.name != "import"; }

class Orderable : public jobs::Kinds {
 public:
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& kind : kKinds)
      if (orderable(kind)) out.emplace_back(kind.name);
    return out;
  }

  Result<json::value> check(const std::string& name, const json::value& params) const override {
    const auto* kind = find_job_kind(name);
    if (kind && orderable(*kind)) return kind->check(params);
    std::string known;
    for (const auto& other : names()) known += (known.empty() ? "" : ", ") + other;
    return fail(ErrorCode::invalid_argument,
                fmt::format("There is no job of the kind '{}'. The kinds are {}.", name, known));
  }

  std::vector<std::string> videos_read(const std::string& name, const json::value& params) const override {
    if (name != "compare") return {};
    return {std::string(params.as_object().at("other_video_id").as_string())};
  }
};

}  // namespace

std::span<const JobKind> job_kinds() { return kKinds; }

const JobKind* find_job_kind(std::string_view name) {
  for (const auto& kind : kKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

const jobs::Kinds& orderable_kinds() {
  static const Orderable kinds;
  return kinds;
}

std::vector<NeededSource> needed_sources(const store::Job& job) {
  if (!job.video || job.kind == "import") return {};
  if (job.kind != "compare") return {{pipeline::kVideoSource, *job.video}};
  return {{pipeline::kReferenceSource, *job.video},
          {pipeline::kOtherSource, std::string(job.params.as_object().at("other_video_id").as_string())}};
}

bool needs_font(const store::Job& job) {
  const auto* params = job.params.if_object();
  if (!params) return false;
  const auto* subtitles = params->if_contains("subtitles");
  if (subtitles && subtitles->is_string() && subtitles->as_string() == "burn") return true;
  const auto* language = params->if_contains("burn_language");
  return language && language->is_string();
}

store::VideoFacts facts_of(const pipeline::Inspection& inspection) {
  const auto& info = inspection.info;
  store::VideoFacts facts;
  facts.info = to_camel(to_json(info));
  facts.duration_ms = std::llround(info.duration_seconds * 1000);
  if (const auto* main = info.main_video(); main && main->video) {
    facts.width = main->video->display_width;
    facts.height = main->video->display_height;
  }
  return facts;
}

}  // namespace vf::app
