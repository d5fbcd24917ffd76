#include "experiments/sweep/trial_id.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <sstream>

#include "framework/tensor/file.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

/// Another allowed value of the same type.
OptionValue changed(const Option& option, const OptionValue& value) {
  if (option.known && !std::holds_alternative<std::vector<std::string>>(value)) {
    for (const std::string& name : option.known()) {
      if (OptionValue(name) != value) return name;
    }
    return std::string("another");  // a list of one, so far
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer + 1;
  if (const auto* seed = std::get_if<std::uint64_t>(&value)) return *seed + 1;
  if (const auto* number = std::get_if<double>(&value)) return *number / 2 + 0.1;
  if (const auto* flag = std::get_if<bool>(&value)) return !*flag;
  if (std::holds_alternative<CellText>(value)) return CellText("lstm");
  if (std::holds_alternative<InputFile>(value)) return text_value(option.key.data());
  if (const auto* bytes = std::get_if<Bytes>(&value)) return Bytes{bytes->count + 1};
  if (std::holds_alternative<LengthRange>(value)) return LengthRange(3, 40);
  if (std::holds_alternative<std::vector<std::int64_t>>(value)) return std::vector<std::int64_t>{7, 9};
  if (std::holds_alternative<std::vector<std::string>>(value)) return std::vector<std::string>{"another"};
  return std::string("another");
}

/// Whether the id of a config must tell values of a setting apart.
bool counts(const Config& config, const Option& option) {
  return option.affects_results && laboratory().has(config, option) &&
         (!option.matters || option.matters(config));
}

/// Every default that ids leave out, and those that follow from a task, an optimiser, a schedule, as lines.
std::string all_defaults() {
  std::string text = fmt::format("results_revision={}\n", results_revision);
  const Config defaults = laboratory().default_config();
  for (const Option& option : laboratory().options().rows())
    if (option.affects_results) text += fmt::format("{}={}\n", option.key, to_text(option.default_value));
  for (const char* chooser : {"task.name", "train.optimizer", "train.rmsprop", "model.init"}) {
    const Option* option = laboratory().options().find(chooser);
    for (const std::string& choice : option->known()) {
      Config config = laboratory().unresolved_defaults();
      store(option->field(config), choice);
      laboratory().resolve(config);
      for (const Option* row : laboratory().rows_of(config)) {
        Config plain = defaults;
        const OptionValue value = load(row->field(config));
        if (row->key != chooser && row->affects_results && value != load(row->field(plain)))
          text += fmt::format("{}={}: {}={}\n", chooser, choice, row->key, to_text(value));
      }
    }
  }
  return text;
}

}  // namespace

TEST_CASE("[id] every result-affecting setting that can matter changes the id, and no other does") {
  const std::string of_defaults = trial_id(laboratory(), laboratory().default_config());
  std::set<std::string> seen = {of_defaults};
  for (const Option& option : laboratory().options().rows()) {
    CAPTURE(option.key);
    Config config = laboratory().default_config();
    const OptionField field = option.field(config);
    store(field, changed(option, load(field)));
    if (counts(laboratory().default_config(), option)) {
      CHECK(seen.insert(trial_id(laboratory(), config)).second);
    } else {
      CHECK(trial_id(laboratory(), config) == of_defaults);
    }
  }
}

TEST_CASE("[id] a setting counts only beside those that it depends on") {
  struct Dependence {
    const char* key;
    void (*without)(Config&);
    void (*with)(Config&);
  };
  const std::vector<Dependence> all = {{"train.beta1", [](Config& c) { c.train.optimizer = "rmsprop"; },
                                        [](Config& c) { c.train.optimizer = "adam"; }},
                                       {"train.momentum", [](Config& c) { c.train.optimizer = "adam"; },
                                        [](Config& c) { c.train.optimizer = "momentum"; }},
                                       {"model.init_scale", [](Config& c) { c.model.init = "glorot"; },
                                        [](Config& c) { c.model.init = "normal"; }},
                                       {"diagnose_loss_step", [](Config& c) { c.diagnose = {}; },
                                        [](Config& c) { c.diagnose = {"state_gradients"}; }},
                                       {"diagnose_at", [](Config& c) { c.diagnose = {}; },
                                        [](Config& c) { c.diagnose = {"state_gradients"}; }}};
  for (const Dependence& one : all) {
    CAPTURE(std::string(one.key));
    const Option* option = laboratory().options().find(one.key);
    REQUIRE(option != nullptr);
    for (const bool beside : {false, true}) {
      Config config = laboratory().default_config();
      (beside ? one.with : one.without)(config);
      const std::string before = trial_id(laboratory(), config);
      store(option->field(config), changed(*option, option->default_value));
      CHECK((trial_id(laboratory(), config) != before) == beside);
    }
  }
}

TEST_CASE("[id] an id is 32 hex digits of the canonical text") {
  Config config = laboratory().default_config();
  config.train.learning_rate = 0.0125;
  config.task.length = 7;
  CHECK(canonical_text(laboratory(), config) ==
        "model.cell.equations=" + equations_hash(cell_table(), config.model.cell) +
            "\ntask.length=7\ntask.variant=sum\ntrain.decay=0.9\ntrain.learning_rate=0.0125\n"
            "results_revision=5\n");
  const std::string id = trial_id(laboratory(), config);
  CHECK(id.size() == 32);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
}

TEST_CASE("[id] ids stay as they are") {
  // Records on disk are found by id: another hash, text or default would lose them all. If this must change,
  // so must results_revision.
  CHECK(results_revision == 5);
  CHECK(trial_id(laboratory(), laboratory().default_config()) == "39e6a202430a89fd8b0ee453fd447f81");
}

TEST_CASE("[id] a default left open and the same value named are one trial") {
  Config open = laboratory().unresolved_defaults();
  CHECK(trial_id(laboratory(), open) == trial_id(laboratory(), laboratory().default_config()));
}

TEST_CASE("[id] defaults do not change under the same results_revision") {
  // Ids leave defaults out, so a changed default gives old records a new meaning: raise results_revision and
  // renew the file with it. A new row needs no new revision when its default keeps the old behaviour.
  std::istringstream expected(read_file(std::string(UNROLL_SOURCE_DIR) + "/tests/data/defaults.txt"));
  std::istringstream found(all_defaults());
  std::string a, b;
  while (std::getline(expected, a) && std::getline(found, b)) REQUIRE(a == b);
  CHECK_FALSE(std::getline(found, b));
  CHECK_FALSE(std::getline(expected, a));
}

TEST_CASE("[id] a changed equation of a laboratory's own cell makes another trial") {
  const auto id = [](const std::string& equation) {
    const std::shared_ptr<const CellDefinition> definition =
        define_cell("mine.cell", "cell mine\nstate h\n" + equation + "\n");
    const CellRow row = {"mine", "here",
                         [definition](const CellOptions& options) {
                           return std::make_unique<EquationCell>(definition, options);
                         },
                         definition};
    const Laboratory own({}, {}, {row});
    Config config = own.default_config();
    config.model.cell = "mine";
    return trial_id(own, config);
  };
  CHECK(id("h' = tanh(W x + U h)") == id("h' = tanh(W x  +  U h)"));
  CHECK(id("h' = tanh(W x + U h)") != id("h' = tanh(W x + U h + b)"));
}
