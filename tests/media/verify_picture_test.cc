// What only damage explains is found, each kind of it; hard content under a tight cap is not accused.
#include "media/verify/picture.h"

#include <gmock/gmock.h>

#include "media/decode/video_reader.h"
#include "media/verify/track.h"
#include "media_support.h"
#include "package_media.h"

namespace vf::media::verify {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace tools = vf::media::testing;

constexpr int kTimescale = 25000;
constexpr const char* kTags = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";

class VerifyPicture : public ::testing::Test {
 protected:
  // 100 moving pictures of 320x180 with B-pictures.
  void make_source(const std::string& generator = "testsrc2=s=320x180:r=25:d=4",
                   const std::string& coding = "-c:v libx264 -preset medium -crf 12 -pix_fmt yuv420p -g 60") {
    test::compose(fmt::format("-f lavfi -i \"{}\" {} {}", generator, coding, kTags), folder_ / "source.mp4");
  }

  // Encodes a rung from `input` and cuts it into two chunks of two segments each.
  tools::Track make_rung(const std::string& input, const std::string& filter, const std::string& coding = "-crf 22",
                         const std::string& name = "rung") {
    test::compose(fmt::format("-i '{}' -an -vf \"{}\" -fps_mode passthrough -c:v libx264 -preset fast {} -g 25 "
                              "-keyint_min 25 -sc_threshold 0 -flags +cgop {}",
                              folder_ / input, filter, coding, kTags),
                  folder_ / (name + "-coded.mp4"));
    const auto clip = tools::load_clip(folder_ / (name + "-coded.mp4"), kTimescale);
    std::size_t cut = 0;
    for (std::size_t i = 1; i < clip.samples.size() && cut == 0; ++i)
      if (clip.samples[i].key && clip.samples[i].pts >= 2 * kTimescale) cut = i;
    for (const auto* chunk : {"chunk0", "chunk1"}) std::filesystem::remove(folder_ / (name + "." + chunk));
    return tools::write_track(folder_, clip, cut > 0 ? std::vector<std::size_t>{cut} : std::vector<std::size_t>{}, 0,
                              name);
  }

  VerifySpec spec_of(int chunk) {
    VerifySpec spec;
    const auto fd = test::open_input(folder_ / "source.mp4");
    auto reader = VideoReader::create(fd.get(), -1);
    EXPECT_TRUE(reader.has_value());
    spec.stream_index = reader->stream_index();
    spec.time_base = reader->time_base();
    std::vector<std::int64_t> all;
    for (auto frame = reader->next(); frame && *frame; frame = reader->next()) all.push_back((*frame)->pts);
    spec.origin_ticks = all.front();
    const auto first = static_cast<std::size_t>(chunk) * 50;
    spec.frame_ticks.assign(all.begin() + static_cast<std::ptrdiff_t>(first),
                            all.begin() + static_cast<std::ptrdiff_t>(first + 50));
    spec.start_ticks = spec.frame_ticks.front();
    spec.end_ticks = first + 50 < all.size() ? all[first + 50] : all.back() + 1;
    spec.segment_starts = {spec.frame_ticks[0], spec.frame_ticks[25]};
    return spec;
  }

  RungInput input_of(const tools::Track& track, std::size_t chunk, int width, int height,
                     const std::string& blob = "") {
    const auto header = folder_ / fmt::format("header{}", open_.size());
    const auto bytes = folder_ / fmt::format("blob{}", open_.size());
    test::write_text(header, track.header.bytes);
    test::write_text(bytes, blob.empty() ? track.blobs[chunk] : blob);
    open_.push_back(test::open_input(header));
    open_.push_back(test::open_input(bytes));
    return {open_[open_.size() - 2].get(),
            open_.back().get(),
            track.chunks[chunk],
            {.name = fmt::format("{}p", height), .width = width, .height = height}};
  }

  std::vector<ChunkProof> verify(const VerifySpec& spec, const std::vector<RungInput>& rungs) {
    const auto fd = test::open_input(folder_ / "source.mp4");
    auto proofs = verify_video_chunk(spec, fd.get(), rungs);
    EXPECT_TRUE(proofs.has_value()) << proofs.error().message << " " << proofs.error().detail;
    return proofs ? *proofs : std::vector<ChunkProof>(rungs.size());
  }
  std::vector<std::string> failures(const VerifySpec& spec, const RungInput& rung) {
    return verify(spec, {rung})[0].failures;
  }

