// Arrays as sequences: N x T x I, N x T, or one long series.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/arrays.hpp"
#include "experiments/tasks/file_task/file_data.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// How an array is taken: `sequences` of `steps` steps of `size` numbers.
struct Form {
  std::int64_t sequences, steps, size;
  bool series;
};

/// The arrays of one part, by name.
class Arrays {
 public:
  explicit Arrays(const FileRequest& request)
      : request_(request), data_(read_arrays(content_of(request.data), request.data.path)) {
    if (!request.target_data.empty())
      targets_ = read_arrays(content_of(request.target_data), request.target_data.path);
  }

  const DataArray& inputs() const {
    if (!request_.inputs.empty())
      return named(data_, request_.data, only_name(request_.inputs, file_options::inputs));
    std::vector<std::string> left;
    for (const auto& [name, array] : data_)
      if (!is_taken(name)) left.push_back(name);
    if (left.size() == 1) return data_.at(left.front());
    throw DataError(fmt::format("task.inputs: say which array of {} to read; there are {}",
                                request_.data.path, printable(names_of(data_))));
  }

  const DataArray& target() const {
    const bool elsewhere = targets_.has_value();
    const DataArrays& all = elsewhere ? *targets_ : data_;
    const InputFile& file = elsewhere ? request_.target_data : request_.data;
    if (!request_.target.empty()) {
      const std::string& name = only_name(request_.target, file_options::target);
      if (!elsewhere && request_.inputs == request_.target)
        throw DataError(
            fmt::format("task.target: the array \"{}\" of {} is task.inputs too, where the model reads it",
                        printable(name), file.path));
      return named(all, file, name);
    }
    if (elsewhere && all.size() == 1) return all.begin()->second;
    throw DataError(
        fmt::format("task.target: say which array of {} to predict, or next (there are {}); or give a file "
                    "of targets as task.target_data",
                    file.path, printable(names_of(all))));
  }

  const DataArray& context() const {
    return named(data_, request_.data, only_name(request_.context, file_options::context));
  }
  const DataArray& named(const std::string& name) const { return named(data_, request_.data, name); }

  /// What errors call the file that the targets are in.
  const std::string& target_file() const { return (targets_ ? request_.target_data : request_.data).path; }

 private:
  bool is_taken(const std::string& name) const {
    return (!targets_ && std::ranges::find(request_.target, name) != request_.target.end()) ||
           std::ranges::find(request_.context, name) != request_.context.end() ||
           (!name.empty() && (name == request_.mask || name == request_.lengths));
  }

  static const std::string& only_name(const std::vector<std::string>& names, const OptionSpec& row) {
    if (names.size() == 1) return names.front();
    throw DataError(fmt::format("{}: expected one array, found {}: several are for columns of a table",
                                row.key, joined(names, ", ")));
  }

  static std::string names_of(const DataArrays& arrays) {
    std::vector<std::string> names;
    for (const auto& [name, array] : arrays)
      names.push_back(
          fmt::format("{} {}", name.empty() ? "one without a name" : name, to_string(array.values.shape())));
    return joined(names, ", ");
  }

  static const DataArray& named(const DataArrays& arrays, const InputFile& file, const std::string& name) {
    if (const auto found = arrays.find(name); found != arrays.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, array] : arrays) names.push_back(known);
    const std::string guess = did_you_mean(name, names);
    throw DataError(fmt::format("{}: there is no array \"{}\"{}", file.path, printable(name),
                                guess.empty() ? "; there are " + printable(names_of(arrays)) : guess));
  }

  const FileRequest& request_;
  DataArrays data_;
  std::optional<DataArrays> targets_;
};

std::int64_t product(const Shape& shape, std::size_t first) {
  std::int64_t all = 1;
  for (std::size_t axis = first; axis < shape.rank(); ++axis) all *= shape[axis];
  return all;
}

