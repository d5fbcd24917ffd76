#include <doctest/doctest.h>

#include <filesystem>
#include <limits>

#include "experiments/train/non_finite_file.hpp"
#include "framework/tensor/safetensors.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// The one file of that name below a folder.
std::filesystem::path kept_in(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().filename() == non_finite_name) return entry.path();
  return {};
}

/// A trial whose cell makes a NaN at time step 417 of 500.
std::filesystem::path diverged(const std::filesystem::path& folder, std::string& said) {
  const auto cell = folder / "faulty.cell";
  write_text(cell, "cell faulty\nstate h\nh' = tanh(U h + W x + b) + 0 * log(415.5 - step)\n");
  const auto outcome = call(
      folder, {"run", "model.cell=" + cell.string(), "task.length=500", "model.hidden=4", "train.batch=2",
               "train.updates=4", "train.validation_sequences=4", "--out", (folder / "out").string()});
  CHECK(outcome.status == 0);  // divergence is a result
  said = outcome.err;
  std::filesystem::remove(cell);  // the file has its equations
  return kept_in(folder / "out");
}

}  // namespace

TEST_CASE("[replay] the batch that a trial diverged on is run again, and says the same, byte for byte") {
  const TemporaryFolder folder;
  std::string said;
  const auto path = diverged(folder.path(), said);
  REQUIRE(!path.empty());
  const auto outcome = call(folder.path(), {"run", "--replay", path.string()});
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK_MESSAGE(contains(outcome.out,
                         "h at time step 417 of 500, forward: `log(415.5 - step)` in the equation "
                         "h' = tanh(U h + W x + b) + 0 * log(415.5 - step), where U is from"),
                outcome.out);
  CHECK_MESSAGE(contains(outcome.out, "step is 416"), outcome.out);
  CHECK_MESSAGE(contains(said, outcome.out), said);
  CHECK_MESSAGE(contains(said, "unroll run --replay " + path.string()), said);
}

TEST_CASE("[replay] a batch that no longer says the same is status 1, with both") {
  const TemporaryFolder folder;
  std::string said;
  const auto path = diverged(folder.path(), said);
  REQUIRE(!path.empty());
  SafeTensors file = load_safetensors(path);
  for (auto& [name, value] : file.tensors)
    if (name == "parameter/b") value[0] = std::numeric_limits<float>::quiet_NaN();
  save_safetensors(path, file);
  const auto outcome = call(folder.path(), {"run", "--replay", path.string()});
  CHECK(outcome.status == 1);
  CHECK_MESSAGE(contains(outcome.out, "the first value that is not finite is parameter b"), outcome.out);
  CHECK_MESSAGE(contains(outcome.err, "h at time step 417 of 500"), outcome.err);
}

TEST_CASE("[replay] settings beside the file, and what is no such file, are status 2") {
  const TemporaryFolder folder;
  const auto settings = call(folder.path(), {"run", "seed=2", "--replay", "nowhere"});
  CHECK(settings.status == 2);
  CHECK_MESSAGE(contains(settings.err, "\"seed=2\" would change them"), settings.err);
  const auto missing = call(folder.path(), {"run", "--replay", "nowhere"});
  CHECK(missing.status == 2);
  CHECK_MESSAGE(contains(missing.err, "nowhere"), missing.err);
}
