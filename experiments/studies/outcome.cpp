#include "experiments/studies/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/json_field.hpp"
#include "experiments/config/text.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* made_file_name = "made.json";

/// JSON has no numbers for what is not finite.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(exact_number(value)); }

Json row_of(const Judgement& judgement) {
  Json values = Json::array();
  for (const double value : judgement.values) values.push_back(number(value));
  return {
      {"says", judgement.says},      {"part", judgement.part}, {"measure", judgement.measure},
      {"paper", judgement.paper},    {"ours", judgement.ours}, {"value", number(judgement.value)},
      {"values", std::move(values)}, {"band", judgement.band}, {"verdict", verdict_name(judgement.verdict)},
      {"note", judgement.note}};
}

std::string text(const JsonField& field, std::string_view name) {
  return std::string(field.member(name).text());
}

Verdict verdict_of(std::string_view name) {
  for (const Verdict verdict : {Verdict::met, Verdict::not_met})
    if (verdict_name(verdict) == name) return verdict;
  return Verdict::missing;
}

Judgement judgement_of(const JsonField& row) {
  return {.says = text(row, "says"),
          .part = text(row, "part"),
          .paper = text(row, "paper"),
          .band = text(row, "band"),
          .measure = text(row, "measure"),
          .values = row.member("values").numbers(),
          .value = row.member("value").number(),
          .ours = text(row, "ours"),
          .verdict = verdict_of(row.member("verdict").text()),
          .note = text(row, "note")};
}

Outcome outcome_of(const JsonField& verdict, const JsonField& made) {
  Outcome outcome;
  outcome.study = text(verdict, "study");
  outcome.title = text(verdict, "title");
  outcome.source = text(verdict, "source");
  outcome.about = text(verdict, "about");
  outcome.chosen = text(verdict, "chosen");
  outcome.budget = text(verdict, "budget");
  verdict.member("overrides").for_each_element([&](const JsonField& one) {
    outcome.overrides.emplace_back(one.text());
  });
  verdict.member("expectations").for_each_element([&](const JsonField& row) {
    outcome.judgements.push_back(judgement_of(row));
  });
  outcome.trials = static_cast<std::size_t>(verdict.member("trials").integer());
  outcome.commit = text(made, "commit");
  outcome.build = text(made, "build");
  outcome.seconds = made.member("seconds").number();
  return outcome;
}

std::string ours_text(const Judgement& judgement) {
  return judgement.note.empty() ? judgement.ours : fmt::format("{}; {}", judgement.ours, judgement.note);
}

/// Few values are all shown; of many the spread says what there is to say.
std::string values_text(const Judgement& judgement) {
  constexpr std::size_t most = 12;
  if (judgement.values.empty() || judgement.values.size() > most) return "";
  std::vector<std::string> shown;
  for (const double value : judgement.values) shown.push_back(short_number(value));
  return joined(shown, " ");
}

std::string in_markdown(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string cell(std::string_view tag, const std::string& text) {
  return fmt::format("<{0}>{1}</{0}>", tag, html_escaped(text));
}

}  // namespace

std::size_t Outcome::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::ranges::count(judgements, verdict, &Judgement::verdict));
}

std::string Outcome::summary() const {
  if (all_met())
    return judgements.size() == 1 ? "the expectation is met"
                                  : fmt::format("all {} expectations met", judgements.size());
  std::string text = fmt::format("{} of {} expectations met", count(Verdict::met), judgements.size());
  if (const std::size_t missing = count(Verdict::missing); missing > 0)
    text += fmt::format(", {} missing", missing);
  return text;
}

Outcome Outcome::of_part(std::string_view part) const {
  Outcome own = *this;
  std::erase_if(own.judgements, [&](const Judgement& judgement) { return judgement.part != part; });
  return own;
}

Outcome with_earlier_commits(Outcome now, const std::optional<Outcome>& before) {
  if (!before) return now;
  if (now.seconds == before->seconds) {
    now.commit = before->commit;
    now.build = before->build;
  } else if (before->commit.find(now.commit) == std::string::npos) {
    now.commit = before->commit + ", " + now.commit;
  } else {
    now.commit = before->commit;
  }
  return now;
}

void write_outcome(const std::filesystem::path& folder, const Outcome& outcome) {
  Json rows = Json::array();
  for (const Judgement& judgement : outcome.judgements) rows.push_back(row_of(judgement));
  const Json verdict = {
      {"study", outcome.study},         {"title", outcome.title},   {"source", outcome.source},
      {"about", outcome.about},         {"chosen", outcome.chosen}, {"budget", outcome.budget},
      {"overrides", outcome.overrides}, {"trials", outcome.trials}, {"expectations", std::move(rows)}};
  const Json made = {{"commit", outcome.commit}, {"build", outcome.build}, {"seconds", outcome.seconds}};
  write_file(folder / verdict_file_name, verdict.dump(1) + "\n");
  write_file(folder / made_file_name, made.dump(1) + "\n");
}

std::optional<Outcome> read_outcome(const std::filesystem::path& folder) {
  try {
    const std::string verdict = read_file(folder / verdict_file_name),
                      made = read_file(folder / made_file_name);
    simdjson::dom::parser one, other;
    return outcome_of(parse_json(one, verdict, verdict_file_name), parse_json(other, made, made_file_name));
  } catch (const std::exception&) {  // none, or of another version: as if it had not been run
    return std::nullopt;
  }
}

std::string verdict_table(const Outcome& outcome) {
  std::string table;
  for (const Judgement& judgement : outcome.judgements) {
    table += fmt::format("{:<8} {}\n", verdict_name(judgement.verdict), judgement.says);
    table += fmt::format("           paper  {}\n", judgement.paper.empty() ? "–" : judgement.paper);
    table += fmt::format("           ours   {}\n", ours_text(judgement));
    table += fmt::format("           band   {} ({})\n", judgement.band, judgement.measure);
  }
  return table;
}

std::string verdict_markdown(const Outcome& outcome) {
  std::string table =
      "| expectation | paper | ours | every trial | band | verdict |\n|---|---|---|---|---|---|\n";
  for (const Judgement& judgement : outcome.judgements)
    table +=
        fmt::format("| {} | {} | {} | {} | {} | {} |\n", in_markdown(judgement.says),
                    in_markdown(judgement.paper), in_markdown(ours_text(judgement)), values_text(judgement),
                    in_markdown(judgement.band), verdict_name(judgement.verdict));
  return table;
}

std::string verdict_html(const Outcome& outcome) {
  std::string html = "<table class=\"verdicts\"><thead><tr>";
  for (const char* head : {"verdict", "expectation", "paper", "ours", "every trial", "band", "measure"})
    html += cell("th", head);
  html += "</tr></thead><tbody>\n";
  for (const Judgement& judgement : outcome.judgements) {
    const bool met = judgement.verdict == Verdict::met;
    html += fmt::format("<tr><td><strong class=\"{}\">{}</strong></td>", met ? "met" : "failed",
                        verdict_name(judgement.verdict));
    html += cell("td", judgement.says) + cell("td", judgement.paper) + cell("td", ours_text(judgement)) +
            cell("td", values_text(judgement)) + cell("td", judgement.band) + cell("td", judgement.measure) +
            "</tr>\n";
  }
  return html + "</tbody></table>";
}

}  // namespace unroll
