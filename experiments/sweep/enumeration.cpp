#include "experiments/sweep/enumeration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "experiments/config/config_error.hpp"
#include "experiments/config/steps.hpp"
#include "models/nearest.hpp"

namespace unroll {

/// Sobol's sequence is known in so many dimensions and some more.
constexpr std::ptrdiff_t most_drawn = 1000;

Enumeration::Enumeration(const SweepSection& sweep, std::string name)
    : sweep_(sweep), name_(std::move(name)) {
  check_sampler();
  std::vector<std::size_t> all(sweep_.axes.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  switch (sweep_.sampler.kind) {
    case Sampler::Kind::one_at_a_time:
      add_block({});
      for (const std::size_t axis : all)
        if (!is_seeds(axis)) add_block({axis});
      break;
    case Sampler::Kind::partial_grid:
      for (const auto& keys : sweep_.sampler.grids) add_block(axes_of(keys));
      break;
    default:
      add_block(all);
  }
}

/// Seeds in `cases` belong to their case.
bool Enumeration::is_seeds(std::size_t axis) const {
  return sweep_.axes[axis].keys.size() == 1 && sweep_.axes[axis].keys.front()->key == "seed";
}

void Enumeration::check_sampler() const {
  const Sampler& sampler = sweep_.sampler;
  const auto drawn =
      std::ranges::find_if(sweep_.axes, [](const ConfigAxis& a) { return a.drawn.has_value(); });
  if (drawn != sweep_.axes.end() && !sampler.draws())
    throw ConfigError(fmt::format(
        "{}: the axis {} is drawn, but {} draws nothing; expected one like sampler = {{ kind = \"random\", "
        "points = 100 }} in [sweep]",
        drawn->origin(), drawn->keys.front()->key,
        sampler.origin.empty() ? "a sweep without a sampler"
                               : fmt::format("the sampler {}", name_of(sampler.kind))));
  if (std::ranges::count_if(sweep_.axes, [](const ConfigAxis& a) { return a.drawn.has_value(); }) >
      most_drawn)
    throw ConfigError(
        fmt::format("{}: over {} axes are drawn, more than a sweep may have", name_, most_drawn));
  if (drawn == sweep_.axes.end() && sampler.draws())
    throw ConfigError(
        fmt::format("{}: sampler: {} draws axes like {{ uniform = [0, 1] }} or {{ choice = [10, 20] }}, and "
                    "there is none; "
                    "of listed values every combination is run",
                    sampler.origin, name_of(sampler.kind)));
}

std::vector<std::size_t> Enumeration::axes_of(const std::vector<std::string>& keys) const {
  std::vector<std::size_t> axes;
  std::vector<std::string> known;
  for (const ConfigAxis& axis : sweep_.axes)
    for (const Option* option : axis.keys) known.push_back(option->key);
  for (const std::string& key : keys) {
    const auto axis = std::ranges::find_if(sweep_.axes, [&](const ConfigAxis& a) {
      return std::ranges::find(a.keys, key, &Option::key) != a.keys.end();
    });
    if (axis == sweep_.axes.end())
      throw ConfigError(fmt::format(
          "{}: sampler.grids: \"{}\" is no axis of this sweep{} Its axes: {}", sweep_.sampler.origin,
          printable(key), nearest(key, known) ? did_you_mean(key, known) : ".", fmt::join(known, ", ")));
    axes.push_back(static_cast<std::size_t>(axis - sweep_.axes.begin()));
  }
  return axes;
}

/// Seeds are part of every block.
void Enumeration::add_block(const std::vector<std::size_t>& axes) {
  Block block{{}, 1};
  Factor* draws = nullptr;
  block.factors.reserve(sweep_.axes.size());
  for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
    if (!is_seeds(i) && std::ranges::find(axes, i) == axes.end()) continue;
    const bool drawn = sweep_.axes[i].drawn.has_value();
    if (drawn && draws) {
      draws->axes.push_back(i);
      continue;
    }
    block.factors.push_back({{i}, drawn ? sweep_.sampler.points : sweep_.axes[i].points.size()});
    if (drawn) draws = &block.factors.back();
    if (block.factors.back().size > most_trials / block.size)
      throw ConfigError(
          fmt::format("{}: the axes span over {} trials, more than a sweep may have", name_, most_trials));
    block.size *= block.factors.back().size;
  }
  if (size_ + block.size > most_trials)
    throw ConfigError(
        fmt::format("{}: the axes span over {} trials, more than a sweep may have", name_, most_trials));
  size_ += block.size;
  blocks_.push_back(std::move(block));
}

std::vector<std::size_t> Enumeration::at(std::size_t point) const {
  auto block = blocks_.begin();
  for (; point >= block->size; ++block) point -= block->size;
  std::vector<std::size_t> indices(sweep_.axes.size(), at_base);
  for (auto factor = block->factors.rbegin(); factor != block->factors.rend(); ++factor) {
    for (const std::size_t axis : factor->axes) indices[axis] = point % factor->size;
    point /= factor->size;
  }
  return indices;
}

}  // namespace unroll
