#include "experiments/saved/foreign_tensors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "models/nearest.hpp"

namespace unroll {
namespace {

/// "encoder." of "encoder.weight", "" of "weight".
std::string module_of(std::string_view name, std::string_view last) {
  return std::string(name.substr(0, name.size() - last.size()));
}

/// Whether `name` is this tensor, or one of this module.
bool is_in(std::string_view name, const std::string& wanted) {
  return name == wanted || name.starts_with(wanted + ".");
}

bool ends_with_part(std::string_view name, std::string_view last) {
  return name == last || (name.ends_with(last) && name[name.size() - last.size() - 1] == '.');
}

bool is_bias(std::string_view name) { return name.find(".bias") != name.npos; }

}  // namespace

std::string ForeignTensors::names() const {
  std::vector<std::string> shown;
  for (const auto& [name, tensor] : all_.tensors)
    shown.push_back(fmt::format("{} {}", printable(name), to_string(tensor.shape())));
  return fmt::format("{}", fmt::join(shown, ", "));
}

void ForeignTensors::ignore(const std::string& name) {
  if (std::erase_if(all_.tensors, [&](const auto& tensor) { return is_in(tensor.first, name); }) > 0) return;
  throw ModelMismatch(
      fmt::format("{}: --ignore: there is no tensor or module \"{}\" in the file, which holds {}", file_,
                  printable(name), names()));
}

void ForeignTensors::rename(const std::string& ours, const std::string& theirs) {
  bool found = false;
  for (auto& [name, tensor] : all_.tensors) {
    if (!is_in(name, theirs)) continue;
    name = ours + name.substr(theirs.size());
    found = true;
  }
  if (found) return;
  throw ModelMismatch(
      fmt::format("{}: --map {}={}: there is no tensor or module of that name in the file, which holds {}",
                  file_, printable(ours), printable(theirs), names()));
}

bool ForeignTensors::has_module(const std::string& name) const {
  return std::ranges::any_of(all_.tensors, [&](const auto& tensor) { return is_in(tensor.first, name); });
}

void ForeignTensors::find_recurrent(const std::vector<std::string>& suffixes) {
  std::set<std::string> modules;
  for (const auto& [name, tensor] : all_.tensors)
    for (const std::string& suffix : suffixes)
      if (ends_with_part(name, suffix + "_l0")) modules.insert(module_of(name, suffix + "_l0"));
  if (modules.contains("rnn.")) return;
  if (modules.size() != 1)
    throw ModelMismatch(fmt::format(
        "{}: expected one module with tensors {}_l0, but {}; the file holds {}.\nIs it another --cell? If a "
        "module is meant, say which by --map rnn=NAME and leave others out by --ignore NAME.",
        file_, fmt::join(suffixes, "_l0, "),
        modules.empty() ? "found none" : fmt::format("found several: {}", fmt::join(modules, ", ")),
        names()));
  const std::string module = *modules.begin();
  for (auto& [name, tensor] : all_.tensors)
    if (std::ranges::any_of(
            suffixes, [&](const std::string& suffix) { return name.starts_with(module + suffix + "_l"); }))
      name = "rnn." + name.substr(module.size());
  notes_.push_back(fmt::format(
      "rnn: {}", module.empty() ? "the tensors outside modules" : module.substr(0, module.size() - 1)));
}

RecurrentSizes ForeignTensors::recurrent_sizes(const std::string& input, const std::string& recurrent) const {
  const auto matrix = [&](const std::string& name) -> const Shape& {
    const Tensor<float>* found = all_.find(name);
    if (found && found->shape().rank() == 2) return found->shape();
    throw ModelMismatch(fmt::format("{}: expected a matrix {}, found {}; the file holds {}", file_, name,
                                    found ? to_string(found->shape()) : "none", names()));
  };
  RecurrentSizes sizes{matrix("rnn." + recurrent + "_l0")[1], matrix("rnn." + input + "_l0")[1], 1,
                       all_.find("rnn." + recurrent + "_l0_reverse") != nullptr};
  while (all_.find(fmt::format("rnn.{}_l{}", recurrent, sizes.layers))) ++sizes.layers;
  return sizes;
}

std::vector<std::string> ForeignTensors::modules_with(const Shape& matrix) const {
  std::vector<std::string> modules;
  for (const auto& [name, tensor] : all_.tensors)
    if (!name.starts_with("rnn.") && ends_with_part(name, "weight") && tensor.shape() == matrix &&
        name.size() > std::string_view("weight").size())
      modules.push_back(module_of(name, ".weight"));
  return modules;
}

void ForeignTensors::find_module(const std::string& name, const Shape& matrix) {
  if (has_module(name)) return;
  std::vector<std::string> modules = modules_with(matrix);
  std::erase_if(modules,
                [&](const std::string& module) { return module == "embedding" || module == "readout"; });
  const auto has_bias = [&](const std::string& module) { return all_.find(module + ".bias") != nullptr; };
  if (name == "embedding") std::erase_if(modules, has_bias);
  if (name == "readout" && std::ranges::count_if(modules, has_bias) == 1)
    std::erase_if(modules, std::not_fn(has_bias));
  if (modules.size() != 1) return;
  rename(name, modules.front());
  notes_.push_back(fmt::format("{}: {}", name, modules.front()));
}

void ForeignTensors::fill_biases(const std::vector<FileTensor>& expected) {
  std::vector<const FileTensor*> missing;
  for (const FileTensor& tensor : expected)
    if (is_bias(tensor.name) && !all_.find(tensor.name)) missing.push_back(&tensor);
  // Either all of a module's biases are missing, as bias=False leaves them out, or something is wrong.
  for (const FileTensor* tensor : missing) {
    const std::string module = tensor->name.substr(0, tensor->name.find(".bias"));
    const bool others = std::ranges::any_of(all_.tensors, [&](const auto& other) {
      return is_in(other.first, module) && is_bias(other.first) &&
             std::ranges::none_of(missing, [&](const FileTensor* one) { return one->name == other.first; });
    });
    if (others) return;
  }
  for (const FileTensor* tensor : missing) {
    all_.tensors.emplace_back(tensor->name, Tensor<float>(tensor->shape));
    notes_.push_back(fmt::format("{}: zeros, as the file has none", tensor->name));
  }
}

}  // namespace unroll
