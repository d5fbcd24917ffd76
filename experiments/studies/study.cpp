#include "experiments/studies/study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <stdexcept>

#include "experiments/config/config_error.hpp"
#include "experiments/config/include.hpp"
#include "experiments/studies/members.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::string_view about_key = "study", budgets_key = "budgets", parts_key = "parts",
                           expectations_key = "expect", only_key = "only";
constexpr std::array<std::string_view, 3> budget_names = {"smoke", "laptop", "paper"};

bool is_own(std::string_view key) {
  return key == about_key || key == budgets_key || key == parts_key || key == expectations_key;
}

/// What of a table are settings: a layer of a config.
template <class IsOther>
TomlDocument layer(const TomlDocument& document, const TomlTable& table, const IsOther& is_other) {
  TomlDocument settings{document.name, {}};
  for (const TomlMember& member : table)
    if (!is_other(member.key)) settings.root.push_back(member);
  return settings;
}

const TomlTable* table_at(const TomlTable& table, std::string_view key) {
  const auto member = std::ranges::find(table, key, &TomlMember::key);
  return member == table.end() ? nullptr : std::get_if<TomlTable>(&member->node.value);
}

const TomlTable& table_of(const Member& member) {
  if (const auto* table = std::get_if<TomlTable>(&member.node.value)) return *table;
  refuse(member, "a table");
}

/// The root's member of a name, where it has one.
std::vector<Member> own_members(const TomlDocument& document, std::string_view key) {
  const auto member = std::ranges::find(document.root, key, &TomlMember::key);
  if (member == document.root.end()) return {};
  return members_of({key, place(document.name, member->at), member->node, document});
}

void read_about(const TomlDocument& document, Study& study) {
  for (const Member& member : own_members(document, about_key)) {
    if (member.key == "title")
      study.title = text_of(member);
    else if (member.key == "source")
      study.source = text_of(member);
    else if (member.key == "about")
      study.about = text_of(member);
    else if (member.key == "chosen")
      study.chosen = text_of(member);
    else if (member.key == "needs")
      study.needs = texts_of(member);
    else
      refuse_unknown(member, {"title", "source", "about", "chosen", "needs"});
  }
  if (study.title.empty())
    throw ConfigError(fmt::format(
        "{}: expected a study: a table [study] with a title, and what else studies have; a config of a sweep "
        "is run by `unroll sweep`",
        document.name));
}

void refuse_other_budget(const Member& member) {
  if (std::ranges::find(budget_names, member.key) == budget_names.end())
    refuse_unknown(member, {budget_names.begin(), budget_names.end()});
}

bool is_cost(std::string_view key) { return key == "cost"; }
bool is_of_part(std::string_view key) { return key == budgets_key || key == only_key; }

/// The budgets in the order of the file; a study that names none has one, laptop, which changes nothing.
void read_budgets(const TomlDocument& document, Study& study) {
  for (const Member& member : own_members(document, budgets_key)) {
    refuse_other_budget(member);
    StudyBudget budget{std::string(member.key), ""};
    for (const Member& inner : members_of(member))
      if (is_cost(inner.key)) budget.cost = text_of(inner);
    study.budgets.push_back(budget);
  }
  if (study.budgets.empty()) study.budgets.push_back({"laptop", ""});
}

constexpr std::array<std::string_view, 2> whole_axes = {"cases", "zip"};

TomlTable* sweep_of(TomlDocument& layer) {
  const auto sweep = std::ranges::find(layer.root, "sweep", &TomlMember::key);
  return sweep == layer.root.end() ? nullptr : std::get_if<TomlTable>(&sweep->node.value);
}

/// The cases of a layer stand for all of those before: of nothing a part is left.
std::vector<TomlDocument> with_last_cases(std::vector<TomlDocument> layers) {
  for (const std::string_view key : whole_axes) {
    bool seen = false;
    for (TomlDocument& layer : std::views::reverse(layers)) {
      TomlTable* sweep = sweep_of(layer);
      if (!sweep) continue;
      const auto same = [&](const TomlMember& member) { return member.key == key; };
      if (seen) std::erase_if(*sweep, same);
      seen = seen || std::ranges::any_of(*sweep, same);
    }
  }
  return layers;
}

/// The settings under each budget of one part; `own`: the part's table, null of a study that is one sweep.
StudyPart part_of(const TomlDocument& document, const Study& study, std::string name, const TomlTable* own) {
  StudyPart part{std::move(name), {}};
  const TomlTable none;
  const TomlTable* of_all = table_at(document.root, budgets_key);
  const TomlTable* of_part = own ? table_at(*own, budgets_key) : nullptr;
  const auto under = [&](const TomlTable* table, const std::string& budget) -> const TomlTable& {
    const TomlTable* found = table ? table_at(*table, budget) : nullptr;
    return found ? *found : none;
  };
  for (const StudyBudget& budget : study.budgets)
    part.layers[budget.name] = with_last_cases({layer(document, document.root, is_own),
                                                layer(document, under(of_all, budget.name), is_cost),
                                                layer(document, own ? *own : none, is_of_part),
                                                layer(document, under(of_part, budget.name), is_cost)});
  return part;
}

