#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/train/restored_record.hpp"
#include "experiments/train/trainer.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

// What stands in a checkpoint: tensors "parameter/W_hh", "optimizer/W_hh/mean_square", "state/70/0" (state 0
// that enters the window at step 70), and "trainer" in its metadata.
constexpr const char* state_key = "trainer";

const Tensor<float>& tensor(const SafeTensors& file, const std::string& name) {
  for (const auto& [known, value] : file.tensors)
    if (known == name) return value;
  throw std::invalid_argument(fmt::format("checkpoint: no tensor {}", name));
}

Tensor<float> tensor(const SafeTensors& file, const std::string& name, const Shape& shape) {
  const Tensor<float>& value = tensor(file, name);
  if (value.shape() == shape) return value;
  throw std::invalid_argument(fmt::format("checkpoint: {} has the shape {}, expected {}", name,
                                          to_string(value.shape()), to_string(shape)));
}

std::string state_name(std::int64_t entered, std::size_t state) {
  return fmt::format("state/{}/{}", entered, state);
}

/// JSON has no infinity.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json("inf"); }
double number(const Json& json) {
  return json == "inf" ? std::numeric_limits<double>::infinity() : json.get<double>();
}

/// How often something happened, of `json`: not more often than there are updates.
std::int64_t count(const Json& json, const char* name, std::int64_t most) {
  return whole_number(name, json.at(name), 0, most);
}

}  // namespace

void Trainer::save(SafeTensors& to) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    to.tensors.emplace_back("parameter/" + specs()[i].name, parameters_[i]);
  const OptimizerState optimizer = optimizer_->state();
  Json names = Json::array();
  for (const OptimizerState::Named& one : optimizer.tensors) {
    names.push_back(one.name);
    to.tensors.emplace_back("optimizer/" + one.name, one.value);
  }
  const Schedule::State& schedule = schedule_.state();
  Json json = {{"optimizer", {{"steps", optimizer.steps}, {"tensors", names}}},
               {"schedule",
                {{"best", number(schedule.best)},
                 {"stalled", schedule.stalled},
                 {"cuts", schedule.cuts},
                 {"last", number(schedule.last)},
                 {"falls", schedule.falls}}},
               {"batches", batches_}};
  if (windowed_) {
    Json entered = Json::array();
    for (const auto& [step, states] : windowed_->states()) {
      entered.push_back(step);
      for (std::size_t k = 0; k < states.size(); ++k) to.tensors.emplace_back(state_name(step, k), states[k]);
    }
    json["windows"] = {{"done", windowed_->done()}, {"entered", entered}};
  }
  to.metadata[state_key] = json.dump();
}

void Trainer::restore(const SafeTensors& from) {
  const auto found = from.metadata.find(state_key);
  if (found == from.metadata.end()) throw std::invalid_argument("checkpoint: no state of a trainer");
  const Json json = Json::parse(found->second);
  const std::int64_t updates = config_.train.updates;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    parameters_[i] = tensor(from, "parameter/" + specs()[i].name, specs()[i].shape);
  OptimizerState optimizer{count(json.at("optimizer"), "steps", updates), {}};
  for (const std::string name : json.at("optimizer").at("tensors"))
    optimizer.tensors.push_back({name, tensor(from, "optimizer/" + name)});
  optimizer_->restore(optimizer);
  const Json& schedule = json.at("schedule");
  schedule_.restore({number(schedule.at("best")), count(schedule, "stalled", updates + 1),
                     count(schedule, "cuts", updates + 1), number(schedule.at("last")),
                     count(schedule, "falls", updates + 1)});
  batches_ = count(json, "batches", updates);
  if (!json.contains("windows")) return;
  if (!truncated() || batches_ == 0)
    throw std::invalid_argument("checkpoint: it has windows, but no batch that these are of");
  WindowedBatch::States states;
  for (const Json& entered : json.at("windows").at("entered")) {
    const std::int64_t step = whole_number("entered", entered, 0, std::numeric_limits<std::int64_t>::max());
    for (std::size_t k = 0; k < model().states.size(); ++k)
      states[step].push_back(
          tensor(from, state_name(step, k), model().states[k].batch_shape(config_.train.batch)));
  }
  windowed_ = std::make_unique<WindowedBatch>(model(), batch(batches_ - 1), config_.train.window,
                                              config_.train.stride);
  windowed_->restore(static_cast<std::size_t>(count(json.at("windows"), "done", updates)), std::move(states));
}

}  // namespace unroll
