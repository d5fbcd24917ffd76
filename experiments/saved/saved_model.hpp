#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/text/vocabulary.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {

/// A model that cannot be loaded: the message names its file and lists every difference found.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A trained model with all that is needed to use it.
struct SavedModel {
  Config config;  ///< how it was trained; the texts it learned from are left out
  ModelSizes sizes;
  std::optional<Vocabulary> vocabulary;  ///< of models of tokens
  std::int64_t update = 0;               ///< after which its parameters were kept
  double validation_loss = 0;
  std::vector<Tensor<float>> parameters;  ///< in the order of SequenceModel::parameters()
};

/// Writes `folder`/model.safetensors (the parameters, under PyTorch's names where the cell declares them) and
/// then `folder`/model.toml (the resolved config with the cell's equations, sizes, vocabulary, versions and
/// the checksum of the parameters), each under a temporary name, flushed and renamed. Throws FileError.
void save_model(const std::filesystem::path& folder, const Config& config, const BestModel& model);

/// The model in a folder, or that of a model.toml. Throws ModelError, FileError, ConfigError for a model.toml
/// that is no config (a cell whose equations no longer parse among them), SafeTensorsError for damaged
/// parameters, ModelMismatch for those of another model.
SavedModel load_model(const std::filesystem::path& path);

}  // namespace unroll
