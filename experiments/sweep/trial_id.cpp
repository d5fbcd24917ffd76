#include "experiments/sweep/trial_id.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace unroll {

std::string canonical_text(const Laboratory& laboratory, Config config) {
  laboratory.resolve(config);
  std::vector<std::string> lines;
  for (const Option* option : laboratory.rows_of(config)) {
    if (!option->affects_results || (option->matters && !option->matters(config))) continue;
    const OptionField field = option->field(config);
    if (field_equals(field, option->default_value)) continue;
    const OptionValue value = load(field);
    const auto* file = std::get_if<InputFile>(&value);
    lines.push_back(fmt::format("{}={}\n", option->key, file ? file->hash : to_text(value)));
  }
  const std::string equations = equations_hash(laboratory.cells(), config.model.cell);
  if (!equations.empty()) lines.push_back(fmt::format("model.cell.equations={}\n", equations));
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line;
  return text + fmt::format("results_revision={}\n", results_revision);
}

std::string trial_id(const Laboratory& laboratory, const Config& config) {
  const std::string text = canonical_text(laboratory, config);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace unroll
