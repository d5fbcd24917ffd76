#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/tasks/music/pieces.hpp"

namespace unroll {

/// What a simple predictor, counted on the training part, costs on pieces: nats in each of a piece's steps
/// but the first, by piece.
struct StepCosts {
  std::string name;
  std::function<std::vector<double>(const MusicPiece&)> nats;
};

/// Of the frames of piano rolls: each key by itself, by how often it sounds, and by that given whether it
/// sounded a step before. Half an observation of each outcome is added to those counted (Krichevsky &
/// Trofimov 1981).
std::vector<StepCosts> frame_baselines(const std::vector<MusicPiece>& training);

/// Of the tokens of melodies: by how often each is, and by that given the one before, whose counts are
/// smoothed by the former (Witten & Bell 1991).
std::vector<StepCosts> melody_baselines(const std::vector<MusicPiece>& training);

/// The mean over pieces: of all steps alike, or first within each piece.
double mean_cost(const StepCosts& costs, const std::vector<MusicPiece>& pieces, bool within_pieces);

}  // namespace unroll
