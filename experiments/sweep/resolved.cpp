#include "experiments/sweep/resolved.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/sweep/trial_id.hpp"

namespace unroll {

namespace {

const ConfigAxis* axis_of(const Option& option, const std::vector<ConfigAxis>& axes) {
  const auto axis = std::ranges::find_if(axes, [&](const ConfigAxis& a) { return a.has(&option); });
  return axis == axes.end() ? nullptr : &*axis;
}

/// What stands beside a setting, and beside an axis.
struct Notes {
  std::function<std::string(const Option&)> of_setting;
  std::function<std::string(const ConfigAxis&)> of_axis;
  std::function<std::string(const std::string& origin)> of_rest;  ///< where, sampler
  bool display = false;  ///< also settings that do not affect results
};

/// As TOML allows it without quotes: ASCII letters, digits, _ and -.
bool is_bare(std::string_view part) {
  return std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Within its section: "length", "constants.dt".
std::string key_in_section(std::string_view key) {
  const std::string_view rest = key.substr(key.find('.') + 1);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || is_bare(rest.substr(dot + 1))) return std::string(rest);
  return fmt::format("{}.\"{}\"", rest.substr(0, dot), rest.substr(dot + 1));
}

std::string line_with(const std::string& assignment, const std::string& note) {
  return note.empty() ? assignment + "\n" : fmt::format("{:<32} # {}\n", assignment, note);
}

std::string axis_key(const Option& option) {
  return option.key.find('.') == std::string_view::npos ? std::string(option.key)
                                                        : fmt::format("\"{}\"", option.key);
}

std::string list_of(const ConfigAxis& axis, std::size_t key) {
  std::vector<std::string> values;
  for (const auto& point : axis.points) values.push_back(to_toml(point[key].value));
  return fmt::format("{} = [{}]", axis_key(*axis.keys[key]), fmt::join(values, ", "));
}

std::string single_axis(const ConfigAxis& axis, const std::string& note) {
  if (!axis.drawn) return line_with(list_of(axis, 0), note);
  return line_with(fmt::format("{} = {}", axis_key(*axis.keys.front()), to_toml(*axis.drawn)), note);
}

std::string zip_table(const ConfigAxis& axis) {
  std::vector<std::string> lists;
  for (std::size_t k = 0; k < axis.keys.size(); ++k) lists.push_back(list_of(axis, k));
  return fmt::format("{{ {} }}", fmt::join(lists, ", "));
}

/// All of them are one list, which stands where the first one does.
std::string zips(const std::vector<ConfigAxis>& axes, const Notes& notes) {
  std::string text = "zip = [\n";
  for (const ConfigAxis& axis : axes)
    if (axis.form == ConfigAxis::Form::zip)
      text += "  " + line_with(zip_table(axis) + ",", notes.of_axis(axis));
  return text + "]\n";
}

std::string cases_axis(const ConfigAxis& axis, const std::string& note) {
  std::string text = line_with("cases = [", note);
  for (const auto& point : axis.points) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (is_unset(point[i].value)) continue;
      parts.push_back(fmt::format("{} = {}", axis_key(*axis.keys[i]), to_toml(point[i].value)));
    }
    text += fmt::format("  {{ {} }},\n", fmt::join(parts, ", "));
  }
  return text + "]\n";
}

std::string axes_text(const std::vector<ConfigAxis>& axes, const Notes& notes) {
  std::string text;
  bool has_zips = false;
  for (const ConfigAxis& axis : axes) {
    if (axis.form == ConfigAxis::Form::zip) {
      if (!has_zips) text += zips(axes, notes);
      has_zips = true;
    } else {
      text += axis.keys.size() == 1 ? single_axis(axis, notes.of_axis(axis))
                                    : cases_axis(axis, notes.of_axis(axis));
    }
  }
  return text;
}

