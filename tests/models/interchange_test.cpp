#include "models/interchange.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <random>
#include <set>

#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;

namespace {

SequenceModel model_of(const std::string& cell, const ModelOptions& options = {}, std::int64_t hidden = 4) {
  const auto make = [&](std::int64_t inputs) { return make_cell(cell, {inputs, hidden}); };
  return {make, 3, options, 2, Readout::every_step};
}

SequenceModel equations(const std::string& body) { return model_of("cell test\n" + body); }

/// Any bits: NaN of every kind, both zeros, subnormals.
std::vector<Tensor<float>> any_values(const SequenceModel& model, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<Tensor<float>> values;
  for (const ParameterSpec& spec : model.parameters()) {
    Tensor<float>& value = values.emplace_back(spec.shape);
    for (float& x : value.span())
      x = random() % 8 == 0 ? -0.0f : std::bit_cast<float>(static_cast<std::uint32_t>(random()));
  }
  return values;
}

/// Each element a number of its own.
std::vector<Tensor<float>> counted_values(const SequenceModel& model) {
  std::vector<Tensor<float>> values;
  float next = 1;
  for (const ParameterSpec& spec : model.parameters())
    for (float& x : values.emplace_back(spec.shape).span()) x = next++;
  return values;
}

const Tensor<float>& value_of(const SequenceModel& model, const std::vector<Tensor<float>>& values,
                              const std::string& name) {
  const std::vector<ParameterSpec> specs = model.parameters();
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == name) return values[i];
  throw std::invalid_argument("no parameter " + name);
}

/// The elements of some parameters, one after the other.
Tensor<float> stack_of(const SequenceModel& model, const std::vector<Tensor<float>>& values, Shape shape,
                       const std::vector<std::string>& names) {
  std::vector<float> elements;
  for (const std::string& name : names) {
    const auto part = value_of(model, values, name).span();
    elements.insert(elements.end(), part.begin(), part.end());
  }
  return {std::move(shape), elements};
}

std::vector<std::string> names_of(const SequenceModel& model) {
  std::vector<std::string> names;
  for (const FileTensor& tensor : file_tensors(model)) names.push_back(tensor.name);
  return names;
}

std::vector<Tensor<float>> through_a_file(const SequenceModel& model,
                                          const std::vector<Tensor<float>>& values) {
  return from_safetensors(model, read_safetensors(write_safetensors(to_safetensors(model, values)), "x"),
                          "x");
}

bool same(const std::vector<Tensor<float>>& a, const std::vector<Tensor<float>>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return x.same_bits(y); });
}

ModelOptions everything() {
  ModelOptions options{.layers = 2, .bidirectional = true};
  options.layer.layer_norm = options.layer.learned_start = true;
  return options;
}

std::string mismatch(const SequenceModel& model, const SafeTensors& file) {
  return error_of<ModelMismatch>([&] { from_safetensors(model, file, "m.safetensors"); });
}

}  // namespace

TEST_CASE("[interchange] an LSTM has PyTorch's names, with its gates stacked as i, f, g, o") {
  const SequenceModel model = model_of("lstm");
  CHECK(names_of(model) == std::vector<std::string>{"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0",
                                                    "rnn.bias_hh_l0", "readout.weight", "readout.bias"});
  const auto values = counted_values(model);
  const SafeTensors file = to_safetensors(model, values);
  const auto stack = [&](Shape shape, const std::vector<std::string>& names) {
    return stack_of(model, values, std::move(shape), names);
  };
  CHECK(file.find("rnn.weight_ih_l0")->same_bits(stack({16, 3}, {"W_i", "W_f", "W_g", "W_o"})));
  CHECK(file.find("rnn.weight_hh_l0")->same_bits(stack({16, 4}, {"U_i", "U_f", "U_g", "U_o"})));
  CHECK(file.find("rnn.bias_ih_l0")->same_bits(stack({16}, {"b_i", "b_f", "b_g", "b_o"})));
  CHECK(file.find("rnn.bias_hh_l0")->same_bits(Tensor<float>(Shape{16})));
  CHECK(file.find("readout.weight")->same_bits(stack({2, 4}, {"readout.W_hy"})));
}

