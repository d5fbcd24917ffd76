#include "experiments/train/non_finite_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "framework/tensor/file.hpp"
#include "framework/tensor/safetensors.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

// Tensors "parameter/W_hh", "initial/0" (state 0 that enters the batch), "weights", and "inputs" and "target"
// where these are numbers. Indices stand in the metadata, under "batch", with all that is no tensor.
constexpr const char* file_key = "batch";
constexpr std::string_view parameter_prefix = "parameter/", initial_prefix = "initial/";

Json shape_json(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }

void put(SafeTensors& to, Json& json, const std::string& name, const Values& values) {
  if (const auto* numbers = std::get_if<Tensor<float>>(&values)) {
    to.tensors.emplace_back(name, *numbers);
    return;
  }
  const auto& indices = std::get<Tensor<std::int64_t>>(values);
  json[name] = {{"shape", shape_json(indices.shape())},
                {"indices", std::vector<std::int64_t>(indices.span().begin(), indices.span().end())}};
}

Values take(const SafeTensors& from, const Json& json, const std::string& name) {
  if (const Tensor<float>* numbers = from.find(name)) return *numbers;
  const Json& stored = json.at(name);
  Shape shape;
  for (const std::int64_t extent : stored.at("shape")) shape.push_back(extent);
  const auto indices = stored.at("indices").get<std::vector<std::int64_t>>();
  if (static_cast<std::int64_t>(indices.size()) != shape.numel())
    throw std::invalid_argument(
        fmt::format("{} indices for {} of the shape {}", indices.size(), name, to_string(shape)));
  return Tensor<std::int64_t>(shape, std::span<const std::int64_t>(indices));
}

Json only_step_json(const Piece& piece) { return piece.only_step ? Json(*piece.only_step) : Json(); }

Json numbers_of(const NonFiniteBatch& batch) {
  const Piece& piece = batch.piece;
  return {{"update", batch.update},
          {"training", batch.training},
          {"backward", batch.backward},
          {"steps", batch.steps},
          {"where", batch.where},
          {"lengths", piece.batch.lengths},
          {"carried", piece.carried},
          {"number", piece.number},
          {"first_step", piece.first_step},
          {"counted", piece.counted},
          {"only_step", only_step_json(piece)}};
}

NonFiniteBatch batch_from(const SafeTensors& file, const Json& json) {
  NonFiniteBatch batch{.update = json.at("update").get<std::int64_t>(),
                       .training = json.at("training").get<bool>(),
                       .backward = json.at("backward").get<bool>(),
                       .steps = json.at("steps").get<std::int64_t>()};
  batch.where = json.at("where").get<std::string>();
  Piece& piece = batch.piece;
  piece.batch = {take(file, json, "inputs"), take(file, json, "target"),
                 json.at("lengths").get<std::vector<std::int64_t>>()};
  if (const Tensor<float>* weights = file.find("weights")) piece.batch.weights = *weights;
  piece.carried = json.at("carried").get<bool>();
  piece.number = json.at("number").get<std::int64_t>();
  piece.first_step = json.at("first_step").get<std::int64_t>();
  piece.counted = json.at("counted").get<std::int64_t>();
  if (!json.at("only_step").is_null()) piece.only_step = json.at("only_step").get<std::int64_t>();
  for (const auto& [name, value] : file.tensors) {
    if (name.starts_with(parameter_prefix)) batch.parameters.push_back(value);
    if (name.starts_with(initial_prefix)) piece.initial.push_back(value);
  }
  return batch;
}

}  // namespace

void save_non_finite(const std::filesystem::path& path, const NonFiniteFile& file,
                     const std::vector<ParameterSpec>& specs) {
  SafeTensors out;
  Json json = numbers_of(file.batch);
  const Piece& piece = file.batch.piece;
  for (std::size_t i = 0; i < specs.size(); ++i)
    out.tensors.emplace_back(std::string(parameter_prefix) + specs[i].name, file.batch.parameters[i]);
  for (std::size_t k = 0; k < piece.initial.size(); ++k)
    out.tensors.emplace_back(fmt::format("{}{}", initial_prefix, k), piece.initial[k]);
  if (piece.batch.weights) out.tensors.emplace_back("weights", *piece.batch.weights);
  put(out, json, "inputs", piece.batch.inputs);
  put(out, json, "target", piece.batch.target);
  out.metadata = {
      {"trial", file.trial}, {"build", file.build}, {"config", file.config}, {file_key, json.dump()}};
  make_folders(path.parent_path());
  save_safetensors(path, out);
}

NonFiniteFile load_non_finite(const std::filesystem::path& path) {
  const SafeTensors file = load_safetensors(path);
  const auto text = [&](const char* name) {
    const auto found = file.metadata.find(name);
    if (found != file.metadata.end()) return found->second;
    throw SafeTensorsError(
        fmt::format("{}: its header has no \"{}\": it is no batch that `unroll run` kept because a value was "
                    "not finite (those are called {})",
                    path.string(), name, non_finite_name));
  };
  NonFiniteFile read{text("trial"), text("build"), text("config"), {}};
  try {
    read.batch = batch_from(file, Json::parse(text(file_key)));
  } catch (const std::exception& error) {
    throw SafeTensorsError(fmt::format("{}: its batch cannot be read: {}", path.string(), error.what()));
  }
  return read;
}

}  // namespace unroll
