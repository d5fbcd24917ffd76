#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/saved/model_error.hpp"
#include "experiments/text/vocabulary.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {

/// A trained model with all that is needed to use it.
struct SavedModel {
  const Laboratory* laboratory;  ///< whose cells and tasks the config names
  Config config;  ///< how it was trained; files that it learned from are left out unless asked for
  ModelSizes sizes;
  std::string objective;                        ///< by which its outputs are to be understood
  std::optional<Vocabulary> vocabulary;         ///< of models of tokens
  std::optional<Preparation> preparation = {};  ///< of models that learned from files of numbers
  std::int64_t update = 0;                      ///< after which its parameters were kept
  double validation_loss = 0;
  std::vector<Tensor<float>> parameters;  ///< in the order of SequenceModel::parameters()

  /// The model, read out there.
  SequenceModel model(Readout readout) const;
  SequenceModel model() const { return model(sizes.readout); }
};

/// Whether the files that a model learned from are read with it.
enum class Learned { left_out, read };

/// Writes `folder`/model.safetensors (the parameters, under PyTorch's names where the cell declares them) and
/// then `folder`/model.toml (the resolved config with the cell's equations, sizes, vocabulary, versions and
/// the checksum of the parameters), each under a temporary name, flushed and renamed. Throws FileError.
void save_model(const Laboratory& laboratory, const std::filesystem::path& folder, const Config& config,
                const KeptModel& model);

/// The same of a model that was not trained here: `update` 0 and no validation loss say so.
void save_model(const std::filesystem::path& folder, const SavedModel& model);

/// The model in a folder, or that of a model.toml. Throws ModelError, FileError, ConfigError for a model.toml
/// that is no config (a cell whose equations no longer parse among them), SafeTensorsError for damaged
/// parameters, ModelMismatch for those of another model. `laboratory` must outlive the model.
SavedModel load_model(const Laboratory& laboratory, const std::filesystem::path& path,
                      Learned files = Learned::left_out);

}  // namespace unroll
