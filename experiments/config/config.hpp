#pragma once

#include <cstdint>
#include <string>

#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// The settings of one trial. Defaults, meaning and range of every field stand once, in options.cpp's table;
/// the file format, the command line, sweep axes, --help and the trial's id all follow from that table.
/// Defaults that depend on other settings (an empty variant, a decay or epsilon of 0) are filled in before a
/// trial gets its config.
struct ModelConfig {
  std::string cell;
  std::string activation;
  std::int64_t hidden;
  std::string init;        ///< of the recurrent matrix
  std::string input_init;  ///< of the input and readout matrices
  double init_scale;       ///< std of "normal", bound of "uniform", gain of "orthogonal" and "identity"
  double input_scale;      ///< the same for input_init
  double spectral_radius;  ///< of "sparse"
  std::int64_t nonzeros;   ///< per row of "sparse"
};

struct TrainConfig {
  std::string optimizer;
  double learning_rate;
  double momentum;
  double decay;  ///< of the running mean of squares (RMSProp)
  double epsilon;
  std::string rmsprop;  ///< variant: urnn, tensorflow, char-rnn
  double beta1, beta2;  ///< Adam, AdamW
  double weight_decay;
  std::string schedule;  ///< constant, exponential, step, plateau
  double schedule_factor;
  std::int64_t schedule_every;
  std::int64_t schedule_patience;
  double clip_norm;   ///< 0: off
  double clip_value;  ///< 0: off
  std::int64_t batch;
  std::int64_t updates;
  std::int64_t validate_every;
  std::int64_t validation_sequences;
  bool early_stop;
};

struct Config {
  TaskConfig task;
  ModelConfig model;
  TrainConfig train;
  std::uint64_t seed;
  std::string out;    ///< output folder; no part of a trial's id
  std::int64_t jobs;  ///< trials at once; no part of a trial's id
};

}  // namespace unroll
