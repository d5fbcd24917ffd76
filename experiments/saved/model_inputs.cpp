#include "experiments/saved/model_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/arrays.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "experiments/data/slices.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// What a model expects of an array, for messages.
std::string expected(const ModelSizes& sizes) {
  if (sizes.tokens)
    return fmt::format("tokens, integers from 0 to {}: (sequences, steps), or (steps) of one sequence",
                       sizes.inputs - 1);
  return fmt::format("(sequences, steps, {0}), or (steps, {0}) of one sequence{1}: the model has {0} inputs",
                     sizes.inputs, sizes.inputs == 1 ? ", or (sequences, steps)" : "");
}

[[noreturn]] void refuse(const std::string& file, const ModelSizes& sizes, const std::string& found) {
  throw DataError(fmt::format("{}: expected {}; found {}", file, expected(sizes), found));
}

/// The array with its axes as they are meant: (N, T, inputs), of tokens (N, T).
Tensor<float> with_all_axes(const Tensor<float>& array, const ModelSizes& sizes, const std::string& file) {
  const Shape& shape = array.shape();
  const std::size_t rank = shape.rank();
  if (array.numel() == 0) refuse(file, sizes, fmt::format("an empty array {}", to_string(shape)));
  if (sizes.tokens) {
    if (rank == 2) return array;
    if (rank == 1) return Tensor<float>({1, shape[0]}, array.span());
  } else {
    if (rank == 3 && shape[2] == sizes.inputs) return array;
    if (rank == 2 && shape[1] == sizes.inputs) return Tensor<float>({1, shape[0], shape[1]}, array.span());
    if (rank == 2 && sizes.inputs == 1) return Tensor<float>({shape[0], shape[1], 1}, array.span());
  }
  refuse(file, sizes, to_string(shape));
}

Values as_tokens(const Tensor<float>& numbers, const ModelSizes& sizes, const std::string& file) {
  Tensor<std::int64_t> tokens(numbers.shape());
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    const float number = numbers[i];
    if (!(number >= 0 && number < static_cast<float>(sizes.inputs) && number == std::floor(number)))
      refuse(file, sizes, fmt::format("{} at step {}", number, i));
    tokens[i] = static_cast<std::int64_t>(number);
  }
  return tokens;
}

Values sequence_of(const Tensor<float>& numbers, const ModelSizes& sizes, const std::string& file) {
  if (sizes.tokens) return as_tokens(numbers, sizes, file);
  const auto bad = std::ranges::find_if_not(numbers.span(), [](float x) { return std::isfinite(x); });
  if (bad != numbers.span().end())
    refuse(file, sizes,
           fmt::format("{} at step {}, where a number is wanted", *bad,
                       (bad - numbers.span().begin()) / sizes.inputs));
  return numbers;
}

/// Where each sequence ends.
std::vector<std::int64_t> lengths_in(const DataArrays& arrays, const Shape& shape, const std::string& file) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(shape[0]), shape[1]);
  const auto found = arrays.find("lengths");
  if (found == arrays.end()) return lengths;
  const Tensor<float>& given = found->second.values;
  const auto valid = [&](float x) {
    return x >= 1 && x <= static_cast<float>(shape[1]) && x == std::floor(x);
  };
  if (given.shape() != Shape{shape[0]} || !std::ranges::all_of(given.span(), valid))
    throw DataError(
        fmt::format("{}: lengths: expected {} whole numbers from 1 to {}, one for each sequence, "
                    "found {} with other values or of another shape",
                    file, shape[0], shape[1], to_string(given.shape())));
  std::ranges::transform(given.span(), lengths.begin(), [](float x) { return static_cast<std::int64_t>(x); });
  return lengths;
}

const DataArray& array_of_inputs(const DataArrays& arrays, const std::string& file) {
  if (const auto named = arrays.find("inputs"); named != arrays.end()) return named->second;
  if (arrays.size() == 1) return arrays.begin()->second;
  std::string names;
  for (const auto& [name, array] : arrays) names += (names.empty() ? "" : ", ") + name;
  throw DataError(
      fmt::format("{}: expected an array called inputs, or one array alone; found {}", file, names));
}

/// Each number of an image as a step.
Tensor<float> as_pixels(const Tensor<float>& images) {
  const Shape& shape = images.shape();
  if (shape.rank() != 3) return images;
  return Tensor<float>({shape[0], shape[1] * shape[2], 1}, images.span());
}

std::vector<Values> from_arrays(const DataArrays& arrays, bool pixels, const ModelSizes& sizes,
                                const std::string& file) {
  const Tensor<float>& given = array_of_inputs(arrays, file).values;
  const Tensor<float> all = with_all_axes(pixels ? as_pixels(given) : given, sizes, file);
  const std::vector<std::int64_t> lengths = lengths_in(arrays, all.shape(), file);
  std::vector<Values> sequences;
  const std::int64_t step = sizes.tokens ? 1 : sizes.inputs, row = all.shape()[1] * step;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::int64_t steps = lengths[i];
    const auto numbers =
        all.span().subspan(i * static_cast<std::size_t>(row), static_cast<std::size_t>(steps * step));
    const Shape shape = sizes.tokens ? Shape{steps} : Shape{steps, step};
    sequences.push_back(sequence_of(Tensor<float>(shape, numbers), sizes, file));
  }
  return sequences;
}

