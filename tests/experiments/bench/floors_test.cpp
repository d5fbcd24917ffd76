#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "experiments/bench/product_floor.hpp"
#include "experiments/bench/step_equations.hpp"
#include "experiments/bench/traffic_floor.hpp"
#include "framework/autodiff/scan.hpp"
#include "models/cell_table.hpp"
#include "models/unrolled_cell.hpp"

using namespace unroll;

namespace {

EquationCell equations(const std::string& text, std::int64_t inputs, std::int64_t hidden) {
  CellOptions options;
  options.input_size = inputs;
  options.hidden_size = hidden;
  return EquationCell(cell_definition({text}), options);
}

}  // namespace

TEST_CASE("[bench] products of a cell: gates that read the same are one, and a matrix has its rows") {
  CHECK(products_of(equations("vanilla", 3, 5)) ==
        std::vector<Product>{{.outputs = 5, .inputs = 5, .each_step = true},
                             {.outputs = 5, .inputs = 3, .of_input = true}});
  CHECK(products_of(equations("lstm", 3, 5)) ==
        std::vector<Product>{{.outputs = 20, .inputs = 5, .each_step = true},
                             {.outputs = 20, .inputs = 3, .of_input = true}});
  const std::vector<Product> m2rnn = products_of(equations("m2rnn", 3, 5));
  CHECK(std::ranges::count(m2rnn, Product{.outputs = 5, .inputs = 5, .rows = 5, .each_step = true}) == 1);
  CHECK(std::ranges::count(m2rnn, Product{.outputs = 10, .inputs = 3, .of_input = true}) == 1);
  // u of RG-LRU waits for no state, but its gradient is wanted.
  CHECK(std::ranges::count(products_of(equations("rg_lru", 3, 5)), Product{.outputs = 10, .inputs = 5}) == 1);
  const std::string wide = "cell c\nstate y\nstate H: (hidden, 2)\nH' = tanh(W H)\ny' = V x + H' b\n";
  CHECK(std::ranges::count(products_of(equations(wide, 3, 5)),
                           Product{.outputs = 5, .inputs = 5, .rows = 2, .each_step = true}) == 1);
}

TEST_CASE(
    "[bench] what is of each sequence on both sides counts as operations, and parameters' products do not") {
  const auto made = [](const std::string& equation) {
    return traffic_of(equations(
        "cell c\nstate y\nstate S: (hidden, hidden)\nparam V: (hidden, input)\nu = V x\nS' = S\n" + equation,
        3, 4));
  };
  const std::int64_t none = made("y' = u\n").operations;
  CHECK(made("y' = S u\n").operations - none == 2 * 4 * 4);
  CHECK(made("y' = (S S) u\n").operations - none == 2 * 4 * 4 + 2 * 4 * 4 * 4);
  CHECK(made("y' = R u\n").operations == none);
  CHECK(made("y' = S u * 2\n").operations - none == 2 * 4 * 4 + 4);
}

TEST_CASE("[bench] products of a def are those of each of its calls, and of a repeat those of each round") {
  const std::string text =
      "cell c\nconst n = 3\nstate h\nparam U: (hidden, hidden)\ndef f(y) = tanh(U y)\nk = h\n"
      "repeat n {\n  k = k + f(k) + f(2 * k)\n}\nh' = V x + k\n";
  const std::vector<Product> products = products_of(equations(text, 3, 4));
  CHECK(std::ranges::count(products, Product{.outputs = 4, .inputs = 4, .times = 3, .each_step = true}) == 2);
  CHECK(products.size() == 3);
}

TEST_CASE("[bench] what the floors leave out is what is recorded behind the scan, of every cell") {
  int behind = 0;
  for (const std::string& name : names_of(cell_table())) {
    INFO(name);
    const auto definition = cell_definition(name);
    if (!definition) continue;
    const EquationCell cell = equations(name, 3, 8);
    const UnrolledCell unrolled(cell, 3);
    const std::vector<std::int64_t> times = times_in_each_step(cell);
    REQUIRE(times.size() == definition->equations.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      const CellDefinition::Equation& e = definition->equations[i];
      const auto state = std::ranges::find(definition->states, e.name, &CellDefinition::State::name);
      if (!e.next || state == definition->states.end()) continue;
      const Var last =
          unrolled.scanned.final_state[static_cast<std::size_t>(state - definition->states.begin())];
      CHECK((times[i] > 0) == (unrolled.tape.producer(last.id()).op == &scan_op));
      behind += times[i] == 0;
    }
  }
  CHECK(behind >= 9);
}
