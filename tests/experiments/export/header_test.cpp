#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

#include "experiments/export/header/cpp_text.hpp"
#include "experiments/export/header/emitter.hpp"
#include "experiments/export/header/header_text.hpp"
#include "experiments/export/header/stacked_products.hpp"
#include "experiments/export/header/step_functions.hpp"
#include "models/carried_run.hpp"
#include "tests/experiments/saved/some_model.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/skipped.hpp"

using namespace unroll;
using test::small_model;
using test::SomeModel;

namespace {

Config adding(const std::string& cell) {
  Config config = small_model({.name = "adding", .length = 6}, cell);
  config.model.init = "glorot";
  return config;
}

/// "adding", or another task, with settings as on the command line.
SavedModel model_of(Config config) {
  laboratory().resolve(config);
  return SomeModel(config).reloaded();
}

std::string message_of(const SavedModel& model) {
  return error_of<ModelError>([&] { header_text(model, "Model"); });
}

/// How many units in the last place of `right` lie between.
double units_between(float found, double right) {
  int exponent;
  std::frexp(static_cast<float>(right), &exponent);
  return std::abs(static_cast<double>(found) - right) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// The largest error of a function in units in the last place, over numbers of every size up to `most`.
template <int width, class Function, class Right>
double worst(Function function, Right right, float most) {
  double largest = 0;
  float x[width], y[width];
  const auto next = [](float& number) { number = std::nextafter(number, 1e30f) * 1.00037f; };
  float number = 1e-30f;
  while (number < most) {
    for (int i = 0; i < width; ++i, next(number)) x[i] = i % 2 == 0 ? number : -number;
    Lanes<width>::store(y, function(Lanes<width>::load(x)));
    for (int i = 0; i < width; ++i)
      if (std::abs(x[i]) < most)
        largest = std::max(largest, units_between(y[i], right(static_cast<double>(x[i]))));
  }
  return largest;
}

template <int width>
void check_functions() {
  using L = Lanes<width>;
  CAPTURE(width);
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst<width>([](auto x) { return L::tanh(x); }, [](double x) { return std::tanh(x); }, 30) < 6);
  CHECK(worst<width>([](auto x) { return L::sigmoid(x); }, logistic, 80) < 4);
  CHECK(worst<width>([](auto x) { return L::exp(x); }, [](double x) { return std::exp(x); }, 87) < 3);
  float y[width];
  for (const float x : {1e30f, 104.0f, INFINITY}) {
    L::store(y, L::exp(L::all(x)));
    CHECK(y[0] == INFINITY);
    L::store(y, L::exp(L::all(-x * 2)));
    CHECK(y[width - 1] == 0);
    L::store(y, L::tanh(L::all(-x)));
    CHECK(y[0] == doctest::Approx(-1).epsilon(2e-7));
    CHECK(y[0] >= -1);
    L::store(y, L::sigmoid(L::all(x)));
    CHECK(y[0] == 1);
  }
  const auto nan = L::all(NAN);
  for (const auto value : {L::tanh(nan), L::sigmoid(nan), L::exp(nan), L::relu(nan),
                           L::maximum(nan, L::all(1)), L::maximum(L::all(1), nan)}) {
    L::store(y, value);
    CHECK(std::isnan(y[width - 1]));
  }
}

}  // namespace

TEST_CASE("[export] every op has one row that exports it, or one that says why there is none") {
  std::map<std::string_view, int> rows;
  for (const Emitter& emitter : step_emitters()) ++rows[emitter.op];
  for (const WithoutEmitter& row : ops_without_emitter()) ++rows[row.op];
  for (const Op* op : op_table()) {
    CAPTURE(op->name);
    CHECK(rows[op->name] == 1);
  }
  CHECK(rows.size() == op_table().size());
}

TEST_CASE("[export] every cell has a header, the same one twice, but for those that are noisy") {
  std::set<std::string> refused;
  for (const CellRow& row : laboratory().cells()) {
    CAPTURE(row.name);
    const SavedModel model = model_of(adding(row.name));
    if (message_of(model) != "(no error)") {
      refused.insert(row.name);
      continue;
    }
    const std::string text = header_text(model, "Model");
    CHECK(text.starts_with(header_mark));
    CHECK(text == header_text(model, "Model"));
  }
  CHECK(refused == std::set<std::string>{"ctrnn"});
}

