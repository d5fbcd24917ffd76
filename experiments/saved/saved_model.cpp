#include "experiments/saved/saved_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <cmath>

#include "experiments/config/config_error.hpp"
#include "experiments/config/document.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/sweep/resolved.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/cell_table.hpp"
#include "models/interchange.hpp"

namespace unroll {
namespace {

/// Raised when older programs could not read the files any more.
constexpr std::int64_t format_version = 1;
constexpr std::string_view section = saved_key;
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
CellText with_equations(const CellText& cell) {
  const auto definition = cell_definition(cell);
  return definition ? CellText(definition->source.text()) : cell;
}

std::string quoted(std::string text) { return to_toml(OptionValue(std::move(text))); }

/// What a model's files say, wherever it comes from.
struct Written {
  const Config& config;
  ModelSizes sizes;
  const std::string& objective;
  const Vocabulary* vocabulary;  ///< null: inputs have no names
  std::int64_t update;
  double validation_loss;
  const std::vector<Tensor<float>>& parameters;
};

std::string saved_section(const Written& model, const std::string& weights) {
  std::string text = fmt::format("\n[{}]\n", section);
  text += fmt::format("format = {}\n", format_version);
  text +=
      fmt::format("parameters = {{ file = \"{}\", xxh3_128 = \"{}\" }}\n", weights_name, checksum(weights));
  text += fmt::format("update = {}\n", model.update);
  text +=
      fmt::format("validation_loss = {}\n",
                  std::isnan(model.validation_loss) ? "nan" : to_toml(OptionValue(model.validation_loss)));
  text += fmt::format("inputs = {}\noutputs = {}\n", model.sizes.inputs, model.sizes.outputs);
  text += fmt::format("reads_out_every_step = {}\n", model.sizes.readout == Readout::every_step);
  text += fmt::format("objective = {}\n", quoted(model.objective));
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
  shown.model.cell = with_equations(shown.model.cell);
  std::filesystem::create_directories(folder);
  write_file(folder / weights_name, weights);
  write_file(folder / toml_name, resolved_toml(laboratory, shown, {}) + saved_section(model, weights));
}

// ---- Reading ----

const TomlMember* find(const TomlTable& table, std::string_view key) {
  for (const TomlMember& member : table)
    if (member.key == key) return &member;
  return nullptr;
}

/// The members of [saved], with messages for those that are missing or of another type.
class Saved {
 public:
  Saved(const TomlDocument& document, const TomlTable& table) : name_(document.name), table_(table) {}

  template <class T>
  const T& get(std::string_view key, std::string_view expected) const {
    const TomlMember* member = find(table_, key);
    if (!member) throw ModelError(fmt::format("{}: [{}] lacks {}, {}", name_, section, key, expected));
    if (const T* value = std::get_if<T>(&member->node.value)) return *value;
    throw ModelError(fmt::format("{}: {}.{}: expected {}, found {}", place(name_, member->node.at), section,
                                 key, expected, describe(member->node)));
  }
  std::int64_t count(std::string_view key) const {
    const std::int64_t value = get<std::int64_t>(key, "an integer");
    if (value >= 1) return value;
    throw ModelError(fmt::format("{}: {}.{}: expected at least 1, found {}", name_, section, key, value));
  }
  bool has(std::string_view key) const { return find(table_, key) != nullptr; }
  Saved part(std::string_view key) const { return Saved(name_, get<TomlTable>(key, "a table")); }

  std::optional<Vocabulary> vocabulary() const {
    if (!has("vocabulary")) return std::nullopt;
    std::vector<std::string> tokens;
    for (const TomlNode& node : get<TomlArray>("vocabulary", "a list of strings")) {
      const auto* token = std::get_if<std::string>(&node.value);
      if (!token)
        throw ModelError(fmt::format("{}: {}.vocabulary: expected strings, found {}", place(name_, node.at),
                                     section, describe(node)));
      tokens.push_back(*token);
    }
    try {
      return Vocabulary(std::move(tokens));
    } catch (const TextError& error) {
      throw ModelError(fmt::format("{}: {}.vocabulary: {}", name_, section, error.what()));
    }
  }

 private:
  Saved(std::string name, const TomlTable& table) : name_(std::move(name)), table_(table) {}

  std::string name_;
  const TomlTable& table_;
};

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

void check_vocabulary(const SavedModel& model, const Saved& saved, const std::string& name) {
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
               .update = model.update,
               .validation_loss = model.validation_loss,
               .parameters = model.parameters});
}

SavedModel load_model(const Laboratory& laboratory, const std::filesystem::path& given, Learned files) {
  const bool folder = std::filesystem::is_directory(given);
  const std::filesystem::path path = folder ? given / toml_name : given;
  if (!std::filesystem::exists(path))
    throw ModelError(fmt::format(
        "{}: {}; a model is a folder that `unroll run` left, or one in trials/ that `unroll sweep "
        "--keep-models` did",
        given.string(), folder ? fmt::format("no {} in this folder", toml_name) : "there is no such folder"));
  TomlDocument document = read_document(path);
  const TomlMember* member = find(document.root, section);
  const auto* table = member ? std::get_if<TomlTable>(&member->node.value) : nullptr;
  if (!table)
    throw ModelError(fmt::format("{}: no section [{}]: this is a config, not a trained model's model.toml",
                                 path.string(), section));
  const Saved saved(document, *table);
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
                   .update = saved.get<std::int64_t>("update", "an integer"),
                   .validation_loss = saved.get<double>("validation_loss", "a number"),
                   .parameters = {}};
  check_vocabulary(model, saved, path.string());
  const Saved parameters = saved.part("parameters");
  const std::filesystem::path weights = path.parent_path() / parameters.get<std::string>("file", "a name");
  const std::string bytes =
      checked_weights(weights, parameters.get<std::string>("xxh3_128", "32 hex digits"));
  model.parameters = from_safetensors(made(model, path.string()), read_safetensors(bytes, weights.string()),
                                      weights.string());
  return model;
}

}  // namespace unroll
