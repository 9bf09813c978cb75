#include "media/encode/video_chunk.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "media/av/ptr.h"
#include "media/decode/video_reader.h"
#include "media/effects/effect_graph.h"
#include "media/encode/bounded_queue.h"
#include "media/encode/encode_meter.h"
#include "media/encode/rung_encoder.h"

namespace vf::media {
namespace {

// Enough that neither side waits for the other's hiccups; encoders hold a look-ahead of their own.
constexpr std::size_t kQueuedPictures = 4;

Result<void> check(const ChunkSpec& spec, std::span<const RungOutput> outputs) {
  const auto wrong = [](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("The chunk cannot be encoded: {}.", what));
  };
  if (spec.rungs.empty() || outputs.size() != spec.rungs.size())
    return wrong("it needs rungs, and one output for each");
  if (!spec.time_base.valid() || spec.timescale < 1) return wrong("its time base or timescale is missing");
  if (spec.start_ticks >= spec.end_ticks || spec.start_ticks < spec.origin_ticks)
    return wrong("its times are out of order");
  if (spec.segment_starts.empty() || spec.segment_starts.front() != spec.start_ticks ||
      spec.segment_starts.back() >= spec.end_ticks || !std::ranges::is_sorted(spec.segment_starts, std::less_equal<>()))
    return wrong("its segments do not begin at its start or are out of order");
  if (spec.effects && spec.rungs.size() != 1) return wrong("effects are done to one rung alone");
  return {};
}

// One rung's thread: takes pictures until the queue closes.
class RungThread {
 public:
  RungThread(const ChunkSpec& spec, std::size_t rung, int fd, EncodeMeter& meter)
      : rung_(rung), meter_(meter), queue_(kQueuedPictures), encoder_(spec, spec.rungs[rung], fd), thread_([this] {
          run();
        }) {}
  ~RungThread() { queue_.close(); }

  // False when the encoder has failed: finish() tells why.
  bool push(EncoderPicture picture) { return queue_.push(std::move(picture)); }

  void end() { queue_.close(); }

  Result<TrackChunk> finish() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
    return std::move(outcome_);
  }

  void abandon() {
    abandoned_ = true;
    queue_.close();
  }

 private:
  void run() {
    encoder_.on_progress([this](std::int64_t ticks) { meter_.report(rung_, ticks); });
    while (auto picture = queue_.pop()) {
      if (abandoned_) return;
      if (auto added = encoder_.add(std::move(*picture)); !added) {
        outcome_ = std::unexpected(added.error());
        queue_.close();
        return;
      }
    }
    if (!abandoned_) outcome_ = encoder_.finish();
  }

  std::size_t rung_;
  EncodeMeter& meter_;
  BoundedQueue<EncoderPicture> queue_;
  RungEncoder encoder_;
  std::atomic<bool> abandoned_ = false;
  Result<TrackChunk> outcome_ = fail(ErrorCode::cancelled, "Encoding was given up.");
  std::jthread thread_;  // last: it uses what stands above
};

// The pictures of all rungs at one moment: the chain's, or the one that effects were done to.
struct Pictures {
  const PictureChain* chain = nullptr;
  AVFrame* changed = nullptr;
  AVFrame* picture(std::size_t rung) const { return changed ? changed : chain->picture(rung); }
};

// Gives every picture its time and duration, opens segments, and feeds all rungs. A picture is held
// back until the next one tells how long it is shown.
class Distributor {
 public:
  Distributor(const ChunkSpec& spec, std::vector<std::unique_ptr<RungThread>>& rungs) : spec_(spec), rungs_(rungs) {}

  // False when an encoder has failed.
  Result<bool> add(const Pictures& pictures);
  Result<bool> end();

  std::int64_t held_segments() const { return held_segments_; }
  bool any() const { return !waiting_.empty(); }

 private:
  Result<bool> send(std::int64_t until);
  Result<bool> advance(std::int64_t pts);
  void open_segment_at(std::int64_t pts);
  Result<bool> keep(const Pictures& pictures, std::int64_t pts);
  std::int64_t out(std::int64_t ticks) const {
    return rescale(ticks - spec_.origin_ticks, spec_.time_base, {1, spec_.timescale});
  }
  bool too_soon(std::int64_t pts) const;

  const ChunkSpec& spec_;
  std::vector<std::unique_ptr<RungThread>>& rungs_;
  std::vector<av::FramePtr> waiting_;  // one a rung
  std::int64_t waiting_pts_ = 0;       // ticks
  bool waiting_starts_ = false;
  std::size_t next_segment_ = 1;
  std::int64_t held_segments_ = 0;
};