TEST_CASE("[export] what cannot run step by step is refused, with the reason") {
  Config both = adding("lstm");
  both.model.bidirectional = true;
  CHECK(message_of(model_of(both)) ==
        "this model is bidirectional (model.bidirectional): a direction of it begins at the end of a "
        "sequence, so "
        "it cannot run step by step");
  Config noisy = adding("ctrnn");
  CHECK(
      message_of(model_of(noisy)) ==
      "the model's step has the op random_normal, which cannot be exported: random numbers are drawn by the "
      "program's own generator");
}

TEST_CASE("[export] gates that read one vector are one product") {
  const auto products = [](const std::string& cell) {
    const SavedModel model = model_of(adding(cell));
    const ModelStep step = model_step(model);
    const StepValues values(step);
    std::vector<std::pair<std::int64_t, std::int64_t>> sizes;
    for (const StackedProduct& product : stacked_products(step, values).products)
      sizes.emplace_back(product.rows, product.columns);
    return sizes;
  };
  using Sizes = std::vector<std::pair<std::int64_t, std::int64_t>>;
  CHECK(products("vanilla") == Sizes{{6, 2}, {6, 6}, {1, 6}});
  CHECK(products("lstm") == Sizes{{24, 2}, {24, 6}, {1, 6}});
  CHECK(products("gru") == Sizes{{18, 2}, {12, 6}, {6, 6}, {1, 6}});  // the third product is gated
}

TEST_CASE("[export] the functions of a header: a few units in the last place, their limits, NaN") {
  check_functions<1>();
  check_functions<4>();
  check_functions<register_width>();
}

TEST_CASE("[export] numbers and texts as C++ has them") {
  CHECK(float_literal(0.1f) == "0.1f");
  CHECK(float_literal(-3) == "-3.0f");
  CHECK(float_literal(1e20f) == "1e+20f");
  CHECK(float_literal(-INFINITY) == "-INFINITY");
  CHECK(float_literal(NAN) == "NAN");
  CHECK(double_literal(1.0 / 3) == "0.3333333333333333");
  CHECK(string_literal("a \"b\" \\ \?\?= \n\xC3\xA9") == "\"a \\\"b\\\" \\\\ \\?\\?= \\012\\303\\251\"");
  CHECK(identifier("layer2.h") == "layer2_h");
  CHECK(literals(std::vector<float>{1, 2}, "  ") == "  1.0f, 2.0f");
  std::mt19937 bits(1);
  for (int i = 0; i < 1000; ++i) {
    const float number = std::bit_cast<float>(static_cast<std::uint32_t>(bits()));
    if (std::isfinite(number)) CHECK(std::strtof(float_literal(number).c_str(), nullptr) == number);
  }
}

TEST_CASE("[export] the struct is called as the file") {
  CHECK(struct_name("model") == "Model");
  CHECK(struct_name("my_gru-8") == "MyGru8");
  CHECK(struct_name("class") == "Class");
  for (const char* stem : {"8", "_", "1st_model", "lanes", "wide"})
    CHECK_THROWS_AS(struct_name(stem), ModelError);
}

namespace {

/// A model, the steps that it and its header take, and what it answers to them.
struct Case {
  std::string name;
  SavedModel model;
  Tensor<float> inputs = {};
  Tensor<std::int64_t> tokens = {};
  std::vector<float> outputs = {};
  double own_error = 0;  ///< of these outputs, against the model in double precision

  void answer(std::int64_t steps) {
    CarriedRun run(model.model(Readout::every_step), model.sizes.inputs, model.sizes.tokens,
                   model.parameters);
    std::mt19937 random(5);
    run.start(1);
    if (model.sizes.tokens) {
      tokens = Tensor<std::int64_t>(Shape{steps, 1});
      for (std::int64_t& token : tokens.span()) token = random() % model.sizes.inputs;
      run.run(tokens);
    } else {
      const Preparation how = model.preparation.value_or(Preparation{});
      inputs = Tensor<float>(Shape{steps, 1, model.sizes.inputs});
      std::normal_distribution<float> normal;
      for (std::int64_t i = 0; i < inputs.numel(); ++i)
        inputs[i] = static_cast<float>(
            how.inputs.undone(normal(random), static_cast<std::size_t>(i % model.sizes.inputs)));
      Tensor<float> scaled = inputs;
      how.inputs.apply(scaled);
      run.run(scaled);
    }
    outputs.assign(run.outputs().begin(), run.outputs().end());
    own_error = largest_error(in_double());
  }

