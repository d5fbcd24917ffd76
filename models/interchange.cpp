#include "models/interchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "models/language/equation_cell.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// Parameters of no layer.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> around = {
    {{"embedding.E", "embedding.weight"},
     {"readout.W_hy", "readout.weight"},
     {"readout.b_y", "readout.bias"}}};

std::string name_around(const std::string& parameter) {
  for (const auto& [ours, theirs] : around)
    if (parameter == ours) return std::string(theirs);
  return parameter;
}

std::string name_in_layer(std::string_view name, const Layer::Place& place) {
  return fmt::format("rnn.{}_l{}{}", name, place.number, place.reverse ? "_reverse" : "");
}

/// Collects a model's tensors; every parameter goes into one.
class Naming {
 public:
  explicit Naming(const SequenceModel& model) : specs_(model.parameters()) {
    for (std::size_t i = 0; i < specs_.size(); ++i) left_.emplace(specs_[i].name, i);
    for (const Layer& layer : model.layers()) add(layer);
    for (const auto& [name, i] : left_) tensors_.push_back(single(name_around(name), i));
  }

  std::vector<FileTensor> take() { return std::move(tensors_); }

 private:
  void add(const Layer& layer) {
    const std::string& prefix = layer.prefix();
    const auto* equations = dynamic_cast<const EquationCell*>(&layer.cell());
    if (equations)
      for (const CellDefinition::PyTorchTensor& tensor : equations->definition().pytorch)
        tensors_.push_back(stacked(tensor, layer));
    for (const ParameterSpec& spec : layer.parameters()) {
      const auto found = left_.find(spec.name);
      if (found == left_.end()) continue;  // in a stack
      tensors_.push_back(
          single(name_in_layer(spec.name.substr(prefix.size()), layer.place()), found->second));
      left_.erase(found);
    }
  }

  FileTensor single(std::string name, std::size_t i) const {
    return {std::move(name), specs_[i].shape, {{i, false}}};
  }

  FileTensor stacked(const CellDefinition::PyTorchTensor& tensor, const Layer& layer) {
    FileTensor stack{name_in_layer(tensor.name, layer.place()), {}, {}};
    for (std::size_t k = 0; k < tensor.parts.size(); ++k) {
      const bool second_bias = tensor.parts[k].empty();
      const std::size_t i =
          second_bias ? before_[k] : left_.extract(layer.prefix() + tensor.parts[k]).mapped();
      const Shape& shape = specs_[i].shape;
      if (stack.parts.empty())
        stack.shape = shape;
      else
        stack.shape[0] += shape[0];
      stack.parts.push_back({i, second_bias});
    }
    before_.clear();
    for (const FilePart& part : stack.parts) before_.push_back(part.parameter);
    return stack;
  }

  std::vector<ParameterSpec> specs_;
  std::map<std::string, std::size_t> left_;  ///< parameters that are in no tensor yet
  std::vector<std::size_t> before_;          ///< parameters of the tensor before
  std::vector<FileTensor> tensors_;
};

void check_values(const std::vector<ParameterSpec>& specs, std::span<const Tensor<float>> values) {
  if (values.size() != specs.size())
    throw std::invalid_argument(fmt::format("[to_safetensors] {} values given; the model has {} parameters",
                                            values.size(), specs.size()));
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (values[i].shape() != specs[i].shape)
      throw std::invalid_argument(fmt::format("[to_safetensors] {} is {}, but the value given is {}",
                                              specs[i].name, to_string(specs[i].shape),
                                              to_string(values[i].shape())));
}

/// One line for each difference.
std::string differences(const std::vector<FileTensor>& expected, const SafeTensors& file) {
  std::string lines;
  std::set<std::string_view> known;
  for (const FileTensor& tensor : expected) {
    known.insert(tensor.name);
    const Tensor<float>* found = file.find(tensor.name);
    if (!found)
      lines += fmt::format("\n  missing: {} {}", tensor.name, to_string(tensor.shape));
    else if (found->shape() != tensor.shape)
      lines += fmt::format("\n  {}: expected {}, found {}", tensor.name, to_string(tensor.shape),
                           to_string(found->shape()));
  }
  for (const auto& [name, tensor] : file.tensors)
    if (!known.contains(name))
      lines += fmt::format("\n  unexpected: {} {}", printable(name), to_string(tensor.shape()));
  return lines;
}

/// x + y, where zeros of y leave the very bits of x: -0 + 0 is not -0.
void add(std::span<float> x, std::span<const float> y) {
  for (std::size_t i = 0; i < x.size(); ++i)
    if (y[i] != 0) x[i] += y[i];
}

}  // namespace

std::vector<FileTensor> file_tensors(const SequenceModel& model) { return Naming(model).take(); }

SafeTensors to_safetensors(const SequenceModel& model, std::span<const Tensor<float>> values) {
  check_values(model.parameters(), values);
  SafeTensors file;
  for (const FileTensor& tensor : file_tensors(model)) {
    Tensor<float> stack(tensor.shape);
    float* to = stack.data();
    for (const auto& [i, second_bias] : tensor.parts) {
      if (!second_bias) std::ranges::copy(values[i].span(), to);
      to += values[i].numel();
    }
    file.tensors.emplace_back(tensor.name, std::move(stack));
  }
  return file;
}

namespace {

Tensor<float>& tensor_of(SafeTensors& file, const std::string& name) {
  return std::ranges::find(file.tensors, name, &std::pair<std::string, Tensor<float>>::first)->second;
}

}  // namespace

std::vector<Tensor<float>> from_safetensors(const SequenceModel& model, SafeTensors file,
                                            std::string_view source_name) {
  const std::vector<FileTensor> tensors = file_tensors(model);
  if (const std::string found = differences(tensors, file); !found.empty())
    throw ModelMismatch(
        fmt::format("{}: these are not the parameters of the model (another cell, other sizes "
                    "or another number of layers?):{}",
                    source_name, found));
  const std::vector<ParameterSpec> specs = model.parameters();
  std::vector<Tensor<float>> values(specs.size());
  // The first bias of a sum comes before the second: a cell declares them so.
  for (const FileTensor& tensor : tensors) {
    Tensor<float>& stored = tensor_of(file, tensor.name);
    if (tensor.parts.size() == 1 && !tensor.parts[0].second_bias) {  // large ones are: not copied
      values[tensor.parts[0].parameter] = std::move(stored);
      continue;
    }
    std::span<const float> from = stored.span();
    for (const auto& [i, second_bias] : tensor.parts) {
      if (!second_bias) values[i] = Tensor<float>(specs[i].shape);
      const std::span<float> to = values[i].span();
      if (second_bias)
        add(to, from.first(to.size()));
      else
        std::ranges::copy(from.first(to.size()), to.begin());
      from = from.subspan(to.size());
    }
  }
  return values;
}

}  // namespace unroll
