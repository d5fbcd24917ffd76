#include "experiments/sweep/config_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"
#include "experiments/config/include.hpp"
#include "experiments/config/overrides.hpp"
#include "experiments/sweep/read_axis.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr std::string_view cases_key = "cases", zip_key = "zip", where_key = "where", sampler_key = "sampler",
                           halving_key = "halving";
std::vector<std::string> special_keys() {
  return {std::string(cases_key), std::string(zip_key), std::string(where_key), std::string(sampler_key),
          std::string(halving_key)};
}
constexpr std::string_view sweep_prefix = "sweep.";

Where read_where(const OptionTable& options, const TomlDocument& document, const TomlMember& member) {
  const std::string origin = place(document.name, member.at);
  if (const auto* text = std::get_if<std::string>(&member.node.value)) return {options, *text, origin};
  throw ConfigError(
      fmt::format("{}: where: expected a condition in quotes, like \"task.length <= 100\", found {}", origin,
                  describe(member.node)));
}

void refuse_mistyped(const OptionTable& options, const TomlDocument& document, const TomlMember& member) {
  const bool known =
      options.find(member.key) || options.is_section(member.key) || options.is_family(member.key);
  const bool dotted = member.key.find('.') != std::string::npos;
  if (known || dotted || nearest(member.key, options.keys()) || !nearest(member.key, special_keys())) return;
  throw ConfigError(fmt::format("{}: [sweep]: unknown key \"{}\"{} Known besides axes: {}",
                                place(document.name, member.at), printable(member.key),
                                did_you_mean(member.key, special_keys()), fmt::join(special_keys(), ", ")));
}

/// Axes in the order of the file: cases and zips among those of one key.
class Axes {
 public:
  void add(TomlPosition at, ConfigAxis axis) { placed_.push_back({at, without_repetition(std::move(axis))}); }

  std::vector<ConfigAxis> take() {
    std::ranges::stable_sort(placed_, [](const Placed& a, const Placed& b) { return a.at < b.at; });
    std::vector<ConfigAxis> axes;
    for (Placed& p : placed_) axes.push_back(std::move(p.axis));
    refuse_shared_keys(axes);
    return axes;
  }

 private:
  struct Placed {
    TomlPosition at;
    ConfigAxis axis;
  };
  std::vector<Placed> placed_;
};

SweepSection read_sweep(const OptionTable& options, const TomlDocument& document, const Settings& base) {
  SweepSection section;
  const TomlTable* table = sweep_table(document);
  if (!table) return section;
  Axes axes;
  TomlTable keys;
  for (const TomlMember& member : *table) {
    if (member.key == cases_key) {
      axes.add(member.node.at, read_cases(options, document, member));
    } else if (member.key == zip_key) {
      for (ConfigAxis& axis : read_zips(options, document, member, base))
        axes.add(member.node.at, std::move(axis));
    } else if (member.key == where_key) {
      section.where = read_where(options, document, member);
    } else if (member.key == sampler_key) {
      section.sampler = read_sampler(document, member.node, place(document.name, member.at));
    } else if (member.key == halving_key) {
      section.halving = read_halving(document, member.node, place(document.name, member.at));
    } else {
      refuse_mistyped(options, document, member);
      keys.push_back(member);
    }
  }
  for (const Assignment& a : flatten(options, document, keys))
    axes.add(a.node->at, read_axis(options, document, a, base));
  section.axes = axes.take();
  return section;
}

void set(ConfigSource& source, const OptionTable& options, const std::string& key, Setting setting) {
  remove_key(source.sweep.axes, options.find(key));
  source.settings.insert_or_assign(key, std::move(setting));
}

void add_document(const OptionTable& options, const TomlDocument& document, ConfigSource& source) {
  for (auto& [key, setting] : read_settings(options, document)) set(source, options, key, setting);
  SweepSection sweep = read_sweep(options, document, source.settings);
  for (ConfigAxis& axis : sweep.axes) put_axis(source.sweep.axes, std::move(axis));
  if (sweep.where) source.sweep.where = std::move(sweep.where);
  if (sweep.halving) source.sweep.halving = std::move(sweep.halving);
  if (!sweep.sampler.origin.empty()) source.sweep.sampler = std::move(sweep.sampler);
}

void add_override(const OptionTable& options, const Override& override_, ConfigSource& source) {
  if (makes_axis(override_)) {
    put_axis(source.sweep.axes, without_repetition(read_axis(options, override_, source.settings)));
    return;
  }
  set(source, options, std::string(override_.option->key),
      read_setting(*override_.option, override_.text, override_.origin));
}

