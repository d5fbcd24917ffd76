#pragma once

#include <string>

#include "experiments/saved/saved_model.hpp"
#include "experiments/verbs/listing.hpp"

namespace unroll {

/// What a model answers to the sequences of a file (experiments/saved/model_inputs.hpp): a row for each, or
/// for each of their steps where it answers at every step. A class with its probability, the probability of
/// every yes, or the numbers asked for. Throws DataError, FileError, and ModelError for answers that are no
/// finite numbers.
Listing predictions(const SavedModel& model, const std::string& file);

}  // namespace unroll
