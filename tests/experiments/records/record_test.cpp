#include "experiments/records/record.hpp"
#include "tests/support/error_of.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace unroll;

namespace {

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool same(const Scalar& a, const Scalar& b) {
  return a.name == b.name && same(a.value, b.value) && a.descriptor == b.descriptor;
}

bool same(const RecordedSeries& a, const RecordedSeries& b);

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

bool same(const RecordedSeries& a, const RecordedSeries& b) {
  return a.name == b.name && a.moment == b.moment && a.axis == b.axis && a.held == b.held &&
         a.descriptor == b.descriptor && same(a.x, b.x) && same(a.y, b.y) && a.names == b.names &&
         a.over == b.over;
}

bool same(const TrialRecord& a, const TrialRecord& b) {
  return a.id == b.id && a.status == b.status && a.reason == b.reason && a.success_rule == b.success_rule &&
         a.success == b.success && a.updates == b.updates && a.solved_at == b.solved_at &&
         a.best_update == b.best_update && same(a.scalars, b.scalars) && same(a.series, b.series) &&
         same(a.seconds, b.seconds) && a.build == b.build && a.host == b.host && a.attempts == b.attempts;
}

/// Every pattern of 64 bits is as likely as any other, and the special values come up often.
rc::Gen<double> any_double() {
  const double inf = std::numeric_limits<double>::infinity();
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::resize(1000, rc::gen::arbitrary<std::uint64_t>()),
                   [](std::uint64_t bits) { return std::bit_cast<double>(bits * 0x9E3779B97F4A7C15u); }),
      rc::gen::element(0.0, -0.0, inf, -inf, std::nan(""), 1e-310, 5e-324, 0.1, 1.0 / 3.0,
                       std::numeric_limits<double>::max(), 3.0));
}

rc::Gen<std::string> any_text() {
  const auto piece = rc::gen::element<std::string>("tanh", "\"", "\\", "\n", "</script>", "‖∂L/∂h‖", ",", "0",
                                                   std::string(1, '\0'));
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& each : pieces) text += each;
                        return text;
                      });
}

FigureDescriptor any_descriptor() {
  return {.unit = *any_text(), .direction = *any_text(), .logarithmic = *rc::gen::arbitrary<bool>()};
}

RecordedSeries any_series() {
  RecordedSeries series{.name = *any_text(),
                        .moment = *any_text(),
                        .axis = *any_text(),
                        .held = *rc::gen::arbitrary<bool>(),
                        .descriptor = any_descriptor(),
                        .x = *rc::gen::container<std::vector<double>>(any_double()),
                        .y = {}};
  series.y = *rc::gen::container<std::vector<double>>(series.x.size(), any_double());
  series.names = *rc::gen::container<std::vector<std::string>>(any_text());
  series.over = *any_text();
  return series;
}

TrialRecord any_record() {
  TrialRecord record;
  record.id = *any_text();
  record.status = *rc::gen::element(TrialStatus::done, TrialStatus::diverged, TrialStatus::failed);
  record.reason = *any_text();
  record.success_rule = *any_text();
  record.success = *rc::gen::arbitrary<bool>();
  record.updates = *rc::gen::arbitrary<std::int64_t>();
  if (*rc::gen::arbitrary<bool>()) record.solved_at = *rc::gen::arbitrary<std::int64_t>();
  record.best_update = *rc::gen::arbitrary<std::int64_t>();
  for (int scalars = *rc::gen::inRange(0, 5); scalars > 0; --scalars)
    record.scalars.push_back({*any_text(), *any_double(), any_descriptor()});
  for (int series = *rc::gen::inRange(0, 4); series > 0; --series) record.series.push_back(any_series());
  record.seconds = *any_double();
  record.build = *any_text();
  record.host = *any_text();
  record.attempts = *rc::gen::arbitrary<std::int64_t>();
  return record;
}

TrialRecord small_record() {
  TrialRecord record;
  record.id = "0123";
  record.set({"best_loss", 0.25, {.unit = "nats per answer", .direction = "lower", .logarithmic = true}});
  record.series = {{.name = "loss",
                    .moment = "validation",
                    .axis = "update",
                    .held = true,
                    .x = {0, 100},
                    .y = {1, 0.25}}};
  return record;
}

std::string message_of(const nlohmann::json& json) {
  return error_of<std::invalid_argument>([&] { record_from_json(json.dump()); });
}

