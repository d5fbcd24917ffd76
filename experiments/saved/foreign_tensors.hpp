#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/safetensors.hpp"
#include "models/interchange.hpp"

namespace unroll {

/// What the shapes of recurrent tensors say of the model.
struct RecurrentSizes {
  std::int64_t hidden;
  std::int64_t inputs;  ///< of the first layer
  std::int64_t layers;
  bool bidirectional;

  std::int64_t features() const { return hidden * (bidirectional ? 2 : 1); }
};

/// The tensors of a file under names of the model's (models/interchange.hpp), step by step.
class ForeignTensors {
 public:
  ForeignTensors(SafeTensors tensors, std::string file) : file_(std::move(file)), all_(std::move(tensors)) {}

  /// Leaves out a tensor, or all of a module. Throws ModelMismatch where there is none.
  void ignore(const std::string& name);
  /// Gives a tensor, or all of a module, our name. Throws ModelMismatch where there is none.
  void rename(const std::string& ours, const std::string& theirs);
  /// Calls the one module whose tensors have `suffixes` of layer 0 ("weight_ih") `rnn`. Throws ModelMismatch
  /// where no module has them, or several do.
  void find_recurrent(const std::vector<std::string>& suffixes);
  /// `input` is the suffix of the matrix of inputs, `recurrent` that of the states. Throws ModelMismatch.
  RecurrentSizes recurrent_sizes(const std::string& input, const std::string& recurrent) const;
  /// Calls the one module with a matrix of this shape `name`, if there is one and none has the name yet. An
  /// embedding has no bias; of several possible readouts the one with a bias is it.
  void find_module(const std::string& name, const Shape& matrix);
  /// Adds zeros for biases of `expected` that are missing. Throws nothing: what else is missing stays so.
  void fill_biases(const std::vector<FileTensor>& expected);

  SafeTensors take() { return std::move(all_); }
  /// What was taken for what.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  bool has_module(const std::string& name) const;
  std::vector<std::string> modules_with(const Shape& matrix) const;
  std::string names() const;

  std::string file_;
  SafeTensors all_;
  std::vector<std::string> notes_;
};

}  // namespace unroll
