#include "media/scale/deinterlacer.h"

#include <fmt/format.h>

#include "media/av/error.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace vf::media {

Result<Deinterlacer> Deinterlacer::create(const AVFrame& like, Deinterlace mode) {
  Deinterlacer self;
  self.width_ = like.width;
  self.height_ = like.height;
  self.format_ = like.format;
  self.graph_.reset(avfilter_graph_alloc());
  if (!self.graph_) return fail(ErrorCode::no_memory, "There is not enough memory to deinterlace.");
  auto* graph = self.graph_.get();
  graph->nb_threads = 1;
  // Time stamps go through in a time base of 1/2^20: bwdif doubles its denominator, and rounds nothing.
  const auto source = fmt::format("video_size={}x{}:pix_fmt={}:time_base=1/1048576:pixel_aspect=1/1", like.width,
                                  like.height, like.format);
  const char* parity = mode == Deinterlace::top_first ? "tff" : mode == Deinterlace::bottom_first ? "bff" : "auto";
  const auto filter =
      fmt::format("mode=send_frame:parity={}:deint={}", parity, mode == Deinterlace::flagged ? "interlaced" : "all");
  AVFilterContext* bwdif = nullptr;
  int code =
      avfilter_graph_create_filter(&self.source_, avfilter_get_by_name("buffer"), "in", source.c_str(), nullptr, graph);
  if (code >= 0)
    code = avfilter_graph_create_filter(&bwdif, avfilter_get_by_name("bwdif"), "bwdif", filter.c_str(), nullptr, graph);
  if (code >= 0)
    code =
        avfilter_graph_create_filter(&self.sink_, avfilter_get_by_name("buffersink"), "out", nullptr, nullptr, graph);
  if (code >= 0) code = avfilter_link(self.source_, 0, bwdif, 0);
  if (code >= 0) code = avfilter_link(bwdif, 0, self.sink_, 0);
  if (code >= 0) code = avfilter_graph_config(graph, nullptr);
  if (code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::internal, "The deinterlacer could not be set up."));
  return self;
}

bool Deinterlacer::takes(const AVFrame& frame) const {
  return frame.width == width_ && frame.height == height_ && frame.format == format_;
}

Result<void> Deinterlacer::push(const AVFrame* frame) {
  int code = 0;
  if (frame) {
    code = av_buffersrc_write_frame(source_, frame);
  } else {
    code = av_buffersrc_add_frame(source_, nullptr);
  }
  if (code < 0 && code != AVERROR_EOF)
    return std::unexpected(av::error_from(code, ErrorCode::internal, "A frame could not be deinterlaced."));
  return {};
}

Result<bool> Deinterlacer::pull(AVFrame* frame) {
  const int code = av_buffersink_get_frame(sink_, frame);
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A frame could not be deinterlaced."));
  // The filter counts in halves of the source's ticks.
  if (frame->pts != AV_NOPTS_VALUE) frame->pts /= 2;
  return true;
}

}  // namespace vf::media
