#include "media/scale/chain_plan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

constexpr int kWorkFormat10 = AV_PIX_FMT_YUV420P10LE;

int format_of(const Target& target) { return av_get_pix_fmt(target.pixel_format.c_str()); }

bool has_alpha(int format) {
  const auto* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  return d && (d->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
}

// Targets of one kind of light share a chain.
enum class Branch { hdr, own_matrix, sdr };

Branch branch_of(const Target& target, const Light& light) {
  // An SDR source has no light to keep, an HDR one no matrix that SDR players know.
  if (light.transfer != Transfer::sdr) return target.keep_hdr ? Branch::hdr : Branch::sdr;
  return target.keep_matrix && !light.needs_mapping() ? Branch::own_matrix : Branch::sdr;
}

// Builds the nodes of a plan, remembering what stands at the end of the growing branch.
class Planner {
 public:
  Planner(ChainPlan& plan, const Light& light, const PictureSpec& spec, const Artist* artist)
      : plan_(plan), source_light_(light), spec_(spec), artist_(artist) {}

  // Where a branch stands: a node, and what its picture is.
  struct Place {
    int node = -1;
    PictureShape shape;
    Light light;
  };

  Result<Place> first_of_branch(Place at, PictureShape to, Branch branch);
  Result<Place> scaled(Place at, PictureShape to);

 private:
  Result<Place> add(const Place& at, Result<StepPtr> step, PictureShape shape, const Light& light) {
    plan_.nodes.push_back({at.node, VF_TRY(std::move(step))});
    return Place{static_cast<int>(plan_.nodes.size()) - 1, shape, light};
  }
  Result<Place> to_sdr(Place at, int format);

  ChainPlan& plan_;
  Light source_light_;
  const PictureSpec& spec_;
  const Artist* artist_;
};

// To the shape, range and (from RGB) matrix wanted; nothing where the picture is so already.
Result<Planner::Place> Planner::scaled(Place at, PictureShape to) {
  if (at.shape.width == to.width && at.shape.height == to.height && at.shape.format == to.format &&
      !at.light.full_range)
    return at;
  auto light = at.light;
  if (light.rgb) {
    light.matrix = light.wide ? AVCOL_SPC_BT2020_NCL : AVCOL_SPC_BT709;
    light.weights = light.wide ? LumaWeights{0.2627, 0.0593} : kBt709;
  }
  light.rgb = light.full_range = false;
  return add(at, make_scale_step(at.shape, at.light, to, light.matrix), to, light);
}

Result<Planner::Place> Planner::to_sdr(Place at, int format) {
  Light sdr;
  sdr.matrix = AVCOL_SPC_BT709;
  if (at.light.needs_mapping()) {
    auto shape = at.shape;
    shape.format = format;
    return add(at, make_tone_map_step(at.shape, at.light, format), shape, sdr);
  }
  if (at.light.weights != kBt709) return add(at, make_matrix_step(at.shape, at.light.weights), at.shape, sdr);
  at.light = sdr;
  return at;
}

Result<Planner::Place> Planner::first_of_branch(Place at, PictureShape to, Branch branch) {
  if (has_alpha(at.shape.format)) {
    const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(at.shape.format));
    auto shape = at.shape;
    shape.format = format->comp[0].depth > 8 ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGBA;
    auto light = at.light;
    light.rgb = light.full_range = true;
    at = VF_TRY(add(at, make_flatten_step(at.shape, at.light), shape, light));
  }
  const bool map = branch == Branch::sdr && source_light_.needs_mapping();
  const bool swapped = spec_.rotation == 90 || spec_.rotation == 270;
  const PictureShape lying{swapped ? to.height : to.width, swapped ? to.width : to.height,
                           map ? kWorkFormat10 : to.format};
  at = VF_TRY(scaled(at, lying));
  if (branch == Branch::sdr) at = VF_TRY(to_sdr(at, to.format));
  if (spec_.rotation != 0 || spec_.mirrored)
    at = VF_TRY(add(at, make_turn_step(at.shape, spec_.rotation, spec_.mirrored), to, at.light));
  if (artist_) at = VF_TRY(add(at, artist_->make_step(at.shape, at.light), at.shape, at.light));
  return at;
}

// Above this a picture is halved on its way to a target that is small enough, so that several small
// targets of a very large source share the first step.
constexpr std::int64_t kLargePixels = 1920 * 1088;

// The picture that a target is scaled from. It follows from the source and this one target, never from
// the others of the call: a rung's bytes must not depend on which other rungs are made beside it. The
// target's own shape where nothing is gained on the way. `costly`: work that targets should share.
PictureShape level_for(PictureShape source, PictureShape target, const PictureSpec& spec, bool costly) {
  if (spec.rotation == 90 || spec.rotation == 270) std::swap(source.width, source.height);
  const auto even = [](int size) { return size & ~1; };
  PictureShape level{even(source.width), even(source.height), target.format};
  const auto holds = [&](int width, int height) { return width >= target.width && height >= target.height; };
  if (!holds(level.width, level.height)) return target;
  bool halved = false;
  while (std::int64_t{level.width} * level.height > kLargePixels &&
         holds(even(level.width / 2), even(level.height / 2))) {
    level.width = even(level.width / 2);
    level.height = even(level.height / 2);
    halved = true;
  }
  return halved || costly ? level : target;
}

}  // namespace

Result<ChainPlan> plan_chain(PictureShape source, const Light& light, const PictureSpec& spec,
                             std::span<const Target> targets, const Artist* artist) {
  ChainPlan plan;
  plan.of_target.assign(targets.size(), -1);
  plan.hdr_target.assign(targets.size(), false);
  using Key = std::tuple<Branch, int, int, int>;
  std::map<Key, Planner::Place> known;  // a picture that two targets need is made once
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto branch = branch_of(targets[i], light);
    const int format = format_of(targets[i]);
    std::vector<PictureShape> sizes;
    for (const auto& [width, height] : targets[i].through) sizes.push_back({width, height, format});
    sizes.push_back({targets[i].width, targets[i].height, format});
    const auto level = level_for(source, sizes.front(), spec, artist || light.needs_mapping());
    Planner planner(plan, light, spec, artist);
    const auto make = [&](const PictureShape& shape, const auto& step) -> Result<Planner::Place> {
      const Key key{branch, shape.format, shape.width, shape.height};
      if (const auto found = known.find(key); found != known.end()) return found->second;
      return known[key] = VF_TRY(step());
    };
    const Planner::Place start{-1, source, light};
    auto at = VF_TRY(make(level, [&] { return planner.first_of_branch(start, level, branch); }));
    for (const auto& size : sizes) at = VF_TRY(make(size, [&] { return planner.scaled(at, size); }));
    plan.of_target[i] = at.node;
    plan.hdr_target[i] = branch == Branch::hdr;
  }
  return plan;
}

}  // namespace vf::media
