#include "media/verify/picture.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "media/av/ptr.h"
#include "media/decode/video_reader.h"
#include "media/verify/ssim.h"
#include "media/verify/written_video.h"

namespace vf::media::verify {
namespace {

// What a quantiser never does, however few bits it has: block means that are far off.
constexpr double kWrongShare = 0.2;  // of the blocks, over a second
constexpr double kWrongShareWhenUnlike = 0.02;
constexpr double kDifferenceWhenUnlike = 6;  // 8-bit steps, without likeness of structure
constexpr double kStructure = 0.7;

// Pictures that show the moment before or after theirs: so many are asked, and all must agree.
constexpr std::size_t kProbes = 3;
constexpr double kNeighbourMargin = 0.03;  // of SSIM, by which the neighbour is the better match

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * q);
  std::ranges::nth_element(values, at);
  return *at;
}

// Which pictures are looked at, by their place in the chunk.
struct Choice {
  std::vector<std::size_t> samples;  // compared with the source: every tenth, the first and the last
  std::vector<std::size_t> probes;   // of those, compared with their neighbours too
  std::vector<std::int64_t> ticks;   // all that the source must deliver, ascending
};

Choice choose(const VerifySpec& spec) {
  Choice out;
  const auto count = spec.frame_ticks.size();
  const auto step = static_cast<std::size_t>(std::max(1, spec.sample_every));
  for (std::size_t i = 0; i < count; i += step) out.samples.push_back(i);
  if (out.samples.back() != count - 1) out.samples.push_back(count - 1);
  // Inside the chunk, so that both neighbours belong to it.
  const auto inner = out.samples.size() >= 3 ? out.samples.size() - 2 : 0;
  for (std::size_t k = 0; k < std::min(kProbes, inner); ++k) {
    const auto i = out.samples[1 + inner * k / std::min(kProbes, inner)];
    if (i > 0 && i + 1 < count) out.probes.push_back(i);
  }
  for (const auto i : out.samples) out.ticks.push_back(spec.frame_ticks[i]);
  for (const auto i : out.probes) {
    out.ticks.push_back(spec.frame_ticks[i - 1]);
    out.ticks.push_back(spec.frame_ticks[i + 1]);
  }
  std::ranges::sort(out.ticks);
  const auto repeated = std::ranges::unique(out.ticks);
  out.ticks.erase(repeated.begin(), repeated.end());
  return out;
}

// One rung on its way through the comparison.
struct Rung {
  const RungInput& input;
  Rational clock;  // of the track
  std::optional<WrittenVideo> video;
  ChunkProof proof;
  struct Second {
    double ssim = 0;
    double wrong = 0;
    double difference = 0;
    double structure = 0;
    int count = 0;
  };
  std::map<std::int64_t, Second> seconds = {};
  // A probe under way, and what the probes so far say.
  av::FramePtr source_before = {};
  av::FramePtr written_here = {};
  double ssim_before = 0;
  double ssim_here = 0;
  int probes = 0;
  int shows_before = 0;
  int shows_after = 0;

  std::int64_t to_track(const VerifySpec& spec, std::int64_t ticks) const {
    return rescale(ticks - spec.origin_ticks, spec.time_base, clock);
  }
  double to_seconds(std::int64_t ticks) const { return static_cast<double>(ticks) * clock.value(); }

  void open() {
    proof.rung = input.target.name;
    proof.second_bytes = input.chunk.second_bytes;
    proof.duration = input.chunk.duration;
    auto opened = WrittenVideo::open({input.header_fd, input.chunk_fd});
    if (opened)
      video = std::move(*opened);
    else
      proof.failures.push_back(fmt::format("The chunk cannot be decoded: {}", opened.error().message));
  }

  void compare(const AVFrame& source, std::int64_t pts) {
    if (!video) return;
    const auto* written = video->advance_to(pts);
    if (!written || written->width != source.width || written->height != source.height)
      return;  // told by the list of times and the size
    const auto likeness = compare_luma(source, *written);
    if (source_before) {
      ssim_before = compare_luma(*source_before, *written).ssim;
      ssim_here = likeness.ssim;
      written_here = av::share(written);
    }
    const double at = to_seconds(pts);
    proof.samples.push_back({at, likeness.ssim});
    auto& second = seconds[static_cast<std::int64_t>(at)];
    second.ssim += likeness.ssim;
    second.wrong += likeness.wrong_share;
    second.difference += likeness.mean_difference;
    second.structure += likeness.structure;
    ++second.count;
  }

  // The pictures around a probed one: first the one before it, then, after compare(), the one after.
  void before_probe(const AVFrame& source) { source_before = av::share(&source); }
  void after_probe(const AVFrame& source) {
    if (written_here) {
      const double ssim_after = compare_luma(source, *written_here).ssim;
      ++probes;
      shows_before += ssim_before > ssim_here + kNeighbourMargin && ssim_before > ssim_after;
      shows_after += ssim_after > ssim_here + kNeighbourMargin && ssim_after > ssim_before;
    }
    source_before.reset();
    written_here.reset();
  }

