#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/export/header/step_code.hpp"
#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/shaping.hpp"

namespace unroll {
namespace {

using How = Emitter::How;

/// Rows along the last axis, and their length.
struct RowsOf {
  RowsOf(const StepCode& code, ir::Id id) : length(code.shape(id).back()), count(code.count(id) / length) {}
  std::int64_t length, count;
};

/// A product whose matrix is no constant, or one of several rows: row by row of the result.
void write_product(StepCode& code, const ir::Compute& compute) {
  const Shape a = code.shape(compute.in[0]), out = code.shape(compute.out);
  const auto& [transpose_a, transpose_b] = compute.attrs.as<MatmulAttrs>();
  const std::size_t axis = a.rank() - 2;
  const std::int64_t m = out[axis], n = out[axis + 1], k = a[transpose_a ? axis : axis + 1];
  const std::int64_t products = axis == 0 ? 1 : out[0];
  const std::string left = code.pointer(compute.in[0]), right = code.pointer(compute.in[1]);
  const std::string to = code.declared(compute.out);
  code.open(fmt::format("for (int row = 0; row < {}; ++row)", products * m));
  const std::string product = products == 1 ? "0" : fmt::format("row / {}", m);
  const std::string in_product = products == 1 ? "row" : fmt::format("row % {}", m);
  code.line(fmt::format("const float* const a = {} + {} * {} + ({}) * {};", left, product, m * k, in_product,
                        transpose_a ? 1 : k));
  code.line(fmt::format("const float* const b = {} + {} * {};", right, product, k * n));
  code.line(fmt::format("float* const y = {} + row * {};", to, n));
  if (transpose_b && !transpose_a) {
    code.line(fmt::format("for (int j = 0; j < {}; ++j) y[j] = Wide::dot<{}>(a, b + j * {});", n, k, k));
  } else if (transpose_b) {
    code.open(fmt::format("for (int j = 0; j < {}; ++j)", n));
    code.line("y[j] = 0;");
    code.line(fmt::format("for (int l = 0; l < {}; ++l) y[j] += a[l * {}] * b[j * {} + l];", k, m, k));
    code.close();
  } else {
    code.line(fmt::format("std::memset(y, 0, {} * sizeof(float));", n));
    code.line(fmt::format("Wide::add_columns<{}, {}, {}, {}>(y, b, a, y);", n, k, n, transpose_a ? m : 1));
  }
  code.close();
}

/// Sums over the last axes, over the first ones, or any others.
void write_sum(StepCode& code, const ir::Compute& compute) {
  const Shape in = code.shape(compute.in[0]), out = code.shape(compute.out);
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  const std::int64_t rows = out.numel();
  std::vector<std::int64_t> strides(in.rank(), 0);  // of the result, along the operand's axes
  std::int64_t stride = 1;
  for (std::size_t back = 1; back <= out.rank(); ++back) {
    const std::size_t axis = in.rank() - back;
    const std::int64_t extent = out[out.rank() - back];
    if (extent != 1) strides[axis] = stride;
    stride *= extent;
  }
  bool last = true, summing = false;  // nothing that stays stands behind what is summed
  for (std::size_t axis = 0; axis < in.rank(); ++axis) {
    if (in[axis] == 1) continue;
    if (summing && strides[axis] != 0) last = false;
    summing = summing || strides[axis] == 0;
  }
  if (last) {
    const std::int64_t length = in.numel() / rows;
    code.line(fmt::format("for (int r = 0; r < {}; ++r) {}[r] = Wide::sum<{}>({} + r * {});", rows, to,
                          length, from, length));
    return;
  }
  code.line(fmt::format("std::memset({0}, 0, sizeof {0});", to));
  code.line(fmt::format("int at_{} = 0;", compute.out));
  std::string index = "0";
  for (std::size_t axis = 0; axis < in.rank(); ++axis) {
    if (in[axis] == 1) continue;
    code.line(fmt::format("for (int i{0} = 0; i{0} < {1}; ++i{0})", axis, in[axis]));
    if (strides[axis] != 0) index += fmt::format(" + i{} * {}", axis, strides[axis]);
  }
  code.line(fmt::format("  {}[{}] += ({})[at_{}++];", to, index, from, compute.out));
}

void write_largest(StepCode& code, const ir::Compute& compute) {
  const RowsOf rows(code, compute.in[0]);
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  code.line(fmt::format("for (int r = 0; r < {}; ++r) {}[r] = Wide::largest<{}>({} + r * {});", rows.count,
                        to, rows.length, from, rows.length));
}

void write_logsumexp(StepCode& code, const ir::Compute& compute) {
  const RowsOf rows(code, compute.in[0]);
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  code.line(fmt::format("for (int r = 0; r < {}; ++r) {}[r] = Wide::logsumexp<{}>({} + r * {});", rows.count,
                        to, rows.length, from, rows.length));
}

void write_softmax(StepCode& code, const ir::Compute& compute) {
  const RowsOf rows(code, compute.in[0]);
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  code.line(fmt::format("for (int r = 0; r < {}; ++r) Wide::softmax<{}>({} + r * {}, {} + r * {});",
                        rows.count, rows.length, from, rows.length, to, rows.length));
}

void write_transpose(StepCode& code, const ir::Compute& compute) {
  const Shape in = code.shape(compute.in[0]), out = code.shape(compute.out);
  const auto& permutation = compute.attrs.as<TransposeAttrs>().permutation;
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  code.line(fmt::format("int at_{} = 0;", compute.out));
  std::string index = "0";
  for (std::size_t axis = 0; axis < out.rank(); ++axis) {
    if (out[axis] == 1) continue;
    std::int64_t stride = 1;
    for (std::size_t i = static_cast<std::size_t>(permutation[axis]) + 1; i < in.rank(); ++i) stride *= in[i];
    code.line(fmt::format("for (int i{0} = 0; i{0} < {1}; ++i{0})", axis, out[axis]));
    index += fmt::format(" + i{} * {}", axis, stride);
  }
  code.line(fmt::format("  {}[at_{}++] = ({})[{}];", to, compute.out, from, index));
}

/// What lies in front of an axis, along it and behind it.
struct Around {
  Around(const Shape& shape, std::int64_t axis) {
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      if (static_cast<std::int64_t>(i) < axis) outer *= shape[i];
      if (static_cast<std::int64_t>(i) > axis) inner *= shape[i];
    }
    along = shape[static_cast<std::size_t>(axis)];
  }
  std::int64_t outer = 1, along = 1, inner = 1;
};

void copy_rows(StepCode& code, std::int64_t rows, const std::string& to, std::int64_t to_step,
               const std::string& from, std::int64_t from_step, std::int64_t numbers) {
  code.line(
      fmt::format("for (int r = 0; r < {}; ++r) std::memcpy({} + r * {}, {} + r * {}, {} * sizeof(float));",
                  rows, to, to_step, from, from_step, numbers));
}

void write_slice(StepCode& code, const ir::Compute& compute) {
  const auto& range = compute.attrs.as<RangeAttrs>();
  const Around in(code.shape(compute.in[0]), range.axis);
  const std::int64_t kept = range.extent.at({}) * in.inner;
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  copy_rows(code, in.outer, to, kept, fmt::format("{} + {}", from, range.first_of(in.along) * in.inner),
            in.along * in.inner, kept);
}

void write_pad(StepCode& code, const ir::Compute& compute) {
  const auto& range = compute.attrs.as<RangeAttrs>();
  const Around in(code.shape(compute.in[0]), range.axis);
  const std::string from = code.pointer(compute.in[0]), to = code.declared(compute.out);
  code.line(fmt::format("std::memset({0}, 0, sizeof {0});", to));
  copy_rows(code, in.outer, fmt::format("{} + {}", to, range.first_of(range.extent.at({})) * in.inner),
            range.extent.at({}) * in.inner, from, in.along * in.inner, in.along * in.inner);
}

void write_concat(StepCode& code, const ir::Compute& compute) {
  const std::int64_t axis = compute.attrs.as<ConcatAttrs>().axis;
  const Around out(code.shape(compute.out), axis);
  std::vector<std::string> from;
  for (const ir::Id in : compute.in) from.push_back(code.pointer(in));
  const std::string to = code.declared(compute.out);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t numbers = Around(code.shape(compute.in[i]), axis).along * out.inner;
    copy_rows(code, out.outer, fmt::format("{} + {}", to, at), out.along * out.inner, from[i], numbers,
              numbers);
    at += numbers;
  }
}

