#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/train/make_model.hpp"
#include "models/initialiser.hpp"
#include "models/interchange.hpp"

namespace unroll {
namespace {

/// What is usual for the role, as the config says.
InitialiserOptions usual_start(const ModelConfig& model, Role role) {
  if (role == Role::bias) return {.name = "zeros"};
  const bool recurrent = role == Role::recurrent_matrix;
  return {.name = recurrent ? model.init : model.input_init,
          .scale = recurrent ? model.init_scale : model.input_scale,
          .spectral_radius = model.spectral_radius,
          .nonzeros = model.nonzeros};
}

bool is_derived(const ParameterSpec& spec) { return spec.init && find_derived_initialiser(spec.init->name); }

/// The start that follows from that of the parameter that `spec` names.
Tensor<float> derived(const ParameterSpec& spec, const std::vector<ParameterSpec>& specs,
                      const std::vector<Tensor<float>>& values) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == spec.init->of && specs[i].shape == spec.shape && !is_derived(specs[i]))
      return derive(*spec.init, values[i]);
  throw std::invalid_argument(
      fmt::format("parameter {} of shape {} starts as {} of {}, but there is no parameter of that name and "
                  "shape with a start of its own",
                  spec.name, to_string(spec.shape), spec.init->name, spec.init->of));
}

}  // namespace

std::vector<Tensor<float>> initial_parameters(const Config& config, const SequenceModel& model) {
  const InputFile& given = config.model.start;
  if (!given.empty())
    return from_safetensors(model, read_safetensors(content_of(given), given.path), given.path);
  const std::vector<ParameterSpec> specs = model.parameters();
  std::vector<Tensor<float>> values;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const InitialiserOptions start = specs[i].init.value_or(usual_start(config.model, specs[i].role));
    Stream stream(config.seed, Purpose::parameters, {static_cast<std::uint32_t>(i)});
    values.push_back(is_derived(specs[i]) ? Tensor<float>(specs[i].shape)
                                          : initialise(start, specs[i].shape, stream));
  }
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (is_derived(specs[i])) values[i] = derived(specs[i], specs, values);
  for (std::size_t i = 0; i < specs.size(); ++i) project(specs[i].bounds, values[i].span());
  return values;
}

void project(const Bounds& bounds, std::span<float> values) {
  if (bounds.lower == Bounds{}.lower && bounds.upper == Bounds{}.upper) return;
  const auto lower = static_cast<float>(bounds.lower), upper = static_cast<float>(bounds.upper);
  for (float& x : values) x = std::clamp(x, lower, upper);
}

}  // namespace unroll
