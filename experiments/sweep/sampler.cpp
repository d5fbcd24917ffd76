#include "experiments/sweep/sampler.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"
#include "experiments/config/steps.hpp"
#include "experiments/config/value.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::array<std::string_view, 5> sampler_kinds = {"grid", "random", "sobol", "one_at_a_time",
                                                           "partial_grid"};

std::vector<std::string> known_kinds() { return {sampler_kinds.begin(), sampler_kinds.end()}; }

class Reader {
 public:
  Reader(const TomlDocument& document, std::string origin) : document_(document) {
    sampler_.origin = std::move(origin);
  }

  Sampler read(const TomlNode& node) {
    const auto* table = std::get_if<TomlTable>(&node.value);
    if (!table)
      refuse(node.at, "", "expected a table like {{ kind = \"random\", points = 100, seed = 1 }}, found {}",
             describe(node));
    for (const TomlMember& member : *table) take(member);
    check(node.at);
    return std::move(sampler_);
  }

 private:
  template <class... Values>
  [[noreturn]] void refuse(TomlPosition at, std::string_view member, fmt::format_string<Values...> text,
                           Values&&... values) const {
    const std::string where = at.line ? place(document_.name, at) : sampler_.origin;
    throw ConfigError(
        fmt::format("{}: sampler{}: {}", where, member, fmt::format(text, std::forward<Values>(values)...)));
  }

  void take(const TomlMember& member) {
    const std::vector<std::string> known = {"kind", "points", "seed", "grids"};
    if (member.key == "kind") return take_kind(member.node);
    if (member.key == "points") return take_points(member.node);
    if (member.key == "seed") return take_seed(member.node);
    if (member.key == "grids") return take_grids(member.node);
    refuse(member.at, "", "unknown key \"{}\"{} Known keys: {}", printable(member.key),
           nearest(member.key, known) ? did_you_mean(member.key, known) : ".", fmt::join(known, ", "));
  }

  void take_kind(const TomlNode& node) {
    const auto* name = std::get_if<std::string>(&node.value);
    if (!name)
      refuse(node.at, ".kind", "expected one of: {}, found {}", fmt::join(sampler_kinds, ", "),
             describe(node));
    const auto known = std::ranges::find(sampler_kinds, *name);
    if (known == sampler_kinds.end())
      refuse(node.at, ".kind", "\"{}\" is unknown{} Known: {}", printable(*name),
             nearest(*name, known_kinds()) ? did_you_mean(*name, known_kinds()) : ".",
             fmt::join(sampler_kinds, ", "));
    sampler_.kind = static_cast<Sampler::Kind>(known - sampler_kinds.begin());
    has_kind_ = true;
  }

  void take_points(const TomlNode& node) {
    const auto* count = std::get_if<std::int64_t>(&node.value);
    if (!count || *count < 1 || *count > static_cast<std::int64_t>(most_trials))
      refuse(node.at, ".points", "expected an integer from 1 to {}, found {}", most_trials, describe(node));
    sampler_.points = static_cast<std::size_t>(*count);
  }

  /// As any other seed: beyond 2^63 - 1 a string.
  void take_seed(const TomlNode& node) {
    const auto* integer = std::get_if<std::int64_t>(&node.value);
    const auto* text = std::get_if<std::string>(&node.value);
    const auto seed = parse_value(integer ? fmt::format("{}", *integer) : text ? *text : "", std::uint64_t{});
    if (!seed) refuse(node.at, ".seed", "expected an integer from 0 to 2^64 - 1, found {}", describe(node));
    sampler_.seed = std::get<std::uint64_t>(*seed);
    has_seed_ = true;
  }

  void take_grids(const TomlNode& node) {
    const auto* lists = std::get_if<TomlArray>(&node.value);
    if (!lists || lists->empty())
      refuse(node.at, ".grids",
             "expected lists of keys like [[\"model.hidden\", \"model.layers\"]], found {}", describe(node));
    for (const TomlNode& list : *lists) {
      const auto* keys = std::get_if<TomlArray>(&list.value);
      if (!keys || keys->empty())
        refuse(list.at, ".grids", "expected a list of keys, found {}", describe(list));
      sampler_.grids.emplace_back();
      for (const TomlNode& key : *keys) {
        const auto* name = std::get_if<std::string>(&key.value);
        if (!name) refuse(key.at, ".grids", "expected the key of an axis, found {}", describe(key));
        sampler_.grids.back().push_back(*name);
      }
    }
  }

  void check(TomlPosition at) const {
    const std::string_view kind = name_of(sampler_.kind);
    const bool partial = sampler_.kind == Sampler::Kind::partial_grid;
    if (!has_kind_) refuse(at, "", "expected a kind: one of {}", fmt::join(sampler_kinds, ", "));
    if (sampler_.draws() && sampler_.points == 0)
      refuse(at, "", "{} needs a number of points: points = 100", kind);
    if (!sampler_.draws() && (sampler_.points > 0 || has_seed_))
      refuse(at, "", "{} draws nothing: points and seed are of random and sobol", kind);
    if (partial && sampler_.grids.empty())
      refuse(at, "", "{} needs grids: lists of axes that vary together", kind);
    if (!partial && !sampler_.grids.empty()) refuse(at, "", "grids are of partial_grid, not of {}", kind);
  }

  const TomlDocument& document_;
  Sampler sampler_;
  bool has_kind_ = false, has_seed_ = false;
};

}  // namespace

std::string_view name_of(Sampler::Kind kind) { return sampler_kinds[static_cast<std::size_t>(kind)]; }

Sampler read_sampler(const TomlDocument& document, const TomlNode& node, const std::string& origin) {
  return Reader(document, origin).read(node);
}

std::string to_toml(const Sampler& sampler) {
  std::string text = fmt::format("{{ kind = \"{}\"", name_of(sampler.kind));
  if (sampler.draws())
    text += fmt::format(", points = {}, seed = {}", sampler.points, to_toml(OptionValue(sampler.seed)));
  std::vector<std::string> grids;
  for (const auto& keys : sampler.grids) grids.push_back(to_toml(OptionValue(keys)));
  if (!grids.empty()) text += fmt::format(", grids = [{}]", fmt::join(grids, ", "));
  return text + " }";
}

}  // namespace unroll
