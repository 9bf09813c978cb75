// Numbers on the wire: as short as they are exact, and never 6E0.
#include "http/message/wire_json.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace vf::http {
namespace {

TEST(WireJson, NumbersAsPeopleWriteThem) {
  struct Row {
    double number;
    const char* text;
  };
  for (const auto& [number, text] : std::initializer_list<Row>{{6, "6"},
                                                               {0, "0"},
                                                               {-0.0, "0"},
                                                               {6.5, "6.5"},
                                                               {-12.25, "-12.25"},
                                                               {0.1, "0.1"},
                                                               {29.97002997002997, "29.97002997002997"},
                                                               {1e15, "1000000000000000"},
                                                               {123456789.125, "123456789.125"},
                                                               {0.000001, "0.000001"},
                                                               {1e-9, "1e-09"},
                                                               {1e300, "1e+300"}})
    EXPECT_EQ(wire_json(number), text);
}

TEST(WireJson, EveryDoubleReadsBackAsItself) {
  std::mt19937_64 random(20261);
  for (int i = 0; i < 200'000; ++i) {
    const auto bits = random();
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) continue;
    const auto text = wire_json(number);
    ASSERT_TRUE(parse_json(text)) << text;
    // Boost 1.81's own parser is off by a bit for some.
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    ASSERT_EQ(read, number) << text;
  }
}

TEST(WireJson, WhatJsonHasNoNumberForIsNull) {
  EXPECT_EQ(wire_json(json::array{std::nan(""), std::numeric_limits<double>::infinity()}), "[null,null]");
}

TEST(WireJson, TheRestIsAsItWas) {
  const json::value value{{"text", "a \"b\" \n \x01 \xc3\xa4"},
                          {"whole", -7},
                          {"large", UINT64_MAX},
                          {"yes", true},
                          {"nothing", nullptr},
                          {"list", {1, {{"in", 2.0}}}},
                          {"none", json::array()}};
  EXPECT_EQ(wire_json(value),
            "{\"text\":\"a \\\"b\\\" \\n \\u0001 \xc3\xa4\",\"whole\":-7,\"large\":18446744073709551615,\"yes\":true,"
            "\"nothing\":null,\"list\":[1,{\"in\":2}],\"none\":[]}");
  EXPECT_EQ(dump(json::value(6.0)), "6E0") << "the form that keys hash has not changed";
}

}  // namespace
}  // namespace vf::http
