#include "pipeline/stages/compare.h"

#include <array>
#include <cmath>

#include "base/fd.h"
#include "media/compare/frame_score.h"
#include "media/compare/pair_record.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

using media::compare::PairRecord;

constexpr double kApartSeconds = 0.5;  // of the worst pictures

std::string version() { return own_version(2); }

// Six digits behind the point: more would only be noise in the report.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

class Summary {
 public:
  explicit Summary(const CompareParams& params) : params_(params) {}

  Result<void> add(const InputView& chunk) {
    const auto result = VF_TRY(from_json<media::compare::PairResult>(chunk.result));
    const auto more = VF_TRY(media::compare::read_pairs(chunk.fds.at(0)));
    pairs_.insert(pairs_.end(), more.begin(), more.end());
    for (const auto ticks : result.missing_a) out_.missing_a.push_back(seconds_a(ticks));
    for (const auto ticks : result.missing_b) out_.missing_b.push_back(seconds_b(ticks));
    out_.unlike += result.unlike;
    if (result.compared == 0) return {};
    planes_ = result.planes;
    out_.depth = result.depth;
    out_.width = result.width;
    out_.height = result.height;
    return {};
  }

  CompareResult finish() {
    out_.compared = static_cast<std::int64_t>(pairs_.size());
    out_.psnr = scores([this](const PairRecord& pair, std::size_t plane) { return psnr(pair.mse[plane]); });
    out_.ssim = scores([](const PairRecord& pair, std::size_t plane) { return pair.ssim[plane]; });
    std::array<double, 4> mse{};
    for (const auto& pair : pairs_) {
      for (std::size_t i = 0; i < mse.size(); ++i) mse[i] += pair.mse[i] / static_cast<double>(pairs_.size());
      out_.identical += pair.mse[3] == 0;
    }
    out_.psnr_total = {psnr(mse[0]), {}, {}, psnr(mse[3])};
    if (planes_ == 3) out_.psnr_total.u = psnr(mse[1]), out_.psnr_total.v = psnr(mse[2]);
    name_worst();
    fill_columns();
    return std::move(out_);
  }

 private:
  double seconds_a(std::int64_t ticks) const {
    return static_cast<double>(ticks) * params_.time_base_a.value() - params_.origin_a;
  }
  double seconds_b(std::int64_t ticks) const {
    return static_cast<double>(ticks) * params_.time_base_b.value() - params_.origin_b;
  }
  double psnr(double mse) const { return media::compare::psnr(mse, out_.depth); }

  template <typename Value>
  PlaneScores scores(Value&& value) const {
    const auto of_plane = [&](std::size_t plane) {
      std::vector<double> values;
      for (const auto& pair : pairs_) values.push_back(value(pair, plane));
      return media::compare::distribution(std::move(values));
    };
    PlaneScores out{of_plane(0), {}, {}, of_plane(3)};
    if (planes_ == 3) out.u = of_plane(1), out.v = of_plane(2);
    return out;
  }

  void name_worst() {
    const auto apart = std::llround(kApartSeconds / params_.time_base_a.value());
    for (const auto i : media::compare::worst_pairs(pairs_, static_cast<std::size_t>(params_.worst), apart)) {
      const auto& pair = pairs_[i];
      out_.worst.push_back({seconds_a(pair.a_ticks), seconds_b(pair.b_ticks), pair.a_ticks, pair.b_ticks,
                            psnr(pair.mse[0]), pair.ssim[0]});
    }
  }

  void fill_columns() {
    auto& c = out_.pairs;
    for (const auto& pair : pairs_) {
      c.a_seconds.push_back(rounded(seconds_a(pair.a_ticks)));
      c.b_seconds.push_back(rounded(seconds_b(pair.b_ticks)));
      c.psnr_y.push_back(rounded(psnr(pair.mse[0])));
      c.psnr_all.push_back(rounded(psnr(pair.mse[3])));
      c.ssim_y.push_back(rounded(pair.ssim[0]));
      c.ssim_all.push_back(rounded(pair.ssim[3]));
      if (planes_ != 3) continue;
      c.psnr_u.push_back(rounded(psnr(pair.mse[1])));
      c.psnr_v.push_back(rounded(psnr(pair.mse[2])));
      c.ssim_u.push_back(rounded(pair.ssim[1]));
      c.ssim_v.push_back(rounded(pair.ssim[2]));
    }
  }

  const CompareParams& params_;
  std::vector<PairRecord> pairs_;
  int planes_ = 0;
  CompareResult out_;
};

Result<CompareSummary> compare(const CompareParams& params, const StageMember& member) {
  Summary summary(params);
  for (const auto& chunk : member.inputs) VF_CHECK(summary.add(chunk));
  const auto result = summary.finish();
  if (result.compared == 0)
    return fail(ErrorCode::invalid_input, "Not one picture of the two files could be decoded and compared.");
  VF_CHECK(write_all(member.outputs.at(0), dump(to_json(result))));
  return CompareSummary{result.compared};
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<CompareParams>(
      call, [](const auto& params, const auto& member, const auto&) { return compare(params, member); });
}

}  // namespace

const StageKind kCompareStage{"compare", &version, &run};

}  // namespace vf::pipeline
