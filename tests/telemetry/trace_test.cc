// Trace contexts as W3C writes them, spans as a collector reads them, and a tracer that nobody waits for.
#include "telemetry/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

namespace vf::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr auto kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr auto kSpan = "00f067aa0ba902b7";

TEST(Traceparent, TheSpecificationsExample) {
  const auto read = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->trace, kTrace);
  EXPECT_EQ(read->span, kSpan);
  EXPECT_TRUE(read->sampled);
  EXPECT_EQ(to_traceparent(*read), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
}

TEST(Traceparent, ALaterVersionMayBeLonger) {
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
  EXPECT_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"));
}

TEST(Traceparent, WhatIsNoneBeginsAnew) {
  for (const auto* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x"})
    EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(Ids, AreNewOrFollowFromTheirText) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(new_span_id());
  EXPECT_EQ(seen.size(), 1000);
  EXPECT_EQ(new_trace_id().size(), 32);
  EXPECT_EQ(span_id_of("job 1"), span_id_of("job 1"));
  EXPECT_NE(span_id_of("job 1"), span_id_of("job 2"));
  EXPECT_EQ(span_id_of("job 1").size(), 16);
}

Span span(std::string name) {
  Span out;
  out.context = {kTrace, kSpan, true};
  out.name = std::move(name);
  out.begin_ns = 1'800'000'000'000'000'001;
  out.end_ns = 1'800'000'000'500'000'000;
  return out;
}

TEST(Otlp, TheJsonMappingOfAnExportRequest) {
  auto one = span("GET /api/videos/{id}");
  one.parent = "1111111111111111";
  one.kind = SpanKind::server;
  one.attributes = {{"http.response.status_code", 500}, {"url.scheme", "http"}, {"cpu", 0.5}, {"reused", true}};
  one.error = "answered 500";
  const auto text = otlp_request({{"service.name", "films"}}, {one});
  const auto all = parse_json(text)->as_object().at("resourceSpans").as_array().at(0).as_object();
  EXPECT_EQ(dump(all.at("resource")), R"({"attributes":[{"key":"service.name","value":{"stringValue":"films"}}]})");
  const auto scope = all.at("scopeSpans").as_array().at(0).as_object();
  EXPECT_EQ(scope.at("scope").as_object().at("name"), "videoforge");
  const auto written = scope.at("spans").as_array().at(0).as_object();
  EXPECT_EQ(written.at("traceId"), kTrace);
  EXPECT_EQ(written.at("spanId"), kSpan);
  EXPECT_EQ(written.at("parentSpanId"), "1111111111111111");
  EXPECT_EQ(written.at("kind"), 2);
  // 64-bit numbers are strings: a reader with doubles would lose the last digits.
  EXPECT_EQ(written.at("startTimeUnixNano"), "1800000000000000001");
  EXPECT_EQ(written.at("endTimeUnixNano"), "1800000000500000000");
  EXPECT_EQ(dump(written.at("attributes").as_array().at(0)),
            R"({"key":"http.response.status_code","value":{"intValue":"500"}})");
  EXPECT_EQ(dump(written.at("attributes").as_array().at(3)), R"({"key":"reused","value":{"boolValue":true}})");
  EXPECT_EQ(dump(written.at("status")), R"({"code":2,"message":"answered 500"})");
}

// A collector that may be held up.
struct Collector {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> bodies;
  bool held = false;
  int status = 200;
  int complaints = 0;

  TracerOptions options() {
    TracerOptions out;
    out.interval = 10ms;
    out.send = [this](const std::string& body) -> Result<int> {
      std::unique_lock lock(mutex);
      bodies.push_back(body);
      changed.notify_all();
      changed.wait(lock, [this] { return !held; });
      return status;
    };
    out.complain = [this](const Error&) { ++complaints; };
    return out;
  }
  void hold(bool yes) {
    const std::scoped_lock lock(mutex);
    held = yes;
    changed.notify_all();
  }
  bool asked(std::size_t times) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, [&] { return bodies.size() >= times; });
  }
};

template <typename Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(Tracer, SendsInTheBackgroundAndCounts) {
  Collector collector;
  Tracer tracer(collector.options());
  for (int i = 0; i < 3; ++i) tracer.end(span("one"));
  EXPECT_TRUE(comes_true([&] { return tracer.sent() == 3; }));
  EXPECT_EQ(tracer.dropped(), 0);
}

TEST(Tracer, WhatWaitsIsSentAtTheEnd) {
  Collector collector;
  auto options = collector.options();
  options.interval = 1h;
  std::make_unique<Tracer>(std::move(options))->end(span("last"));
  ASSERT_EQ(collector.bodies.size(), 1);
  EXPECT_THAT(collector.bodies[0], testing::HasSubstr("last"));
}

TEST(Tracer, ACollectorThatHangsCostsSpansAndNobodyWaits) {
  Collector collector;
  collector.hold(true);
  auto options = collector.options();
  options.most_waiting = 100;
  options.most_at_once = 10;
  Tracer tracer(std::move(options));
  tracer.end(span("first"));
  ASSERT_TRUE(collector.asked(1));
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) tracer.end(span("more"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << "nobody waits for the collector";
  EXPECT_EQ(tracer.dropped(), 900);
  collector.hold(false);
  EXPECT_TRUE(comes_true([&] { return tracer.sent() == 101; }));
}

TEST(Tracer, ARefusalIsCountedAndToldOnce) {
  Collector collector;
  collector.status = 400;
  Tracer tracer(collector.options());
  tracer.end(span("one"));
  EXPECT_TRUE(comes_true([&] { return tracer.dropped() == 1; }));
  tracer.end(span("two"));
  EXPECT_TRUE(comes_true([&] { return tracer.dropped() == 2; }));
  EXPECT_EQ(collector.complaints, 1);
  EXPECT_EQ(tracer.sent(), 0);
}

TEST(Tracer, ACallersDecisionGoesBeforeTheRatio) {
  Collector collector;
  auto options = collector.options();
  options.ratio = 0;
  const Tracer none(std::move(options));
  EXPECT_FALSE(none.begin({}).sampled);
  const auto place = none.begin(TraceContext{kTrace, kSpan, true});
  EXPECT_TRUE(place.sampled);
  EXPECT_EQ(place.trace, kTrace);
  EXPECT_NE(place.span, kSpan);
  const Tracer all(collector.options());
  EXPECT_TRUE(all.begin({}).sampled);
  EXPECT_FALSE(all.begin(TraceContext{kTrace, kSpan, false}).sampled);
}

TEST(Tracer, TheRatioIsKept) {
  Collector collector;
  auto options = collector.options();
  options.ratio = 0.25;
  const Tracer tracer(std::move(options));
  int kept = 0;
  for (int i = 0; i < 20'000; ++i) kept += tracer.begin({}).sampled ? 1 : 0;
  EXPECT_NEAR(kept, 5'000, 400);
}

TEST(Tracer, WhatIsNotSampledIsNotSent) {
  Collector collector;
  {
    Tracer tracer(collector.options());
    auto quiet = span("quiet");
    quiet.context.sampled = false;
    tracer.end(quiet);
  }
  EXPECT_TRUE(collector.bodies.empty());
}

}  // namespace
}  // namespace vf::telemetry
