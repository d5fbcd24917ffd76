#include "experiments/studies/expectation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/studies/members.hpp"

namespace unroll {
namespace {

struct UseRow {
  std::string_view key;
  SeriesUse use;
  bool takes_number;
  std::string_view text;
};
constexpr std::array<UseRow, 9> uses = {{
    {"at", SeriesUse::at, true, "at {}"},
    {"first_below", SeriesUse::first_below, true, "first below {}"},
    {"first_above", SeriesUse::first_above, true, "first above {}"},
    {"first", SeriesUse::first, false, "first value"},
    {"last", SeriesUse::last, false, "last value"},
    {"min", SeriesUse::min, false, "lowest value"},
    {"max", SeriesUse::max, false, "highest value"},
    {"mean", SeriesUse::mean, false, "mean"},
    {"log_slope", SeriesUse::log_slope, false, "slope of its logarithm"},
}};

struct StatisticRow {
  std::string_view name;
  Statistic statistic;
};
constexpr std::array<StatisticRow, 4> statistics = {{{"median", Statistic::median},
                                                     {"mean", Statistic::mean},
                                                     {"min", Statistic::min},
                                                     {"max", Statistic::max}}};

/// Of what is 0 or 1 in each trial the median says little.
Statistic usual_statistic(const Measure& measure) {
  return measure.scalar == "success" || measure.scalar == "diverged" ? Statistic::mean : Statistic::median;
}

Statistic statistic_of(const Member& member) {
  const std::string name = text_of(member);
  const auto known = std::ranges::find(statistics, name, &StatisticRow::name);
  if (known == statistics.end()) refuse(member, "median, mean, min or max");
  return known->statistic;
}

Contrast contrast_of(const Member& member) {
  const std::string name = text_of(member);
  if (name == "difference") return Contrast::difference;
  if (name == "ratio") return Contrast::ratio;
  refuse(member, "difference or ratio");
}

std::vector<std::string_view> measure_keys() {
  std::vector<std::string_view> keys = {"series", "moment"};
  for (const UseRow& use : uses) keys.push_back(use.key);
  return keys;
}

/// "best_loss", or { series = "loss", moment = "validation", first_below = 0.08 }.
Measure measure_of(const Member& member) {
  if (std::holds_alternative<std::string>(member.node.value)) return {.scalar = text_of(member)};
  Measure measure;
  bool used = false;
  for (const Member& inner : members_of(member)) {
    const auto use = std::ranges::find(uses, inner.key, &UseRow::key);
    if (inner.key == "series") {
      measure.series = text_of(inner);
    } else if (inner.key == "moment") {
      measure.moment = text_of(inner);
    } else if (use != uses.end()) {
      if (used) refuse(inner, "one use of the series, not two");
      used = true;
      measure.use = use->use;
      if (use->takes_number)
        measure.argument = number_of(inner);
      else if (!flag_of(inner))
        refuse(inner, "true");
    } else {
      refuse_unknown(inner, measure_keys());
    }
  }
  if (measure.series.empty())
    refuse(member, "a scalar's name, or a table with series = \"...\" and one use of it");
  if (!used) {
    std::vector<std::string_view> keys;
    for (const UseRow& use : uses) keys.push_back(use.key);
    refuse(member, fmt::format("one use of the series: {}", fmt::join(keys, ", ")));
  }
  return measure;
}

using Reader = void (*)(const OptionTable&, const Member&, Expectation&);
struct MemberRow {
  std::string_view key;
  Reader read;
};

Where where_of(const OptionTable& options, const Member& member) {
  return {options, text_of(member), member.origin};
}

constexpr std::array<MemberRow, 15> rows = {{
    {"says", [](const OptionTable&, const Member& m, Expectation& e) { e.says = text_of(m); }},
    {"part", [](const OptionTable&, const Member& m, Expectation& e) { e.part = text_of(m); }},
    {"where", [](const OptionTable& o, const Member& m, Expectation& e) { e.where = where_of(o, m); }},
    {"against", [](const OptionTable& o, const Member& m, Expectation& e) { e.against = where_of(o, m); }},
    {"by", [](const OptionTable&, const Member& m, Expectation& e) { e.contrast = contrast_of(m); }},
    {"over", [](const OptionTable&, const Member& m, Expectation& e) { e.over = texts_of(m); }},
    {"trend", [](const OptionTable&, const Member& m, Expectation& e) { e.trend = text_of(m); }},
    {"measure", [](const OptionTable&, const Member& m, Expectation& e) { e.measure = measure_of(m); }},
    {"statistic", [](const OptionTable&, const Member& m, Expectation& e) { e.statistic = statistic_of(m); }},
    {"share", [](const OptionTable&, const Member& m, Expectation& e) { e.share = number_of(m); }},
    {"at_least", [](const OptionTable&, const Member& m, Expectation& e) { e.at_least = number_of(m); }},
    {"at_most", [](const OptionTable&, const Member& m, Expectation& e) { e.at_most = number_of(m); }},
    {"paper", [](const OptionTable&, const Member& m, Expectation& e) { e.paper = text_of(m); }},
    {"published", [](const OptionTable&, const Member& m, Expectation& e) { e.published = number_of(m); }},
    {"budgets", [](const OptionTable&, const Member& m, Expectation& e) { e.budgets = texts_of(m); }},
}};

void check(const Expectation& e) {
  const auto wrong = [&](std::string_view what) {
    throw ConfigError(fmt::format("{}: [[expect]]: {}", e.origin, what));
  };
  if (e.says.empty()) wrong("expected says = \"...\", a sentence that tells what is expected");
  if (e.measure.scalar.empty() && e.measure.series.empty())
    wrong("expected measure = \"best_loss\" or another scalar of a trial, or a table with a series");
  if (!e.at_least && !e.at_most) wrong("expected a band: at_least, at_most or both");
  if (e.at_least && e.at_most && *e.at_least > *e.at_most)
    wrong(fmt::format("expected at_least no greater than at_most, found {} and {}", *e.at_least, *e.at_most));
  if (e.share && (*e.share <= 0 || *e.share > 1))
    wrong(fmt::format("expected a share above 0 and at most 1, found {}", *e.share));
  if (e.against.has_value() != (e.contrast != Contrast::none))
    wrong("expected against = \"...\" and by = \"difference\" or \"ratio\" together");
  if (e.published && (e.against || !e.trend.empty() || e.measure.use == SeriesUse::log_slope))
    wrong(
        "expected published = NUMBER of a measure that a plot shows, not of a contrast, a trend or a slope");
  if (!e.trend.empty() && (e.against || e.share))
    wrong("expected either a trend, or a contrast or share: a trend is one number of all trials");
}

}  // namespace

std::string Measure::text() const {
  if (series.empty()) return scalar;
  const auto row = std::ranges::find(uses, use, &UseRow::use);
  return fmt::format("{}{}: {}", series, moment.empty() ? "" : " (" + moment + ")",
                     fmt::format(fmt::runtime(row->text), short_number(argument)));
}

bool Expectation::holds_under(const std::string& budget) const {
  return budgets.empty() || std::ranges::find(budgets, budget) != budgets.end();
}

std::string Expectation::band() const {
  const std::string within = at_least && at_most
                                 ? fmt::format("{} to {}", exact_number(*at_least), exact_number(*at_most))
                             : at_least ? "at least " + exact_number(*at_least)
                                        : "at most " + exact_number(*at_most);
  if (!share) return within;
  return within + (*share == 1 ? " in every trial" : fmt::format(" in {:.3g} % of the trials", *share * 100));
}

Expectation read_expectation(const OptionTable& options, const TomlDocument& document, const TomlNode& node) {
  Expectation expectation;
  expectation.origin = place(document.name, node.at);
  bool said = false;
  for (const Member& member : members_of({"expect", expectation.origin, node, document})) {
    const auto row = std::ranges::find(rows, member.key, &MemberRow::key);
    if (row == rows.end()) {
      std::vector<std::string_view> known;
      for (const MemberRow& one : rows) known.push_back(one.key);
      refuse_unknown(member, known);
    }
    row->read(options, member, expectation);
    said = said || member.key == "statistic";
  }
  if (!said) expectation.statistic = usual_statistic(expectation.measure);
  check(expectation);
  return expectation;
}

}  // namespace unroll
