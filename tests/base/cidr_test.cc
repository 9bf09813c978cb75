#include "base/cidr.h"

#include <gtest/gtest.h>

namespace vf {
namespace {

bool inside(const char* range, const char* address) {
  const auto cidr = Cidr::parse(range);
  const auto ip = IpAddress::parse(address);
  EXPECT_TRUE(cidr && ip) << range << " " << address;
  return cidr && ip && cidr->contains(*ip);
}

TEST(Cidr, ContainsByBitsNotByText) {
  EXPECT_TRUE(inside("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(inside("192.168.1.128/25", "192.168.1.200"));
  EXPECT_FALSE(inside("192.168.1.128/25", "192.168.1.127"));
  EXPECT_TRUE(inside("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(inside("192.0.2.1/32", "192.0.2.0"));
  EXPECT_TRUE(inside("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(inside("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(inside("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(inside("::1/128", "::1"));
}

TEST(Cidr, MappedAddressesAreTheirIPv4Ones) {
  EXPECT_TRUE(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(inside("10.0.0.0/8", "::FFFF:0A01:0203"));
  EXPECT_TRUE(inside("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_FALSE(inside("::ffff:10.0.0.0/104", "11.1.2.3"));
  EXPECT_EQ(Cidr::parse("::ffff:10.1.0.0/104")->text(), "10.0.0.0/8");
}

TEST(Cidr, OneFamilyNeverContainsTheOther) {
  EXPECT_FALSE(inside("::/0", "10.0.0.1"));
  EXPECT_FALSE(inside("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(inside("::/0", "::ffff:10.0.0.1"));
  EXPECT_TRUE(inside("::/0", "::1"));
}

TEST(Cidr, RefusesWhatIsNoRange) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8",
        "010.0.0.1", "::/129", "::ffff:10.0.0.0/129", "host/8", "fe80::1%eth0/64", "[::1]/8"})
    EXPECT_FALSE(Cidr::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
}

TEST(Cidr, WritesTheCanonicalForm) {
  EXPECT_EQ(Cidr::parse("192.168.1.77/24")->text(), "192.168.1.0/24");
  EXPECT_EQ(Cidr::parse("2001:DB8:0:0::1")->text(), "2001:db8::1/128");
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.7")->text(), "192.0.2.7");
  EXPECT_EQ(*IpAddress::parse("::ffff:192.0.2.7"), *IpAddress::parse("192.0.2.7"));
}

}  // namespace
}  // namespace vf
