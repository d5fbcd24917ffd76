#include "tests/support/laboratory.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace unroll;

namespace {

/// Stands for any field.
struct Anything {
  template <class T>
  operator T() const;  // never called
};

/// How many fields an aggregate has: as many as it can be initialised with.
template <class T, class... Given>
consteval std::size_t field_count(Given... given) {
  if constexpr (requires { T{given..., Anything{}}; })
    return field_count<T>(given..., Anything{});
  else
    return sizeof...(given);
}

struct ThreeFields {
  bool a;
  std::string b;
  std::map<std::string, double> c;
};

}  // namespace

TEST_CASE("[config] every row is whole: one key, one field, a default of the right type and allowed") {
  std::set<std::string_view> keys;
  std::set<const void*> fields;
  Config config{};
  for (const Option& option : laboratory().options().rows()) {
    CAPTURE(option.key);
    CHECK(keys.insert(option.key).second);
    CHECK_FALSE(option.meaning.empty());
    const OptionField field = option.field(config);
    CHECK(field.index() == option.default_value.index());
    const void* address = std::visit([](const auto* p) -> const void* { return p; }, field);
    CHECK(fields.insert(address).second);
    CHECK(objection(option, option.default_value) == "");
    CHECK(laboratory().options().find(option.key) == &option);
  }
}

TEST_CASE("[config] every field of Config has its row") {
  // A field that no row sets keeps the mark. There is no padding between strings and numbers to hide in.
  Config config{};
  for (const Option& option : laboratory().options().rows()) {
    const OptionField field = option.field(config);
    if (auto* const* text = std::get_if<std::string*>(&field)) **text = "set";
    if (auto* const* cell = std::get_if<CellText*>(&field)) **cell = "set";
  }
  CHECK(config.task.name == "set");
  CHECK(config.task.variant == "set");
  CHECK(config.model.cell.text == "set");
  CHECK(config.model.activation == "set");
  CHECK(config.model.init == "set");
  CHECK(config.model.input_init == "set");
  CHECK(config.train.optimizer == "set");
  CHECK(config.train.rmsprop == "set");
  CHECK(config.train.schedule == "set");
  CHECK(config.train.omega_through == "set");
  CHECK(config.out == "set");
  // A forgotten field of any type: there are as many fields as rows.
  const auto rows = [&](std::string_view section) {
    std::size_t count = 0;
    for (const Option& option : laboratory().options().rows())
      count += section_of(option.key) == section &&
               (option.owners.empty() || option.key == "task.length" || option.key == "task.test_lengths");
    return count;
  };
  CHECK(field_count<TaskConfig>() ==
        rows("task") + 2);  // the values of the tasks' own settings, and a preparation
  CHECK(field_count<ModelConfig>() == rows("model") + 1);  // and the constants, which have rows by name
  CHECK(field_count<TrainConfig>() == rows("train") + 1);  // and the rates, which have rows by name
  CHECK(field_count<Config>() == rows("") + 3);            // and the three above
  CHECK(field_count<ThreeFields>() == 3);
}

TEST_CASE("[config] the defaults are the published settings of the adding problem") {
  const Config config = laboratory().default_config();
  CHECK(config.task.name == "adding");
  CHECK(config.task.variant == "sum");
  CHECK(config.task.length == 100);
  CHECK(config.model.cell.text == "vanilla");
  CHECK(config.model.activation == "tanh");
  CHECK(config.model.hidden == 100);
  CHECK(config.model.init == "glorot");
  CHECK(config.model.input_init == "glorot");
  CHECK(config.train.optimizer == "rmsprop");
  CHECK(config.train.learning_rate == 1e-3);
  CHECK(config.train.decay == 0.9);
  CHECK(config.train.rmsprop == "urnn");
  CHECK(config.train.clip_norm == 0);
  CHECK(config.train.clip_value == 0);
  CHECK(config.train.batch == 20);
  CHECK(config.train.updates == 3000);
  CHECK(config.train.validate_every == 100);
  CHECK(config.train.validation_sequences == 500);
  CHECK(config.train.early_stop);
  CHECK(config.seed == 1);
  CHECK(config.jobs == 0);
}

TEST_CASE("[config] defaults that depend on other settings follow them and spare what was set") {
  Config config = laboratory().unresolved_defaults();
  CHECK(config.task.variant == "");
  config.train.rmsprop = "char-rnn";
  laboratory().resolve(config);
  CHECK(config.train.decay == 0.95);
  CHECK(config.train.epsilon == 1e-8);

  config = laboratory().unresolved_defaults();
  config.train.optimizer = "adam";
  config.train.decay = 0.5;
  laboratory().resolve(config);
  CHECK(config.train.decay == 0.5);
  CHECK(config.train.epsilon == 1e-8);
}

TEST_CASE("[config] --help shows every key, its default, what it may be and what it means") {
  const std::string help = options_help(laboratory().options());
  for (const Option& option : laboratory().options().rows()) {
    CAPTURE(option.key);
    CHECK(help.find(std::string("  ") + std::string(option.key) + " ") != std::string::npos);
    CHECK(help.find(option.meaning) != std::string::npos);
    CHECK(help.find(expectation(option)) != std::string::npos);
  }
  for (const std::string& section : laboratory().options().sections())
    CHECK(help.find("[" + section + "]") != std::string::npos);
}

TEST_CASE("[config] --help of one key, of a section, of a last part or a synonym is its rows alone") {
  const OptionTable& options = laboratory().options();
  const std::string one = option_help(options, "model.hidden");
  CHECK(one.find("units H of the state") != std::string::npos);
  CHECK(std::ranges::count(one, '\n') == 2);
  CHECK(option_help(options, "hidden") == one);
  CHECK(option_help(options, "hidden_size") == one);
  CHECK(std::ranges::count(option_help(options, "train"), '\n') > 40);
  CHECK(option_help(options, "model.constants.dt").find("constant of the cell's equations") !=
        std::string::npos);
  CHECK(option_help(options, "nothing").empty());
}