// Beyond the frame rate limit: in the same slot of 1/limit seconds as the picture before.
bool Distributor::too_soon(std::int64_t pts) const {
  if (!spec_.fps_limit.valid()) return false;
  const auto slot = [&](std::int64_t ticks) {
    const __int128 n = static_cast<__int128>(ticks - spec_.origin_ticks) * spec_.time_base.num * spec_.fps_limit.num;
    return static_cast<std::int64_t>(n / (static_cast<__int128>(spec_.time_base.den) * spec_.fps_limit.den));
  };
  const bool opens_segment = next_segment_ < spec_.segment_starts.size() && pts >= spec_.segment_starts[next_segment_];
  return !opens_segment && slot(pts) == slot(waiting_pts_);
}

// Sends the waiting picture; it is shown until `until` (ticks).
Result<bool> Distributor::send(std::int64_t until) {
  const auto pts = out(waiting_pts_);
  const auto duration = std::max<std::int64_t>(out(until) - pts, 1);
  for (std::size_t i = 0; i < rungs_.size(); ++i) {
    auto frame = av::share(waiting_[i].get());
    if (!frame) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
    if (!rungs_[i]->push({std::move(frame), pts, duration, waiting_starts_})) return false;
  }
  waiting_starts_ = false;
  return true;
}

// Sends the waiting picture, again at the start of every segment that ends before `pts`.
Result<bool> Distributor::advance(std::int64_t pts) {
  const auto& starts = spec_.segment_starts;
  while (next_segment_ < starts.size() &&
         (next_segment_ + 1 < starts.size() ? starts[next_segment_ + 1] <= pts : pts >= spec_.end_ticks)) {
    if (!VF_TRY(send(starts[next_segment_]))) return false;
    waiting_pts_ = starts[next_segment_++];
    waiting_starts_ = true;
    ++held_segments_;
  }
  return send(pts);
}

Result<bool> Distributor::add(const Pictures& pictures) {
  const auto pts = pictures.picture(0)->pts;
  if (pts < spec_.start_ticks || pts >= spec_.end_ticks) return true;  // a deinterlacer's neighbour
  if (any()) {
    if (too_soon(pts)) return true;
    // Times that fall together in the track's timescale are one picture.
    if (out(pts) <= out(waiting_pts_)) return true;
    if (!VF_TRY(advance(pts))) return false;
    open_segment_at(pts);
    return keep(pictures, pts);
  }
  waiting_starts_ = true;
  VF_TRY(keep(pictures, spec_.start_ticks));
  if (pts > spec_.start_ticks) ++held_segments_;
  // A whole segment or more is missing before the first picture: it stands in for that, too.
  return next_segment_ < spec_.segment_starts.size() && pts >= spec_.segment_starts[next_segment_] ? add(pictures)
                                                                                                   : Result<bool>(true);
}

void Distributor::open_segment_at(std::int64_t pts) {
  const auto& starts = spec_.segment_starts;
  if (next_segment_ >= starts.size() || pts < starts[next_segment_]) return;
  waiting_starts_ = true;
  ++next_segment_;
}

Result<bool> Distributor::keep(const Pictures& pictures, std::int64_t pts) {
  waiting_pts_ = pts;
  waiting_.resize(rungs_.size());
  for (std::size_t i = 0; i < rungs_.size(); ++i) {
    waiting_[i] = av::share(pictures.picture(i));
    if (!waiting_[i]) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
  }
  return true;
}

Result<bool> Distributor::end() { return advance(spec_.end_ticks); }

std::vector<Warning> warnings_of(const VideoReaderStats& stats, std::int64_t held_segments) {
  std::vector<Warning> out;
  const auto say = [&](std::int64_t count, std::string code, std::string_view what) {
    if (count > 0) out.push_back({std::move(code), fmt::format("{} {}", count, what)});
  };
  say(stats.decode_errors + stats.damaged_packets, "damaged-packets",
      "packets of the video are damaged and were left out.");
  say(stats.corrupt_frames, "damaged-pictures", "pictures are damaged and were mended as well as they can be.");
  say(stats.duplicates, "repeated-times", "pictures with the time of another one were left out.");
  say(held_segments, "held-pictures",
      "segments begin with a repeated picture, because their own first one is missing.");
  return out;
}

// Does effects to the pictures of the only rung on their way to the distributor.
class EffectStep {
 public:
  EffectStep(const ChunkSpec& spec, Distributor& distributor)
      : spec_(spec), distributor_(distributor), out_(av::make_frame()) {}

  // False when an encoder has failed.
  Result<bool> add(const PictureChain& chain) {
    if (!spec_.effects) return distributor_.add({&chain, nullptr});
    auto picture = av::share(chain.picture(0));
    if (!picture || !out_) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
    if (!graph_) graph_ = VF_TRY(effects::EffectGraph::create(*spec_.effects, *picture, spec_.time_base));
    picture->pts -= spec_.origin_ticks;
    tags_ = av::share(picture.get());
    VF_CHECK(graph_->push(picture.get()));
    return drain();
  }