std::string sweep_text(const SweepSection& sweep, const Notes& notes) {
  const bool any = !sweep.axes.empty() || sweep.where || sweep.halving || !sweep.sampler.origin.empty();
  std::string text = any ? "\n[sweep]\n" : "";
  text += axes_text(sweep.axes, notes);
  if (sweep.where)
    text += line_with("where = " + to_toml(OptionValue(sweep.where->text())),
                      notes.of_rest(sweep.where->origin()));
  if (!sweep.sampler.origin.empty())
    text += line_with("sampler = " + to_toml(sweep.sampler), notes.of_rest(sweep.sampler.origin));
  if (sweep.halving)
    text += line_with("halving = " + to_toml(*sweep.halving), notes.of_rest(sweep.halving->origin));
  return text;
}

/// Around it the others vary alone.
bool matters_at_base(const Sampler& sampler) { return sampler.may_repeat() && !sampler.draws(); }

/// The tasks of the trials.
std::vector<std::string> tasks_of(const Laboratory& laboratory, const Config& config,
                                  const SweepSection& sweep) {
  const Option* name = laboratory.options().find("task.name");
  const ConfigAxis* axis = axis_of(*name, sweep.axes);
  if (!axis) return {config.task.name};
  std::vector<Setting> settings;
  if (axis->drawn) settings = axis->drawn->choices;
  const auto key = std::ranges::find(axis->keys, name) - axis->keys.begin();
  for (const auto& point : axis->points) settings.push_back(point[static_cast<std::size_t>(key)]);
  std::vector<std::string> names;
  if (matters_at_base(sweep.sampler)) names.push_back(config.task.name);
  for (const Setting& setting : settings) names.push_back(std::get<std::string>(setting.value));
  return names;
}

/// What only some tasks of a sweep have cannot be said for all of them; they have it at its default.
std::vector<const Option*> rows_of(const Laboratory& laboratory, const Config& config,
                                   const SweepSection& sweep) {
  const std::vector<std::string> tasks = tasks_of(laboratory, config, sweep);
  std::vector<const Option*> rows = laboratory.options().rows_of(config);
  std::erase_if(rows, [&](const Option* option) {
    return !option->owners.empty() && !std::ranges::all_of(tasks, [&](const std::string& task) {
      return std::ranges::find(option->owners, task) != option->owners.end();
    });
  });
  return rows;
}

std::string resolved_text_of(const Laboratory& laboratory, Config config, const SweepSection& sweep,
                             const Notes& notes) {
  std::string text = fmt::format("results_revision = {}\n", results_revision);
  std::string_view section;
  for (const Option* option : rows_of(laboratory, config, sweep)) {
    if (section_of(option->key) != section) {
      section = section_of(option->key);
      text += fmt::format("\n[{}]\n", section);
    }
    if (!option->affects_results && !notes.display) continue;
    const bool swept = axis_of(*option, sweep.axes) != nullptr;
    if (swept) text += fmt::format("# {}: swept, see below\n", key_in_section(option->key));
    const OptionValue value = load(option->field(config));
    if ((!swept || matters_at_base(sweep.sampler)) && !is_unset(value))
      text += line_with(fmt::format("{} = {}", key_in_section(option->key), to_toml(value)),
                        notes.of_setting(*option));
  }
  return text + sweep_text(sweep, notes);
}

}  // namespace

std::string resolved_toml(const Laboratory& laboratory, Config config, const SweepSection& sweep) {
  const Notes notes{[](const Option& option) { return option.meaning; }, [](const ConfigAxis&) { return ""; },
                    [](const std::string&) { return ""; }};
  return "# Every setting that affects results, written by unroll; itself a config to run again.\n" +
         resolved_text_of(laboratory, std::move(config), sweep, notes);
}

std::string config_with_origins(const Laboratory& laboratory, Config config, const ConfigSource& source) {
  const Notes notes{[&](const Option& option) {
                      const auto set = source.settings.find(option.key);
                      return set == source.settings.end() ? std::string("default") : set->second.origin;
                    },
                    [](const ConfigAxis& axis) { return axis.origin(); },
                    [](const std::string& origin) { return origin; }, true};
  return resolved_text_of(laboratory, std::move(config), source.sweep, notes);
}

}  // namespace unroll
