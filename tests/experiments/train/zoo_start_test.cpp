#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "experiments/train/make_model.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

constexpr std::int64_t hidden = 20;

/// The start of a model with this cell: its parameters by name.
std::map<std::string, Tensor<float>> start_of(const std::string& cell) {
  Config config = laboratory().default_config();
  config.task.length = 10;
  config.model.cell = cell;
  config.model.hidden = hidden;
  const auto task = laboratory().make_task(config.task);
  const SequenceModel model = make_model(laboratory().cells(), config, sizes_of(task->spec()));
  const std::vector<ParameterSpec> specs = model.parameters();
  const std::vector<Tensor<float>> values = initial_parameters(config, model);
  std::map<std::string, Tensor<float>> by_name;
  for (std::size_t i = 0; i < values.size(); ++i) by_name.emplace(specs[i].name, values[i]);
  return by_name;
}

bool all(const Tensor<float>& w, bool (*holds)(float)) {
  return std::all_of(w.span().begin(), w.span().end(), holds);
}

}  // namespace

TEST_CASE(
    "[zoo] every parameter of every cell starts at a finite number, and no weight at 0 unless it says so") {
  for (const CellRow& row : cell_table())
    for (const auto& [name, w] : start_of(row.name)) {
      INFO(row.name, " ", name);
      CHECK(all(w, [](float v) { return std::isfinite(v); }));
      const auto* declared = row.definition->find_parameter(name);
      const bool says = declared && declared->statement.init && declared->statement.init->name == "zeros";
      const bool matrix = w.shape().rank() == 2 && !says;
      if (matrix) CHECK_FALSE(all(w, [](float v) { return v == 0; }));
    }
}

TEST_CASE("[zoo] cells start as their papers say") {
  const auto chrono = start_of("lstm_chrono");
  for (std::int64_t i = 0; i < hidden; ++i) {
    CHECK(chrono.at("b_i")[i] == -chrono.at("b_f")[i]);
    CHECK(std::exp(chrono.at("b_f")[i]) > 0.999);
    CHECK(std::exp(chrono.at("b_f")[i]) < 99.001);
  }
  CHECK_FALSE(chrono.at("b_f")[0] == chrono.at("b_f")[1]);

  const auto lru = start_of("lru");
  for (std::int64_t i = 0; i < hidden; ++i) {
    const double r = std::exp(-std::exp(static_cast<double>(lru.at("nu_log")[i])));
    CHECK(std::exp(lru.at("gamma_log")[i]) == doctest::Approx(std::sqrt(1 - r * r)).epsilon(1e-4));
  }
  CHECK(all(start_of("indrnn").at("u"), [](float u) { return u >= 0 && u <= 1.00696f; }));  // 2^(1/100)
  const auto orthogonal = start_of("orthogonal_rnn");
  CHECK(std::ranges::count(orthogonal.at("D").span(), -1.0f) == hidden / 2);
  const auto irnn = start_of("irnn"), fast = start_of("fast_weights");
  for (std::int64_t i = 0; i < hidden; ++i)
    for (std::int64_t j = 0; j < hidden; ++j) {
      CHECK(irnn.at("W_hh")[i * hidden + j] == (i == j ? 1.0f : 0.0f));
      CHECK(fast.at("W")[i * hidden + j] == (i == j ? 0.05f : 0.0f));
    }
  CHECK(all(start_of("fast_weights").at("w_g"), [](float g) { return g == 1; }));
  CHECK(all(start_of("irnn").at("W_xh"), [](float w) { return std::abs(w) < 0.006f; }));
}