Form form_of(const Shape& shape, const FileRequest& request) {
  if (shape.numel() == 0 || shape.rank() == 0)
    throw DataError(
        fmt::format("{}: expected sequences, N x T x I numbers, but the array of inputs is {}: it has none",
                    request.data.path, to_string(shape)));
  if (shape.rank() == 1) return {1, shape[0], 1, true};
  if (shape.rank() == 2 && request.next()) return {1, shape[0], shape[1], true};
  if (shape.rank() == 2) return {shape[0], shape[1], 1, false};
  const std::size_t step_axes = request.pixels ? 3 : 2;
  const std::int64_t size = product(shape, step_axes);
  return {shape[0], product(shape, 1) / size, size, shape[0] == 1};
}

/// How targets are taken, said wherever they do not fit.
std::string expected_targets(const Form& form) {
  return fmt::format(
      "the inputs are {} sequences of {} steps, whose targets are {} (one for each), {} x outputs, or at "
      "every step {} x {} or {} x {} x outputs",
      form.sequences, form.steps, form.sequences, form.sequences, form.sequences, form.steps, form.sequences,
      form.steps);
}

bool every_step(const Shape& target, const Form& form, const FileRequest& request) {
  if (request.readout != "auto") return request.readout == "every_step";
  return form.series || target.rank() > 2 || (target.rank() == 2 && target[1] == form.steps);
}

/// Targets as (sequences or all their padded steps, outputs).
Tensor<float> target_rows(const DataArray& array, const Form& form, bool every_step,
                          const std::string& file) {
  const Shape& shape = array.values.shape();
  const std::int64_t rows = every_step ? form.sequences * form.steps : form.sequences;
  const bool one_series = form.series && shape.rank() > 0 && shape[0] == form.steps;
  const bool fits = shape.rank() > 0 && shape.numel() > 0 &&
                    (one_series || (shape[0] == form.sequences &&
                                    (!every_step || (shape.rank() > 1 && shape[1] == form.steps))));
  if (!fits)
    throw DataError(
        fmt::format("{}: the array of targets is {}, but {}: was one of them cut, or do they belong to "
                    "another file?",
                    file, to_string(shape), expected_targets(form)));
  return Tensor<float>({rows, shape.numel() / rows}, array.values.span());
}

std::vector<Range> padded_ranges(const Form& form) {
  std::vector<Range> all;
  for (std::int64_t n = 0; n < form.sequences; ++n) all.push_back({n * form.steps, form.steps});
  return all;
}

/// The steps that sequences really have.
void shorten(std::vector<Range>& sequences, const Arrays& arrays, const Form& form,
             const FileRequest& request) {
  if (request.lengths.empty()) return;
  const Tensor<float>& lengths = arrays.named(request.lengths).values;
  if (lengths.shape() != Shape{form.sequences})
    throw DataError(fmt::format("{}: the array of lengths \"{}\" is {}, expected ({}), one for each sequence",
                                request.data.path, printable(request.lengths), to_string(lengths.shape()),
                                form.sequences));
  for (std::int64_t n = 0; n < form.sequences; ++n) {
    const float length = lengths[n];
    if (!(length >= 1 && length <= static_cast<float>(form.steps) && std::floor(length) == length))
      throw DataError(
          fmt::format("{}: \"{}\" says that sequence {} has {} steps, expected a whole number from 1 to {}, "
                      "the steps that there are",
                      request.data.path, printable(request.lengths), n + 1, length, form.steps));
    sequences[static_cast<std::size_t>(n)].count = static_cast<std::int64_t>(length);
  }
}

Tensor<float> mask_of(const Arrays& arrays, const Form& form, const FileRequest& request) {
  const Tensor<float>& mask = arrays.named(request.mask).values;
  const bool fits =
      mask.shape() == Shape{form.sequences, form.steps} || (form.series && mask.shape() == Shape{form.steps});
  if (!fits)
    throw DataError(fmt::format(
        "{}: the mask \"{}\" is {}, expected ({}, {}), a weight for each step of each sequence",
        request.data.path, printable(request.mask), to_string(mask.shape()), form.sequences, form.steps));
  return Tensor<float>({form.sequences * form.steps}, mask.span());
}