bool names(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("[record] what is written is read back bit for bit, on one line") {
  CHECK(rc::check([] {
    const TrialRecord record = any_record();
    const std::string line = to_json(record);
    RC_ASSERT(line.find('\n') == std::string::npos);
    RC_ASSERT(same(record_from_json(line), record));
    RC_ASSERT(to_json(record_from_json(line)) == line);
  }));
}

TEST_CASE("[record] numbers that are not finite are strings, never null") {
  const double inf = std::numeric_limits<double>::infinity();
  TrialRecord record = small_record();
  record.set({"best_loss", std::nan("")});
  record.series[0].x = {0, 1, 2, 3};
  record.series[0].y = {std::nan(""), inf, -inf, 0.5};
  const auto json = nlohmann::json::parse(to_json(record));
  CHECK(json["scalars"][0]["value"] == "nan");
  CHECK(json["series"][0]["y"] == nlohmann::json{"nan", "inf", "-inf", 0.5});
  CHECK(same(record_from_json(json.dump()), record));
}

TEST_CASE("[record] a scalar is set once, and found by its name") {
  TrialRecord record;
  CHECK_FALSE(record.scalar("loss"));
  record.set({"loss", 1});
  record.set({"accuracy", 0.5});
  record.set({"loss", 2});
  CHECK(record.scalars.size() == 2);
  CHECK(record.scalars[0].name == "loss");
  CHECK(record.scalar("loss") == 2);
  CHECK_FALSE(record.scalar("los"));
}

TEST_CASE("[record] series of one name differ by their moment") {
  TrialRecord record;
  const RecordedSeries start{.name = "norm", .moment = "start", .axis = "time step", .x = {}, .y = {}};
  RecordedSeries end = start;
  end.moment = "end";
  record.series_like(start).y.push_back(1);
  record.series_like(end).y.push_back(2);
  record.series_like(start).y.push_back(3);
  REQUIRE(record.series.size() == 2);
  CHECK(record.find("norm", "start")->y == std::vector<double>{1, 3});
  CHECK(record.find("norm", "end")->y == std::vector<double>{2});
  CHECK(record.find("norm") == nullptr);
  CHECK(record.find("other", "start") == nullptr);
}

TEST_CASE("[record] a missing member is named, with its path") {
  const auto whole = nlohmann::json::parse(to_json(small_record()));
  REQUIRE(message_of(whole) == "(no error)");
  for (const auto& [name, value] : whole.items()) {
    if (name == "host" || name == "attempts") continue;  // earlier versions had none
    auto json = whole;
    json.erase(name);
    CAPTURE(name);
    CHECK(names(message_of(json), "no member '" + name + "'"));
  }
  for (const std::string list : {"scalars", "series"})
    for (const auto& [name, value] : whole[list][0].items()) {
      auto json = whole;
      json[list][0].erase(name);
      CAPTURE(name);
      CHECK(names(message_of(json), "no member '" + list + "[0]." + name + "'"));
    }
  auto json = whole;
  json["series"][0]["descriptor"].erase("unit");
  CHECK(names(message_of(json), "no member 'series[0].descriptor.unit'"));
}

TEST_CASE("[record] one of an earlier version has no host and was started once") {
  auto json = nlohmann::json::parse(to_json(small_record()));
  json.erase("host");
  json.erase("attempts");
  const TrialRecord record = record_from_json(json.dump());
  CHECK(record.host.empty());
  CHECK(record.attempts == 1);
  CHECK(same(record, small_record()));
}

TEST_CASE("[record] a member of the wrong type is named, with its path") {
  const auto whole = nlohmann::json::parse(to_json(small_record()));
  for (const auto& [name, value] : whole.items()) {
    for (const auto& wrong : {nlohmann::json(nlohmann::json::array({nullptr})), nlohmann::json("?")}) {
      if (value.is_string() && name != "status" && wrong.is_string()) continue;
      auto json = whole;
      json[name] = wrong;
      CAPTURE(name);
      CHECK(names(message_of(json), "'" + name));
    }
  }
  for (const std::string list : {"scalars", "series"})
    for (const auto& [name, value] : whole[list][0].items()) {
      auto json = whole;
      json[list][0][name] = nullptr;
      CAPTURE(name);
      CHECK(names(message_of(json), "'" + list + "[0]." + name + "' must be"));
    }
  const auto message_with = [&](const std::string& pointer, const nlohmann::json& value) {
    auto json = whole;
    json[nlohmann::json::json_pointer(pointer)] = value;
    return message_of(json);
  };
  CHECK(names(message_with("/updates", 1.5), "'updates' must be an integer"));
  CHECK(names(message_with("/updates", 18446744073709551615u), "'updates' must be a 64-bit integer"));
  CHECK(names(message_with("/status", "finished"),
              "'status' must be one of done, stopped, diverged, failed, but is finished"));
  CHECK(names(message_with("/scalars/0/value", "1"), "'scalars[0].value' must be a number"));
  CHECK(names(message_with("/scalars/0/descriptor/logarithmic", 1), "'scalars[0].descriptor.logarithmic'"));
  CHECK(names(message_with("/series/0/y/1", nullptr), "'series[0].y[1]'"));
  CHECK(
      names(message_with("/series/0/y", {1, 2, 3}), "'series[0].y' must be as long as x (2), but is 3 long"));
}

TEST_CASE("[record] a torn line is an error, not a crash") {
  const std::string line = to_json(small_record());
  for (std::size_t length = 0; length < line.size(); ++length)
    CHECK_THROWS_AS(record_from_json(line.substr(0, length)), std::invalid_argument);
  CHECK_THROWS_AS(record_from_json("[]"), std::invalid_argument);
  CHECK_THROWS_AS(record_from_json("1e999"), std::invalid_argument);
}

TEST_CASE("[record] bytes that are no UTF-8 do not keep a record from being written") {
  TrialRecord record = small_record();
  record.reason = "cannot open \xff\xfe";
  CHECK(record_from_json(to_json(record)).reason == "cannot open \xEF\xBF\xBD\xEF\xBF\xBD");
}
