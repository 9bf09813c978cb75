#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vf {
namespace {

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Inner {
  int count = 0;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (count, note))

struct Outer {
  std::string name;
  Colour colour = Colour::red;
  std::vector<Inner> parts;
  double share = 0;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (name, colour, parts, share))

TEST(Json, WhatIsWrittenIsReadBackTheSame) {
  const Outer outer{"a \"b\"", Colour::green, {{3, "x"}, {4, std::nullopt}}, 0.25};
  const auto text = dump(to_json(outer));
  EXPECT_EQ(text, R"({"name":"a \"b\"","colour":"green","parts":[{"count":3,"note":"x"},{"count":4}],"share":2.5E-1})");
  const auto back = from_json_text<Outer>(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(dump(to_json(*back)), text);
}

std::string message_of(std::string_view text) {
  const auto result = from_json_text<Outer>(text);
  return result ? "accepted" : result.error().message;
}

TEST(Json, ErrorsNameThePlace) {
  EXPECT_THAT(message_of(R"({"name":"a","colour":"green","parts":[{"count":"3"}],"share":1})"),
              testing::HasSubstr("At /parts/0/count: expected a whole number"));
  EXPECT_THAT(message_of(R"({"name":"a","colour":"blue","parts":[],"share":1})"),
              testing::HasSubstr("At /colour: expected one of red, green"));
  EXPECT_THAT(message_of(R"({"name":"a","colour":"red","parts":[]})"), testing::HasSubstr("At /share: missing"));
  EXPECT_THAT(message_of(R"({"name":"a","colour":"red","parts":[],"share":1,"extra":2})"),
              testing::HasSubstr("At /extra: nobody knows"));
  EXPECT_THAT(message_of(R"({"name":"a")"), testing::HasSubstr("not valid JSON"));
  EXPECT_THAT(message_of(R"({"name":"a","colour":"red","parts":[{"count":3000000000}],"share":1})"),
              testing::HasSubstr("/parts/0/count"));
}

TEST(Json, NestingIsBounded) {
  const std::string deep(100'000, '[');
  EXPECT_FALSE(parse_json(deep));
}

}  // namespace
}  // namespace vf
