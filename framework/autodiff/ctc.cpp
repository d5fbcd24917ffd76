#include "framework/autodiff/ctc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"

namespace unroll {
namespace {

/// The logarithm of nothing: so low that no sum shows it, and finite, so that differences stay numbers.
constexpr double barred = -1e30;

/// The labels of one sequence, without what fills them up.
std::span<const std::int64_t> own_labels(const Tensor<std::int64_t>& labels, std::int64_t s,
                                         std::int64_t blank) {
  const auto most = static_cast<std::size_t>(labels.shape()[1]);
  const auto all = labels.span().subspan(static_cast<std::size_t>(s) * most, most);
  const auto end = std::ranges::find(all, no_label);
  for (auto at = all.begin(); at != all.end(); ++at)
    if (at < end ? *at < 0 || *at >= blank : *at != no_label)
      throw std::invalid_argument(fmt::format(
          "[ctc] label {} of sequence {} is {}, expected {}; is the number of outputs the labels' and one "
          "for "
          "the blank?",
          at - all.begin(), s, *at,
          at < end ? fmt::format("0 to {}", blank - 1) : fmt::format("{} behind the last one", no_label)));
  return {all.begin(), end};
}

/// Steps that labels need: one each, and one for the blank between two that are alike.
std::int64_t steps_needed(std::span<const std::int64_t> labels) {
  auto steps = static_cast<std::int64_t>(labels.size());
  for (std::size_t l = 1; l < labels.size(); ++l) steps += labels[l] == labels[l - 1];
  return steps;
}

void check_room(std::span<const std::int64_t> labels, std::int64_t s, std::int64_t steps) {
  const std::int64_t needed = std::max<std::int64_t>(1, steps_needed(labels));
  if (needed <= steps) return;
  throw std::invalid_argument(
      fmt::format("[ctc] sequence {} has {} labels, which need {} steps (one more between two that are "
                  "alike), but it has "
                  "{}; are the steps too coarse, or the labels those of another recording?",
                  s, labels.size(), needed, steps));
}

/// Shape (S, N) -> (S, N): each state has the value of the one `by` before it.
Var from_before(Var alpha, std::int64_t by) {
  const Dims& dims = alpha.dims();
  const Var none = alpha.tape().fill(barred, {dims[0], by});
  return concat({none, slice(alpha, 1, 0, dims[1].number() - by)}, 1);
}

/// log(e^a + e^b + e^c). Their maximum does not change the sum, so that it may count as a constant.
Var log_of_sum(Var a, Var b, Var c) {
  const Var most = stop_gradient(maximum(maximum(a, b), c));
  return log(exp(a - most) + exp(b - most) + exp(c - most)) + most;
}

void check_logits(Var logits) {
  if (logits.rank() == 3) return;
  throw ShapeError(fmt::format("[ctc] logits are (T, rows, outputs), not {}", to_string(logits.dims())));
}

}  // namespace

template <class T>
CtcLattice<T> ctc_lattice(const Tensor<std::int64_t>& labels, std::span<const StepPlace> places,
                          std::int64_t steps, std::int64_t rows, std::int64_t outputs) {
  const auto sequences = static_cast<std::int64_t>(places.size());
  const std::int64_t states = 2 * labels.shape()[1] + 1, blank = outputs - 1;
  CtcLattice<T> all{.outputs = Tensor<std::int64_t>({steps, sequences, states}),
                    .steps = Tensor<std::int64_t>({steps, sequences}),
                    .live = Tensor<T>({steps, sequences, 1}),
                    .skips = Tensor<T>({sequences, states}, static_cast<T>(barred)),
                    .ends = Tensor<T>({sequences, states}, static_cast<T>(barred))};
  for (std::int64_t s = 0; s < sequences; ++s) {
    const StepPlace& place = places[static_cast<std::size_t>(s)];
    const std::span<const std::int64_t> own = own_labels(labels, s, blank);
    check_room(own, s, place.count);
    const auto count = static_cast<std::int64_t>(own.size());
    const auto output = [&](std::int64_t n) {
      return n % 2 == 1 && n / 2 < count ? own[static_cast<std::size_t>(n / 2)] : blank;
    };
    for (std::int64_t n = 3; n < 2 * count; n += 2)
      if (output(n) != output(n - 2)) all.skips[s * states + n] = 0;
    all.ends[s * states + 2 * count] = 0;
    if (count > 0) all.ends[s * states + 2 * count - 1] = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t at = (place.first + std::min(t, place.count - 1)) * rows + place.row;
      all.steps[t * sequences + s] = at;
      all.live[t * sequences + s] = t < place.count ? 1 : 0;
      for (std::int64_t n = 0; n < states; ++n)
        all.outputs[(t * sequences + s) * states + n] = at * outputs + output(n);
    }
  }
  return all;
}

CtcInputs ctc_inputs(Tape& tape, Dim sequences, std::int64_t most_labels) {
  if (most_labels < 1)
    throw std::invalid_argument(
        fmt::format("[ctc] room for {} labels; sequences have room for at least one", most_labels));
  const Dim states = 2 * most_labels + 1;
  return {.outputs = tape.index_input("ctc outputs", {sizes::T, sequences, states}),
          .steps = tape.index_input("ctc steps", {sizes::T, sequences}),
          .live = tape.input("ctc live", {sizes::T, sequences, 1}),
          .skips = tape.input("ctc skips", {sequences, states}),
          .ends = tape.input("ctc ends", {sequences, states})};
}

Var ctc(Var logits, const CtcInputs& target) {
  check_logits(logits);
  Tape& tape = logits.tape();
  const Var flat = reshape(log_softmax(logits), {numel(logits.dims())});
  const Var scores = gather(flat, target.outputs);  // (T, S, N)
  // Before the first step all paths are at the first blank; from there they stay, or go on to the first
  // label.
  Tensor<double> first({target.skips.dims()[1].number()}, barred);
  first[0] = 0;
  const Var start = broadcast_to(tape.constant(first), target.skips.dims());
  const Var skips = target.skips;
  const auto step = [&](const std::vector<Var>& x, const std::vector<Var>& alpha) {
    const Var next = x[0] + log_of_sum(alpha[0], from_before(alpha[0], 1), from_before(alpha[0], 2) + skips);
    return Step{{where(x[1], next, alpha[0])}};
  };
  const Var last = scan(step, {scores, target.live}, {start}).final_state[0];
  return -logsumexp(last + target.ends, -1);
}

Var ctc_best_path(Var logits, const CtcInputs& target) {
  check_logits(logits);
  const Var best = as_real(argmax(logits));  // (T, rows)
  return gather(reshape(best, {numel(best.dims())}), target.steps);
}

template CtcLattice<float> ctc_lattice(const Tensor<std::int64_t>&, std::span<const StepPlace>, std::int64_t,
                                       std::int64_t, std::int64_t);
template CtcLattice<double> ctc_lattice(const Tensor<std::int64_t>&, std::span<const StepPlace>, std::int64_t,
                                        std::int64_t, std::int64_t);

}  // namespace unroll