/// The columns that the model learned from, or all.
std::vector<std::string> columns_in(const CsvTable& table, const std::vector<std::string>& learned) {
  // A first line of numbers is no line of names: those of training mean nothing there.
  const bool unnamed = !table.names.empty() && table.names.front() == "1";
  if (learned.empty() || (unnamed && table.names.size() == learned.size())) return table.names;
  for (const std::string& name : learned)
    if (std::ranges::find(table.names, name) == table.names.end())
      throw DataError(fmt::format(
          "{}: expected the column \"{}\", which the model learned from{}; there are {}", table.file,
          printable(name), did_you_mean(name, table.names), printable(joined(table.names, ", "))));
  return learned;
}

/// Rows are steps.
Values from_csv(const CsvTable& table, const std::vector<std::string>& learned, const ModelSizes& sizes,
                const std::string& file) {
  const std::vector<std::string> names = columns_in(table, learned);
  const auto steps = static_cast<std::int64_t>(table.rows());
  const auto columns = static_cast<std::int64_t>(names.size());
  if (columns != (sizes.tokens ? 1 : sizes.inputs)) refuse(file, sizes, fmt::format("{} columns", columns));
  Tensor<float> all(sizes.tokens ? Shape{steps} : Shape{steps, columns});
  for (std::int64_t c = 0; c < columns; ++c) {
    const CsvNumbers column = numbers(table, names[static_cast<std::size_t>(c)]);
    for (std::int64_t t = 0; t < steps; ++t) all[t * columns + c] = column.array.values[t];
  }
  return sequence_of(all, sizes, file);
}

bool is_csv(const std::string& file) { return file.ends_with(".csv") || file.ends_with(".csv.gz"); }

template <class T>
Values stacked(std::span<const Values> sequences) {
  std::int64_t steps = 0;
  for (const Values& one : sequences) steps = std::max(steps, shape_of(one)[0]);
  Shape shape = shape_of(sequences.front());
  const std::int64_t width = shape.rank() == 2 ? shape[1] : 1;
  const auto rows = static_cast<std::int64_t>(sequences.size());
  Tensor<T> all(shape.rank() == 2 ? Shape{steps, rows, width} : Shape{steps, rows});
  for (std::int64_t b = 0; b < rows; ++b) {
    const auto& one = std::get<Tensor<T>>(sequences[static_cast<std::size_t>(b)]);
    for (std::int64_t t = 0; t < one.shape()[0]; ++t)
      std::copy_n(one.data() + t * width, width, all.data() + (t * rows + b) * width);
  }
  return all;
}

void put_in_order(Tensor<float>& sequence, const std::vector<std::int64_t>& order, const std::string& file) {
  if (order.empty()) return;
  const std::int64_t steps = sequence.shape()[0], width = sequence.shape()[1];
  if (steps != std::ssize(order))
    throw DataError(
        fmt::format("{}: expected sequences of {} steps, whose order the model learned (task.permute); found "
                    "{} steps",
                    file, order.size(), steps));
  const Tensor<float> before = sequence;
  for (std::int64_t t = 0; t < steps; ++t)
    std::copy_n(before.data() + order[static_cast<std::size_t>(t)] * width, width,
                sequence.data() + t * width);
}

/// As the data were that the model was trained on.
void prepare(const Preparation& how, const std::string& file, std::vector<Values>& sequences) {
  for (Values& one : sequences)
    if (auto* numbers = std::get_if<Tensor<float>>(&one)) {
      put_in_order(*numbers, how.order, file);
      how.inputs.apply(*numbers);
    }
}

/// Where a model's outputs come back, nothing is known of them beforehand.
void make_room_for_feedback(std::int64_t size, std::vector<Values>& sequences) {
  for (Values& one : sequences) {
    const auto& given = std::get<Tensor<float>>(one);
    const std::int64_t steps = given.shape()[0], width = given.shape()[1];
    Tensor<float> wide({steps, width + size});
    for (std::int64_t t = 0; t < steps; ++t)
      std::copy_n(given.data() + t * width, width, wide.data() + t * (width + size));
    one = std::move(wide);
  }
}

}  // namespace

std::vector<Values> inputs_in(const SavedModel& model, const std::string& file) {
  const Preparation as_it_is;
  const Preparation& how = model.preparation ? *model.preparation : as_it_is;
  const std::string bytes = read_file(file);
  ModelSizes sizes = model.sizes;
  sizes.inputs -= sizes.feedback;
  std::vector<Values> sequences;
  if (is_csv(file))
    sequences.push_back(from_csv(read_csv(bytes, file), how.columns, sizes, file));
  else
    sequences = from_arrays(read_arrays(bytes, file), how.pixels, sizes, file);
  prepare(how, file, sequences);
  if (model.sizes.feedback > 0) make_room_for_feedback(model.sizes.feedback, sequences);
  return sequences;
}

Values side_by_side(std::span<const Values> sequences) {
  return std::holds_alternative<Tensor<float>>(sequences.front()) ? stacked<float>(sequences)
                                                                  : stacked<std::int64_t>(sequences);
}

}  // namespace unroll
