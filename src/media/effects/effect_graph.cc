#include "media/effects/effect_graph.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "media/av/error.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace vf::media::effects {
namespace {

struct FilterCall {
  const char* filter;
  std::string options;
};

// What an effect is made of. Every number was checked against the table.
std::vector<FilterCall> calls_of(const Effect& e, double film_seconds) {
  const auto v = [&](std::size_t i) { return e.values.at(i); };
  if (e.name == "denoise")
    return {{"hqdn3d", fmt::format("luma_spatial={:.3f}:chroma_spatial={:.3f}:luma_tmp={:.3f}:chroma_tmp={:.3f}", v(0),
                                   v(0) * 0.75, v(0) * 1.5, v(0) * 1.125)}};
  if (e.name == "sharpen") return {{"unsharp", fmt::format("luma_amount={:.3f}", v(0))}};
  if (e.name == "blur") return {{"gblur", fmt::format("sigma={:.3f}", v(0))}};
  if (e.name == "brightness") return {{"eq", fmt::format("brightness={:.4f}", v(0))}};
  if (e.name == "contrast") return {{"eq", fmt::format("contrast={:.4f}", v(0))}};
  if (e.name == "saturation") return {{"eq", fmt::format("saturation={:.4f}", v(0))}};
  if (e.name == "grayscale") return {{"hue", "s=0"}};
  if (e.name == "rotate") return {{"rotate", fmt::format("angle={:.6f}", v(0) * std::numbers::pi / 180)}};
  if (e.name == "flip") return {{v(0) == 0 ? "hflip" : "vflip", ""}};
  if (e.name == "pad")
    return {{"pad",
             fmt::format("width={:.0f}:height={:.0f}:x=-1:y=-1", std::floor(v(0) / 2) * 2, std::floor(v(1) / 2) * 2)}};
  if (e.name == "stabilise")
    return {{"deshake", fmt::format("rx={0:.0f}:ry={0:.0f}", std::floor(v(0) / 16 + 0.999) * 16)}};
  std::vector<FilterCall> out;
  if (e.name == "fade") {
    if (v(0) > 0) out.push_back({"fade", fmt::format("type=in:start_time=0:duration={:.6f}", v(0))});
    if (v(1) > 0)
      out.push_back({"fade", fmt::format("type=out:start_time={:.6f}:duration={:.6f}",
                                         std::max(0.0, film_seconds - v(1)), v(1))});
  }
  return out;
}

}  // namespace

Result<EffectGraph> EffectGraph::create(const EffectChain& chain, const AVFrame& like, Rational time_base) {
  EffectGraph self;
  self.graph_.reset(avfilter_graph_alloc());
  if (!self.graph_) return fail(ErrorCode::no_memory, "There is not enough memory for the filters.");
  auto* graph = self.graph_.get();
  graph->nb_threads = 1;
  const auto source = fmt::format("video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect=1/1", like.width,
                                  like.height, like.format, time_base.num, time_base.den);
  int code =
      avfilter_graph_create_filter(&self.source_, avfilter_get_by_name("buffer"), "in", source.c_str(), nullptr, graph);
  auto* last = self.source_;
  const auto append = [&](const char* filter, const char* options) {
    AVFilterContext* next = nullptr;
    const auto* kind = avfilter_get_by_name(filter);
    if (code >= 0)
      code =
          kind ? avfilter_graph_create_filter(&next, kind, nullptr, options, nullptr, graph) : AVERROR_FILTER_NOT_FOUND;
    if (code >= 0) code = avfilter_link(last, 0, next, 0);
    if (code >= 0) last = next;
  };
  for (const auto& effect : chain.effects) {
    VF_CHECK(check(effect));
    for (const auto& call : calls_of(effect, chain.film_seconds)) append(call.filter, call.options.c_str());
  }
  // Some filters change the format: what goes on is what came in.
  append("format", fmt::format("pix_fmts={}", like.format).c_str());
  append("buffersink", nullptr);
  self.sink_ = last;
  if (code >= 0) code = avfilter_graph_config(graph, nullptr);
  if (code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_argument, "The filters cannot be put together for these pictures."));
  return self;
}

Result<void> EffectGraph::push(AVFrame* frame) {
  const int code = frame ? av_buffersrc_write_frame(source_, frame) : av_buffersrc_add_frame(source_, nullptr);
  if (code >= 0 || code == AVERROR_EOF) return {};
  return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be filtered."));
}

Result<bool> EffectGraph::pull(AVFrame* frame) {
  const int code = av_buffersink_get_frame(sink_, frame);
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be filtered."));
  return true;
}

}  // namespace vf::media::effects
