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

// Files beside the video are named by asset: {"watermark": {"asset": ID, ...}, "subtitles": {"burn": ID}}. The engine's
// options know only that there are some.
struct NamedAssets {
  std::string watermark;
  std::string subtitles;
};

std::string take_id(json::object& object, std::string_view name) {
  const auto* at = object.if_contains(name);
  if (!at || !at->is_string()) return {};
  std::string id(at->as_string());
  object.erase(name);
  return id;
}

// Takes the ids out of the parameters, so that the rest are the engine's options.
NamedAssets take_assets(json::value& params, bool transcode) {
  NamedAssets out;
  auto* object = params.if_object();
  if (!object) return out;
  if (auto* mark = object->if_contains("watermark"); mark && mark->is_object())
    out.watermark = take_id(mark->as_object(), "asset");
  auto* way = object->if_contains("subtitles");
  if (!way || !way->is_object()) return out;
  out.subtitles = take_id(way->as_object(), "burn");
  if (out.subtitles.empty() || !way->as_object().empty()) return out;
  if (transcode)
    *way = "burn";
  else
    object->erase("subtitles");
  (*object)["burn_file"] = true;
  return out;
}

json::value with_assets(json::value params, const NamedAssets& assets) {
  auto& object = params.as_object();
  if (!assets.watermark.empty()) object.at("watermark").as_object()["asset"] = assets.watermark;
  if (assets.subtitles.empty()) return params;
  object["subtitles"] = json::object{{"burn", assets.subtitles}};
  object.erase("burn_file");
  return params;
}

// Options of the engine from an order's parameters, and the assets that they go with.
template <typename Options>
struct Ordered {
  Options options;
  NamedAssets assets;
};

template <typename Options>
constexpr bool kTranscodes = std::is_same_v<Options, pipeline::TranscodeOptions>;

template <typename Options>
Result<Ordered<Options>> ordered(json::value params, const Options& defaults) {
  params = to_snake(params.is_null() ? json::value(json::object{}) : params);
  const auto assets = take_assets(params, kTranscodes<Options>);
  // What a watermark leaves out is as the engine has it.
  if (auto* object = params.if_object())
    if (auto* mark = object->if_contains("watermark"); mark && mark->is_object()) {
      auto whole = to_json(media::Watermark{}).as_object();
      for (const auto& [key, value] : mark->as_object()) whole[key] = value;
      *mark = std::move(whole);
    }
  Ordered<Options> out{VF_TRY(options_from(params, defaults)), assets};
  if (out.options.watermark && assets.watermark.empty())
    return fail(ErrorCode::invalid_argument,
                "In params: a watermark names its picture: {\"watermark\": {\"asset\": ID}}, from POST /api/assets.");
  if (out.options.burn_file && assets.subtitles.empty())
    return fail(ErrorCode::invalid_argument,
                "In params: subtitles of a file are named by {\"subtitles\": {\"burn\": ID}}, from POST /api/assets.");
  VF_CHECK(check(out.options));
  return out;
}

template <typename Options>
Result<json::value> checked_order(const json::value& params, const Options& defaults) {
  const auto order = VF_TRY(ordered(params, defaults));
  return with_assets(to_json(order.options), order.assets);
}

template <typename Options>
Result<json::value> checked(const json::value& params) {
  const auto options = VF_TRY(options_from<Options>(params));
  VF_CHECK(check(options));
  return to_json(options);
}

Result<json::value> check_process(const json::value& params) {
  return checked_order(params, pipeline::ProcessOptions{});
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
  return checked_order(rest, defaults);
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

Result<pipeline::ProcessOptions> process_options(json::value params) {
  take_assets(params, false);
  return from_json<pipeline::ProcessOptions>(params);
}

Result<Product> run_transcode(Recipe& recipe, const json::value& params, const KindContext& context) {
  return make_transcode(
      recipe, VF_TRY(transcode_options(params)), context.secret,
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
  const auto options = VF_TRY(process_options(params));
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
    JobKind{"process", false, check_process, run_process},
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

  std::vector<NamedAsset> assets_read(const std::string& name, const json::value& params) const override {
    auto copy = params;
    const auto assets = take_assets(copy, name == "transcode");
    std::vector<NamedAsset> out;
    if (!assets.watermark.empty()) out.push_back({assets.watermark, "picture"});
    if (!assets.subtitles.empty()) out.push_back({assets.subtitles, "subtitles"});
    return out;
  }
};

}  // namespace

Result<pipeline::TranscodeOptions> transcode_options(json::value params) {
  take_assets(params, true);
  return from_json<pipeline::TranscodeOptions>(params);
}

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
  if (job.kind != "compare") {
    std::vector<NeededSource> out{{pipeline::kVideoSource, *job.video}};
    auto params = job.params;
    const auto assets = take_assets(params, job.kind == "transcode");
    if (!assets.watermark.empty()) out.push_back({pipeline::kWatermarkSource, {}, assets.watermark});
    if (!assets.subtitles.empty()) out.push_back({pipeline::kSubtitleSource, {}, assets.subtitles});
    return out;
  }
  return {{pipeline::kReferenceSource, *job.video},
          {pipeline::kOtherSource, std::string(job.params.as_object().at("other_video_id").as_string())}};
}

bool needs_font(const store::Job& job) {
  const auto* params = job.params.if_object();
  if (!params) return false;
  const auto* subtitles = params->if_contains("subtitles");
  if (subtitles && (subtitles->is_object() || (subtitles->is_string() && subtitles->as_string() == "burn")))
    return true;
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