  tools::TempDir folder_;
  std::vector<UniqueFd> open_;
};

TEST_F(VerifyPicture, CleanChunksOfTwoRungsAreProven) {
  make_source();
  const auto large = make_rung("source.mp4", "null", "-crf 20", "large");
  const auto small = make_rung("source.mp4", "scale=160:90:flags=bicubic", "-crf 20", "small");
  for (int chunk = 0; chunk < 2; ++chunk) {
    const auto c = static_cast<std::size_t>(chunk);
    const auto proofs = verify(spec_of(chunk), {input_of(large, c, 320, 180), input_of(small, c, 160, 90)});
    for (const auto& proof : proofs) {
      EXPECT_THAT(proof.failures, IsEmpty()) << proof.rung << " of chunk " << chunk;
      EXPECT_EQ(proof.frames, 50);
      EXPECT_EQ(proof.first_pts, chunk * 2 * kTimescale);
      EXPECT_EQ(proof.last_pts, chunk * 2 * kTimescale + 49 * kTimescale / 25);
      EXPECT_EQ(proof.samples.size(), 6U);  // 0, 10, 20, 30, 40 and 49
      EXPECT_GT(proof.ssim_mean, 0.95) << proof.rung;
      EXPECT_GE(proof.ssim_mean, proof.ssim_p1);
      EXPECT_EQ(proof.decode_errors, 0);
    }
  }
}

TEST_F(VerifyPicture, SsimIsWhatFfmpegMeasures) {
  make_source();
  const auto track = make_rung("source.mp4", "null", "-crf 30");
  auto spec = spec_of(0);
  spec.sample_every = 1;
  const auto proof = verify(spec, {input_of(track, 0, 320, 180)})[0];
  const auto said =
      test::run(fmt::format("ffmpeg -i '{0}/rung.mp4' -i '{0}/source.mp4' -lavfi "
                            "\"[0]trim=end_frame=50[a];[1]trim=end_frame=50[b];[a][b]ssim\" -f null -",
                            folder_.path()));
  const auto at = said.find("SSIM Y:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NEAR(proof.ssim_mean, std::stod(said.substr(at + 7)), 0.001);
}

TEST_F(VerifyPicture, DroppedRepeatedAndSwappedPicturesAreFound) {
  make_source();
  const auto dropped = make_rung("source.mp4", "select=not(eq(n\\,37))", "-crf 22", "dropped");
  EXPECT_THAT(failures(spec_of(0), input_of(dropped, 0, 320, 180)), Contains(HasSubstr("missing")));
  const auto repeated =
      make_rung("source.mp4", "loop=loop=1:size=1:start=37,trim=end_frame=50,settb=1/50,setpts=2*N-gt(N\\,37)",
                "-crf 22 -enc_time_base 1:50", "repeated");
  EXPECT_THAT(failures(spec_of(0), input_of(repeated, 0, 320, 180)), Not(IsEmpty()));
  const auto clean = make_rung("source.mp4", "null");
  EXPECT_THAT(failures(spec_of(0), input_of(clean, 1, 320, 180)), Not(IsEmpty()));
  EXPECT_THAT(failures(spec_of(0), input_of(clean, 0, 320, 180, clean.blobs[1])), Not(IsEmpty()));
}

TEST_F(VerifyPicture, PicturesOneMomentLateAreFoundThoughTheirTimesAreRight) {
  make_source("testsrc2=s=320x180:r=25:d=4,scroll=h=0.01");
  // Picture n shows what n-1 should show; counts and times are as they should be.
  const auto late = make_rung("source.mp4", "tpad=start=1:start_mode=clone,trim=end_frame=100", "-crf 18", "late");
  EXPECT_THAT(failures(spec_of(0), input_of(late, 0, 320, 180)), Contains(HasSubstr("the moment before")));
}

TEST_F(VerifyPicture, AnotherVideoBlackAndWrongSizeAreFound) {
  make_source();
  test::compose("-f lavfi -i mandelbrot=s=320x180:r=25 -frames:v 100 -c:v libx264 -pix_fmt yuv420p",
                folder_ / "other.mp4");
  EXPECT_THAT(failures(spec_of(0), input_of(make_rung("other.mp4", "null", "-crf 22", "o"), 0, 320, 180)),
              Contains(HasSubstr("not the source's")));
  EXPECT_THAT(
      failures(spec_of(0), input_of(make_rung("source.mp4", "drawbox=c=black:t=fill", "-crf 22", "b"), 0, 320, 180)),
      Contains(HasSubstr("not the source's")));
  // Black for half a second only.
  EXPECT_THAT(failures(spec_of(0), input_of(make_rung("source.mp4", "drawbox=c=black:t=fill:enable='between(n,25,37)'",
                                                      "-crf 22", "h"),
                                            0, 320, 180)),
              Contains(HasSubstr("not the source's")));
  const auto small = make_rung("source.mp4", "scale=160:90", "-crf 22", "s");
  EXPECT_THAT(failures(spec_of(0), input_of(small, 0, 320, 180)), Contains(HasSubstr("160 x 90")));
}

TEST_F(VerifyPicture, DamagedBytesAndTruncationAreFound) {
  make_source();
  const auto track = make_rung("source.mp4", "null");
  for (const double place : {0.15, 0.5, 0.8}) {
    auto blob = track.blobs[0];
    const auto at = static_cast<std::size_t>(static_cast<double>(blob.size()) * place);
    for (std::size_t i = 0; i < 200; ++i) blob[at + i] = static_cast<char>(blob[at + i] ^ 0x3C);
    EXPECT_THAT(failures(spec_of(0), input_of(track, 0, 320, 180, blob)), Not(IsEmpty())) << place;
  }
  for (const double share : {0.01, 0.4, 0.95})
    EXPECT_THAT(failures(spec_of(0),
                         input_of(track, 0, 320, 180,
                                  track.blobs[0].substr(0, static_cast<std::size_t>(
                                                               static_cast<double>(track.blobs[0].size()) * share)))),
                Not(IsEmpty()))
        << share;
}

TEST_F(VerifyPicture, SegmentsThatBeginElsewhereAreFound) {
  make_source();
  const auto track = make_rung("source.mp4", "null");
  auto spec = spec_of(0);
  spec.segment_starts[1] = spec.frame_ticks[20];
  EXPECT_THAT(failures(spec, input_of(track, 0, 320, 180)), Contains(HasSubstr("Segment 1")));
}

TEST_F(VerifyPicture, HardContentUnderATightCapIsNotAccused) {
  for (const std::string generator :
       {"nullsrc=s=320x180:r=25:d=4,geq=random(1)*255:128:128", "testsrc2=s=320x180:r=25:d=4,noise=alls=60:allf=t",
        "mandelbrot=s=320x180:r=25:end_scale=0.0001,trim=end_frame=100", "color=c=0x101010:s=320x180:r=25:d=4"}) {
    make_source(generator);
    const auto track = make_rung("source.mp4", "null", "-b:v 60k -maxrate 60k -bufsize 120k");
    const auto proof = verify(spec_of(0), {input_of(track, 0, 320, 180)})[0];
    EXPECT_THAT(proof.failures, IsEmpty()) << generator << " " << proof.ssim_mean;
  }
}

TEST_F(VerifyPicture, TenBit) {
  make_source("testsrc2=s=320x180:r=25:d=4", "-c:v libx264 -preset fast -crf 14 -pix_fmt yuv420p10le -g 60");
  test::compose(
      fmt::format("-i '{}' -c:v libx265 -preset ultrafast -x265-params "
                  "keyint=25:min-keyint=25:scenecut=0:open-gop=0:log-level=none -pix_fmt yuv420p10le -tag:v hvc1 {}",
                  (folder_ / "source.mp4"), kTags),
      folder_ / "coded.mp4");
  const auto clip = tools::load_clip(folder_ / "coded.mp4", kTimescale);
  const auto track = tools::write_track(folder_, clip, {tools::middle_key(clip)}, 0, "deep");
  auto rung = input_of(track, 0, 320, 180);
  rung.target.pixel_format = "yuv420p10le";
  rung.target.keep_hdr = true;
  const auto proof = verify(spec_of(0), {rung})[0];
  EXPECT_THAT(proof.failures, IsEmpty());
  EXPECT_GT(proof.ssim_mean, 0.9);
}

TEST_F(VerifyPicture, WholeTrackHoldsTogether) {
  make_source();
  const auto track = make_rung("source.mp4", "null");
  const auto whole = test::open_input(folder_ / "rung.mp4");
  const auto proof = verify_track({whole.get()}, track.chunks);
  ASSERT_TRUE(proof.has_value()) << proof.error().message;
  EXPECT_THAT(proof->failures, IsEmpty());
  EXPECT_EQ(proof->frames, 100);
  EXPECT_EQ(proof->segments, 4);
  EXPECT_NEAR(proof->duration_seconds, 4, 0.001);
  EXPECT_GE(proof->peak_bit_rate, proof->mean_bit_rate);
  std::int64_t media = 0;
  for (const auto& chunk : track.chunks)
    for (const auto& segment : chunk.segments) media += segment.media_bytes;
  EXPECT_EQ(proof->mean_bit_rate, media * 8 / 4);

  auto bytes = test::read_text(folder_ / "rung.mp4");
  test::write_text(folder_ / "cut.mp4", bytes.substr(0, bytes.size() - 5000));
  const auto cut = test::open_input(folder_ / "cut.mp4");
  EXPECT_THAT(verify_track({cut.get()}, track.chunks)->failures, Not(IsEmpty()));
  test::write_text(folder_ / "swapped.mp4", track.header.bytes + track.blobs[1] + track.blobs[0]);
  const auto swapped = test::open_input(folder_ / "swapped.mp4");
  EXPECT_THAT(verify_track({swapped.get()}, track.chunks)->failures, Not(IsEmpty()));
  test::write_text(folder_ / "short.mp4", track.header.bytes + track.blobs[0]);
  const auto missing = test::open_input(folder_ / "short.mp4");
  EXPECT_THAT(verify_track({missing.get()}, track.chunks)->failures, Not(IsEmpty()));
}

}  // namespace
}  // namespace vf::media::verify
