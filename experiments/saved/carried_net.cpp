#include "experiments/saved/carried_net.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

SequenceModel model_for(const SavedModel& saved, CarriedNet::Wanted wanted) {
  if (!saved.vocabulary)
    throw ModelError("this model was trained on the task " + saved.config.task.name +
                     ", whose inputs are vectors: it reads no text");
  if (saved.config.model.bidirectional)
    throw ModelError(
        "this model is bidirectional (model.bidirectional): each of its predictions has seen the text behind "
        "it, so it cannot go on with one");
  return saved.model(wanted == CarriedNet::Wanted::scores ? Readout::last : Readout::every_step);
}

CarriedRun::Options options_for(CarriedNet::Wanted wanted,
                                std::function<std::vector<Var>(const BoundModel&)> more) {
  CarriedRun::Options options{.more = std::move(more)};
  if (wanted == CarriedNet::Wanted::losses) return options;
  // Where a run is one step, products with a whole table of embedded characters take longer than all the
  // rest.
  options.plan.without = {"small-tables"};
  return options;
}

void fill(std::span<const std::int32_t> from, std::int64_t rows, Tensor<std::int64_t>& to) {
  const Shape shape = {static_cast<std::int64_t>(from.size()) / rows, rows};
  if (to.shape() != shape) to = Tensor<std::int64_t>(shape);
  std::ranges::copy(from, to.data());
}

}  // namespace

CarriedNet::CarriedNet(const SavedModel& saved, Wanted wanted, std::int64_t rows)
    : rows_(rows),
      run_(model_for(saved, wanted), saved.sizes.inputs, saved.sizes.tokens, saved.parameters,
           options_for(wanted, [&](const BoundModel& model) { return record_result(model, wanted); })) {
  run_.start(rows);
}

std::vector<Var> CarriedNet::record_result(const BoundModel& model, Wanted wanted) {
  const Var scores = model.recorded.outputs;
  if (wanted == Wanted::scores) return {scores};
  next_ = model.tape->index_input("next", {sizes::T, sizes::B});
  return {negative_log_likelihood(scores, next_)};
}

void CarriedNet::go_on_from(const CarriedNet& text) {
  std::vector<Tensor<float>> states;
  for (const Tensor<float>& row : text.run_.states()) {
    Shape shape = row.shape();
    shape[0] = rows_;
    Tensor<float>& all = states.emplace_back(shape);
    for (std::int64_t at = 0; at < all.numel(); at += row.numel())
      std::ranges::copy(row.span(), all.data() + at);
  }
  run_.start(std::move(states));
}

std::span<const float> CarriedNet::run(std::span<const std::int32_t> tokens,
                                       std::span<const std::int32_t> next) {
  fill(tokens, rows_, token_values_);
  if (next_.valid()) {
    fill(next, rows_, next_values_);
    run_.plan().bind(next_, next_values_);
  }
  run_.run(token_values_);
  return run_.more(0);
}

}  // namespace unroll