/// "sweep.where=...", "sweep.sampler=..." or "sweep.halving=...".
void add_sweep_override(const OptionTable& options, const std::string& token, ConfigSource& source) {
  const std::string origin = fmt::format("override \"{}\"", printable(token));
  const std::string bare = token.substr(token.find(sweep_prefix) + sweep_prefix.size());
  const std::size_t equals = bare.find('=');
  const std::string key = bare.substr(0, equals);
  if (key != where_key && key != sampler_key && key != halving_key)
    throw ConfigError(
        fmt::format("{}: unknown key \"sweep.{}\"; known are sweep.where, sweep.sampler and sweep.halving; "
                    "an axis is a list without "
                    "sweep.: task.length=10,20",
                    origin, printable(key)));
  if (equals == std::string::npos || equals + 1 == bare.size())
    throw ConfigError(fmt::format("{}: expected a value behind the =", origin));
  const std::string text = bare.substr(equals + 1);
  if (key == where_key)
    source.sweep.where.emplace(options, text, origin);
  else if (key == halving_key)
    source.sweep.halving = read_halving({origin, {}}, inline_value(text, origin), origin);
  else
    source.sweep.sampler = read_sampler({origin, {}}, inline_value(text, origin), origin);
}

bool is_sweep_override(const std::string& token) {
  return token.starts_with(sweep_prefix) || token.starts_with(fmt::format("--{}", sweep_prefix));
}

}  // namespace

ConfigSource read_source(const OptionTable& options, std::string name,
                         const std::vector<TomlDocument>& documents, const std::vector<std::string>& tokens) {
  std::vector<std::string> of_settings, of_sweep;
  for (const std::string& token : tokens)
    (is_sweep_override(token) ? of_sweep : of_settings).push_back(token);
  const std::vector<Override> overrides = parse_overrides(options, of_settings);
  ConfigSource source{std::move(name), ""};
  for (const TomlDocument& document : documents) add_document(options, document, source);
  for (const Override& override_ : overrides) add_override(options, override_, source);
  for (const std::string& token : of_sweep) add_sweep_override(options, token, source);
  return source;
}

ConfigSource read_source(const OptionTable& options, const std::optional<std::filesystem::path>& file,
                         const std::vector<std::string>& tokens) {
  if (!file) return read_source(options, "the command line", {}, tokens);
  ConfigSource source = read_source(options, file->string(), read_with_includes(*file), tokens);
  source.out = "out/" + file->stem().string();
  return source;
}

std::string sweep_help() {
  return "In [sweep], and on the command line: a key with the values that it takes.\n"
         "  \"task.length\" = [10, 20]          task.length=10,20        a list\n"
         "  \"task.length\" = \"10..100:10\"      task.length=10..100:10   steps: from 10 to 100, 10 apart\n"
         "  seed = { count = 5 }              'seed={count=5}'         seeds, from `first` or the config's "
         "on\n"
         "  \"model.hidden\" = { integer = [16, 128] }                   drawn; also { uniform = [0, 0.9] "
         "},\n"
         "                                       { log_uniform = [1e-4, 1e-1] }, { choice = [\"tanh\", "
         "\"relu\"] }\n"
         "  zip = { \"model.hidden\" = [64, 128], \"train.updates\" = [500, 900] }   together: first with "
         "first\n"
         "  cases = [{ \"model.cell\" = \"gru\", seed = 1 }, ...]          the same, one table a point\n"
         "  where = \"task.length <= 100 or model.cell == 'lstm'\"      sweep.where=...     which points are "
         "run\n"
         "  sampler = { kind = \"sobol\", points = 100, seed = 1 }       'sweep.sampler={...}'\n"
         "       grid           every combination (the default)\n"
         "       random, sobol  drawn axes together, `points` times, with every combination of the others\n"
         "       one_at_a_time  each axis alone, the others as the config has them\n"
         "       partial_grid   of each list of grids = [[KEY, ...], ...] every combination, the others as "
         "above\n"
         "Every point is run with every seed.\n"
         "  halving = { first = 100, factor = 3 }                     'sweep.halving={...}'   successive "
         "halving:\n"
         "       all points to 100 updates, the best third (median over seeds of the validation loss) to "
         "300, "
         "...;\n"
         "       brackets = 3 (Hyperband): points shared out over starts at the first, second, third "
         "rung\n\n";
}

}  // namespace unroll