/// A row of a table is where it lies there.
void write_gather(StepCode& code, const ir::Compute& compute) {
  code.point(compute.out,
             fmt::format("{} + static_cast<std::ptrdiff_t>({}) * {}", code.pointer(compute.in[0]),
                         code.token(compute.in[1]), code.count(compute.out)));
}

void write_as_real(StepCode& code, const ir::Compute& compute) {
  const std::string token = code.token(compute.in[0]);
  code.line(fmt::format("{}[0] = static_cast<float>({});", code.declared(compute.out), token));
}

constexpr std::array emitters = {
    Emitter{"identity", How::view},
    Emitter{"stop_gradient", How::view},
    Emitter{"clip_gradient", How::view},
    Emitter{"index_identity", How::view},
    Emitter{"reshape", How::view},
    Emitter{"index_reshape", How::view},
    Emitter{"neg", How::element, "-{0}"},
    Emitter{"exp", How::element, "lanes.exp({0})"},
    Emitter{"log", How::element, "lanes.log({0})"},
    Emitter{"sqrt", How::element, "lanes.sqrt({0})"},
    Emitter{"square", How::element, "{0} * {0}"},
    Emitter{"abs", How::element, "lanes.abs({0})"},
    Emitter{"sign", How::element, "lanes.sign({0})"},
    Emitter{"sin", How::element, "lanes.sin({0})"},
    Emitter{"cos", How::element, "lanes.cos({0})"},
    Emitter{"tanh", How::element, "lanes.tanh({0})"},
    Emitter{"sigmoid", How::element, "lanes.sigmoid({0})"},
    Emitter{"relu", How::element, "lanes.relu({0})"},
    Emitter{"softplus", How::element, "lanes.softplus({0})"},
    Emitter{"erf", How::element, "lanes.erf({0})"},
    Emitter{"floor", How::element, "lanes.floor({0})"},
    Emitter{"round", How::element, "lanes.round({0})"},
    Emitter{"add", How::element, "{0} + {1}"},
    Emitter{"sub", How::element, "{0} - {1}"},
    Emitter{"mul", How::element, "{0} * {1}"},
    Emitter{"div", How::element, "{0} / {1}"},
    Emitter{"pow", How::element, "lanes.pow({0}, {1})"},
    Emitter{"maximum", How::element, "lanes.maximum({0}, {1})"},
    Emitter{"less", How::element, "lanes.less({0}, {1})"},
    Emitter{"less_equal", How::element, "lanes.less_equal({0}, {1})"},
    Emitter{"greater", How::element, "lanes.less({1}, {0})"},
    Emitter{"greater_equal", How::element, "lanes.less_equal({1}, {0})"},
    Emitter{"equal", How::element, "lanes.equal({0}, {1})"},
    Emitter{"not_equal", How::element, "lanes.not_equal({0}, {1})"},
    Emitter{"where", How::element, "lanes.where({0}, {1}, {2})"},
    Emitter{"broadcast_to", How::element, "{0}"},
    Emitter{"from_max", How::element, "{0} - {1}"},
    Emitter{"matmul", How::product, {}, write_product},
    Emitter{"sum_to", How::other, {}, write_sum},
    Emitter{"max", How::other, {}, write_largest},
    Emitter{"logsumexp", How::other, {}, write_logsumexp},
    Emitter{"softmax", How::other, {}, write_softmax},
    Emitter{"transpose", How::other, {}, write_transpose},
    Emitter{"slice", How::other, {}, write_slice},
    Emitter{"pad", How::other, {}, write_pad},
    Emitter{"concat", How::other, {}, write_concat},
    Emitter{"gather", How::other, {}, write_gather},
    Emitter{"as_real", How::other, {}, write_as_real},
};

