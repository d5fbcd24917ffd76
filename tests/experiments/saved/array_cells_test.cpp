// Cells with arrays of files in configs, trials' ids, plans and saved models: a cell is its text.

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "experiments/config/cell_text.hpp"
#include "experiments/config/config_error.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "models/language/definition.hpp"
#include "tests/experiments/saved/some_model.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

const std::string equations =
    "cell reservoir\n"
    "const A: (hidden, hidden) = file(\"A.npy\")\n"
    "state h\n"
    "param W_in: (hidden, input) init file(\"W.npz:in\") fixed\n"
    "h' = tanh(0.5 * A h + W_in x)\n";

/// At hidden 6 and the two inputs of adding.
struct Files {
  Files() {
    write_file(folder.path() / "reservoir.cell", equations);
    save_npy(folder.path() / "A.npy", A);
    save_npz(folder.path() / "W.npz", {{"in", W}});
  }
  CellText cell() const { return read_cell("reservoir.cell", folder.path()); }

  TemporaryFolder folder;
  Tensor<double> A = random_tensor<double>({6, 6}, 3);
  Tensor<float> W = random_tensor<float>({6, 2}, 4);
};

std::string id_with(const CellText& cell) {
  Config config = small_model({.name = "adding"});
  config.model.cell = cell;
  return trial_id(laboratory(), config);
}

}  // namespace

TEST_CASE("[config] what is in a cell's files is part of a trial's id, their names and places are not") {
  Files files;
  const std::string id = id_with(files.cell());
  CHECK(id_with(files.cell()) == id);
  const CellText beside =
      read_cell(equations, files.folder.path());  // equations of a config beside the files
  CHECK(id_with(beside) == id);
  CHECK(equations_hash(cell_table(), beside) == equations_hash(cell_table(), files.cell()));
  files.A[7] += 1e-15;
  save_npy(files.folder.path() / "A.npy", files.A);
  CHECK(id_with(files.cell()) != id);
  CHECK(id_with(beside) == id);  // it was read before
  CHECK(label_of(files.cell()).starts_with("reservoir@"));
  CHECK(label_of(files.cell()) != label_of(beside));
}

TEST_CASE("[config] a file that cannot be read is an error with the place in the cell that names it") {
  const Files files;
  const auto message = [&](const std::string& cell) -> std::string {
    try {
      return "cell: " + read_cell(cell, files.folder.path()).text;
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  std::filesystem::remove(files.folder.path() / "A.npy");
  const std::string in_file = message("reservoir.cell"), in_config = message(equations);
  CHECK(in_file.starts_with((files.folder.path() / "reservoir.cell").string() + ":2:29: "));
  CHECK(in_config.starts_with("model.cell:2:29: "));
  for (const std::string& text : {in_file, in_config})
    CHECK(text.find("A.npy: there is no such file") != std::string::npos);
  // What is no cell at all is for who knows the key.
  CHECK(message("cell c\nstate\n") == "cell: cell c\nstate\n");
}

TEST_CASE("[saved] a model with arrays of files is loaded where the files are gone, bit by bit") {
  const TemporaryFolder kept;
  std::optional<SomeModel> model;
  {
    const Files files;
    Config config = small_model({.name = "adding"});
    config.model.cell = files.cell();
    model.emplace(config);
    model->save(kept.path());
    const auto W = std::ranges::find(model->specs, "W_in", &ParameterSpec::name);
    REQUIRE(W != model->specs.end());
    CHECK_FALSE(W->trained);
    CHECK(model->parameters[static_cast<std::size_t>(W - model->specs.begin())].same_bits(files.W));
  }
  const SavedModel loaded = load_model(laboratory(), kept.path());
  CHECK(equations_hash(cell_table(), loaded.config.model.cell) ==
        equations_hash(cell_table(), model->config.model.cell));
  const auto definition = cell_definition(loaded.config.model.cell);
  CHECK(definition->files.at("A.npy")->same_bits(random_tensor<double>({6, 6}, 3)));
  REQUIRE(loaded.parameters.size() == model->parameters.size());
  for (std::size_t i = 0; i < loaded.parameters.size(); ++i)
    CHECK(loaded.parameters[i].same_bits(model->parameters[i]));
  // And once more, from what was loaded.
  const TemporaryFolder again;
  save_model(again.path(), loaded);
  CHECK(load_model(laboratory(), again.path()).config.model.cell == loaded.config.model.cell);
}