  std::vector<double> in_double() const {
    const BoundModel bound(model.model(Readout::every_step), model.sizes.inputs, model.sizes.tokens);
    Plan<double> plan(*bound.tape, {bound.recorded.outputs});
    std::vector<Tensor<double>> parameters;
    for (const Tensor<float>& values : model.parameters) parameters.push_back(convert<double>(values));
    const ModelInputs<double> given;
    bound.bind(plan, given, parameters);
    Tensor<float> scaled = inputs;
    if (model.preparation) model.preparation->inputs.apply(scaled);
    const Tensor<double> numbers = convert<double>(scaled);
    if (model.sizes.tokens)
      plan.bind(bound.inputs, tokens);
    else
      plan.bind(bound.inputs, numbers);
    plan.run();
    const std::span<const double> values = plan.value(bound.recorded.outputs);
    return {values.begin(), values.end()};
  }

  /// Of others for the same steps, in parts of 1 or of the output where that is larger.
  double largest_error(const std::vector<double>& others) const {
    double largest = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const double right = static_cast<double>(outputs[i]);
      const double error = std::abs(others[i] - right) / std::max(1.0, std::abs(right));
      largest = std::isnan(error) ? INFINITY : std::max(largest, error);
    }
    return largest;
  }

  /// An output as the header gives it, in the unit that the model learned in.
  double learned(float output, std::size_t i) const {
    const Scaling scaling = model.preparation ? model.preparation->target : Scaling();
    const std::size_t column = i % static_cast<std::size_t>(model.sizes.outputs);
    if (scaling.unit.empty()) return static_cast<double>(output);
    return (static_cast<double>(output) - scaling.offset[column]) / scaling.unit[column];
  }
};

/// A program that runs all headers over files of steps, and tests each.
std::string program_of(const std::vector<Case>& cases) {
  std::string text;
  for (const Case& one : cases) text += "#include \"" + one.name + ".hpp\"\n";
  text += R"(#include <cstdio>
template <class Model, class Item, class Step>
static int run(const char* name, const char* in, const char* out, int items, Step step) {
  static Item x[64];
  static float y[4096];
  static Model model;
  std::FILE* from = std::fopen(in, "rb");
  std::FILE* to = std::fopen(out, "wb");
  while (std::fread(x, sizeof(Item), static_cast<std::size_t>(items), from) == static_cast<std::size_t>(items)) {
    step(model, x, y);
    std::fwrite(y, sizeof(float), Model::outputs, to);
  }
  std::fclose(from);
  std::fclose(to);
  std::printf("%s %g\n", name, static_cast<double>(Model::self_test()));
  return Model::self_test() < Model::self_test_limit ? 0 : 1;
}
int main() {
  int bad = 0;
)";
  for (const Case& one : cases) {
    const std::string type = struct_name(one.name);
    const bool tokens = one.model.sizes.tokens;
    text += fmt::format("  bad += run<{0}, {1}>(\"{2}\", \"{2}.in\", \"{2}.out\", {3},\n", type,
                        tokens ? "std::int64_t" : "float", one.name, tokens ? "1" : type + "::inputs");
    text += fmt::format("    [](auto& model, const auto* x, float* y) {{ model.step({}, y); }});\n",
                        tokens ? "static_cast<int>(*x)" : "x");
  }
  return text + "  return bad;\n}\n";
}

Config stacked_layers() {
  Config config = adding("lstm");
  config.model.layers = 3;
  config.model.residual = true;
  config.model.layer_norm = true;
  config.model.zoneout = 0.2;
  config.model.dropout_recurrent = 0.3;
  config.model.initial_state = "learned";
  return config;
}

SavedModel scaled_model() {
  SavedModel model = model_of(adding("gru"));
  model.preparation = Preparation{.columns = {"temperature", "\"load\" ???"},
                                  .order = {2, 0, 1},
                                  .inputs = {{300, -5}, {10, 0.25}},
                                  .target = {{1000}, {50}}};
  return model;
}

