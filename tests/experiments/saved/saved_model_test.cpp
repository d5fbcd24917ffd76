#include "experiments/saved/saved_model.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>

#include "experiments/config/config_error.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/cell_table.hpp"
#include "models/interchange.hpp"
#include "tests/experiments/saved/some_model.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// "KIND: message" of what loading throws; a kind that is no part of the promise fails the test.
std::string refusal(const std::filesystem::path& path) {
  try {
    load_model(laboratory(), path);
    return "(loaded)";
  } catch (const ModelError& error) {
    return std::string("model: ") + error.what();
  } catch (const ModelMismatch& error) {
    return std::string("mismatch: ") + error.what();
  } catch (const SafeTensorsError& error) {
    return std::string("safetensors: ") + error.what();
  } catch (const ConfigError& error) {
    return std::string("config: ") + error.what();
  } catch (const FileError& error) {
    return std::string("file: ") + error.what();
  }
}

/// A model of words in a folder, to be damaged.
struct Folder {
  explicit Folder(const SomeModel& model = SomeModel(small_model(any_task("words", "punctuation", 100)))) {
    model.save(folder.path());
  }
  std::filesystem::path toml() const { return folder.path() / "model.toml"; }
  std::filesystem::path weights() const { return folder.path() / "model.safetensors"; }

