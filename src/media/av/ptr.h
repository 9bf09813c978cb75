// Owners for libav's C handles. Only code under src/media includes this; no public media header does.
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

namespace vf::media::av {

// Calls Free with the address of the pointer (av_frame_free and its kin).
template <auto Free>
struct FreeByAddress {
  template <typename T>
  void operator()(T* p) const {
    Free(&p);
  }
};

// Calls Free with the pointer itself (sws_freeContext, av_free and their kin).
template <auto Free>
struct FreeByValue {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};

using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using CodecPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using FilterGraphPtr = std::unique_ptr<AVFilterGraph, FreeByAddress<avfilter_graph_free>>;
using SwrPtr = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;
using SwsPtr = std::unique_ptr<SwsContext, FreeByValue<sws_freeContext>>;
using AudioFifoPtr = std::unique_ptr<AVAudioFifo, FreeByValue<av_audio_fifo_free>>;

inline FramePtr make_frame() { return FramePtr(av_frame_alloc()); }
inline PacketPtr make_packet() { return PacketPtr(av_packet_alloc()); }

// Another reference to the same picture or samples.
inline FramePtr share(const AVFrame* frame) { return FramePtr(av_frame_clone(frame)); }

}  // namespace vf::media::av
