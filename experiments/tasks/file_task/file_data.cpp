#include "experiments/tasks/file_task/file_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/data/data_error.hpp"
#include "experiments/data/slices.hpp"
#include "experiments/tasks/file_task/options.hpp"

namespace unroll {
namespace {

bool is_table(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name.ends_with(".csv") || name.ends_with(".tsv") || name.ends_with(".txt");
}

}  // namespace

bool FileRequest::next() const { return target == std::vector<std::string>{file_options::next}; }

FileData read_file_data(const FileRequest& request) {
  FileData data = is_table(request.data.path) ? read_table(request) : read_array_data(request);
  data.file = request.data.path;
  const std::int64_t horizon = request.next() && request.horizon == 0 ? 1 : request.horizon;
  if (horizon > 0) look_ahead(data, horizon, request.next());
  return data;
}

std::int64_t settle_missing(Tensor<float>& rows, const std::vector<Range>& sequences,
                            const FileRequest& request, const PlaceOf& place) {
  const std::int64_t columns = rows.shape()[1];
  std::int64_t missing = 0;
  const auto fail = [&](std::int64_t s, std::int64_t c, std::string_view what) {
    throw DataError(fmt::format("{}, {}: {}", request.data.path, place(s, c), what));
  };
  const auto settle = [&](std::int64_t s, std::int64_t c, bool first) {
    float& x = rows[s * columns + c];
    if (std::isinf(x))
      fail(s, c, "expected a finite number, found an infinite one: was something divided by 0?");
    if (!std::isnan(x)) return;
    ++missing;
    if (request.missing == "refuse")
      fail(s, c,
           "the value is missing or NaN; task.missing=previous takes the value a step before, zero a 0");
    if (request.missing == "previous" && first)
      fail(s, c,
           "the value is missing or NaN, and none is before it in its sequence; begin later, or "
           "task.missing=zero");
    x = request.missing == "zero" ? 0.0f : rows[(s - 1) * columns + c];
  };
  for (const Range& one : sequences)
    for (std::int64_t t = 0; t < one.count; ++t)
      for (std::int64_t c = 0; c < columns; ++c) settle(one.first + t, c, t == 0);
  return missing;
}

/// The first columns.
Tensor<float> without_last(const Tensor<float>& rows, std::int64_t left_out) {
  const std::int64_t count = rows.shape()[0], width = rows.shape()[1], kept = width - left_out;
  Tensor<float> all({count, kept});
  for (std::int64_t row = 0; row < count; ++row)
    std::copy_n(rows.data() + row * width, kept, all.data() + row * kept);
  return all;
}

void look_ahead(FileData& data, std::int64_t horizon, bool next) {
  if (!data.every_step)
    throw DataError(fmt::format(
        "task.horizon: is {}, but the targets of {} are one for each sequence, which are ahead of nothing",
        horizon, data.file));
  std::vector<Range> before, after, kept;
  std::int64_t total = 0;
  for (const Range& one : data.sequences) {
    if (one.count <= horizon)
      throw DataError(fmt::format("{}: sequence {} has {} steps, too few to predict {} ahead (task.horizon)",
                                  data.file, kept.size() + 1, one.count, horizon));
    const std::int64_t count = one.count - horizon;
    before.push_back({one.first, count});
    after.push_back({one.first + horizon, count});
    kept.push_back({total, count});
    total += count;
  }
  data.target = gathered(next ? without_last(data.inputs, data.context) : data.target, after);
  if (next) data.integer_target = false;
  data.inputs = gathered(data.inputs, before);
  if (data.weights) data.weights = gathered(*data.weights, after);
  data.sequences = std::move(kept);
}

}  // namespace unroll
