#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/draws.hpp"
#include "experiments/sweep/enumeration.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// The trials of a config, each made when it is asked for: a sweep of 100,000 needs no more memory than one.
class Space {
 public:
  /// Throws ConfigError for axes that do not fit the sampler, and for more than most_trials points.
  Space(const Laboratory& laboratory, ConfigSource source);
  Space(const Space&) = delete;  // its points refer to its source
  Space& operator=(const Space&) = delete;

  const ConfigSource& source() const { return source_; }
  /// The settings outside [sweep].
  const Config& base() const { return base_; }
  std::size_t points() const { return enumeration_.size(); }

  struct PointTrial {
    Trial trial;
    /// Trials of one shape differ only in what neither their costs nor their validity depends on: seeds and
    /// rates. Counted from 0 in the order in which they are asked for.
    std::size_t shape;
  };
  /// Nothing where `where` leaves the point out. Throws ConfigError for one that cannot be trained.
  std::optional<PointTrial> trial(std::size_t point);

  /// "model.activation=tanh, seed=1".
  std::string name_of(std::size_t point);

  /// Whether two points may be one trial, which then counts once: they were drawn alike, or are the config
  /// itself on several axes.
  bool may_repeat(std::size_t a, std::size_t b) const;

 private:
  struct Shape {
    std::size_t number;
    std::string refusal;  ///< empty: it can be trained
  };

  Config config_at(const std::vector<std::size_t>& indices, const std::vector<double>& shares) const;
  std::vector<double> shares_at(const std::vector<std::size_t>& indices);
  std::string shape_key(const std::vector<std::size_t>& indices, const std::vector<double>& shares) const;
  const Shape& shape_of(const Config& config, const std::vector<std::size_t>& indices,
                        const std::vector<double>& shares);
  bool is_wanted(Config& config) const;
  std::string origin_of(const std::vector<std::size_t>& indices, std::string_view key) const;

  const Laboratory& laboratory_;
  ConfigSource source_;
  Config base_;
  Enumeration enumeration_;
  std::vector<std::size_t> drawn_;  ///< axes, in order
  Draws draws_;
  std::vector<std::vector<std::size_t>> classes_;  ///< by axis and value: alike where shapes are
  std::unordered_map<std::string, Shape> shapes_;
};

/// What is no trial of its own among the points of a space.
struct Omitted {
  std::size_t left_out = 0;  ///< by `where`
  std::size_t repeated = 0;  ///< the same trial as another point
};

/// Goes through all points in order. `refuse` takes those that cannot be trained, or are the same trial as
/// another one without having been drawn. Throws ConfigError where nothing is left.
Omitted expand(Space& space, const std::function<void(Space::PointTrial&&, std::size_t)>& take,
               const std::function<void(const ConfigError&, std::size_t)>& refuse);

}  // namespace unroll
