#include "pipeline/plans/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vf::pipeline {
namespace {

std::vector<std::string> described(int width, int height, const std::vector<std::string>& names = {"auto"}) {
  std::vector<std::string> out;
  const auto rungs = choose_rungs(width, height, names);
  if (!rungs) return {rungs.error().message};
  for (const auto& rung : *rungs)
    out.push_back(rung.name + "=" + std::to_string(rung.width) + "x" + std::to_string(rung.height));
  return out;
}

using testing::ElementsAre;

TEST(Ladder, FullHdGivesFourRungs) {
  EXPECT_THAT(described(1920, 1080), ElementsAre("1080p=1920x1080", "720p=1280x720", "480p=854x480", "360p=640x360"));
}

TEST(Ladder, PortraitTurnsTheBoxes) { EXPECT_THAT(described(1080, 1920, {"720p"}), ElementsAre("720p=720x1280")); }

TEST(Ladder, NeverEnlargesAndNamesTheSmallestBoxThatHoldsThePicture) {
  EXPECT_THAT(described(1138, 640), ElementsAre("720p=1138x640", "480p=854x480", "360p=640x360"));
  EXPECT_THAT(described(1280, 720, {"2160p", "1080p", "720p"}), ElementsAre("720p=1280x720"));
  EXPECT_THAT(described(1280, 720, {"2160p", "1080p"}), ElementsAre("1080p=1280x720"));
}

TEST(Ladder, ASmallPictureGivesOneRungOfItsOwnName) {
  EXPECT_THAT(described(320, 240), ElementsAre("240p=320x240"));
  EXPECT_THAT(described(321, 241), ElementsAre("242p=322x242"));
  EXPECT_THAT(described(1, 1), ElementsAre("2p=2x2"));
}

TEST(Ladder, WideFilmsKeepTheirShape) {
  EXPECT_THAT(described(1920, 800, {"1080p", "720p"}), ElementsAre("1080p=1920x800", "720p=1280x534"));
}

TEST(Ladder, AnUnknownRungIsNamed) {
  EXPECT_THAT(described(1920, 1080, {"999p"}).front(), testing::HasSubstr("no rung '999p'"));
}

}  // namespace
}  // namespace vf::pipeline
