#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/error_of.hpp"

// What the laws of all tasks share.

namespace unroll::task_laws {

/// Those that draw their sequences; the others read a file.
inline bool is_generated(const TaskRow& row) { return row.length.has_value(); }

/// Whether its sequences have one length, that it was made for.
inline bool has_one_length(const TaskRow& row) { return row.name == "noise_free"; }

/// Of a length there is one sequence.
inline bool is_all_length(const TaskRow& row) { return row.name == "counting"; }

/// A row without variants is one case as well.
inline std::vector<std::string> variants_of(const TaskRow& row) {
  return row.variants.empty() ? std::vector<std::string>{""} : row.variants;
}

/// Calls f(task, row) for every variant of every task, each setting with known values at each of them.
/// Tasks that make sequences to a length get `length`; none: their own default. Those of which there is one
/// for a length get all up to it.
template <class F>
void for_every_variant(std::optional<LengthRange> length, const F& f) {
  for (const TaskRow& row : standard_tasks())
    for (const std::string& variant : variants_of(row)) {
      LengthRange range = row.length ? length.value_or(*row.length) : LengthRange{};
      if (is_all_length(row)) range.least = 1;
      TaskConfig config = any_task(row.name, variant, range);
      CAPTURE(config.name);
      CAPTURE(config.variant);
      f(*standard_task(config), row);
      for (const OptionSpec& option : row.options) {
        if (!option.known || !is_generated(row)) continue;  // what of a file's settings fits is in the file
        for (const std::string& value : option.known()) {
          CAPTURE(option.key);
          CAPTURE(value);
          config.values[option.key] = value;
          f(*standard_task(config), row);
        }
      }
    }
}

template <class F>
void for_every_variant(const F& f) {
  for_every_variant(LengthRange{40}, f);
}

inline std::string refusal(const TaskConfig& config) {
  return error_of<std::invalid_argument>([&] { standard_task(config); });
}

/// Whether each of the values is one of 0 to below `count`.
inline bool in_range(const Tensor<std::int64_t>& values, std::int64_t count) {
  return std::ranges::all_of(values.span(), [&](std::int64_t value) { return value >= 0 && value < count; });
}

inline void check_inputs(const TaskSpec& spec, const Batch& batch) {
  if (spec.inputs == InputKind::tokens) {
    REQUIRE(shape_of(batch.inputs) == Shape{batch.steps(), batch.rows()});
    CHECK(in_range(indices(batch.inputs), spec.input_size));
    return;
  }
  REQUIRE(shape_of(batch.inputs) == Shape{batch.steps(), batch.rows(), spec.input_size});
  CHECK(std::ranges::all_of(numbers(batch.inputs).span(), [](float x) { return std::isfinite(x); }));
}

inline void check_target(const TaskSpec& spec, const Batch& batch) {
  const bool classes = spec.objective.target == TargetKind::classes;
  if (spec.objective.target == TargetKind::labels) {
    REQUIRE(shape_of(batch.target) == Shape{batch.rows(), spec.most_labels});
    for (const std::int64_t label : indices(batch.target).span())
      CHECK((label == no_label || (label >= 0 && label < spec.output_size - 1)));
    return;
  }
  Shape expected = spec.every_step() ? Shape{batch.steps(), batch.rows()} : Shape{batch.rows()};
  if (!classes) expected.push_back(spec.output_size);
  REQUIRE(shape_of(batch.target) == expected);
  if (classes) CHECK(in_range(indices(batch.target), spec.output_size));
}

}  // namespace unroll::task_laws
