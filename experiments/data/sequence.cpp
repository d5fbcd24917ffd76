#include "experiments/data/sequence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/data/slices.hpp"

namespace unroll {
namespace {

std::int64_t longest(std::span<const Sequence> sequences) {
  std::int64_t steps = 0;
  for (const Sequence& sequence : sequences) steps = std::max(steps, sequence.steps());
  return steps;
}

/// The shape of one entry: of a step, or of a whole target.
Shape entry_shape(const Values& values, bool by_step) {
  const Shape& shape = shape_of(values);
  return Shape(std::vector<std::int64_t>(shape.begin() + by_step, shape.end()));
}

/// What of a sequence is collated.
struct Member {
  Values Sequence::*values;
  bool by_step;
  const char* name;
};

void check_alike(std::span<const Sequence> sequences, const Member& member) {
  const Values& first = sequences[0].*member.values;
  for (std::size_t b = 0; b < sequences.size(); ++b) {
    const Values& one = sequences[b].*member.values;
    const bool steps_fit = !member.by_step || shape_of(one)[0] == sequences[b].steps();
    if (one.index() == first.index() && steps_fit &&
        entry_shape(one, member.by_step) == entry_shape(first, member.by_step))
      continue;
    throw std::invalid_argument(fmt::format(
        "sequence {} of a batch has {} of {}, {} steps, but the first one's are of {}: they cannot stand "
        "side by side",
        b, member.name, to_string(shape_of(one)), sequences[b].steps(), to_string(shape_of(first))));
  }
}

template <class T>
Tensor<T> side_by_side(std::span<const Sequence> sequences, const Member& member) {
  const auto rows = static_cast<std::int64_t>(sequences.size());
  const Shape entry = entry_shape(sequences[0].*member.values, member.by_step);
  Shape shape;
  if (member.by_step) shape.push_back(longest(sequences));
  shape.push_back(rows);
  for (const std::int64_t extent : entry) shape.push_back(extent);
  const std::int64_t n = entry.numel();
  Tensor<T> all(shape);
  for (std::int64_t b = 0; b < rows; ++b) {
    const auto& one = std::get<Tensor<T>>(sequences[static_cast<std::size_t>(b)].*member.values);
    for (std::int64_t t = 0; t < one.numel() / std::max<std::int64_t>(n, 1); ++t)
      std::copy_n(one.data() + t * n, n, all.data() + (t * rows + b) * n);
  }
  return all;
}

Values collated(std::span<const Sequence> sequences, const Member& member) {
  check_alike(sequences, member);
  if (std::holds_alternative<Tensor<float>>(sequences[0].*member.values))
    return side_by_side<float>(sequences, member);
  return side_by_side<std::int64_t>(sequences, member);
}

std::optional<Tensor<float>> collated_weights(std::span<const Sequence> sequences) {
  if (std::ranges::none_of(sequences, [](const Sequence& one) { return one.weights.has_value(); }))
    return std::nullopt;
  const auto rows = static_cast<std::int64_t>(sequences.size());
  Tensor<float> weights({longest(sequences), rows});
  for (std::int64_t b = 0; b < rows; ++b) {
    const Sequence& one = sequences[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < one.steps(); ++t)
      weights[t * rows + b] = one.weights ? (*one.weights)[t] : 1.f;
  }
  return weights;
}

void copy_values(const Values& from, std::size_t axis, Range range, Values& to) {
  std::visit(
      [&]<class T>(const Tensor<T>& tensor) {
        if (!std::holds_alternative<Tensor<T>>(to)) to = Tensor<T>();
        copy_range(tensor, axis, range, std::get<Tensor<T>>(to));
      },
      from);
}

void copy_weights(const Batch& from, std::size_t axis, Range range, Batch& to) {
  if (!from.weights) {
    to.weights.reset();
    return;
  }
  if (!to.weights) to.weights.emplace();
  copy_range(*from.weights, axis, range, *to.weights);
}

}  // namespace

bool Batch::even() const {
  return std::ranges::all_of(lengths, [&](std::int64_t length) { return length == steps(); });
}

float Batch::weight(std::int64_t t, std::int64_t b) const {
  if (t >= lengths[static_cast<std::size_t>(b)]) return 0;
  return weights ? (*weights)[t * rows() + b] : 1;
}

Batch collate(std::span<const Sequence> sequences, bool every_step) {
  if (sequences.empty()) throw std::invalid_argument("a batch of no sequences");
  Batch batch;
  batch.inputs = collated(sequences, {&Sequence::inputs, true, "inputs"});
  batch.target = collated(sequences, {&Sequence::target, every_step, "a target"});
  batch.weights = collated_weights(sequences);
  for (const Sequence& sequence : sequences) batch.lengths.push_back(sequence.steps());
  return batch;
}

void copy_rows(const Batch& from, Range rows, bool every_step, Batch& to) {
  copy_values(from.inputs, 1, rows, to.inputs);
  copy_values(from.target, every_step ? 1 : 0, rows, to.target);
  copy_weights(from, 1, rows, to);
  to.lengths.assign(from.lengths.begin() + rows.first, from.lengths.begin() + rows.first + rows.count);
}

void copy_steps(const Batch& from, Range steps, Batch& to) {
  copy_values(from.inputs, 0, steps, to.inputs);
  copy_values(from.target, 0, steps, to.target);
  copy_weights(from, 0, steps, to);
  to.lengths.clear();
  for (const std::int64_t length : from.lengths)
    to.lengths.push_back(std::clamp<std::int64_t>(length - steps.first, 0, steps.count));
}

}  // namespace unroll
