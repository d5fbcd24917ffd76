#include "experiments/tasks/file_task/preparation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"

namespace unroll {
namespace {

/// Whether all rows hold numbers up to `most` (and none below 0).
bool are_up_to(float most, const Tensor<float>& inputs, const std::vector<Range>& rows) {
  const std::int64_t width = inputs.shape()[1];
  return std::ranges::all_of(rows, [&](Range range) {
    const auto* first = inputs.data() + range.first * width;
    return std::all_of(first, first + range.count * width, [&](float x) { return x >= 0 && x <= most; });
  });
}

}  // namespace

std::vector<Range> rows_of(const FilePart& part, const std::vector<Range>& sequences) {
  if (part.series) return {part.steps};
  std::vector<Range> rows;
  for (const std::int64_t n : part.sequences) rows.push_back(sequences[static_cast<std::size_t>(n)]);
  return rows;
}

void check_weights(const FileData& data) {
  if (!data.weights) return;
  for (std::size_t n = 0; n < data.sequences.size(); ++n) {
    const Range steps = data.sequences[n];
    double total = 0;
    for (std::int64_t t = 0; t < steps.count; ++t) {
      const float weight = (*data.weights)[steps.first + t];
      if (!(weight >= 0 && std::isfinite(weight)))
        throw DataError(fmt::format(
            "task.mask: in {}, sequence {}, step {} the weight is {}, expected a number from 0 on", data.file,
            n + 1, t + 1, weight));
      if (data.every_step || t + 1 == steps.count) total += static_cast<double>(weight);
    }
    if (total == 0)
      throw DataError(
          fmt::format("task.mask: in {} sequence {} has no {} with a weight above 0: leave it out", data.file,
                      n + 1, data.every_step ? "step" : "last step"));
  }
}

void permute_steps(FileData& data, const std::vector<std::int64_t>& order) {
  const std::int64_t steps = std::ssize(order), width = data.input_size();
  if (data.every_step)
    throw DataError(fmt::format(
        "task.permute: the targets of {} are those of every step, which have an order", data.file));
  std::vector<float> before(static_cast<std::size_t>(steps * width));
  for (std::size_t n = 0; n < data.sequences.size(); ++n) {
    const Range& one = data.sequences[n];
    if (one.count != steps)
      throw DataError(fmt::format(
          "task.permute: one order of steps is for sequences of one length, but sequence {} of {} "
          "has {} steps and the first one to train on {}",
          n + 1, data.file, one.count, steps));
    float* rows = data.inputs.data() + one.first * width;
    std::copy_n(rows, steps * width, before.begin());
    for (std::size_t t = 0; t < order.size(); ++t)
      std::copy_n(before.begin() + order[t] * width, width, rows + static_cast<std::int64_t>(t) * width);
  }
}

ScalingRule input_rule(const std::string& asked, const FileData& training, const std::vector<Range>& rows) {
  if (asked == "none") return ScalingRule::none;
  if (asked == "minmax") return ScalingRule::minmax;
  if (asked == "bytes") return ScalingRule::bytes;
  if (asked == "standard") return ScalingRule::standard;
  if (training.integer_inputs && are_up_to(1, training.inputs, rows)) return ScalingRule::none;
  if (training.integer_inputs && training.images && are_up_to(255, training.inputs, rows))
    return ScalingRule::bytes;
  return ScalingRule::standard;
}

ScalingRule output_rule(const std::string& asked) {
  if (asked == "none") return ScalingRule::none;
  return asked == "minmax" ? ScalingRule::minmax : ScalingRule::standard;
}

std::string describe(ScalingRule rule, const Scaling& scaling, std::string_view what,
                     std::string_view names) {
  const std::string subject = names.empty() ? std::string(what) : fmt::format("{} ({})", what, names);
  const bool one = scaling.unit.size() == 1;
  switch (rule) {
    case ScalingRule::none:
      return subject + " as they are";
    case ScalingRule::bytes:
      return subject + " divided by 255";
    case ScalingRule::standard:
      return subject + " scaled to mean 0 and deviation 1" +
             (one ? fmt::format(" (mean {}, deviation {})", short_number(scaling.offset[0]),
                                short_number(scaling.unit[0]))
                  : " by column");
    case ScalingRule::minmax:
      return subject + " scaled to 0..1" +
             (one ? fmt::format(" (from {} to {})", short_number(scaling.offset[0]),
                                short_number(scaling.offset[0] + scaling.unit[0]))
                  : " by column");
  }
  return subject;
}

}  // namespace unroll
