#include "experiments/instruments/state_map.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/train/trial_models.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

using sizes::B;

/// What of `values` are the elements of row `row`, in `from` rows of `width`.
template <class X>
void copy_row(const X* from, std::int64_t row, std::int64_t width, X* to) {
  std::copy_n(from + row * width, width, to);
}

}  // namespace

StateMap::StateMap(const SequenceModel& model, std::int64_t input_size, bool tokens,
                   std::vector<Tensor<double>> parameters, bool without_input)
    : input_size_(input_size),
      tokens_(tokens),
      values_(std::move(parameters)),
      specs_(model.parameters()),
      states_(model.states()) {
  for (const StateSpec& state : states_)
    if (!state.counts) size_ += state.shape.numel();
  if (without_input && tokens) zero_inputs();
  record(model);
  for (Plan<double>* plan : {forward_.get(), reverse_.get()}) {
    for (std::size_t i = 0; i < values_.size(); ++i) plan->bind(parameters_[i], values_[i]);
    for (std::size_t k = 0; k < states_.size(); ++k) plan->bind(initial_[k], state_values_[k]);
    tokens_ ? plan->bind(x_, indices_) : plan->bind(x_, vectors_);
  }
  for (std::size_t k = 0; k < cotangents_.size(); ++k) reverse_->bind(cotangents_[k], cotangent_values_[k]);
}

StateMap::StateMap(const Subject& subject, bool without_input)
    : StateMap(make_model(subject.laboratory.cells(), subject.config, sizes_of(subject.models.spec())),
               subject.models.spec().input_size, subject.models.spec().inputs == InputKind::tokens,
               subject.parameters, without_input) {}

/// Tokens have no zero; the vectors that the first layer sees of them do.
void StateMap::zero_inputs() {
  for (std::size_t i = 0; i < specs_.size(); ++i)
    if (specs_[i].name == "embedding.E") values_[i] = Tensor<double>(specs_[i].shape);
}

void StateMap::record(const SequenceModel& model) {
  const Parameters p(tape_, specs_);
  parameters_ = p.all();
  x_ = tokens_ ? tape_.index_input("tokens", {1, B}) : tape_.input("inputs", {1, B, input_size_});
  for (const StateSpec& state : states_) initial_.push_back(tape_.input(state.name, state.dims(B)));
  final_ = model.record(x_, p, initial_).final_state;
  state_values_.resize(states_.size());
  Var product = tape_.zeros({});
  std::vector<Var> wanted;
  for (std::size_t k = 0; k < states_.size(); ++k) {
    if (states_[k].counts) continue;
    cotangents_.push_back(tape_.input(states_[k].name + "'s cotangent", states_[k].dims(B)));
    product = product + sum(final_[k] * cotangents_.back());
    wanted.push_back(initial_[k]);
  }
  cotangent_values_.resize(cotangents_.size());
  pulled_ = gradients(product, wanted);
  const PlanOptions options{.frozen = parameters_};
  forward_ = std::make_unique<Plan<double>>(tape_, final_, options);
  reverse_ = std::make_unique<Plan<double>>(tape_, pulled_, options);
}

/// Rows of a vector as the states that it is of.
void StateMap::split(const Tensor<double>& rows, std::vector<Tensor<double>>& parts, double count) const {
  const std::int64_t number = rows.shape()[0];
  const bool with_counts = parts.size() == states_.size();
  std::int64_t first = 0;
  std::size_t part = 0;
  for (const StateSpec& state : states_) {
    if (state.counts && !with_counts) continue;
    Tensor<double>& to = parts[part++];
    if (to.shape() != state.batch_shape(number)) to = Tensor<double>(state.batch_shape(number));
    if (state.counts) {
      to.fill(state.start + count);
      continue;
    }
    const std::int64_t width = state.shape.numel();
    for (std::int64_t r = 0; r < number; ++r)
      std::copy_n(rows.data() + r * size_ + first, width, to.data() + r * width);
    first += width;
  }
}