  void overwrite(const std::filesystem::path& file, const std::string& bytes) const {
    std::filesystem::remove(file);
    write_file(file, bytes);
  }
  /// Every `from` in model.toml; there must be one.
  void replace(const std::string& from, const std::string& to) const {
    std::string text = read_file(toml());
    REQUIRE_MESSAGE(contains(text, from), text);
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    overwrite(toml(), text);
  }
  void expect(std::initializer_list<const char*> parts) const {
    const std::string message = refusal(folder.path());
    for (const char* part : parts)
      CHECK_MESSAGE(contains(message, part), message, "\nlacks ", std::string(part));
    CHECK(message.size() < 2000);
  }

  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("[saved] a model of every cell, task and surrounding is read back bit by bit, its vocabulary too") {
  std::vector<Config> configs;
  for (const CellRow& cell : cell_table()) {
    configs.push_back(small_model(any_task("words", "punctuation", 100), std::string(cell.name)));
    configs.back().model.initial_state = "learned";
  }
  configs.push_back(small_model({"adding", "pascanu", 10}));
  configs.push_back(small_model({"cat", "place", 5}, "gru"));
  configs.push_back(small_model(any_task("characters", "code points", 100)));
  configs.back().model.layers = 2;
  configs.back().model.tied = true;
  configs.back().model.layer_norm = true;
  for (const Config& config : configs) {
    const SomeModel model(config);
    const SavedModel read = model.reloaded();
    INFO(config.task.name, " ", to_toml(OptionValue(config.model.cell)));
    REQUIRE(read.parameters.size() == model.parameters.size());
    for (std::size_t i = 0; i < read.parameters.size(); ++i) {
      CHECK(read.parameters[i].shape() == model.parameters[i].shape());
      CHECK(std::ranges::equal(read.parameters[i].span(), model.parameters[i].span()));
    }
    CHECK(read.update == 7);
    CHECK(read.validation_loss == 1.25);
    CHECK(read.sizes.inputs == model.task->spec().input_size);
    CHECK(read.sizes.outputs == model.task->spec().output_size);
    CHECK(read.sizes.readout == model.task->spec().readout);
    CHECK(read.config.model.hidden == 6);
    CHECK(read.config.task.name == config.task.name);
    CHECK(read.config.task.get<InputFile>(text_options::text).empty());
    REQUIRE(read.vocabulary.has_value() == (model.task->vocabulary() != nullptr));
    if (read.vocabulary) CHECK(read.vocabulary->tokens() == model.task->vocabulary()->tokens());
    // And again: what was read can be written, to the same equations.
    CHECK(make_model(laboratory().cells(), read.config, read.sizes).parameters().size() ==
          model.specs.size());
  }
}

TEST_CASE("[saved] model.toml is a config of the trial that it came from, whatever the cell and the task") {
  std::vector<Config> configs;
  for (const CellRow& cell : cell_table())
    configs.push_back(small_model({"cat", "sentence", 5}, std::string(cell.name)));
  configs.push_back(small_model({"adding", "pascanu", 10}));
  const TemporaryFolder texts;
  const auto text = texts.path() / "text@home.txt";
  write_text(text, counting_text());
  TaskConfig task = any_task("words", "punctuation", 100);
  task.values[text_options::text.key] = read_input_file(text.string());
  configs.push_back(small_model(task));
  for (const Config& config : configs) {
    INFO(config.task.name, " ", to_toml(OptionValue(config.model.cell)));
    const Folder f{SomeModel(config)};
    const Trial trial = plan_trial(laboratory(), f.toml(), {});
    CHECK(trial.id == trial_id(laboratory(), config));
    CHECK(trial.config.model.cell == config.model.cell);
    CHECK(plan_trial(laboratory(), f.toml(), {"seed=77"}).id != trial.id);
    CHECK(plan_sweep(laboratory(), f.toml(), {}).trials.size() == 1);
  }
}

TEST_CASE("[saved] only the section [saved] is passed over, whatever is in it") {
  const Folder f;
  f.replace("[saved]", "[saved]\nanything = { at = [\"all\"] }");
  CHECK_NOTHROW(read_settings(laboratory().options(), read_document(f.toml())));
  f.replace("[saved]", "[saves]");
  CHECK_THROWS_WITH_AS(read_settings(laboratory().options(), read_document(f.toml())),
                       doctest::Contains("unknown key \"saves"), ConfigError);
  const auto config = f.folder.path() / "config.toml";
  write_text(config, "saved = 3\n");
  CHECK_THROWS_WITH_AS(read_settings(laboratory().options(), read_document(config)),
                       doctest::Contains("unknown key \"saved\""), ConfigError);
}

TEST_CASE("[saved] any character survives as a token: quotes, controls, escapes, marks and no-characters") {
  TaskConfig task{.name = "characters", .variant = "code points", .length = 100};
  std::string text = "\"\"'\\\\n\t\x01\x1f\x7f #=[]{}\u0085\u2028\u0301\ufeff\ufffd\U0001f600\U0010ffff\r,\n";
  for (int i = 0; i < 3; ++i) text += text;
  task.values[text_options::text.key] = text_value(text);
  task.values[data_options::validation_fraction.key] = 0.2;
  const SomeModel model(small_model(task));
  const SavedModel read = model.reloaded();
  REQUIRE(read.vocabulary);
  CHECK(read.vocabulary->tokens() == model.task->vocabulary()->tokens());
}

TEST_CASE("[saved] losses that are round, tiny or no numbers are read back as they were") {
  const SomeModel model(small_model({"cat", "sentence", 4}));
  for (const double loss : {3.0, 0.0, 1e-300, 1.0 / 3, std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    const TemporaryFolder folder;
    save_model(laboratory(), folder.path(), model.config,
               {Kept::best, *model.task, model.specs, model.parameters, 0, loss, true});
    const SavedModel read = load_model(laboratory(), folder.path());
    CHECK((read.validation_loss == loss || (std::isnan(loss) && std::isnan(read.validation_loss))));
    CHECK(read.update == 0);
  }
}

TEST_CASE("[saved] a folder and its model.toml are the same model, and saving again changes no byte") {
  const Folder f;
  const std::string toml = read_file(f.toml()), weights = read_file(f.weights());
  CHECK(load_model(laboratory(), f.toml()).parameters.size() ==
        load_model(laboratory(), f.folder.path()).parameters.size());
  SomeModel(small_model(any_task("words", "punctuation", 100))).save(f.folder.path());
  CHECK(read_file(f.toml()) == toml);
  CHECK(read_file(f.weights()) == weights);
  CHECK(std::distance(std::filesystem::directory_iterator(f.folder.path()), {}) == 2);  // nothing temporary
}

TEST_CASE("[saved] equations are kept with the model, whatever becomes of the built-in cell") {
  const Folder f;
  const std::string toml = read_file(f.toml());
  CHECK(contains(toml, "cell lstm"));
  CHECK(contains(toml, "sigmoid("));
}

TEST_CASE("[saved] nothing there, no model, and parts that are missing are named") {
  const TemporaryFolder empty;
  CHECK_MESSAGE(contains(refusal(empty.path()), "no model.toml in this folder"), refusal(empty.path()));
  const std::string nowhere = refusal(empty.path() / "nowhere");
  CHECK_MESSAGE(contains(nowhere, "nowhere: there is no such folder; a model is a folder"), nowhere);
  write_file(empty.path() / "model.toml", "[task]\nname = \"cat\"\n");
  CHECK_MESSAGE(contains(refusal(empty.path()), "no section [saved]: this is a config"),
                refusal(empty.path()));

  const Folder f;
  std::filesystem::remove(f.weights());
  f.expect({"file: ", "model.safetensors"});
  for (const char* key : {"format", "parameters", "update", "validation_loss", "inputs", "outputs",
                          "reads_out_every_step", "vocabulary_xxh3_128"}) {
    const Folder g;
    g.replace(fmt::format("\n{} = ", key), fmt::format("\nno_{} = ", key));
    g.expect({"model: ", "model.toml", key});
  }
}

TEST_CASE("[saved] a file of parameters that is damaged says how, one of another model that it is") {
  for (const std::size_t kept : {0u, 1u, 7u, 8u, 100u}) {
    const Folder f;
    f.overwrite(f.weights(), read_file(f.weights()).substr(0, kept));
    f.expect({"safetensors: ", "model.safetensors"});
  }
  const Folder f;
  std::string bytes = read_file(f.weights());
  f.overwrite(f.weights(), bytes.substr(0, bytes.size() - 1));
  f.expect({"safetensors: ", "model.safetensors"});
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // one bit of one number
  f.overwrite(f.weights(), bytes);
  f.expect({"model: ", "checksum", "another model's file, or was changed since"});
}

TEST_CASE("[saved] other sizes are refused with every difference") {
  const Folder f;
  f.replace("hidden = 6", "hidden = 5");
  f.expect({"mismatch: ", "model.safetensors", "rnn.weight_hh_l0", "rnn.weight_ih_l0", "readout.weight"});
  const Folder g;
  g.replace("layers = 1", "layers = 2");
  g.expect({"mismatch: ", "rnn.weight_hh_l1"});
  const Folder h;
  h.replace("\noutputs = ", "\noutputs = 1");
  h.expect({"mismatch: ", "readout.weight", "readout.bias"});
  for (const char* size : {"9223372036854775807", "4611686018427387904", "1000000000000"}) {
    const SomeModel vectors(small_model({"adding", "pascanu", 10}));
    const Folder k(vectors);
    k.replace("\ninputs = 2", fmt::format("\ninputs = {}", size));
    k.expect({": "});
    CHECK_FALSE(contains(refusal(k.folder.path()), "(loaded)"));
  }
}

TEST_CASE("[saved] members of [saved] that are of another kind are named with their place") {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"format = 1", "format = \"1\""},
      {"update = 7", "update = true"},
      {"update = 7", "update = 7.5"},
      {"validation_loss = 1.25", "validation_loss = \"low\""},
      {"reads_out_every_step = true", "reads_out_every_step = 1"},
      {"parameters = {", "parameters = [{ a"},
      {"vocabulary = [\n", "vocabulary = [\n  3,\n"},
      {"vocabulary = [\n", "vocabulary = [\n  \"\",\n"},
      {"vocabulary = [\n", "vocabulary = [\n  \"one\",\n"},
  };
  for (const auto& [from, to] : changes) {
    const Folder f;
    f.replace(from, to);
    const std::string message = refusal(f.folder.path());
    INFO(message);
    CHECK(contains(message, "model.toml"));
    CHECK_FALSE(contains(message, "(loaded)"));
  }
  const Folder f;
  f.replace("format = 1", "format = 2");
  f.expect({"model: ", "written in format 2, this program reads format 1"});
  const Folder g;
  g.replace("\ninputs = ", "\ninputs = -");
  g.expect({"model: ", "saved.inputs: expected at least 1"});
}

