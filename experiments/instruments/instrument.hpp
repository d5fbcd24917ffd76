#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/records/record.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

class Laboratory;
class TrialModels;
struct Config;

/// What an instrument looks at: a trial at one moment of its training. It changes nothing there.
struct Subject {
  const Laboratory& laboratory;
  const Config& config;
  TrialModels& models;
  const std::vector<Tensor<double>>& parameters;  ///< in the order of the model's specs
  std::int64_t update = 0;                        ///< how many are done
  std::string moment = "start";                   ///< "start", "update 100", "end": of the series it makes
};

/// What was seen at one moment. A number becomes a scalar of the record, as it was at the last look, and a
/// series over the updates of all looks.
struct Findings {
  std::vector<RecordedSeries> series;
  std::vector<Scalar> numbers;
};

/// What an instrument that watches every update is told: the gradients that the update was computed with,
/// before clipping.
struct SeenUpdate {
  const Config& config;
  std::int64_t update;  ///< from 1
  std::span<const std::span<float>> gradients;
};

/// One row: a thing that is looked at while training. Of the three functions those that are null are never
/// called.
struct Instrument {
  std::string name;
  std::string shows;   ///< one sentence
  std::string needs;   ///< beyond what every trial has; "" for nothing
  std::string source;  ///< "" for what no paper need say
  /// At each moment of diagnose_at, in double, with subnormal numbers kept.
  void (*look)(const Subject& subject, Findings& findings) = nullptr;
  /// At every update. What it must know later stands in the record, which a trial that goes on begins with.
  void (*watch)(const SeenUpdate& seen, TrialRecord& record) = nullptr;
  /// At every validation, and where training ends.
  void (*sum_up)(std::int64_t update, TrialRecord& record) = nullptr;
  /// Why it cannot look at trials of this config; "" where it can. Null: it always can.
  std::string (*objection)(const Laboratory& laboratory, const Config& config) = nullptr;
  /// Most bytes that a look takes. Null: few.
  std::size_t (*bytes)(TrialModels& models) = nullptr;
  bool reads_loss_step = false;  ///< whether diagnose_loss_step matters to it
};

using InstrumentList = std::vector<Instrument>;

/// The list of those that come with the program.
const InstrumentList& standard_instruments();

/// Null where there is none of that name.
const Instrument* find_instrument(const InstrumentList& list, std::string_view name);

/// The instruments that a config asks for, in its order. Throws std::invalid_argument for an unknown one.
std::vector<const Instrument*> instruments_of(const InstrumentList& list, const Config& config);

}  // namespace unroll
