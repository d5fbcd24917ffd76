#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/safetensors.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

// A model's parameters under the names of a torch.nn.Module with the parts `embedding` (nn.Embedding), `rnn`
// (nn.RNN, nn.LSTM or nn.GRU) and `readout` (nn.Linear), so that files move both ways:
//
//     rnn.weight_ih_l0, rnn.weight_hh_l0_reverse, ...  of cells that declare them (pytorch in the .cell file)
//     rnn.W_xh_l0, rnn.b_h_l1_reverse, ...             by our own names, of cells that do not
//     rnn.start.h_l0, rnn.layer_norm.gain_l0, ...      what is around a cell: learned starts and layer norm
//     embedding.weight, readout.weight, readout.bias   embedding.E, readout.W_hy and readout.b_y
//
// Layers count from 0. Where PyTorch has two biases and the equations have one, ours is written as the first
// and zeros as the second; on reading it is the sum of both.

/// A file holds other parameters than the model; the message lists every difference.
struct ModelMismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Part of a tensor in a file: all of one parameter.
struct FilePart {
  std::size_t parameter;  ///< its place in SequenceModel::parameters()
  bool second_bias;       ///< written as zeros, on reading added to what the first bias gave
};

/// A tensor in a file: parameters stacked along their first axis.
struct FileTensor {
  std::string name;
  Shape shape;
  std::vector<FilePart> parts;
};

/// What a model's file holds: layer by layer, then what is in no layer.
std::vector<FileTensor> file_tensors(const SequenceModel& model);

/// `values` in the order of model.parameters(). Throws std::invalid_argument when they are of another number
/// or other shapes.
SafeTensors to_safetensors(const SequenceModel& model, std::span<const Tensor<float>> values);

/// The values again, in the order of model.parameters(): bit by bit those that were written. Throws
/// ModelMismatch, naming `source_name`, when a tensor is missing, unexpected or of another shape.
std::vector<Tensor<float>> from_safetensors(const SequenceModel& model, SafeTensors file,
                                            std::string_view source_name);

}  // namespace unroll