  Result<bool> end() {
    if (!graph_) return true;
    VF_CHECK(graph_->push(nullptr));
    return drain();
  }

 private:
  Result<bool> drain() {
    while (VF_TRY(graph_->pull(out_.get()))) {
      out_->pts += spec_.origin_ticks;
      // What its numbers mean has not changed, whatever a filter says of it.
      out_->color_range = tags_->color_range;
      out_->colorspace = tags_->colorspace;
      out_->color_primaries = tags_->color_primaries;
      out_->color_trc = tags_->color_trc;
      out_->sample_aspect_ratio = {1, 1};
      const bool more = VF_TRY(distributor_.add({nullptr, out_.get()}));
      av_frame_unref(out_.get());
      if (!more) return false;
    }
    return true;
  }

  const ChunkSpec& spec_;
  Distributor& distributor_;
  av::FramePtr out_, tags_;
  std::optional<effects::EffectGraph> graph_;
};

Result<void> run(VideoReader& reader, PictureChain& chain, Distributor& distributor, const ChunkSpec& spec) {
  bool more = true;
  EffectStep effect(spec, distributor);
  const auto drain = [&]() -> Result<void> {
    while (more && VF_TRY(chain.pull())) more = VF_TRY(effect.add(chain));
    return {};
  };
  while (more) {
    const auto* frame = VF_TRY(reader.next());
    if (!frame) break;
    VF_CHECK(chain.push(frame));
    VF_CHECK(drain());
  }
  VF_CHECK(chain.push(nullptr));
  VF_CHECK(drain());
  if (more) more = VF_TRY(effect.end());
  if (!distributor.any())
    return fail(ErrorCode::invalid_input,
                fmt::format("None of the pictures from {:.1f} s on can be decoded: the video is damaged there.",
                            static_cast<double>(spec.start_ticks - spec.origin_ticks) * spec.time_base.value()));
  if (more) VF_TRY(distributor.end());
  return {};
}

// Where decoding begins: earlier than the chunk where an effect remembers what it saw.
std::int64_t first_ticks(const ChunkSpec& spec) {
  return spec.effects ? std::max(spec.origin_ticks, spec.start_ticks - spec.effects->run_in_ticks) : spec.start_ticks;
}

}  // namespace

Result<std::vector<TrackChunk>> encode_video_chunk(int source_fd, const ChunkSpec& spec,
                                                   const PictureResources& resources,
                                                   std::span<const RungOutput> outputs,
                                                   const EncodeProgress& progress) {
  VF_CHECK(check(spec, outputs));
  auto reader = VF_TRY(VideoReader::create(source_fd, spec.stream_index,
                                           {.start_ticks = first_ticks(spec),
                                            .end_ticks = spec.end_ticks,
                                            .neighbours = spec.picture.deinterlace != Deinterlace::off,
                                            .threads = resources.decode_threads,
                                            .max_pixels = spec.max_pixels}));
  std::vector<Target> targets;
  for (const auto& rung : spec.rungs) targets.push_back(rung.target);
  auto chain = VF_TRY(PictureChain::create(spec.picture, {spec.time_base, spec.origin_ticks}, targets, resources));
  EncodeMeter meter(spec, rescale(spec.end_ticks - spec.start_ticks, spec.time_base, {1, spec.timescale}), progress);
  std::vector<std::unique_ptr<RungThread>> rungs;
  for (std::size_t i = 0; i < spec.rungs.size(); ++i)
    rungs.push_back(std::make_unique<RungThread>(spec, i, outputs[i].fd, meter));
  Distributor distributor(spec, rungs);
  const auto outcome = run(reader, chain, distributor, spec);
  for (const auto& rung : rungs) {
    if (outcome)
      rung->end();
    else
      rung->abandon();
  }
  std::vector<TrackChunk> chunks;
  std::optional<Error> failure;
  if (!outcome) failure = outcome.error();
  for (const auto& rung : rungs) {
    auto chunk = rung->finish();
    if (chunk)
      chunks.push_back(std::move(*chunk));
    else if (!failure || failure->code == ErrorCode::cancelled)
      failure = chunk.error();
  }
  if (failure) return std::unexpected(std::move(*failure));
  const auto warnings = warnings_of(reader.stats(), distributor.held_segments());
  for (auto& chunk : chunks) chunk.warnings.insert(chunk.warnings.end(), warnings.begin(), warnings.end());
  return chunks;
}

}  // namespace vf::media
