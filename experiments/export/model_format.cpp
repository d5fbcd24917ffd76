#include "experiments/export/model_format.hpp"

#include <algorithm>
#include <array>

#include "experiments/export/export_format.hpp"
#include "experiments/export/header/header_text.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/interchange.hpp"

namespace unroll {
namespace {

bool is_header(const std::filesystem::path& path) {
  return first_bytes(path, header_mark.size()) == header_mark;
}

void write_header(const SavedModel& model, const std::filesystem::path& target) {
  write_file(target, header_text(model, struct_name(target.stem().string())));
}

/// Of the names that a model's file has: those of PyTorch's modules, or what is in no layer.
bool is_tensor_name(std::string_view name) {
  return std::ranges::any_of(std::array{"rnn.", "embedding.", "readout."},
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool is_npz(const std::filesystem::path& path) {
  try {
    return std::ranges::all_of(load_npz(path),
                               [](const auto& tensor) { return is_tensor_name(tensor.first); });
  } catch (const std::runtime_error&) {
    return false;
  }
}

void write_npz(const SavedModel& model, const std::filesystem::path& target) {
  NamedTensors tensors;
  for (auto& [name, tensor] : to_safetensors(model.model(), model.parameters).tensors)
    tensors.emplace(name, std::move(tensor));
  save_npz(target, tensors);
}

bool is_safetensors(const std::filesystem::path& path) {
  try {
    return std::ranges::all_of(load_safetensors(path).tensors,
                               [](const auto& tensor) { return is_tensor_name(tensor.first); });
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// What safetensors.torch.load_file() reads: a state_dict.
void write_pytorch(const SavedModel& model, const std::filesystem::path& target) {
  SafeTensors file = to_safetensors(model.model(), model.parameters);
  file.metadata["format"] = "pt";
  save_safetensors(target, file);
}

constexpr std::array formats = {
    ModelFormat{"header", "model.hpp", "one C++17 header that runs the model step by step, with a self-test",
                is_header, write_header},
    ModelFormat{"npz", "model.npz", "the parameters as NumPy's arrays, under PyTorch's names", is_npz,
                write_npz},
    ModelFormat{"pytorch", "state_dict.safetensors", "the parameters as a state_dict of PyTorch",
                is_safetensors, write_pytorch}};

}  // namespace

std::span<const ModelFormat> model_formats() { return formats; }

}  // namespace unroll