PlaceOf place_of(const Form& form, std::string_view what) {
  return [form, what](std::int64_t row, std::int64_t column) {
    if (form.series) return fmt::format("{}, step {}, number {}", what, row + 1, column + 1);
    return fmt::format("{}, sequence {}, step {}, number {}", what, row / form.steps + 1,
                       row % form.steps + 1, column + 1);
  };
}

/// Numbers of the same steps, behind the inputs.
void read_context(FileData& data, const Arrays& arrays, const Form& form, const FileRequest& request) {
  if (request.context.empty()) return;
  if (request.pixels)
    throw DataError(
        "task.second_input: steps are pixels (task.steps), beside which an array has no second input");
  const DataArray& context = arrays.context();
  const Shape& shape = context.values.shape();
  const std::int64_t rows = form.sequences * form.steps;
  const bool series = form.series && shape.rank() > 0 && shape.rank() < 3 && shape[0] == form.steps;
  const bool set =
      (shape.rank() == 2 || shape.rank() == 3) && shape[0] == form.sequences && shape[1] == form.steps;
  if (!series && !set)
    throw DataError(fmt::format(
        "task.second_input: {}: the array \"{}\" is {}, expected ({}, {}, NUMBERS), as many sequences "
        "and steps as the inputs have",
        request.data.path, printable(request.context.front()), to_string(shape), form.sequences, form.steps));
  data.context = shape.numel() / rows;
  const std::int64_t own = data.inputs.shape()[1], width = own + data.context;
  Tensor<float> all({rows, width});
  for (std::int64_t row = 0; row < rows; ++row) {
    float* to = std::copy_n(data.inputs.data() + row * own, own, all.data() + row * width);
    std::copy_n(context.values.data() + row * data.context, data.context, to);
  }
  data.inputs = std::move(all);
  data.integer_inputs = data.integer_inputs && context.integers;
}

std::vector<Range> each(std::int64_t rows) {
  std::vector<Range> all;
  for (std::int64_t n = 0; n < rows; ++n) all.push_back({n, 1});
  return all;
}

void read_target(FileData& data, const Arrays& arrays, const Form& form, const FileRequest& request) {
  const DataArray& target = arrays.target();
  data.integer_target = target.integers;
  data.every_step = every_step(target.values.shape(), form, request);
  data.target = target_rows(target, form, data.every_step, arrays.target_file());
  if (target.integers) return;
  const PlaceOf place = [&](std::int64_t row, std::int64_t column) {
    return fmt::format("the target of sequence {}, number {}", row + 1, column + 1);
  };
  data.missing += data.every_step
                      ? settle_missing(data.target, data.sequences, request, place_of(form, "targets"))
                      : settle_missing(data.target, each(form.sequences), request, place);
}

}  // namespace

FileData read_array_data(const FileRequest& request) {
  if (!request.sequence.empty())
    throw DataError(
        fmt::format("task.sequence: {} holds arrays, whose first axis tells sequences apart; a column says "
                    "so in a table, a file whose name ends in .csv",
                    request.data.path));
  const Arrays arrays(request);
  const DataArray& inputs = arrays.inputs();
  const Form form = form_of(inputs.values.shape(), request);
  FileData data{.file = request.data.path,
                .inputs = Tensor<float>({form.sequences * form.steps, form.size}, inputs.values.span()),
                .target = {}};
  data.series = form.series;
  data.integer_inputs = inputs.integers;
  data.images = inputs.values.shape().rank() > 2;
  data.sequences = padded_ranges(form);
  shorten(data.sequences, arrays, form, request);
  read_context(data, arrays, form, request);
  if (!data.integer_inputs)
    data.missing = settle_missing(data.inputs, data.sequences, request, place_of(form, "inputs"));
  if (request.next())
    data.every_step = true;
  else
    read_target(data, arrays, form, request);
  if (!request.mask.empty()) data.weights = mask_of(arrays, form, request);
  return data;
}

}  // namespace unroll