  void summarise() {
    if (video) {
      video->finish();
      const auto& times = video->times();
      proof.frames = static_cast<std::int64_t>(times.size());
      proof.decode_errors = video->decode_errors();
      if (!times.empty()) proof.first_pts = times.front(), proof.last_pts = times.back();
    }
    std::vector<double> all;
    double sum = 0;
    for (const auto& s : proof.samples) all.push_back(s.ssim), sum += s.ssim;
    if (all.empty()) return;
    proof.ssim_mean = sum / static_cast<double>(all.size());
    proof.ssim_p1 = quantile(all, 0.01);
    proof.ssim_min = *std::ranges::min_element(all);
  }

  void judge_pictures(bool source_damaged) {
    for (const auto& [at, s] : seconds) {
      const double n = s.count;
      const bool unlike = s.ssim / n < kSsimFloor;
      const bool elsewhere = s.difference / n > kDifferenceWhenUnlike && s.structure / n < kStructure;
      if (s.wrong / n > kWrongShare || (unlike && (s.wrong / n > kWrongShareWhenUnlike || elsewhere)))
        proof.failures.push_back(
            fmt::format("At {} s the picture is not the source's (SSIM {:.2f}, {:.0f} % of its blocks are wrong).", at,
                        s.ssim / n, 100 * s.wrong / n));
      else if (unlike)
        proof.notes.push_back(fmt::format("At {} s the cap left little detail (SSIM {:.2f}).", at, s.ssim / n));
    }
    if (probes == static_cast<int>(kProbes) && std::max(shows_before, shows_after) == probes)
      proof.failures.push_back(
          fmt::format("The pictures show the moment {} theirs.", shows_before == probes ? "before" : "after"));
    if (proof.samples.empty() && video && !source_damaged)
      proof.failures.push_back("Not one picture could be compared with the source.");
  }

  void judge_structure() {
    if (!video) return;
    if (proof.decode_errors > 0)
      proof.failures.push_back(fmt::format("{} pictures do not decode cleanly.", proof.decode_errors));
    if (proof.frames > 0 &&
        (video->width() != input.target.width || video->height() != input.target.height || video->size_changes()))
      proof.failures.push_back(fmt::format("The pictures are {} x {} and should be {} x {}.", video->width(),
                                           video->height(), input.target.width, input.target.height));
    if (proof.frames != input.chunk.frames)
      proof.failures.push_back(
          fmt::format("{} pictures were written and {} decode.", input.chunk.frames, proof.frames));
    const auto& times = video->times();
    const auto back = std::ranges::adjacent_find(times, std::ranges::greater_equal{});
    if (back != times.end())
      proof.failures.push_back(fmt::format("Time stamps do not increase at {:.3f} s.", to_seconds(*back)));
  }

  // Segments begin where they were planned, on key frames.
  void judge_segments(const VerifySpec& spec) {
    if (!video || spec.segment_starts.empty()) return;
    const auto& segments = input.chunk.segments;
    if (segments.size() != spec.segment_starts.size())
      proof.failures.push_back(
          fmt::format("The chunk has {} segments and should have {}.", segments.size(), spec.segment_starts.size()));
    for (std::size_t i = 0; i < spec.segment_starts.size(); ++i) {
      // A segment begins with its first picture.
      const auto first = std::ranges::lower_bound(spec.frame_ticks, spec.segment_starts[i]);
      if (first == spec.frame_ticks.end()) continue;
      const auto start = to_track(spec, *first);
      if (i < segments.size() && segments[i].start != start)
        proof.failures.push_back(fmt::format("Segment {} begins at {:.3f} s and should begin at {:.3f} s.", i,
                                             to_seconds(segments[i].start), to_seconds(start)));
      if (std::ranges::find(video->key_times(), start) == video->key_times().end())
        proof.failures.push_back(
            fmt::format("Segment {} at {:.3f} s does not begin with a key frame.", i, to_seconds(start)));
    }
  }

  std::vector<std::int64_t> expected(const VerifySpec& spec, const std::vector<std::int64_t>& ticks) const {
    std::vector<std::int64_t> out;
    for (const auto t : ticks) out.push_back(to_track(spec, t));
    return out;
  }

  // Names the first difference between the times that are and those that should be.
  std::optional<std::string> compare_times(const std::vector<std::int64_t>& wanted) const {
    if (!video) return std::nullopt;
    const auto& times = video->times();
    if (times == wanted) return std::nullopt;
    std::vector<std::int64_t> missing;
    std::vector<std::int64_t> extra;
    auto sorted = times;
    std::ranges::sort(sorted);
    std::ranges::set_difference(wanted, sorted, std::back_inserter(missing));
    std::ranges::set_difference(sorted, wanted, std::back_inserter(extra));
    if (!missing.empty() && extra.empty())
      return fmt::format("{} pictures are missing, the first at {:.3f} s.", missing.size(),
                         to_seconds(missing.front()));
    if (missing.empty() && !extra.empty())
      return fmt::format("{} pictures are repeated or do not belong there, the first at {:.3f} s.", extra.size(),
                         to_seconds(extra.front()));
    if (missing.empty()) return "The pictures are out of order.";
    return fmt::format(
        "The pictures' times are not the source's: {} are missing, the first at {:.3f} s, and {} do not belong there.",
        missing.size(), to_seconds(missing.front()), extra.size());
  }
};