TEST_CASE("[saved] a vocabulary that was changed is refused: tokens fewer, others, or in another order") {
  const Folder f;
  f.replace("  \"one\",\n", "");
  f.expect({"model: ", "tokens, but the model", "the list was changed"});
  const Folder g;
  g.replace("  \"one\",\n", "  \"eleven\",\n");
  g.expect({"model: ", "the vocabulary's checksum is", "the list was changed"});
  const Folder h;
  h.replace("  \"one\",\n", "  \"?\",\n");
  h.replace("  \"two\",\n", "  \"one\",\n");
  h.replace("  \"?\",\n", "  \"two\",\n");
  h.expect({"model: ", "the vocabulary's checksum is"});
}

TEST_CASE("[saved] a cell that no longer parses, and settings that are none, are refused as in any config") {
  const Folder f;
  f.replace("sigmoid(", "sigmoit(");
  f.expect({"config: ", "model.toml", "sigmoit"});
  const Folder g;
  g.replace("hidden = 6", "hiden = 6");
  g.expect({"config: ", "hiden", "did you mean"});
  const Folder h;
  h.replace("[saved]", "[saved");
  h.expect({"config: ", "model.toml"});
}

TEST_CASE("[saved] a model.toml cut off anywhere is refused, never read as another model") {
  const Folder f;
  const std::string whole = read_file(f.toml());
  const std::size_t start = whole.find("[saved]");
  REQUIRE(start != std::string::npos);
  for (std::size_t kept = 0; kept + 1 < whole.size(); kept += kept < start ? 97 : 3) {
    f.overwrite(f.toml(), whole.substr(0, kept));
    const std::string message = refusal(f.folder.path());
    INFO(kept, " of ", whole.size(), ": ", message);
    CHECK_FALSE(contains(message, "(loaded)"));
  }
}

