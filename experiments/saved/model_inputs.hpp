#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// The sequences of a file for a model to read, each (T, inputs) numbers or (T) tokens. Of .npz the array
/// `inputs`, or the only one, of .npy the array: (sequences, T, inputs), or (T, inputs) for a single
/// sequence; of a model with one input also (sequences, T). Tokens are integers, (sequences, T) or (T). An
/// array `lengths` says where sequences of the first kind end. Of .csv one sequence, its columns the inputs,
/// of a model that learned from a table those of the same names. Numbers are made ready as those were that
/// the model was trained on (Preparation). Where outputs are fed back there are zeros behind them, for runs
/// that feed back their own. Throws DataError, which names both sizes, for what the model
/// cannot read, and FileError.
std::vector<Values> inputs_in(const SavedModel& model, const std::string& file);

/// Sequences side by side, (T, B, ...), shorter ones with zeros behind their ends. All of one kind.
Values side_by_side(std::span<const Values> sequences);

}  // namespace unroll
