#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "framework/tensor/safetensors.hpp"
#include "tests/experiments/verbs/trained.hpp"

// `predict --data` and `states`, from the outside.

using namespace unroll;
using namespace unroll::test;
using nlohmann::json;

namespace {

json predicted(const std::filesystem::path& folder, const std::string& model, const std::string& data) {
  const CommandOutcome outcome = call(folder, {"predict", model, "--data", data, "--format", "json"});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return json::parse(outcome.out);
}

NamedTensors states(const std::filesystem::path& folder, std::vector<std::string> words) {
  const std::string out = (folder / ("states-" + random_hex() + ".npz")).string();
  words.insert(words.begin(), "states");
  words.insert(words.end(), {"--out", out});
  const CommandOutcome outcome = call(folder, words);
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return load_npz(out);
}

const Tensor<float>& floats(const NamedTensors& arrays, const std::string& name) {
  return member<float>(arrays, name);
}

}  // namespace

TEST_CASE("[states] hold what predict answers, and the equations hold among them") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string(), data = (folder.path() / "x.npz").string();
  REQUIRE(call(folder.path(), adding_run(run)).status == 0);
  save_npz(data, {{"inputs", some_inputs(3, 8)}});

  const json rows = predicted(folder.path(), run, data);
  const NamedTensors arrays = states(folder.path(), {run, "--data", data});
  const Tensor<float>& outputs = floats(arrays, "outputs");
  REQUIRE(outputs.shape() == Shape{8, 3, 1});
  REQUIRE(rows.size() == 3);
  for (std::int64_t b = 0; b < 3; ++b) {
    const double answer = rows[static_cast<std::size_t>(b)].at("output");
    CHECK(answer == doctest::Approx(static_cast<double>(outputs[7 * 3 + b])).epsilon(1e-5));
    CHECK(answer != doctest::Approx(static_cast<double>(outputs[b])).epsilon(1e-5));  // not of another step
  }
  const Tensor<float>&h = floats(arrays, "h"), &c = floats(arrays, "c"), &f = floats(arrays, "f"),
        &i = floats(arrays, "i"), &g = floats(arrays, "g"), &o = floats(arrays, "o");
  REQUIRE(h.shape() == Shape{8, 3, 5});
  for (std::int64_t k = 0; k < h.numel(); ++k) {
    const float before = k < 15 ? 0 : c[k - 15];
    CHECK(c[k] == doctest::Approx(f[k] * before + i[k] * g[k]).epsilon(1e-4));
    CHECK(h[k] == doctest::Approx(o[k] * std::tanh(c[k])).epsilon(1e-4));
  }
  CHECK(floats(arrays, "inputs").shape() == Shape{8, 3, 2});

  SUBCASE("only what is asked for; of the task's own sequences where no file is given") {
    const NamedTensors own = states(folder.path(), {run, "--values", "h,f", "--sequences", "4"});
    CHECK(floats(own, "f").shape() == Shape{6, 4, 5});
    CHECK(own.contains("target"));
    CHECK_FALSE(own.contains("c"));
    CHECK(call(folder.path(), {"states", run, "--values", "q", "--out", "x.npz"}).status == 2);
  }
  SUBCASE("sequences of different lengths are each read to their own end") {
    const std::string uneven = (folder.path() / "uneven.npz").string();
    save_npz(uneven, {{"inputs", some_inputs(3, 8)}, {"lengths", Tensor<std::int64_t>({3}, {8, 5, 8})}});
    const json answers = predicted(folder.path(), run, uneven);
    const auto is_output = [&](std::size_t row, std::int64_t step) {
      const auto output = static_cast<double>(outputs[step * 3 + static_cast<std::int64_t>(row)]);
      CHECK(answers[row].at("output").get<double>() == doctest::Approx(output).epsilon(1e-5));
    };
    is_output(0, 7);
    is_output(1, 4);
    is_output(2, 7);
  }
  SUBCASE("a table is one sequence") {
    std::string csv = "value,marker\n";
    const Tensor<float> inputs = some_inputs(1, 8);
    for (std::int64_t t = 0; t < 8; ++t) csv += fmt::format("{},{}\n", inputs[2 * t], inputs[2 * t + 1]);
    write_text(folder.path() / "x.csv", csv);
    const json answer = predicted(folder.path(), run, (folder.path() / "x.csv").string())[0];
    CHECK(answer.at("output").get<double>() ==
          doctest::Approx(rows[0].at("output").get<double>()).epsilon(1e-5));
  }
  SUBCASE("what does not fit is refused with both sizes") {
    save_npz(data, {{"inputs", Tensor<float>({3, 8, 4})}});
    for (const char* verb : {"predict", "states"}) {
      std::vector<std::string> words = {verb, run, "--data", data};
      if (verb == std::string("states")) words.insert(words.end(), {"--out", data + ".out"});
      const CommandOutcome outcome = call(folder.path(), words);
      CHECK(outcome.status == 2);
      CHECK_MESSAGE(outcome.err.find("the model has 2 inputs; found (3, 8, 4)") != std::string::npos,
                    outcome.err);
    }
    save_npz(data, {{"inputs", Tensor<float>({1, 2, 2}, NAN)}});
    CHECK(call(folder.path(), {"predict", run, "--data", data}).status == 2);
    CHECK(call(folder.path(), {"predict", run, "--text", "a"}).status == 2);
    CHECK(call(folder.path(), {"predict", run}).status == 2);
    CHECK(call(folder.path(), {"states", run, "--data", data}).status == 2);  // no --out
  }
}

TEST_CASE("[predict] classes with their probabilities, at every step where the task asks there") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string(), data = (folder.path() / "x.npy").string();
  REQUIRE(call(folder.path(),
               {"run", "task.name=copy", "model.hidden=5", "train.updates=3", "train.validate_every=3",
                "train.validation_sequences=20", "train.test_sequences=20", "diagnose=[]", "--out", run})
              .status == 0);
  const NamedTensors arrays = states(folder.path(), {run, "--sequences", "2"});
  const Tensor<float>&inputs = floats(arrays, "inputs"), &outputs = floats(arrays, "outputs");
  const std::int64_t steps = inputs.shape()[0], width = inputs.shape()[2], classes = outputs.shape()[2];
  Tensor<float> first({1, steps, width});
  for (std::int64_t t = 0; t < steps; ++t)
    std::copy_n(inputs.data() + t * 2 * width, width, first.data() + t * width);
  save_npy(data, first);
  const json rows = predicted(folder.path(), run, data);
  REQUIRE(rows.size() == static_cast<std::size_t>(steps));
  for (std::int64_t t = 0; t < steps; ++t) {
    const float* z = outputs.data() + t * 2 * classes;
    const json& row = rows[static_cast<std::size_t>(t)];
    CHECK(row.at("step") == t);
    const auto best = std::max_element(z, z + classes);
    double sum = 0;
    for (std::int64_t k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(z[k] - *best));
    CHECK(row.at("class") == best - z);
    CHECK(row.at("probability").get<double>() == doctest::Approx(1 / sum).epsilon(1e-5));
  }
}
