#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// What is said about a file of parameters that this program did not write.
struct ImportOptions {
  std::string cell;                         ///< what model.cell may be
  std::vector<std::string> overrides = {};  ///< "task.name=adding", "model.activation=relu"
  std::map<std::string, std::string> names =
      {};                                 ///< ours to theirs, of tensors or of modules: "readout" to "fc"
  std::vector<std::string> ignored = {};  ///< tensors, or modules, that are left out
  std::optional<Vocabulary> vocabulary = std::nullopt;
};

struct ImportedModel {
  SavedModel model;
  std::vector<std::string> notes;  ///< for people: what was taken for what, rounded, or filled in
};

/// Makes a model of a safetensors file's bytes, such as a PyTorch state_dict. The recurrent tensors are found
/// by the ends of their names ("encoder.rnn.weight_hh_l0"), number of layers, directions, units and the
/// embedding's size by their shapes, `embedding` and `readout` by names that `names` gives, or by their
/// shapes where these leave no choice. Biases that no tensor holds are zeros. Throws ConfigError,
/// SafeTensorsError, and ModelMismatch, which lists every tensor that is missing, unexpected or of another
/// shape.
ImportedModel import_model(const Laboratory& laboratory, std::string_view bytes, const std::string& file,
                           const ImportOptions& options);

}  // namespace unroll
