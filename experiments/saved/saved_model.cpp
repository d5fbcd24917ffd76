#include "experiments/saved/saved_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <cmath>

#include "experiments/config/config_error.hpp"
#include "experiments/config/document.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/saved/saved_section.hpp"
#include "experiments/sweep/resolved.hpp"
#include "experiments/train/taught_task.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/cell_table.hpp"
#include "models/interchange.hpp"
#include "models/language/definition.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// Raised when older programs could not read the files any more.
constexpr std::int64_t format_version = 1;
constexpr const char* weights_name = "model.safetensors";
constexpr const char* toml_name = "model.toml";

std::string checksum(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

/// Of the tokens in their order: two that changed places would be no error anyone could see.
std::string checksum(const Vocabulary& vocabulary) {
  std::string all;
  for (const std::string& token : vocabulary.tokens()) all += token + '\0';
  return checksum(all);
}

/// A built-in cell's equations may be others in a later version; the model's stay.
CellText with_equations(const CellList& cells, const CellText& cell) {
  const auto definition = cell_definition(cells, cell);
  return definition ? CellText(definition->whole_text()) : cell;
}

std::string quoted(std::string text) { return to_toml(OptionValue(std::move(text))); }

/// What a model's files say, wherever it comes from.
struct Written {
  const Config& config;
  ModelSizes sizes;
  const std::string& objective;
  const Vocabulary* vocabulary;  ///< null: inputs have no names
  const std::optional<Preparation>& preparation;
  std::int64_t update;
  double validation_loss;
  const std::vector<Tensor<float>>& parameters;
};

std::string saved_section(const Written& model, const std::string& weights) {
  std::string text = fmt::format("\n[{}]\n", saved_key);
  text += fmt::format("format = {}\n", format_version);
  text +=
      fmt::format("parameters = {{ file = \"{}\", xxh3_128 = \"{}\" }}\n", weights_name, checksum(weights));
  text += fmt::format("update = {}\n", model.update);
  text +=
      fmt::format("validation_loss = {}\n",
                  std::isnan(model.validation_loss) ? "nan" : to_toml(OptionValue(model.validation_loss)));
  text += fmt::format("inputs = {}\noutputs = {}\n", model.sizes.inputs - model.sizes.feedback,
                      model.sizes.outputs);
  if (model.sizes.context > 0) text += fmt::format("context = {}\n", model.sizes.context);
  text += fmt::format("reads_out_every_step = {}\n", model.sizes.readout == Readout::every_step);
  text += fmt::format("objective = {}\n", quoted(model.objective));
  if (model.preparation) text += fmt::format("preparation = {}\n", to_toml(*model.preparation));
  if (!model.vocabulary) return text;
  text += fmt::format("vocabulary_xxh3_128 = \"{}\"\n", checksum(*model.vocabulary));
  text += "vocabulary = [\n";
  for (const std::string& token : model.vocabulary->tokens()) text += fmt::format("  {},\n", quoted(token));
  return text + "]\n";
}

void write_model(const Laboratory& laboratory, const std::filesystem::path& folder, const Written& model) {
  const SequenceModel built = make_model(laboratory.cells(), model.config, model.sizes);
  const std::string weights = write_safetensors(to_safetensors(built, model.parameters));
  Config shown = model.config;
  shown.model.cell = with_equations(laboratory.cells(), shown.model.cell);
  make_folders(folder);
  write_file(folder / weights_name, weights);
  write_file(folder / toml_name, resolved_toml(laboratory, shown, {}) + saved_section(model, weights));
}

// ---- Reading ----

/// The config in a model's file. What it learned from need not be there any more.
Config config_in(const Laboratory& laboratory, TomlDocument document, Learned files) {
  const OptionTable& options = laboratory.options();
  const auto names_file = [&](const std::string& section_name, const TomlMember& member) {
    const Option* option = options.find(section_name + "." + member.key);
    return option && std::holds_alternative<InputFile>(option->default_value);
  };
  for (TomlMember& member : document.root)
    if (auto* table = std::get_if<TomlTable>(&member.node.value); table && files == Learned::left_out)
      std::erase_if(*table, [&](const TomlMember& m) { return names_file(member.key, m); });
  Config config = laboratory.unresolved_defaults();
  apply_settings(options, read_settings(options, document), config);
  laboratory.resolve(config);
  return config;
}

/// What stands beside model.toml under that name. The file may come from anywhere: it may neither name one
/// elsewhere nor one that has no end.
std::filesystem::path weights_path(const std::filesystem::path& toml, const std::string& name) {
  const bool plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                     name.find('\0') == std::string::npos;
  if (!plain)
    throw ModelError(
        fmt::format("{}: {}.parameters.file: expected the name of a file in the same folder, found \"{}\"",
                    toml.string(), saved_key, printable(name)));
  const std::filesystem::path path = toml.parent_path() / name;
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw ModelError(
        fmt::format("{}: expected a file with a model's parameters, found something else (a "
                    "folder, a pipe or a device)",
                    path.string()));
  return path;
}

std::string checked_weights(const std::filesystem::path& path, const std::string& expected) {
  std::string bytes = read_file(path);
  const std::string found = checksum(bytes);
  if (found == expected) return bytes;
  // A damaged file says what is wrong with it; a whole one is another model's.
  read_safetensors(bytes, path.string());
  throw ModelError(fmt::format(
      "{}: its checksum is {}, but {} was written for {}: it is another model's file, or was changed since",
      path.string(), found, toml_name, expected));
}

void check_vocabulary(const SavedModel& model, const SavedSection& saved, const std::string& name) {
  if (!model.vocabulary) return;
  if (model.vocabulary->size() != model.sizes.inputs)
    throw ModelError(
        fmt::format("{}: the vocabulary has {} tokens, but the model {} (inputs): the list was changed", name,
                    model.vocabulary->size(), model.sizes.inputs));
  const std::string expected = saved.get<std::string>("vocabulary_xxh3_128", "32 hex digits");
  const std::string found = checksum(*model.vocabulary);
  if (found == expected) return;
  throw ModelError(
      fmt::format("{}: the vocabulary's checksum is {}, but the model was trained with that of {}: the list "
                  "was changed",
                  name, found, expected));
}

void check_preparation(const SavedModel& model, const std::string& name) {
  if (!model.preparation) return;
  const auto check = [&](std::size_t found, std::int64_t expected, std::string_view what) {
    if (found == 0 || found == static_cast<std::size_t>(expected)) return;
    throw ModelError(fmt::format("{}: {}.preparation has {} {}, but the model {}: the list was changed", name,
                                 saved_key, found, what, expected));
  };
  const std::int64_t inputs = model.sizes.inputs - model.sizes.feedback;
  check(model.preparation->columns.size(), inputs, "columns");
  check(model.preparation->inputs.unit.size(), inputs, "input units");
  // Of a distribution several outputs are of one number, and share its unit.
  const auto numbers = static_cast<std::int64_t>(model.preparation->target.unit.size());
  if (numbers == 0 || model.sizes.outputs % numbers != 0)
    check(model.preparation->target.unit.size(), model.sizes.outputs, "target units");
}

SequenceModel made(const SavedModel& saved, const std::string& name) {
  try {
    return saved.model();
  } catch (const std::invalid_argument& error) {
    throw ModelError(fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace

SequenceModel SavedModel::model(Readout readout) const {
  ModelSizes wanted = sizes;
  wanted.readout = readout;
  return make_model(laboratory->cells(), config, wanted);
}

void save_model(const Laboratory& laboratory, const std::filesystem::path& folder, const Config& config,
                const KeptModel& model) {
  write_model(laboratory, folder,
              {.config = config,
               .sizes = sizes_of(model.task.spec()),
               .objective = model.task.spec().objective.name,
               .vocabulary = model.task.vocabulary(),
               .preparation = model.task.preparation(),
               .update = model.update,
               .validation_loss = model.validation_loss,
               .parameters = model.parameters});
}

void save_model(const std::filesystem::path& folder, const SavedModel& model) {
  write_model(*model.laboratory, folder,
              {.config = model.config,
               .sizes = model.sizes,
               .objective = model.objective,
               .vocabulary = model.vocabulary ? &*model.vocabulary : nullptr,
               .preparation = model.preparation,
               .update = model.update,
               .validation_loss = model.validation_loss,
               .parameters = model.parameters});
}

SavedModel load_model(const Laboratory& laboratory, const std::filesystem::path& given, Learned files) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(given, error);
  const std::filesystem::path path = folder ? given / toml_name : given;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    throw FileError("cannot read", path, error.value());
  if (folder && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw ModelError(fmt::format("{}: expected a file, found something else (a folder, a pipe or a device)",
                                 path.string()));
  if (!std::filesystem::exists(status))
    throw ModelError(fmt::format(
        "{}: {}; a model is a folder that `unroll run` left, or one in trials/ that `unroll sweep "
        "--keep-models` did",
        given.string(), folder ? fmt::format("no {} in this folder", toml_name) : "there is no such folder"));
  TomlDocument document = read_document(path);
  const SavedSection saved(document);
  const std::int64_t version = saved.get<std::int64_t>("format", "an integer");
  if (version != format_version)
    throw ModelError(fmt::format("{}: written in format {}, this program reads format {}", path.string(),
                                 version, format_version));
  SavedModel model{.laboratory = &laboratory,
                   .config = config_in(laboratory, document, files),
                   .sizes = {saved.count("inputs"), saved.count("outputs"),
                             saved.get<bool>("reads_out_every_step", "true or false") ? Readout::every_step
                                                                                      : Readout::last,
                             saved.has("vocabulary")},
                   .objective = saved.get<std::string>("objective", "a name"),
                   .vocabulary = saved.vocabulary(),
                   .preparation = saved.preparation(),
                   .update = saved.get<std::int64_t>("update", "an integer"),
                   .validation_loss = saved.get<double>("validation_loss", "a number"),
                   .parameters = {}};
  model.config.task.preparation = model.preparation;
  if (saved.has("context")) model.sizes.context = saved.count("context");
  if (reads_feedback(laboratory.cells(), model.config)) model.sizes.feedback = model.sizes.outputs;
  model.sizes.inputs += model.sizes.feedback;
  check_vocabulary(model, saved, path.string());
  check_preparation(model, path.string());
  const SavedSection parameters = saved.part("parameters");
  const std::filesystem::path weights = weights_path(path, parameters.get<std::string>("file", "a name"));
  const std::string bytes =
      checked_weights(weights, parameters.get<std::string>("xxh3_128", "32 hex digits"));
  model.parameters = from_safetensors(made(model, path.string()), read_safetensors(bytes, weights.string()),
                                      weights.string());
  return model;
}

}  // namespace unroll
