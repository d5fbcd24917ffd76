#include "experiments/train/record.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

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

bool same(const CurvePoint& a, const CurvePoint& b) {
  return a.update == b.update && same(a.train_loss, b.train_loss) &&
         same(a.validation_loss, b.validation_loss) && same(a.error_rate, b.error_rate);
}

bool same(const GradientNorms& a, const GradientNorms& b);

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i])) return false;
  return true;
}

bool same(const GradientNorms& a, const GradientNorms& b) {
  return a.update == b.update && same(a.norms, b.norms);
}

bool same(const TrialRecord& a, const TrialRecord& b) {
  return a.id == b.id && a.status == b.status && a.reason == b.reason && a.axes == b.axes &&
         same(a.trivial_loss, b.trivial_loss) && a.success_rule == b.success_rule && a.success == b.success &&
         a.updates == b.updates && a.solved_at == b.solved_at && same(a.best_loss, b.best_loss) &&
         a.best_update == b.best_update && same(a.last_loss, b.last_loss) &&
         same(a.last_error_rate, b.last_error_rate) && same(a.curve, b.curve) &&
         same(a.gradient_norms, b.gradient_norms) && same(a.seconds, b.seconds) && a.build == b.build;
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

TrialRecord any_record() {
  TrialRecord record;
  record.id = *any_text();
  record.status = *rc::gen::element(TrialStatus::done, TrialStatus::diverged, TrialStatus::failed);
  record.reason = *any_text();
  for (const auto& [key, value] : *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
           rc::gen::pair(any_text(), any_text())))
    record.axes[key] = value;
  record.trivial_loss = *any_double();
  record.success_rule = *any_text();
  record.success = *rc::gen::arbitrary<bool>();
  record.updates = *rc::gen::arbitrary<std::int64_t>();
  if (*rc::gen::arbitrary<bool>()) record.solved_at = *rc::gen::arbitrary<std::int64_t>();
  record.best_loss = *any_double();
  record.best_update = *rc::gen::arbitrary<std::int64_t>();
  record.last_loss = *any_double();
  record.last_error_rate = *any_double();
  for (int points = *rc::gen::inRange(0, 5); points > 0; --points)
    record.curve.push_back(
        {*rc::gen::arbitrary<std::int64_t>(), *any_double(), *any_double(), *any_double()});
  for (int at = *rc::gen::inRange(0, 3); at > 0; --at)
    record.gradient_norms.push_back(
        {*rc::gen::arbitrary<std::int64_t>(), *rc::gen::container<std::vector<double>>(any_double())});
  record.seconds = *any_double();
  record.build = *any_text();
  return record;
}

TrialRecord small_record() {
  TrialRecord record;
  record.id = "0123";
  record.axes = {{"seed", "18446744073709551615"}, {"task.length", "100"}};
  record.curve = {{100, 0.25, 0.2, 1.0}};
  record.gradient_norms = {{0, {1e-300, 0.0}}};
  return record;
}

std::string message_of(const nlohmann::json& json) {
  try {
    record_from_json(json.dump());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
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
  TrialRecord record = small_record();
  record.best_loss = std::nan("");
  record.last_loss = std::numeric_limits<double>::infinity();
  record.trivial_loss = -std::numeric_limits<double>::infinity();
  const auto json = nlohmann::json::parse(to_json(record));
  CHECK(json["best_loss"] == "nan");
  CHECK(json["last_loss"] == "inf");
  CHECK(json["trivial_loss"] == "-inf");
}

TEST_CASE("[record] a seed of 64 bits keeps all its digits") {
  CHECK(record_from_json(to_json(small_record())).axes.at("seed") == "18446744073709551615");
}

TEST_CASE("[record] a missing member is named") {
  const auto whole = nlohmann::json::parse(to_json(small_record()));
  REQUIRE(message_of(whole) == "");
  for (const auto& [name, value] : whole.items()) {
    auto json = whole;
    json.erase(name);
    CAPTURE(name);
    CHECK(names(message_of(json), "'" + name + "'"));
  }
  auto json = whole;
  json["curve"].erase("train_loss");
  CHECK(names(message_of(json), "'curve.train_loss'"));
  json = whole;
  json["gradient_norms"][0].erase("norms");
  CHECK(names(message_of(json), "'gradient_norms[0].norms'"));
}

TEST_CASE("[record] a member of the wrong type is named") {
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
  auto json = whole;
  json["updates"] = 1.5;
  CHECK(names(message_of(json), "'updates' must be an integer"));
  json["updates"] = 18446744073709551615u;
  CHECK(names(message_of(json), "'updates' must be a 64-bit integer"));
  json = whole;
  json["gradient_norms"][0]["norms"][1] = nullptr;
  CHECK(names(message_of(json), "'gradient_norms[0].norms[1]'"));
  json = whole;
  json["curve"]["error_rate"].push_back(0.5);
  CHECK(names(message_of(json), "'curve.error_rate' must be as long as curve.update (1)"));
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
