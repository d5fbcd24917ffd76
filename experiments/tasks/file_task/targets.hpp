#pragma once

#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/file_task/file_data.hpp"

namespace unroll {

/// Of longer lists of labels a message shows the first ones.
inline constexpr std::size_t most_labels_shown = 20;

/// The objective that is asked for, or where none is (empty) the one that suits the targets of `data`. Throws
/// DataError where targets are not what it takes.
const Objective& objective_for(const FileData& data, const std::string& asked, bool next,
                               const ObjectiveList& list);

/// How many classes there are: 0 to n - 1, all of which must occur. Throws DataError listing the labels.
std::int64_t count_classes(const FileData& data);
/// Targets as classes, (S) or (N). Throws DataError for one that is not below `classes`.
Tensor<std::int64_t> classes_of(const FileData& data, std::int64_t classes);

/// Refuses targets outside 0 to 1.
void check_probabilities(const FileData& data);

/// Calls `use` with (row of data.target, sequence, step) of every target that counts: that of a step with
/// weight.
void for_each_target(
    const FileData& data,
    const std::function<void(std::int64_t row, std::int64_t sequence, std::int64_t step)>& use);

}  // namespace unroll