void keep_only(StudyPart& part, const Study& study, const Member& only) {
  const std::vector<std::string> kept = texts_of(only);
  for (const std::string& name : kept)
    if (!part.runs_under(name)) refuse(only, "budgets of this study");
  for (const StudyBudget& budget : study.budgets)
    if (std::ranges::find(kept, budget.name) == kept.end()) part.layers.erase(budget.name);
}

void read_parts(const TomlDocument& document, Study& study) {
  for (const Member& member : own_members(document, parts_key)) {
    const TomlTable& table = table_of(member);
    if (const TomlTable* budgets = table_at(table, budgets_key))
      for (const TomlMember& one : *budgets)
        refuse_other_budget({one.key, place(document.name, one.at), one.node, document});
    StudyPart part = part_of(document, study, std::string(member.key), &table);
    for (const Member& inner : members_of(member))
      if (inner.key == only_key) keep_only(part, study, inner);
    study.parts.push_back(std::move(part));
  }
  if (study.parts.empty()) study.parts.push_back(part_of(document, study, study.name, nullptr));
}

/// The part that an expectation is about: the only one, where it does not say.
void assign_part(const Study& study, Expectation& expectation) {
  std::vector<std::string> names;
  for (const StudyPart& part : study.parts) names.push_back(part.name);
  if (expectation.part.empty() && names.size() == 1) expectation.part = names.front();
  if (std::ranges::find(names, expectation.part) != names.end()) return;
  throw ConfigError(fmt::format("{}: [[expect]]: expected part = one of {}, found {}", expectation.origin,
                                fmt::join(names, ", "),
                                expectation.part.empty() ? "none" : printable(expectation.part)));
}

void read_expectations(const OptionTable& options, const TomlDocument& document, Study& study) {
  const auto member = std::ranges::find(document.root, expectations_key, &TomlMember::key);
  if (member == document.root.end())
    throw ConfigError(
        fmt::format("{}: expected at least one [[expect]]: without one it is a sweep", document.name));
  const auto* tables = std::get_if<TomlArray>(&member->node.value);
  const Member whole{expectations_key, place(document.name, member->at), member->node, document};
  if (!tables) refuse(whole, "tables [[expect]]");
  for (const TomlNode& node : *tables) {
    Expectation expectation = read_expectation(options, document, node);
    assign_part(study, expectation);
    for (const std::string& budget : expectation.budgets)
      if (std::ranges::find(budget_names, budget) == budget_names.end())
        throw ConfigError(
            fmt::format("{}: [[expect]]: budgets: expected smoke, laptop or paper, found \"{}\"",
                        expectation.origin, printable(budget)));
    study.expectations.push_back(std::move(expectation));
  }
}

/// Puts equations where the names of their files stand.
void put_cells(TomlNode& node, const std::map<std::string, std::string>& cells) {
  if (auto* table = std::get_if<TomlTable>(&node.value))
    for (TomlMember& member : *table) put_cells(member.node, cells);
  else if (auto* items = std::get_if<TomlArray>(&node.value))
    for (TomlNode& item : *items) put_cells(item, cells);
  else if (auto* text = std::get_if<std::string>(&node.value))
    if (const auto cell = cells.find(*text); cell != cells.end()) *text = cell->second;
}

Study study_of(const OptionTable& options, const TomlDocument& document, std::string name) {
  Study study;
  study.name = std::move(name);
  read_about(document, study);
  read_budgets(document, study);
  read_parts(document, study);
  read_expectations(options, document, study);
  return study;
}

}  // namespace

const StudyBudget& Study::budget(std::string_view wanted) const {
  const auto known = std::ranges::find(budgets, wanted, &StudyBudget::name);
  if (known != budgets.end()) return *known;
  std::vector<std::string> names;
  for (const StudyBudget& one : budgets) names.push_back(one.name);
  throw std::invalid_argument(fmt::format("the study {} has no budget \"{}\"{}; it has {}", name,
                                          printable(wanted), did_you_mean(std::string(wanted), names),
                                          fmt::join(names, ", ")));
}

Study read_study(const OptionTable& options, const StudyRow& row) {
  TomlDocument document = parse_document(row.text, row.name + ".toml");
  for (TomlMember& member : document.root) put_cells(member.node, row.cells);
  return study_of(options, document, row.name);
}

Study read_study_file(const OptionTable& options, const std::filesystem::path& file) {
  return study_of(options, read_document(file), file.stem().string());
}

ConfigSource source_of(const OptionTable& options, const StudyPart& part, const std::string& budget,
                       const std::vector<std::string>& overrides) {
  return read_source(options, part.name, part.layers.at(budget), overrides);
}

}  // namespace unroll
