#include "experiments/saved/saved_section.hpp"

#include <cmath>

#include "experiments/config/settings.hpp"
#include "experiments/config/value.hpp"

namespace unroll {
namespace {

const TomlMember* member_of(const TomlTable& table, std::string_view key) {
  for (const TomlMember& member : table)
    if (member.key == key) return &member;
  return nullptr;
}

const TomlTable& saved_table(const TomlDocument& document) {
  const TomlMember* member = member_of(document.root, saved_key);
  const auto* table = member ? std::get_if<TomlTable>(&member->node.value) : nullptr;
  if (table) return *table;
  throw ModelError(fmt::format("{}: no section [{}]: this is a config, not a trained model's model.toml",
                               document.name, saved_key));
}

std::string numbers_toml(const std::vector<double>& numbers) {
  std::string text;
  for (const double x : numbers) text += (text.empty() ? "" : ", ") + to_toml(OptionValue(x));
  return "[" + text + "]";
}

}  // namespace

SavedSection::SavedSection(const TomlDocument& document)
    : SavedSection(document.name, std::string(saved_key), saved_table(document)) {}

const TomlMember* SavedSection::find(std::string_view key) const { return member_of(*table_, key); }

std::int64_t SavedSection::count(std::string_view key) const {
  const std::int64_t value = get<std::int64_t>(key, "an integer");
  if (value >= 1) return value;
  throw ModelError(fmt::format("{}: {}.{}: expected at least 1, found {}", name_, path_, key, value));
}

template <class T>
std::vector<T> SavedSection::list(std::string_view key, std::string_view expected) const {
  std::vector<T> all;
  for (const TomlNode& node : get<TomlArray>(key, expected)) {
    const auto* one = std::get_if<T>(&node.value);
    if (!one)
      throw ModelError(fmt::format("{}: {}.{}: expected {}, found {}", place(name_, node.at), path_, key,
                                   expected, describe(node)));
    all.push_back(*one);
  }
  return all;
}

std::optional<Vocabulary> SavedSection::vocabulary() const {
  if (!has("vocabulary")) return std::nullopt;
  std::vector<std::string> tokens = list<std::string>("vocabulary", "a list of strings");
  try {
    return Vocabulary(std::move(tokens));
  } catch (const TextError& error) {
    throw ModelError(fmt::format("{}: {}.vocabulary: {}", name_, path_, error.what()));
  }
}

Scaling SavedSection::scaling(std::string_view offset, std::string_view unit) const {
  const Scaling scaling{list<double>(offset, "a list of numbers"), list<double>(unit, "a list of numbers")};
  bool valid = scaling.offset.size() == scaling.unit.size();
  for (const double x : scaling.offset) valid = valid && std::isfinite(x);
  for (const double x : scaling.unit) valid = valid && std::isfinite(x) && x > 0;
  if (valid) return scaling;
  throw ModelError(
      fmt::format("{}: {}: {} and {} do not fit: expected as many finite numbers in both, the "
                  "units above 0; found {} and {} of them",
                  name_, path_, offset, unit, scaling.offset.size(), scaling.unit.size()));
}

std::optional<Preparation> SavedSection::preparation() const {
  if (!has("preparation")) return std::nullopt;
  const SavedSection kept = part("preparation");
  Preparation preparation{.columns = kept.list<std::string>("columns", "a list of strings"),
                          .pixels = kept.get<bool>("pixels", "true or false"),
                          .order = kept.list<std::int64_t>("order", "a list of integers"),
                          .inputs = kept.scaling("input_offset", "input_unit"),
                          .target = kept.scaling("target_offset", "target_unit")};
  if (kept.has("labels")) preparation.labels = kept.list<std::string>("labels", "a list of strings");
  std::vector<bool> taken(preparation.order.size());
  for (const std::int64_t step : preparation.order) {
    const auto at = static_cast<std::size_t>(step);  // of a negative one beyond all
    if (at >= taken.size() || taken[at])
      throw ModelError(fmt::format("{}: {}.preparation.order: expected each of 0 to {} once, found {}{}",
                                   name_, saved_key, taken.size() - 1, step,
                                   at < taken.size() ? " twice" : ""));
    taken[at] = true;
  }
  return preparation;
}

std::string to_toml(const Preparation& preparation) {
  return fmt::format(
      "{{ columns = {}, pixels = {}, order = {}, input_offset = {}, input_unit = {}, target_offset = {}, "
      "target_unit = {}{} }}",
      to_toml(OptionValue(preparation.columns)), preparation.pixels, to_toml(OptionValue(preparation.order)),
      numbers_toml(preparation.inputs.offset), numbers_toml(preparation.inputs.unit),
      numbers_toml(preparation.target.offset), numbers_toml(preparation.target.unit),
      preparation.labels.empty() ? "" : ", labels = " + to_toml(OptionValue(preparation.labels)));
}

}  // namespace unroll
