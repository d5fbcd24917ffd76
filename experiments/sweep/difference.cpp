#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "experiments/config/document.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/sweep/axes.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_id.hpp"

namespace unroll {

namespace {

/// What a key is in a config: as compared, and as shown.
struct Entry {
  std::string canonical;
  std::string shown;
};

using Entries = std::map<std::string, Entry>;

/// What two values have in common that mean the same: of a cell's text the equations, of a text file what it
/// says.
std::string canonical(const OptionValue& value) {
  if (const auto* cell = std::get_if<CellText>(&value)) return label_of(*cell) + equations_hash(*cell);
  if (const auto* file = std::get_if<TextFile>(&value); file && !file->hash.empty()) return file->hash;
  return to_toml(value);
}

/// One point without regard to the order of its keys.
std::string canonical_point(const ConfigAxis& axis, std::size_t point) {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < axis.keys.size(); ++k) {
    if (is_unset(axis.points[point][k].value)) continue;
    parts.push_back(fmt::format("{}={}", axis.keys[k]->key, canonical(axis.points[point][k].value)));
  }
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, "/"));
}

/// "[tanh/glorot, relu/identity]".
std::string shown_axis(const ConfigAxis& axis) {
  std::vector<std::string> points;
  for (const auto& point : axis.points) {
    std::vector<std::string> parts;
    for (const Setting& setting : point) parts.push_back(to_text(setting.value));
    points.push_back(fmt::format("{}", fmt::join(parts, "/")));
  }
  return fmt::format("[{}]", fmt::join(points, ", "));
}

std::string axis_name(const ConfigAxis& axis) {
  std::vector<std::string_view> keys;
  for (const Option* option : axis.keys) keys.push_back(option->key);
  std::sort(keys.begin(), keys.end());
  return fmt::format("{}", fmt::join(keys, "/"));
}

Entry axis_entry(const ConfigAxis& axis) {
  std::vector<std::string> points;
  for (std::size_t i = 0; i < axis.points.size(); ++i) points.push_back(canonical_point(axis, i));
  std::sort(points.begin(), points.end());
  return {fmt::format("[{}]", fmt::join(points, ",")), shown_axis(axis)};
}

std::string revision_of(const TomlDocument& document) {
  for (const TomlMember& member : document.root) {
    if (member.key == "results_revision") return fmt::format("{}", std::get<std::int64_t>(member.node.value));
  }
  return fmt::format("{}", results_revision);
}

/// The fixed keys, and the axes under the names of their keys.
Entries entries(const std::string& resolved, const std::string& name) {
  const TomlDocument document = parse_document(resolved, name);
  const Settings settings = read_settings(document);
  const std::vector<ConfigAxis> axes = read_axes(document, settings);
  Config config = unresolved_defaults();
  apply_settings(settings, config);
  Entries out;
  for (const Option* option : rows_of(config)) {
    if (!option->affects_results) continue;
    const OptionValue value = load(option->field(config));
    const auto* file = std::get_if<TextFile>(&value);
    out[std::string(option->key)] = {canonical(value), file ? with_hash(*file) : to_text(value)};
  }
  for (const ConfigAxis& axis : axes) {
    for (const Option* option : axis.keys) out.erase(std::string(option->key));
    out[axis_name(axis)] = axis_entry(axis);
  }
  const std::string revision = revision_of(document);
  out["results_revision"] = {revision, revision};
  return out;
}

std::string shown_in(const Entries& entries, const std::string& key) {
  const auto at = entries.find(key);
  if (at == entries.end()) return "swept otherwise";
  return at->second.shown.empty() ? "\"\"" : at->second.shown;
}

bool same(const Entries& a, const Entries& b, const std::string& key) {
  const auto in_a = a.find(key);
  const auto in_b = b.find(key);
  return in_a != a.end() && in_b != b.end() && in_a->second.canonical == in_b->second.canonical;
}

}  // namespace

std::vector<std::string> config_difference(const std::string& resolved_a, const std::string& resolved_b,
                                           const std::string& name_a, const std::string& name_b) {
  const Entries a = entries(resolved_a, name_a);
  const Entries b = entries(resolved_b, name_b);
  Entries keys = a;
  keys.insert(b.begin(), b.end());
  std::vector<std::string> lines;
  for (const auto& [key, entry] : keys) {
    if (same(a, b, key)) continue;
    lines.push_back(
        fmt::format("{}: {} in {}, {} in {}", key, shown_in(a, key), name_a, shown_in(b, key), name_b));
  }
  return lines;
}

}  // namespace unroll
