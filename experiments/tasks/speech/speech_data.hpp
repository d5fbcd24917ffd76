#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/data/audio/features.hpp"
#include "experiments/data/preparation.hpp"
#include "experiments/data/sequence_table.hpp"
#include "experiments/data/source.hpp"
#include "experiments/tasks/speech/augment.hpp"
#include "experiments/tasks/speech/recordings.hpp"

namespace unroll {

/// Which recordings each part has.
struct SpeechParts {
  std::vector<std::int64_t> training, validation, test;
};

/// Samples as a model reads them.
class Listening {
 public:
  /// Nothing is scaled before a scaling is set. Throws as Features does, but DataError.
  explicit Listening(const TaskConfig& config);

  const Features& features() const { return features_; }
  void set_scaling(Scaling scaling) { scaling_ = std::move(scaling); }
  const Scaling& scaling() const { return scaling_; }
  /// (steps, width).
  Tensor<float> inputs(std::span<const float> samples) const;

 private:
  Features features_;
  bool without_mean_;  ///< each recording's own mean is taken out
  Scaling scaling_;
};

/// Recordings of a user's, ready to train on.
struct SpeechData {
  Recordings recordings;
  SpeechParts parts;
  Listening listening;
  std::vector<std::string> labels;                 ///< in the order of the outputs
  std::vector<std::vector<std::int64_t>> targets;  ///< by recording: its labels; one, of variant label
  std::shared_ptr<const SequenceTable> table;      ///< all recordings as they are
  LengthRange splice;
  Augmentation augmentation;
  std::int64_t rate = 0;
  std::int64_t most_labels = 1;  ///< of any sequence
  bool ctc = false;

  const std::vector<float>& samples(std::int64_t i) const {
    return recordings.all[static_cast<std::size_t>(i)].samples;
  }
};

/// Reads the recordings, splits them, finds the labels, fits the scaling to the training part, or takes what
/// config.preparation says. Throws DataError.
std::shared_ptr<const SpeechData> read_speech(const TaskConfig& config);

/// Sequences that are made anew of the recordings `of` at every call: of one drawn at random or of
/// several spliced, augmented where asked for. Without end, or the first `size` of them.
std::unique_ptr<DataSource> made_of(std::shared_ptr<const SpeechData> data, std::vector<std::int64_t> of,
                                    std::uint64_t seed, Purpose purpose, bool augment,
                                    std::optional<std::int64_t> size = std::nullopt);

}  // namespace unroll