/// Functions of the language that the other cells have not.
constexpr const char* many_functions = R"(cell many_functions
state h
state M: (2, hidden)
u  = solve(2 * identity(hidden) + U, h) + V concat(h, x) + expm(0.1 * A) h
v  = gelu(u) + leaky_relu(u, 0.01) + elu(h) + clip(u, -1, 1) + mod(u, 3) / 3 + silu(h) + logsigmoid(h) + erf(u)
w  = cumsum(softmax(v)) + roll(h, 1) - reverse(v) / (1 + norm(v)) + layer_norm(v) + max(u, 0) + min(v, 0.5)
q  = softmax(M, axis=1) + row(w) * column(sum(M, axis=1)) - transpose(outer(h, M[:, 0]))
M' = tanh(0.5 * q + logsumexp(q) / 9 + mean(q) - max(M, axis=0)[1])
h' = tanh(0.3 * w + M'[0, :] + where(first, x[0], sin(step)) + log(1 + square(v)) + sqrt(abs(v)) + sign(u))
)";

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* cell : {"vanilla", "lstm", "gru", "mgu", "lmu", "fast_weights", "s4d", "recurrent_highway",
                           "nas", "orthogonal_rnn", "mlstm"})
    cases.push_back({cell, model_of(adding(cell))});
  cases.push_back({"many_functions", model_of(adding(many_functions))});
  cases.push_back({"stacked", model_of(stacked_layers())});
  cases.push_back({"scaled", scaled_model()});
  cases.push_back({"words", model_of(small_model({.name = "cat"}, "gru"))});
  Config wide = adding("lstm");
  wide.model.hidden = 45;  // more than 128 rows of gates, and no multiple of a register's width
  cases.push_back({"many_units", model_of(wide)});
  return cases;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

/// The status of a compiler in `folder`; what it says goes to `log`.
int compiled(const std::string& compiler, const std::string& flags, const std::filesystem::path& folder) {
  return std::system(("cd " + quoted(folder) + " && " + compiler +
                      " -std=c++17 -Wall -Wextra -Wpedantic -Werror -fno-exceptions -fno-rtti " + flags +
                      " main.cpp -o main >log 2>&1")
                         .c_str());
}

bool there_is(const std::string& compiler) {
  return std::system((compiler + " --version >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("[export] a header answers what the model does, over a thousand steps, under sanitizers") {
  if (!there_is("g++")) return test::say_skipped("there is no g++");
  const TemporaryFolder folder;
  std::vector<Case> cases = all_cases();
  for (Case& one : cases) {
    one.answer(1000);
    write_file(folder.path() / (one.name + ".hpp"), header_text(one.model, struct_name(one.name)));
    const bool tokens = one.model.sizes.tokens;
    const std::string_view bytes = tokens ? std::string_view(reinterpret_cast<const char*>(one.tokens.data()),
                                                             one.tokens.span().size_bytes())
                                          : std::string_view(reinterpret_cast<const char*>(one.inputs.data()),
                                                             one.inputs.span().size_bytes());
    write_file(folder.path() / (one.name + ".in"), bytes);
  }
  write_file(folder.path() / "main.cpp", program_of(cases));
  const int status = compiled(
      "g++", "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -march=native", folder.path());
  REQUIRE_MESSAGE(status == 0, read_file(folder.path() / "log"));
  const int ran = std::system(("cd " + quoted(folder.path()) + " && ./main >log 2>&1").c_str());
  REQUIRE_MESSAGE(ran == 0, read_file(folder.path() / "log"));
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const std::string bytes = read_file(folder.path() / (one.name + ".out"));
    std::vector<float> found(bytes.size() / sizeof(float));
    std::memcpy(found.data(), bytes.data(), bytes.size());
    REQUIRE(found.size() == one.outputs.size());
    std::vector<double> learned;
    for (std::size_t i = 0; i < found.size(); ++i) learned.push_back(one.learned(found[i], i));
    // Some of them make much of a last digit: these are as near to the model as that is to what it means.
    // The header's tanh is within 6 ulp, the model's within 1.2.
    const double allowed = std::max(one.name == "scaled" ? 2e-6 : 1e-6, 8 * one.own_error);
    CHECK(one.largest_error(learned) < allowed);
  }
}
