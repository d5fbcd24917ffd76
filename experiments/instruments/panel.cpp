#include "experiments/instruments/panel.hpp"

#include <algorithm>

#include "experiments/instruments/state_map.hpp"
#include "experiments/laboratory.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/cpu.hpp"

namespace unroll {
namespace {

std::vector<Tensor<double>> in_double(const std::vector<Tensor<float>>& parameters) {
  std::vector<Tensor<double>> values;
  for (const Tensor<float>& p : parameters) values.push_back(convert<double>(p));
  return values;
}

void put_number(const Scalar& number, std::int64_t update, TrialRecord& record) {
  record.set(number);
  RecordedSeries& series = record.series_like(
      {.name = number.name, .axis = "update", .descriptor = number.descriptor, .x = {}, .y = {}});
  // A training may end by itself at a moment that was looked at already.
  if (!series.x.empty() && series.x.back() == static_cast<double>(update)) return;
  series.x.push_back(static_cast<double>(update));
  series.y.push_back(number.value);
}

}  // namespace

Panel::Panel(const Laboratory& laboratory, const Config& config)
    : laboratory_(laboratory),
      config_(config),
      instruments_(instruments_of(laboratory.instruments(), config)),
      moments_(config.diagnose_at),
      looks_(std::ranges::any_of(instruments_, [](const Instrument* one) { return one->look != nullptr; })) {}

bool Panel::watches() const {
  return std::ranges::any_of(instruments_, [](const Instrument* one) { return one->watch != nullptr; });
}

void Panel::watch(std::int64_t update, std::span<const std::span<float>> gradients,
                  TrialRecord& record) const {
  for (const Instrument* one : instruments_)
    if (one->watch) one->watch({config_, update, gradients}, record);
}

void Panel::sum_up(std::int64_t update, TrialRecord& record) const {
  for (const Instrument* one : instruments_)
    if (one->sum_up) one->sum_up(update, record);
}

void Panel::look_after(std::int64_t update, TrialModels& models, const std::vector<Tensor<float>>& parameters,
                       TrialRecord& record) const {
  if (!looks_) return;
  if (const auto moment = moments_.at(update, config_.train.updates))
    look(update, *moment, models, parameters, record);
}

void Panel::look_at_end(std::int64_t update, TrialModels& models,
                        const std::vector<Tensor<float>>& parameters, TrialRecord& record) const {
  if (looks_ && moments_.at_end()) look(update, "end", models, parameters, record);
}

void Panel::look(std::int64_t update, const std::string& moment, TrialModels& models,
                 const std::vector<Tensor<float>>& parameters, TrialRecord& record) const {
  const KeepSubnormals guard;
  const std::vector<Tensor<double>> values = in_double(parameters);
  // The next update will say that training has diverged.
  if (!std::ranges::all_of(values, [](const auto& one) { return all_finite(one.span()); })) return;
  Findings findings;
  for (const Instrument* one : instruments_)
    if (one->look) one->look({laboratory_, config_, models, values, update, moment}, findings);
  // What has no moment of its own is as it was at the last look.
  for (RecordedSeries& series : findings.series) record.series_like(series) = std::move(series);
  for (const Scalar& number : findings.numbers) put_number(number, update, record);
}

}  // namespace unroll
