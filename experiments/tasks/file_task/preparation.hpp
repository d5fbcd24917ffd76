#pragma once

#include <string>
#include <vector>

#include "experiments/data/scaling.hpp"
#include "experiments/tasks/file_task/file_data.hpp"
#include "experiments/tasks/file_task/file_parts.hpp"

namespace unroll {

/// Rows of the inputs that a part has, `sequences` being all those of its file.
std::vector<Range> rows_of(const FilePart& part, const std::vector<Range>& sequences);

/// Refuses weights below 0, and a sequence without any above.
void check_weights(const FileData& data);

/// Puts the steps of every sequence into one order. Throws DataError where a sequence is not as long as that,
/// or targets follow the steps.
void permute_steps(FileData& data, const std::vector<std::int64_t>& order);

/// What task.scale means for inputs, and for targets that are numbers.
ScalingRule input_rule(const std::string& asked, const FileData& training, const std::vector<Range>& rows);
ScalingRule output_rule(const std::string& asked);

/// "inputs scaled to mean 0 and deviation 1 (mean 51.3, deviation 43.4)".
std::string describe(ScalingRule rule, const Scaling& scaling, std::string_view what, std::string_view names);

}  // namespace unroll
