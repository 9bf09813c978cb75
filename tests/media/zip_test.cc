// Archives of ours, opened by unzip and by Python's zipfile; small ones, and those that need ZIP64.
#include "media/zip/zip.h"

#include <unistd.h>

#include "media_support.h"

namespace vf::test {
namespace {

using media::zip::Directory;
using media::zip::Member;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Member member(std::string name, std::string_view text) {
  return {std::move(name), static_cast<std::int64_t>(text.size()), media::zip::crc32(bytes_of(text))};
}

std::string python(const std::filesystem::path& archive, const std::string& code) {
  return run(fmt::format("python3 -c \"import zipfile; z = zipfile.ZipFile('{}'); {}\"", archive.string(), code));
}

class Zip : public testing::Test {
 protected:
  TempFolder folder_;
  std::filesystem::path path_ = folder_.path() / "a.zip";
};

TEST_F(Zip, MembersAreReadBack) {
  Directory directory;
  std::string archive;
  for (const auto& [name, text] : {std::pair{"a.txt", "first"}, {"größe/b.txt", ""}, {"c.txt", "third\n"}}) {
    archive += media::zip::local_header(member(name, text)) + text;
    directory.add(member(name, text));
  }
  EXPECT_EQ(directory.size(), static_cast<std::int64_t>(archive.size()));
  write_text(path_, archive + std::move(directory).finish());
  run(fmt::format("unzip -tq '{}'", path_.string()));
  EXPECT_EQ(python(path_, "print(z.testzip(), z.namelist(), z.read('c.txt'))"),
            "None ['a.txt', 'größe/b.txt', 'c.txt'] b'third\\n'\n");
}

TEST_F(Zip, MoreMembersThanSixteenBitsCount) {
  constexpr int kMembers = 70'000;
  Directory directory;
  std::string archive;
  for (int i = 0; i < kMembers; ++i) {
    const auto m = member(fmt::format("frame_{:06}.jpg", i), "x");
    archive += media::zip::local_header(m) + "x";
    directory.add(m);
  }
  write_text(path_, archive + std::move(directory).finish());
  EXPECT_EQ(python(path_, "print(len(z.namelist()), z.testzip(), z.read('frame_069999.jpg'))"), "70000 None b'x'\n");
  run(fmt::format("unzip -p '{}' frame_069999.jpg | grep -qx x", path_.string()));
}

// A member past 4 GiB, and one that stands behind it; the bytes of the first are a hole in the file.
TEST_F(Zip, SizesAndOffsetsPastFourGibibytes) {
  constexpr std::int64_t kHole = (4LL << 30) + 12345;
  const Member large{"large.bin", kHole, 0};
  const auto small = member("small.txt", "behind");
  Directory directory;
  directory.add(large);
  directory.add(small);
  const auto fd = new_file(path_);
  ASSERT_TRUE(write_all(fd.get(), media::zip::local_header(large)));
  ASSERT_NE(::lseek(fd.get(), kHole, SEEK_CUR), -1);
  ASSERT_TRUE(write_all(fd.get(), media::zip::local_header(small) + "behind" + std::move(directory).finish()));
  EXPECT_EQ(python(path_, "print(z.getinfo('large.bin').file_size, z.read('small.txt'))"),
            fmt::format("{} b'behind'\n", kHole));
  run(fmt::format("unzip -p '{}' small.txt | grep -qx behind", path_.string()));
}

}  // namespace
}  // namespace vf::test
