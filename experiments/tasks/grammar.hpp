#pragma once

#include <cstdint>
#include <vector>

#include "experiments/config/length_range.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

/// A finite grammar whose strings are walks from a start to an end. Where a state has several branches, one
/// is taken as often as another.
struct Grammar {
  struct Branch {
    std::int64_t symbol, next;
  };

  std::int64_t symbols;
  std::vector<std::vector<Branch>> states;  ///< branches of each; of the end there are none
  std::int64_t start, end;
};

/// The symbols of a walk, and for each step whether each symbol might have stood there.
struct Walk {
  std::vector<std::int64_t> symbols;
  std::vector<std::vector<bool>> possible;
};

/// Strings of a grammar by their lengths.
class Strings {
 public:
  Strings(Grammar grammar, std::int64_t longest);

  const Grammar& grammar() const { return grammar_; }
  /// How likely a string has each length of a range that does not go beyond the longest.
  std::vector<double> shares(LengthRange lengths) const;
  /// One of the strings of a length, as likely as in the grammar. There must be one.
  Walk draw(Stream& stream, std::int64_t length) const;
  /// How likely symbol k is read at step t, of a string that has such a length: [t][k], all steps of a string
  /// together 1 as long as it goes on.
  std::vector<std::vector<double>> symbol_probabilities(LengthRange lengths) const;

 private:
  /// How likely the end is reached from a state in exactly so many steps.
  double reaches(std::int64_t state, std::int64_t steps) const {
    return reaches_[static_cast<std::size_t>(steps)][static_cast<std::size_t>(state)];
  }

  Grammar grammar_;
  std::vector<std::vector<double>> reaches_;
};

/// A walk of so many steps through a grammar that has no end.
Walk endless_walk(const Grammar& grammar, Stream& stream, std::int64_t steps);
/// The symbols' probabilities at each of its steps.
std::vector<std::vector<double>> endless_probabilities(const Grammar& grammar, std::int64_t steps);

}  // namespace unroll