Tensor<double> StateMap::join(const Plan<double>& plan, const std::vector<Var>& parts,
                              std::int64_t rows) const {
  Tensor<double> all({rows, size_});
  std::int64_t first = 0;
  for (const Var& part : parts) {
    const std::span<const double> values = plan.value(part);
    const std::int64_t width = static_cast<std::int64_t>(values.size()) / rows;
    for (std::int64_t r = 0; r < rows; ++r) copy_row(values.data(), r, width, all.data() + r * size_ + first);
    first += width;
  }
  return all;
}

void StateMap::bind(const Point& from, const StepInput& x) {
  split(from.s, state_values_, from.count);
  const std::int64_t rows = from.s.shape()[0];
  if (tokens_)
    indices_ = Tensor<std::int64_t>({1, rows}, std::get<Tensor<std::int64_t>>(x).span());
  else
    vectors_ = Tensor<double>({1, rows, input_size_}, std::get<Tensor<double>>(x).span());
}

StateMap::Point StateMap::start(std::int64_t rows) {
  Tensor<double> all({rows, size_});
  std::int64_t first = 0;
  for (const StateSpec& state : states_) {
    if (state.counts) continue;
    const auto spec = std::ranges::find(specs_, start_name(state.name), &ParameterSpec::name);
    const bool learned = state.learned && spec != specs_.end();
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < state.shape.numel(); ++i)
        all[r * size_ + first + i] =
            learned ? values_[static_cast<std::size_t>(spec - specs_.begin())][i] : state.start;
    first += state.shape.numel();
  }
  return {std::move(all), 0};
}

StateMap::Point StateMap::next(const Point& from, const StepInput& x) {
  bind(from, x);
  forward_->run();
  std::vector<Var> moving;
  for (std::size_t k = 0; k < states_.size(); ++k)
    if (!states_[k].counts) moving.push_back(final_[k]);
  return {join(*forward_, moving, from.s.shape()[0]), from.count + 1};
}

Tensor<double> StateMap::pull_back(const Point& from, const StepInput& x, const Tensor<double>& cotangents) {
  bind(from, x);
  split(cotangents, cotangent_values_, 0);
  reverse_->run();
  return join(*reverse_, pulled_, from.s.shape()[0]);
}

StepInput StateMap::no_input(std::int64_t rows) const {
  if (tokens_) return Tensor<std::int64_t>({rows});
  return Tensor<double>({rows, input_size_});
}

BatchInputs::BatchInputs(const Batch& batch, std::int64_t most) : batch_(batch), steps_(batch.steps()) {
  for (std::int64_t b = 0; b < batch.rows() && rows() < most; ++b)
    if (batch.lengths[static_cast<std::size_t>(b)] == steps_) rows_.push_back(b);
}

StepInput BatchInputs::at(std::int64_t t, std::int64_t times) const {
  const std::int64_t all = batch_.rows();
  return std::visit(
      [&]<class X>(const Tensor<X>& inputs) -> StepInput {
        using To = std::conditional_t<std::is_same_v<X, float>, double, X>;
        const std::int64_t width = inputs.numel() / (steps_ * all);
        Tensor<To> step(inputs.shape().rank() == 2 ? Shape{rows() * times} : Shape{rows() * times, width});
        To* to = step.data();
        for (const std::int64_t row : rows_)
          for (std::int64_t i = 0; i < times; ++i)
            to = std::copy_n(inputs.data() + (t * all + row) * width, width, to);
        return step;
      },
      batch_.inputs);
}

Tensor<double> repeated(const Tensor<double>& rows, std::int64_t times) {
  const std::int64_t width = rows.shape()[1];
  Tensor<double> all({rows.shape()[0] * times, width});
  for (std::int64_t r = 0; r < all.shape()[0]; ++r)
    copy_row(rows.data(), r / times, width, all.data() + r * width);
  return all;
}

std::string needs_one_direction(const Laboratory&, const Config& config) {
  if (!config.model.bidirectional) return "";
  return "model.bidirectional is true, and what runs backwards in time is no dynamical system; set it to "
         "false";
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
}

}  // namespace unroll
