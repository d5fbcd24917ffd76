#pragma once

#include <memory>
#include <vector>

#include "experiments/data/source.hpp"
#include "experiments/tasks/series/prepared_series.hpp"

namespace unroll {

/// Pieces of task.context steps of a series, each with the targets of all its steps, of which those count
/// that are late enough and whose numbers are all there. The series must outlive it.
///
/// To train on: all that end where a whole forecast still lies in the training part, and in which something
/// counts, from the middle of a piece on.
std::shared_ptr<const Dataset> training_pieces(std::shared_ptr<const PreparedSeries> series);
/// To judge on: those whose last step's forecast lies in a part. It alone counts.
std::shared_ptr<const Dataset> judged_pieces(std::shared_ptr<const PreparedSeries> series, Range part);

/// Steps whose targets are judged so.
std::vector<std::int64_t> judged_steps(const PreparedSeries& series, Range part);

}  // namespace unroll
