#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/config/bytes.hpp"
#include "experiments/config/cell_text.hpp"
#include "experiments/config/input_file.hpp"
#include "experiments/tasks/task_config.hpp"

namespace unroll {

// The settings of one trial. Defaults, meaning and range of every field stand once, in the rows that the
// subjects export (experiments/laboratory.hpp composes them); the file format, the command line, sweep axes,
// --help and the trial's id all follow from them. Defaults that depend on other settings (an empty variant; a
// decay, epsilon or stride of 0) are filled in before a trial gets its config.

struct ModelConfig {
  CellText cell;
  std::map<std::string, double> constants;  ///< of the cell's equations, where not their defaults
  std::string activation;
  std::int64_t hidden = 0;
  std::string init;            ///< of the recurrent matrix
  std::string input_init;      ///< of the input and readout matrices
  double init_scale = 0;       ///< std of "normal", bound of "uniform", gain of "orthogonal" and "identity"
  double input_scale = 0;      ///< the same for input_init
  double spectral_radius = 0;  ///< of "sparse"
  std::int64_t nonzeros = 0;   ///< per row of "sparse"
  std::int64_t embedding = 0;  ///< size of a token's vector; 0: as `hidden`
  double embedding_scale = 0;
  std::int64_t layers = 1;
  double dropout_input = 0;  ///< rates; 0: off
  double dropout_output = 0;
  double dropout_recurrent = 0;
  std::string dropout_mask;  ///< sequence, step
  double zoneout = 0;
  std::string initial_state;  ///< cell, learned
  bool bidirectional = false;
  bool residual = false;  ///< from the second layer on
  bool layer_norm = false;
  bool tied = false;     ///< readout matrix and tokens' vectors are one parameter
  std::string readout;   ///< linear, state
  InputFile start = {};  ///< parameters to start from, as safetensors; none: drawn
};

/// That a trial can be asked for.
inline constexpr std::int64_t most_updates = 1'000'000'000;

struct TrainConfig {
  std::string optimizer;
  double learning_rate = 0;
  std::map<std::string, double> rates;  ///< by parameter: factors of its learning rate, where set here
  double momentum = 0;
  double decay = 0;  ///< of the running mean of squares (RMSProp)
  double epsilon = 0;
  std::string rmsprop;          ///< variant: urnn, tensorflow, char-rnn
  double beta1 = 0, beta2 = 0;  ///< Adam, AdamW
  double weight_decay = 0;
  std::string schedule;  ///< constant, exponential, step, plateau, gain
  double schedule_factor = 0;
  std::int64_t schedule_every = 0;
  std::int64_t schedule_patience = 0;
  double schedule_gain = 0;
  double clip_norm = 0;            ///< 0: off
  double clip_value = 0;           ///< 0: off
  double clip_state_gradient = 0;  ///< 0: off
  double clip_state_norm = 0;      ///< 0: off
  double omega = 0;                ///< factor of Pascanu's regulariser; 0: off
  std::string omega_through;       ///< weights, step
  double flossing = 0;             ///< factor of the sum of squared Lyapunov exponents; 0: off
  std::int64_t flossing_exponents = 0;
  std::int64_t flossing_updates = 0;  ///< the first ones, which descend it alone; 0: all, with the loss
  double gradient_noise = 0;          ///< eta of its variance; 0: off
  double gradient_noise_decay = 0;    ///< gamma of its variance
  double weight_noise = 0;            ///< standard deviation; 0: off
  double guess = 0;                   ///< half-width that parameters are drawn from, instead of steps; 0: off
  std::int64_t batch = 0;
  std::int64_t batch_shards = 0;
  Bytes max_memory;         ///< of each plan; 0: as much as it takes; no part of a trial's id
  std::int64_t window = 0;  ///< steps of truncated BPTT; 0: full
  std::int64_t stride = 0;  ///< steps between its updates
  std::int64_t updates = 0;
  std::int64_t validate_every = 0;
  std::int64_t training_sequences = 0;  ///< of a fixed set; 0: new ones at every update
  std::int64_t validation_sequences = 0;
  std::int64_t test_sequences = 0;
  bool pack = false;  ///< sequences of different lengths share rows, instead of being padded
  bool early_stop = false;
  bool own_feedback = false;       ///< evaluations feed outputs back, not targets, to cells that name them
  double checkpoint_seconds = 60;  ///< between the states kept of training; no part of a trial's id
};

struct Config {
  TaskConfig task;
  ModelConfig model;
  TrainConfig train;
  std::uint64_t seed = 0;
  std::vector<std::string> diagnose;     ///< instruments
  std::vector<std::string> diagnose_at;  ///< when they look: start, end, a number of updates, every N
  std::string diagnose_loss_step;        ///< last, all, or a number from 1
  std::string out;                       ///< output folder; no part of a trial's id
  std::int64_t jobs = 0;                 ///< threads; no part of a trial's id
};

}  // namespace unroll
