#include "experiments/tasks/music/note_baselines.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "experiments/tasks/music/melody.hpp"

namespace unroll {
namespace {

/// How often a key was silent and how often it sounded.
using Counts = std::array<double, 2>;
constexpr Counts half_each = {0.5, 0.5};

/// Of each key, without regard to what was before, or given whether it sounded before.
struct KeyCounts {
  std::array<Counts, piano_keys> alone;
  std::array<std::array<Counts, 2>, piano_keys> given;
};

double cost(const Counts& counts, bool sounds) {
  return -std::log(counts[sounds ? 1 : 0] / (counts[0] + counts[1]));
}

KeyCounts count_keys(const std::vector<MusicPiece>& pieces) {
  KeyCounts counts;
  counts.alone.fill(half_each);
  counts.given.fill({half_each, half_each});
  for (const MusicPiece& piece : pieces) {
    const PianoRoll roll = roll_of(piece.notes, piece.steps);
    for (std::size_t t = 1; t < roll.size(); ++t)
      for (std::size_t k = 0; k < piano_keys; ++k) {
        ++counts.alone[k][roll[t][k]];
        ++counts.given[k][roll[t - 1][k]][roll[t][k]];
      }
  }
  return counts;
}

/// `cost` of a key at a step, given the step before, summed over the keys.
template <class Cost>
std::vector<double> frame_costs(const MusicPiece& piece, const Cost& cost_of) {
  const PianoRoll roll = roll_of(piece.notes, piece.steps);
  std::vector<double> nats;
  for (std::size_t t = 1; t < roll.size(); ++t) {
    double sum = 0;
    for (std::size_t k = 0; k < piano_keys; ++k) sum += cost_of(k, roll[t - 1][k], roll[t][k]);
    nats.push_back(sum);
  }
  return nats;
}

/// How often each token came behind each.
struct TokenCounts {
  std::vector<double> alone =
      std::vector<double>(melody_tokens, 1.0);  // one more of each: none is impossible
  std::vector<std::vector<double>> behind =
      std::vector(melody_tokens, std::vector<double>(melody_tokens, 0.0));
};

TokenCounts count_tokens(const std::vector<MusicPiece>& pieces) {
  TokenCounts counts;
  for (const MusicPiece& piece : pieces) {
    const std::vector<std::int64_t> tokens = melody_of(piece);
    for (std::size_t t = 1; t < tokens.size(); ++t) {
      ++counts.alone[static_cast<std::size_t>(tokens[t])];
      ++counts.behind[static_cast<std::size_t>(tokens[t - 1])][static_cast<std::size_t>(tokens[t])];
    }
  }
  return counts;
}

double share(const std::vector<double>& counts, std::int64_t token) {
  return counts[static_cast<std::size_t>(token)] / std::accumulate(counts.begin(), counts.end(), 0.0);
}

double share_behind(const TokenCounts& counts, std::int64_t before, std::int64_t token) {
  const std::vector<double>& seen = counts.behind[static_cast<std::size_t>(before)];
  const auto kinds = static_cast<double>(std::ranges::count_if(seen, [](double count) { return count > 0; }));
  const double all = std::accumulate(seen.begin(), seen.end(), 0.0), alone = share(counts.alone, token);
  if (all == 0) return alone;
  return (seen[static_cast<std::size_t>(token)] + kinds * alone) / (all + kinds);
}

template <class Share>
std::vector<double> token_costs(const MusicPiece& piece, const Share& share_of) {
  const std::vector<std::int64_t> tokens = melody_of(piece);
  std::vector<double> nats;
  for (std::size_t t = 1; t < tokens.size(); ++t)
    nats.push_back(-std::log(share_of(tokens[t - 1], tokens[t])));
  return nats;
}

}  // namespace

std::vector<StepCosts> frame_baselines(const std::vector<MusicPiece>& training) {
  const KeyCounts counts = count_keys(training);
  return {{"independent keys",
           [counts](const MusicPiece& piece) {
             return frame_costs(
                 piece, [&](std::size_t k, bool, bool sounds) { return cost(counts.alone[k], sounds); });
           }},
          {"Markov by key", [counts](const MusicPiece& piece) {
             return frame_costs(piece, [&](std::size_t k, bool before, bool sounds) {
               return cost(counts.given[k][before ? 1 : 0], sounds);
             });
           }}};
}

std::vector<StepCosts> melody_baselines(const std::vector<MusicPiece>& training) {
  const TokenCounts counts = count_tokens(training);
  return {{"unigram",
           [counts](const MusicPiece& piece) {
             return token_costs(piece,
                                [&](std::int64_t, std::int64_t token) { return share(counts.alone, token); });
           }},
          {"bigram", [counts](const MusicPiece& piece) {
             return token_costs(piece, [&](std::int64_t before, std::int64_t token) {
               return share_behind(counts, before, token);
             });
           }}};
}

double mean_cost(const StepCosts& costs, const std::vector<MusicPiece>& pieces, bool within_pieces) {
  double sum = 0, weight = 0;
  for (const MusicPiece& piece : pieces) {
    const std::vector<double> nats = costs.nats(piece);
    const double each = within_pieces ? 1.0 / static_cast<double>(nats.size()) : 1.0;
    for (const double one : nats) sum += each * one;
    weight += each * static_cast<double>(nats.size());
  }
  return sum / weight;
}

}  // namespace unroll
