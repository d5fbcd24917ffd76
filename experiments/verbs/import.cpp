#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "experiments/config/overrides.hpp"
#include "experiments/saved/import_model.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/verb.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

std::string required(const Arguments& arguments, const char* flag, const char* example) {
  if (arguments.has(flag)) return arguments.flags[flag].as<std::string>();
  throw UsageError(fmt::format("--{} is missing, as in --{} {}", flag, flag, example));
}

std::vector<std::string> list_of(const Arguments& arguments, const char* flag) {
  if (!arguments.has(flag)) return {};
  return split_at_commas(arguments.flags[flag].as<std::string>());
}

std::map<std::string, std::string> names_of(const Arguments& arguments) {
  std::map<std::string, std::string> names;
  for (const std::string& item : list_of(arguments, "map")) {
    const std::size_t equals = item.find('=');
    if (equals == 0 || equals == item.npos || equals + 1 == item.size())
      throw UsageError(
          fmt::format("--map: expected OURS=THEIRS, as in readout=fc, found \"{}\"", printable(item)));
    if (!names.emplace(item.substr(0, equals), item.substr(equals + 1)).second)
      throw UsageError(fmt::format("--map: {} is given twice", printable(item.substr(0, equals))));
  }
  return names;
}

/// A token a line; a line end and a backslash are written \n and \\.
std::string unescaped(std::string_view line) {
  std::string token;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escape = line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'n' || line[i + 1] == '\\');
    token += !escape ? line[i] : line[i + 1] == 'n' ? '\n' : '\\';
    i += escape;
  }
  return token;
}

std::optional<Vocabulary> vocabulary_of(const Arguments& arguments) {
  if (!arguments.has("vocabulary")) return std::nullopt;
  const auto file = arguments.flags["vocabulary"].as<std::string>();
  std::string text = read_text(file);
  if (text.ends_with('\n')) text.pop_back();
  std::vector<std::string> tokens;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    tokens.push_back(unescaped(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  try {
    return Vocabulary(std::move(tokens));
  } catch (const TextError& error) {
    throw TextError(fmt::format("{}: {}", file, error.what()));
  }
}

std::vector<std::string> overrides_of(const Arguments& arguments, std::vector<std::string> overrides) {
  if (arguments.has("task")) overrides.push_back("task.name=" + arguments.flags["task"].as<std::string>());
  for (const char* flag : {"hidden", "layers"})
    if (arguments.has(flag))
      overrides.push_back(fmt::format("model.{}={}", flag, arguments.flags[flag].as<std::int64_t>()));
  return overrides;
}

int import(const Arguments& arguments) {
  const ConfigArguments words = split_arguments(arguments.words);
  if (!words.file) throw UsageError("which file? Give a state_dict that was saved as safetensors");
  const std::string out = required(arguments, "out", "out/imported");
  const ImportOptions options{.cell = required(arguments, "cell", "lstm"),
                              .overrides = overrides_of(arguments, words.overrides),
                              .names = names_of(arguments),
                              .ignored = list_of(arguments, "ignore"),
                              .vocabulary = vocabulary_of(arguments)};
  const ImportedModel imported =
      import_model(arguments.laboratory(), read_file(*words.file), *words.file, options);
  save_model(out, imported.model);
  for (const std::string& note : imported.notes) say("{}\n", note);
  fmt::print("model: {}\n", message_text(out));
  return exit_good;
}

void add_import_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("cell", po::value<std::string>(),
                      "vanilla for nn.RNN, lstm, gru, or any cell with pytorch lines")(
      "task", po::value<std::string>(), "what it was trained for: one of `unroll tasks`, as task.name=")(
      "hidden", number_flag<std::int64_t>(), "units; default: what the tensors say")(
      "layers", number_flag<std::int64_t>(), "default: what the tensors say")(
      "map", po::value<std::string>(),
      "OURS=THEIRS,...: names of tensors or modules; ours are rnn, embedding and readout")(
      "ignore", po::value<std::string>(), "NAME,...: tensors or modules that the model does not need")(
      "vocabulary", po::value<std::string>(),
      "of a model of words or characters: a token a line, in the order of their numbers; \\n is a line end")(
      "out", po::value<std::string>(), "the model's folder");
}

}  // namespace

const Verb& import_verb() {
  static const Verb verb{
      .name = "import",
      .summary = "a PyTorch state_dict as a model that every verb takes",
      .usage = "FILE --cell CELL [--task TASK] [key=value ...] --out FOLDER [flags]",
      .examples =
          "  unroll import adding.safetensors --cell lstm --task adding --out out/adding\n"
          "  unroll import lm.safetensors --cell lstm --task words --vocabulary words.txt \\\n"
          "         --map readout=decoder --out out/lm\n"
          "  unroll import rnn.safetensors --cell vanilla --task copy model.activation=relu --out out/rnn\n\n"
          "The file is what safetensors.torch.save_file(model.state_dict(), FILE) writes. nn.RNN, nn.LSTM "
          "and\n"
          "nn.GRU are found by the ends of their tensors' names, nn.Embedding and nn.Linear by --map or by\n"
          "shapes that leave no choice.",
      .add_flags = add_import_flags,
      .run = import,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