constexpr std::string_view given = "it is given from outside, or a number already";
constexpr std::string_view random = "random numbers are drawn by the program's own generator";
constexpr std::string_view backwards = "it stands in gradients and losses alone";
constexpr std::string_view linear =
    "a system of equations whose matrix changes from step to step is none of a header's";

constexpr std::array without = {
    WithoutEmitter{"input", given},
    WithoutEmitter{"index_input", given},
    WithoutEmitter{"step_index", "a step does not know its number; count in a state"},
    WithoutEmitter{"constant", given},
    WithoutEmitter{"fill", given},
    WithoutEmitter{"count", given},
    WithoutEmitter{"solve", linear},
    WithoutEmitter{"solve_triangular", linear},
    WithoutEmitter{"triangle", linear},
    WithoutEmitter{"orthonormalise", backwards},
    WithoutEmitter{"scatter_add", backwards},
    WithoutEmitter{"pick", backwards},
    WithoutEmitter{"place", backwards},
    WithoutEmitter{"argmax", backwards},
    WithoutEmitter{"random_mask", random},
    WithoutEmitter{"random_normal", random},
    WithoutEmitter{"scan", "a step has no loop over time in it"},
};

}  // namespace

std::span<const Emitter> step_emitters() { return emitters; }
std::span<const WithoutEmitter> ops_without_emitter() { return without; }

const Emitter& emitter_of(const Op& op) {
  const auto found = std::ranges::find(emitters, op.name, &Emitter::op);
  if (found != emitters.end()) return *found;
  const auto reason = std::ranges::find(without, op.name, &WithoutEmitter::op);
  throw ModelError(fmt::format("the model's step has the op {}, which cannot be exported: {}", op.name,
                               reason == without.end() ? "it has no emitter" : reason->reason));
}

}  // namespace unroll