TEST_CASE("[interchange] a GRU's gates are r, z, n, and the n gate keeps both of its biases") {
  const SequenceModel model = model_of("gru");
  const auto values = counted_values(model);
  const SafeTensors file = to_safetensors(model, values);
  CHECK(file.find("rnn.bias_ih_l0")->same_bits(stack_of(model, values, {12}, {"b_r", "b_z", "b_n"})));
  const Tensor<float>& second = *file.find("rnn.bias_hh_l0");
  for (std::int64_t i = 0; i < 8; ++i) CHECK(second[i] == 0);
  for (std::int64_t i = 0; i < 4; ++i) CHECK(second[8 + i] == value_of(model, values, "c_n")[i]);
}

TEST_CASE("[interchange] layers count from 0, and reverse directions have PyTorch's suffix") {
  const std::vector<std::string> names = names_of(model_of("vanilla", {.layers = 2, .bidirectional = true}));
  CHECK(names == std::vector<std::string>{
                     "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
                     "rnn.weight_ih_l0_reverse", "rnn.weight_hh_l0_reverse", "rnn.bias_ih_l0_reverse",
                     "rnn.bias_hh_l0_reverse", "rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1",
                     "rnn.bias_hh_l1", "rnn.weight_ih_l1_reverse", "rnn.weight_hh_l1_reverse",
                     "rnn.bias_ih_l1_reverse", "rnn.bias_hh_l1_reverse", "readout.weight", "readout.bias"});
}

TEST_CASE("[interchange] a cell without the mapping keeps our names, and so does what is around a cell") {
  ModelOptions options{.layers = 2};
  options.layer.layer_norm = options.layer.learned_start = true;
  const std::vector<std::string> names = names_of(model_of("mgu", options));
  const std::set<std::string> found(names.begin(), names.end());
  for (const char* name :
       {"rnn.W_f_l0", "rnn.U_g_l1", "rnn.start.h_l0", "rnn.layer_norm.gain_l1", "rnn.layer_norm.bias_l0"})
    CHECK(found.contains(name));
  CHECK(names_of(model_of("lstm", options)).size() == 2 * (4 + 4) + 2);
}

TEST_CASE(
    "[interchange] every cell of the zoo comes back from a file bit by bit, with all that is around it") {
  for (const std::string& cell : names_of(cell_table()))
    for (const ModelOptions& options : {ModelOptions{}, everything()}) {
      CAPTURE(cell);
      const SequenceModel model = model_of(cell, options);
      const auto values = any_values(model);
      REQUIRE(same(through_a_file(model, values), values));
    }
}

TEST_CASE("[interchange] every element of the file's tensors comes from one element of one parameter") {
  for (const char* cell : {"vanilla", "lstm", "gru", "irnn", "lstm_chrono", "mgu"}) {
    CAPTURE(cell);
    const SequenceModel model = model_of(cell, everything());
    std::set<float> seen;
    std::size_t zeros = 0, elements = 0;
    for (const auto& [name, tensor] : to_safetensors(model, counted_values(model)).tensors)
      for (const float x : tensor.span()) x == 0 ? ++zeros : (seen.insert(x), ++elements);
    CHECK(seen.size() == elements);
    std::int64_t expected = 0;
    for (const ParameterSpec& spec : model.parameters()) expected += spec.shape.numel();
    CHECK(static_cast<std::int64_t>(elements) == expected);
    CHECK((zeros == 0) == (std::string(cell) == "mgu"));
  }
}

TEST_CASE("[interchange] two biases of a file become their sum, but for the n gate of a GRU") {
  const SequenceModel model = model_of("gru", {.layers = 2, .bidirectional = true});
  SafeTensors file = to_safetensors(model, counted_values(model));
  for (auto& [name, tensor] : file.tensors)
    if (name.starts_with("rnn.bias_hh")) tensor.fill(0.25f);
  const auto before = counted_values(model), after = from_safetensors(model, file, "x");
  for (const std::string prefix : {"", "reverse.", "layer2.", "layer2.reverse."})
    for (std::int64_t i = 0; i < 4; ++i) {
      CHECK(value_of(model, after, prefix + "b_r")[i] == value_of(model, before, prefix + "b_r")[i] + 0.25f);
      CHECK(value_of(model, after, prefix + "b_z")[i] == value_of(model, before, prefix + "b_z")[i] + 0.25f);
      CHECK(value_of(model, after, prefix + "b_n")[i] == value_of(model, before, prefix + "b_n")[i]);
      CHECK(value_of(model, after, prefix + "c_n")[i] == 0.25f);
    }
}

