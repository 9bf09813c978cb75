// Stage `compare`: the scores of all pairs put together.
//   inputs  `compare-pairs` of every chunk, in order, with its records
//   output  CompareResult as JSON
//
// Stage `compare-pairs`: scores a run of pairs.        params media::compare::PairSpec; inputs a, b
// Stage `compare-picture`: one pair as three JPEGs.    params ComparePictureParams; inputs a, b
//   stages of one chunk form a group and share one decode of each video
#pragma once

#include <string>
#include <vector>

#include "media/compare/chunk.h"
#include "media/compare/summary.h"

namespace vf::pipeline {

struct ComparePictureParams {
  media::compare::PairSpec pair;
  int max_width = 640;
};
BOOST_DESCRIBE_STRUCT(ComparePictureParams, (), (pair, max_width))

struct CompareParams {
  Rational time_base_a;
  Rational time_base_b;
  double origin_a = 0;  // seconds of the file's clock: 0 of the report
  double origin_b = 0;
  int worst = 6;  // so many of the worst pictures are named
};
BOOST_DESCRIBE_STRUCT(CompareParams, (), (time_base_a, time_base_b, origin_a, origin_b, worst))

// One score of every plane; u and v are absent for grey.
struct PlaneScores {
  media::compare::Distribution y;
  std::optional<media::compare::Distribution> u;
  std::optional<media::compare::Distribution> v;
  media::compare::Distribution all;  // planes weighted by their samples
};
BOOST_DESCRIBE_STRUCT(PlaneScores, (), (y, u, v, all))

// PSNR of the mean squared error over all pictures: what ffmpeg's filter prints at its end.
struct TotalPsnr {
  double y = 0;
  std::optional<double> u;
  std::optional<double> v;
  double all = 0;
};
BOOST_DESCRIBE_STRUCT(TotalPsnr, (), (y, u, v, all))

// Columns of equal length: one entry a pair.
struct PairColumns {
  std::vector<double> a_seconds;
  std::vector<double> b_seconds;
  std::vector<double> psnr_y, psnr_u, psnr_v, psnr_all;
  std::vector<double> ssim_y, ssim_u, ssim_v, ssim_all;
};
BOOST_DESCRIBE_STRUCT(PairColumns, (),
                      (a_seconds, b_seconds, psnr_y, psnr_u, psnr_v, psnr_all, ssim_y, ssim_u, ssim_v, ssim_all))

struct WorstPair {
  double a_seconds = 0;
  double b_seconds = 0;
  std::int64_t a_ticks = 0;
  std::int64_t b_ticks = 0;
  double psnr_y = 0;
  double ssim_y = 0;
};
BOOST_DESCRIBE_STRUCT(WorstPair, (), (a_seconds, b_seconds, a_ticks, b_ticks, psnr_y, ssim_y))

struct CompareResult {
  std::int64_t compared = 0;
  std::int64_t identical = 0;     // pairs without any difference
  std::int64_t unlike = 0;        // pairs that changed their shape on the way
  std::vector<double> missing_a;  // seconds of a: did not decode
  std::vector<double> missing_b;
  int width = 0;  // what was compared
  int height = 0;
  int depth = 0;
  PlaneScores psnr;
  TotalPsnr psnr_total;
  PlaneScores ssim;
  std::vector<WorstPair> worst;
  PairColumns pairs;
};
BOOST_DESCRIBE_STRUCT(CompareResult, (),
                      (compared, identical, unlike, missing_a, missing_b, width, height, depth, psnr, psnr_total, ssim,
                       worst, pairs))

struct CompareSummary {
  std::int64_t compared = 0;
};
BOOST_DESCRIBE_STRUCT(CompareSummary, (), (compared))

}  // namespace vf::pipeline