TEST_CASE("[saved] how the data of a model were made ready is read back, and refused where it was changed") {
  TaskConfig task = any_task("file", "", {});
  task.values["task.permute"] = std::int64_t{0};
  const SomeModel model(small_model(task));
  const Folder f(model);
  const SavedModel reloaded = load_model(laboratory(), f.folder.path());
  REQUIRE(reloaded.preparation);
  CHECK(reloaded.preparation == model.task->preparation());
  CHECK(reloaded.config.task.preparation == model.task->preparation());
  CHECK(reloaded.preparation->columns == std::vector<std::string>{"x"});
  CHECK(reloaded.preparation->inputs.offset[0] > 1);
  CHECK(reloaded.preparation->target == reloaded.preparation->inputs);
  const std::pair<const char*, const char*> changes[] = {{"input_unit = [", "input_unit = [0.0, "},
                                                         {"input_unit = [", "input_unit = [1.0, "},
                                                         {"input_offset = [", "input_offset = [nan, "},
                                                         {"input_offset = [", "input_offset = [\"a\", "},
                                                         {"columns = [\"x\"]", "columns = [3]"},
                                                         {"columns = [\"x\"]", "columns = [\"x\", \"y\"]"},
                                                         {"order = []", "order = [0, 0]"},
                                                         {"order = []", "order = [-1]"},
                                                         {"order = []", "order = [1]"},
                                                         {"pixels = false", "pixels = 0"},
                                                         {"preparation = {", "preparation = 1 # {"},
                                                         {"target_unit = [", "unit = ["},
                                                         {"target_offset = [", "target_offset = [1.0, "},
                                                         {"order = []", "order = 3"}};
  for (const auto& [from, to] : changes) {
    const Folder g(model);
    g.replace(from, to);
    g.expect({"model: ", "model.toml", "preparation"});
  }
}

TEST_CASE(
    "[saved] the parameters are a file beside model.toml: nothing elsewhere and nothing without an end") {
  for (const char* name : {"/dev/zero", "../model.safetensors", "/etc/passwd", "a/b", "..", ".", ""}) {
    const Folder folder;
    folder.replace("file = \"model.safetensors\"", fmt::format("file = \"{}\"", name));
    const std::string message = refusal(folder.folder.path());
    CHECK_MESSAGE(contains(message, "expected the name of a file in the same folder"), message);
    CHECK_MESSAGE(contains(message, fmt::format("found \"{}\"", name)), message);
  }
  const Folder folder;
  std::filesystem::remove(folder.weights());
  REQUIRE(::mkfifo(folder.weights().c_str(), 0600) == 0);
  CHECK(contains(refusal(folder.folder.path()), "a pipe or a device"));
  std::filesystem::remove(folder.weights());
  std::filesystem::create_symlink("/dev/zero", folder.weights());
  CHECK(contains(refusal(folder.folder.path()), "a pipe or a device"));
  std::filesystem::remove(folder.toml());
  REQUIRE(::mkfifo(folder.toml().c_str(), 0600) == 0);
  CHECK(contains(refusal(folder.folder.path()), "model.toml: expected a file"));
}
