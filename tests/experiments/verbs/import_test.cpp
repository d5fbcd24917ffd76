#include <doctest/doctest.h>

#include "framework/tensor/safetensors.hpp"
#include "tests/experiments/verbs/trained.hpp"

// `import`, from the outside: files such as PyTorch's modules have them, made from a model of ours.

using namespace unroll;
using namespace unroll::test;

namespace {

/// Our file with the module names of another program.
SafeTensors renamed(SafeTensors file, const std::vector<std::pair<std::string, std::string>>& modules) {
  for (auto& [name, tensor] : file.tensors)
    for (const auto& [ours, theirs] : modules)
      if (name.starts_with(ours)) name = theirs + name.substr(ours.size());
  return file;
}

std::string answers(const std::filesystem::path& folder, const std::string& model, const std::string& data) {
  const CommandOutcome outcome = call(folder, {"predict", model, "--data", data, "--format", "csv"});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return outcome.out;
}

Tensor<float>& tensor(SafeTensors& file, const std::string& name) {
  for (auto& [other, values] : file.tensors)
    if (other == name) return values;
  throw std::invalid_argument(name);
}

void add(SafeTensors& file, const std::string& name, const Shape& shape) {
  file.tensors.emplace_back(name, Tensor<float>(shape));
}

/// A file of float64 with one tensor more than can be written by our own writer: its bytes by the format.
std::string as_double(const SafeTensors& file) {
  nlohmann::ordered_json header;
  std::string data;
  for (const auto& [name, values] : file.tensors) {
    const std::size_t begin = data.size();
    for (const float x : values.span()) {
      const double wide = static_cast<double>(x) + 1e-12;
      data.append(reinterpret_cast<const char*>(&wide), sizeof(wide));
    }
    std::vector<std::int64_t> shape;
    for (std::size_t i = 0; i < values.shape().rank(); ++i) shape.push_back(values.shape()[i]);
    header[name] = {{"dtype", "F64"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text + data;
}

}  // namespace

TEST_CASE("[import] a file of PyTorch's modules answers as the model that it was") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string(), data = (folder.path() / "x.npz").string(),
                    file = (folder.path() / "theirs.safetensors").string(),
                    out = (folder.path() / "imported").string();
  REQUIRE(call(folder.path(), adding_run(run)).status == 0);
  save_npz(data, {{"inputs", some_inputs(3, 8)}});
  const std::string expected = answers(folder.path(), run, data);
  const SafeTensors ours = load_safetensors(run + "/model.safetensors");
  SafeTensors theirs = renamed(ours, {{"rnn.", "encoder.lstm."}, {"readout.", "head.fc."}});
  const auto import = [&](std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"import", file, "--cell", "lstm", "--task", "adding", "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return call(folder.path(), words);
  };
  const auto refused = [&](const std::vector<std::string>& more, const std::string& message) {
    save_safetensors(file, theirs);
    const CommandOutcome outcome = import(more);
    CAPTURE(message);
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(outcome.err.find(message) != std::string::npos, outcome.err);
  };

  SUBCASE("found by names' ends and by shapes") {
    save_safetensors(file, theirs);
    const CommandOutcome outcome = import();
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    CHECK(outcome.err.find("rnn: encoder.lstm") != std::string::npos);
    CHECK(outcome.err.find("readout: head.fc") != std::string::npos);
    CHECK(answers(folder.path(), out, data) == expected);
    CHECK(call(folder.path(), {"evaluate", out, "task.length=6"}).status == 0);
    CHECK(call(folder.path(), {"states", out, "--out", out + "/s.npz"}).status == 0);
  }
  SUBCASE("negative control: with two gates exchanged it answers otherwise") {
    Tensor<float>& weights = tensor(theirs, "encoder.lstm.weight_hh_l0");
    std::swap_ranges(weights.data(), weights.data() + 25, weights.data() + 50);
    save_safetensors(file, theirs);
    REQUIRE(import().status == 0);
    CHECK(answers(folder.path(), out, data) != expected);
  }
  SUBCASE("float64 is rounded, and by how much is said") {
    write_text(file, as_double(theirs));
    const CommandOutcome outcome = import();
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    CHECK(outcome.err.find("float64 was rounded to float32, by at most 1e-12") != std::string::npos);
    CHECK(answers(folder.path(), out, data) == expected);
  }
  SUBCASE("without biases they are zeros") {
    std::erase_if(theirs.tensors,
                  [](const auto& one) { return one.first.find("bias") != std::string::npos; });
    save_safetensors(file, theirs);
    const CommandOutcome outcome = import();
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    CHECK(outcome.err.find("readout.bias: zeros") != std::string::npos);
    SafeTensors imported = load_safetensors(out + "/model.safetensors");
    for (const float b : tensor(imported, "rnn.bias_ih_l0").span()) CHECK(b == 0);
  }
  SUBCASE("one bias of two is a mistake") {
    std::erase_if(theirs.tensors, [](const auto& one) { return one.first == "encoder.lstm.bias_hh_l0"; });
    refused({}, "missing: rnn.bias_hh_l0 (20)");
  }
  SUBCASE("what the model does not need is named, or ignored when that is said") {
    add(theirs, "norm.weight", {5});
    refused({}, "unexpected: norm.weight (5)");
    save_safetensors(file, theirs);
    REQUIRE(import({"--ignore", "norm"}).status == 0);
    CHECK(answers(folder.path(), out, data) == expected);
    refused({"--ignore", "nom"}, "there is no tensor or module \"nom\"");
  }
  SUBCASE("two readouts of one shape: --map says which") {
    add(theirs, "other.weight", {1, 5});
    add(theirs, "other.bias", {1});
    refused({}, "missing: readout.weight (1, 5)");
    save_safetensors(file, theirs);
    REQUIRE(import({"--map", "readout=head.fc", "--ignore", "other"}).status == 0);
    CHECK(answers(folder.path(), out, data) == expected);
    refused({"--map", "readout=nowhere"}, "there is no tensor or module of that name");
    refused({"--map", "readout"}, "expected OURS=THEIRS");
  }
  SUBCASE("another cell, other sizes, another task, two recurrent modules") {
    refused({"model.hidden=7"}, "rnn.weight_hh_l0: expected (28, 7), found (20, 5)");
    refused({"--layers", "2"}, "missing: rnn.weight_ih_l1");
    refused({"task.variant=nothing"}, "nothing");
    refused({"--vocabulary", file}, "");
    add(theirs, "decoder.weight_hh_l0", {20, 5});
    add(theirs, "decoder.weight_ih_l0", {20, 2});
    refused({}, "found several: decoder., encoder.lstm.");
    std::erase_if(theirs.tensors, [](const auto& one) { return one.first.find("_l0") != std::string::npos; });
    refused({}, "found none");
  }
  SUBCASE("gates of another cell do not fit") {
    save_safetensors(file, theirs);
    CHECK(call(folder.path(), {"import", file, "--cell", "gru", "--task", "adding", "--out", out}).status ==
          2);
    CHECK(call(folder.path(), {"import", file, "--cell", "lru", "--task", "adding", "--out", out}).status ==
          2);
    CHECK(call(folder.path(), {"import", file, "--task", "adding", "--out", out}).status == 2);
    CHECK(call(folder.path(), {"import", file, "--cell", "lstm", "--task", "adding"}).status == 2);
    CHECK(call(folder.path(), {"import", "--cell", "lstm", "--out", out}).status == 2);
  }
}

TEST_CASE("[import] a language model with its vocabulary predicts as the one that it was") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string(), out = (folder.path() / "imported").string(),
                    file = (folder.path() / "lm.safetensors").string(),
                    words = (folder.path() / "words.txt").string(),
                    text = (folder.path() / "text.txt").string();
  std::string some;
  for (int i = 0; i < 60; ++i) some += "one two three four five\nsix seven\n";
  write_text(text, some);
  REQUIRE(
      call(folder.path(), {"run", "task.name=words", "task.text=" + text, "model.cell=gru", "model.hidden=6",
                           "model.layers=2", "model.embedding=4", "train.updates=4", "train.validate_every=2",
                           "train.batch=2", "train.window=5", "diagnose=[]", "--out", run})
          .status == 0);
  const CommandOutcome expected = call(folder.path(), {"score", run, text, "--format", "csv"});
  REQUIRE(expected.status == 0);
  save_safetensors(file,
                   renamed(load_safetensors(run + "/model.safetensors"),
                           {{"rnn.", "rnn.gru."}, {"readout.", "decoder."}, {"embedding.", "encoder."}}));
  const std::string toml = read_file(run + "/model.toml");
  std::string list;
  for (std::size_t at = toml.find('"', toml.find("vocabulary = [")); at != std::string::npos;) {
    const std::size_t end = toml.find('"', at + 1);
    list += toml.substr(at + 1, end - at - 1) + "\n";
    at = toml.find('"', end + 1);
  }
  write_text(words, list);
  const std::vector<std::string> import = {"import", file,           "--cell", "gru",   "--task",
                                           "words",  "--vocabulary", words,    "--out", out};
  const CommandOutcome outcome = call(folder.path(), import);
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  const CommandOutcome found = call(folder.path(), {"score", out, text, "--format", "csv"});
  REQUIRE_MESSAGE(found.status == 0, found.err);
  CHECK(found.out == expected.out);
  CHECK(call(folder.path(), {"states", out, "--text", "one two", "--out", out + "/s.npz"}).status == 0);
  const NamedTensors arrays = load_npz(out + "/s.npz");
  CHECK(member<float>(arrays, "layer2.h").shape() == Shape{3, 1, 6});
  CHECK(member<std::int64_t>(arrays, "tokens").shape() == Shape{3, 1});

  write_text(words, list + "another\n");
  const CommandOutcome wrong = call(folder.path(), import);
  CHECK(wrong.status == 2);
  CHECK_MESSAGE(wrong.err.find("embedding.weight") != std::string::npos, wrong.err);
}