TEST_CASE("[interchange] a user's cell declares names of its own") {
  const SequenceModel model = equations(
      "state h\nh' = tanh(W x + U h + b + c)\nparam c: hidden\n"
      "pytorch kernel = W\npytorch recurrent = U\npytorch first = b\npytorch second = 0\npytorch c = c\n");
  CHECK(names_of(model) == std::vector<std::string>{"rnn.kernel_l0", "rnn.recurrent_l0", "rnn.first_l0",
                                                    "rnn.second_l0", "rnn.c_l0", "readout.weight",
                                                    "readout.bias"});
  const auto values = any_values(model);
  CHECK(same(through_a_file(model, values), values));
}

TEST_CASE("[interchange] the lines of the mapping change neither the canonical text nor what is computed") {
  const std::string text = "cell test\nstate h\nh' = tanh(W x + U h)\n";
  const auto plain = define_cell("a", text),
             mapped = define_cell("a", text + "pytorch w = W\npytorch u = U\n");
  CHECK(plain->canonical == mapped->canonical);
  CHECK(plain->pytorch.empty());
  CHECK(mapped->pytorch.size() == 2);
}

TEST_CASE("[interchange] every difference between a file and a model is listed at once") {
  const SequenceModel model = model_of("lstm", {.layers = 2});
  SafeTensors file = to_safetensors(model, counted_values(model));
  std::erase_if(file.tensors, [](const auto& t) { return t.first == "rnn.bias_hh_l1"; });
  file.tensors[0].second = Tensor<float>(Shape{3, 16});
  file.tensors.emplace_back("rnn.weight_ih_l2", Tensor<float>(Shape{16, 4}));
  file.tensors.emplace_back("odd\x1bname", Tensor<float>(Shape{}));
  CHECK(
      mismatch(model, file) ==
      "m.safetensors: these are not the parameters of the model (another cell, other sizes or another number "
      "of layers?):\n"
      "  rnn.weight_ih_l0: expected (16, 3), found (3, 16)\n"
      "  missing: rnn.bias_hh_l1 (16)\n"
      "  unexpected: rnn.weight_ih_l2 (16, 4)\n"
      "  unexpected: odd?name ()");
  CHECK(mismatch(model, {}).find("missing: readout.bias (2)") != std::string::npos);
  CHECK(mismatch(model_of("lstm", {.layers = 2}, 5), to_safetensors(model, counted_values(model)))
            .find("rnn.weight_hh_l0: expected (20, 5), found (16, 4)") != std::string::npos);
}

TEST_CASE("[interchange] values that are not the model's are not written") {
  const SequenceModel model = model_of("vanilla");
  auto values = counted_values(model);
  values[0] = Tensor<float>(Shape{4, 4});
  CHECK_THROWS_WITH_AS(to_safetensors(model, values),
                       doctest::Contains("W_xh is (4, 3), but the value given"), std::invalid_argument);
  values.pop_back();
  CHECK_THROWS_WITH_AS(to_safetensors(model, values), doctest::Contains("4 values given; the model has 5"),
                       std::invalid_argument);
}

TEST_CASE(
    "[interchange] an embedding is embedding.weight, and a readout tied to it has no matrix of its own") {
  const auto make = [](std::int64_t inputs) { return make_cell("lstm", {inputs, 4}); };
  for (const bool tied : {false, true}) {
    const SequenceModel model(make, 7, {.embedding = 4, .tied = tied}, 7, Readout::every_step);
    std::vector<Tensor<float>> values;
    for (const ParameterSpec& spec : model.parameters()) values.emplace_back(spec.shape, 0.5f);
    const SafeTensors file = to_safetensors(model, values);
    CHECK(file.find("embedding.weight")->shape() == Shape{7, 4});
    CHECK((file.find("readout.weight") == nullptr) == tied);
    CHECK(file.find("readout.bias")->shape() == Shape{7});
    const auto back = from_safetensors(model, file, "a file");
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(back[i].same_bits(values[i]));
  }
}