// Compares the samples; returns whether the source itself is damaged in this range.
Result<bool> compare_samples(const VerifySpec& spec, int source_fd, std::vector<Rung>& rungs,
                             const PictureResources& resources, const std::function<void(double)>& progress) {
  std::vector<Target> targets;
  for (const auto& rung : rungs) targets.push_back(rung.input.target);
  auto chain = VF_TRY(PictureChain::create(spec.picture, {spec.time_base, spec.origin_ticks}, targets, resources));
  const auto choice = choose(spec);
  VideoReaderOptions options;
  options.start_ticks = spec.start_ticks;
  options.end_ticks = spec.end_ticks;
  options.threads = resources.decode_threads;
  // A deinterlacer looks at every picture and at its neighbours.
  if (spec.picture.deinterlace == Deinterlace::off)
    options.only = choice.ticks;
  else
    options.neighbours = true;
  auto reader = VF_TRY(VideoReader::create(source_fd, spec.stream_index, options));
  std::size_t done = 0;
  const auto use = [&]() -> Result<void> {
    while (VF_TRY(chain.pull())) {
      const auto ticks = chain.picture(0)->pts;
      const auto found = std::ranges::lower_bound(spec.frame_ticks, ticks);
      if (found == spec.frame_ticks.end() || *found != ticks) continue;
      const auto i = static_cast<std::size_t>(found - spec.frame_ticks.begin());
      const auto probed = [&](std::size_t k) { return std::ranges::binary_search(choice.probes, k); };
      const bool sampled = std::ranges::binary_search(choice.samples, i);
      for (std::size_t r = 0; r < rungs.size(); ++r) {
        if (i > 0 && probed(i - 1)) rungs[r].after_probe(*chain.picture(r));
        if (sampled) rungs[r].compare(*chain.picture(r), rungs[r].to_track(spec, ticks));
        if (probed(i + 1)) rungs[r].before_probe(*chain.picture(r));
      }
      done += sampled;
      if (progress && sampled) progress(static_cast<double>(done) / static_cast<double>(choice.samples.size()));
    }
    return {};
  };
  while (auto* frame = VF_TRY(reader.next())) {
    VF_CHECK(chain.push(frame));
    VF_CHECK(use());
  }
  VF_CHECK(chain.push(nullptr));
  VF_CHECK(use());
  const auto& stats = reader.stats();
  return stats.decode_errors + stats.corrupt_frames + stats.damaged_packets > 0;
}

// What decoding the whole source delivers in the range: the truth where its index promises more.
Result<std::vector<std::int64_t>> decoded_times(const VerifySpec& spec, int source_fd) {
  VideoReaderOptions options;
  options.start_ticks = spec.start_ticks;
  options.end_ticks = spec.end_ticks;
  auto reader = VF_TRY(VideoReader::create(source_fd, spec.stream_index, options));
  std::vector<std::int64_t> out;
  while (const auto* frame = VF_TRY(reader.next())) out.push_back(frame->pts);
  // Where damage ate a segment's first picture, the encoder shows the one before it again.
  for (const auto start : spec.segment_starts)
    if (const auto first = std::ranges::lower_bound(spec.frame_ticks, start); first != spec.frame_ticks.end())
      out.push_back(*first);
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

}  // namespace

Result<std::vector<ChunkProof>> verify_video_chunk(const VerifySpec& spec, int source_fd,
                                                   std::span<const RungInput> inputs, const PictureResources& resources,
                                                   const std::function<void(double)>& progress) {
  if (inputs.empty() || !spec.time_base.valid() || spec.frame_ticks.empty())
    return fail(ErrorCode::invalid_argument,
                "A chunk is verified with its rungs, the source's time base and the times of its pictures.");
  std::vector<Rung> rungs;
  for (const auto& input : inputs) {
    rungs.push_back({input, {1, std::max(1, input.chunk.format.timescale)}, std::nullopt, {}});
    rungs.back().open();
  }
  const bool source_damaged = VF_TRY(compare_samples(spec, source_fd, rungs, resources, progress));

  std::optional<std::vector<std::int64_t>> truth;
  std::vector<ChunkProof> out;
  for (auto& rung : rungs) {
    rung.summarise();
    rung.judge_structure();
    rung.judge_segments(spec);
    if (auto difference = rung.compare_times(rung.expected(spec, spec.frame_ticks))) {
      if (!truth) truth = VF_TRY(decoded_times(spec, source_fd));
      if (rung.compare_times(rung.expected(spec, *truth)))
        rung.proof.failures.push_back(std::move(*difference));
      else
        rung.proof.notes.push_back(
            fmt::format("{} pictures of the source do not decode.", std::ssize(spec.frame_ticks) - std::ssize(*truth)));
    }
    rung.judge_pictures(source_damaged);
    out.push_back(std::move(rung.proof));
  }
  return out;
}

}  // namespace vf::media::verify
