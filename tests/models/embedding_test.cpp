#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "framework/autodiff/gradients.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/support/away_from_kinks.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t token_types = 7, token_width = 4, token_steps = 5, token_rows = 3;

SequenceModel::MakeCell token_cell(std::string_view cell) {
  return [cell](std::int64_t size) {
    return make_cell(cell, {size, token_width, "tanh", small_constants(cell)});
  };
}

const std::map<std::string, ModelOptions> token_wrappers = {
    {"untied", {.embedding = token_width}},
    {"a smaller embedding", {.embedding = 2}},
    {"tied", {.embedding = token_width, .tied = true}},
    {"two layers, tied", {.layers = 2, .embedding = token_width, .tied = true}},
    {"residual, tied", {.layers = 2, .residual = true, .embedding = token_width, .tied = true}},
    {"bidirectional, tied", {.bidirectional = true, .embedding = 2 * token_width, .tied = true}},
};

/// Tokens of which some stand there often, and the last one never.
Tensor<std::int64_t> some_tokens() {
  Tensor<std::int64_t> tokens(Shape{token_steps, token_rows});
  for (std::int64_t i = 0; i < tokens.numel(); ++i) tokens[i] = (i * i) % (token_types - 1);
  return tokens;
}

/// A language model's loss.
struct TokenFixture {
  Tape tape;
  SequenceModel model;
  Var tokens = tape.index_input("tokens", {T, B}), next = tape.index_input("next", {T, B});
  Parameters p;
  Var outputs, loss;
  std::vector<Tensor<double>> values;

  TokenFixture(const SequenceModel::MakeCell& cell, const ModelOptions& options)
      : model(cell, token_types, options, token_types, Readout::every_step),
        p(tape, model.parameters()),
        outputs(model.record(tokens, p).outputs),
        loss(cross_entropy(outputs, next)) {
    for (const ParameterSpec& spec : model.parameters())
      values.push_back(random_tensor<double>(spec.shape, values.size() + 1, 0.7));
  }

  Tensor<std::int64_t> classes() const {
    Tensor<std::int64_t> classes(Shape{token_steps, token_rows});
    for (std::int64_t i = 0; i < classes.numel(); ++i) classes[i] = (3 * i + 1) % token_types;
    return classes;
  }

  GradcheckPoint point() const {
    GradcheckPoint at{{}, {{tokens, some_tokens()}, {next, classes()}}};
    for (std::size_t i = 0; i < values.size(); ++i) at.real[p.all()[i]] = values[i];
    return at;
  }
};

bool has(const SequenceModel& model, std::string_view name) {
  const std::vector<ParameterSpec> specs = model.parameters();
  return std::ranges::any_of(specs, [&](const ParameterSpec& spec) { return spec.name == name; });
}

/// What a model's loss and the gradients of all its parameters are.
template <class Real>
std::vector<Tensor<Real>> run(Tape& tape, Var loss, const Parameters& p,
                              const std::vector<Tensor<double>>& values,
                              const std::vector<std::pair<Var, Tensor<std::int64_t>>>& indices,
                              const std::vector<std::pair<Var, Tensor<double>>>& inputs) {
  std::vector<Var> wanted = gradients(loss, p.all());
  wanted.push_back(loss);
  Plan<Real> plan(tape, wanted);
  std::vector<Tensor<Real>> bound;
  for (const Tensor<double>& value : values) bound.push_back(convert<Real>(value));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], bound[i]);
  for (const auto& [var, value] : indices) plan.bind(var, value);
  std::vector<Tensor<Real>> given;
  for (const auto& [var, value] : inputs) given.push_back(convert<Real>(value));
  for (std::size_t i = 0; i < inputs.size(); ++i) plan.bind(inputs[i].first, given[i]);
  plan.run();
  std::vector<Tensor<Real>> found;
  for (const Var& v : wanted) found.push_back(plan.tensor(v));
  return found;
}

/// The largest difference between a model with an embedding and the same cell on E's rows picked by products
/// with one-hot vectors, in the loss and in all gradients.
template <class Real>
double distance_from_one_hot(std::string_view cell, bool tied) {
  TokenFixture f(token_cell(cell), {.embedding = token_width, .tied = tied});
  Tape tape;
  const Var one_hot = tape.input("one-hot", {T, B, token_types}), next = tape.index_input("next", {T, B});
  const SequenceModel plain(token_cell(cell), token_width, {}, token_types, Readout::every_step);
  const Parameters p(tape, f.model.parameters());
  const Var x = matmul(one_hot, p["embedding.E"]);
  // The cell's own outputs, and the readout in the open.
  const Var h = plain.layers()[0].record(x, p, {}, {}).features;
  const Var y = matmul(h, transpose(p[tied ? "embedding.E" : "readout.W_hy"])) + p["readout.b_y"];
  Tensor<double> vectors(Shape{token_steps, token_rows, token_types});
  const Tensor<std::int64_t> tokens = some_tokens();
  for (std::int64_t i = 0; i < tokens.numel(); ++i) vectors[i * token_types + tokens[i]] = 1;
  const auto by_rows =
      run<Real>(f.tape, f.loss, f.p, f.values, {{f.tokens, tokens}, {f.next, f.classes()}}, {});
  const auto by_products =
      run<Real>(tape, cross_entropy(y, next), p, f.values, {{next, f.classes()}}, {{one_hot, vectors}});
  REQUIRE(by_rows.size() == by_products.size());
  double worst = 0;
  for (std::size_t k = 0; k < by_rows.size(); ++k) {
    REQUIRE(by_rows[k].shape() == by_products[k].shape());
    for (std::int64_t i = 0; i < by_rows[k].numel(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(by_rows[k][i] - by_products[k][i])));
  }
  return worst;
}

}  // namespace

TEST_CASE("[embedding] gradients through tokens' vectors agree with central differences, tied or not") {
  for (const char* cell : {"vanilla", "lstm", "gru", "scrn"})
    for (const auto& [name, options] : token_wrappers) {
      if (options.residual && std::string_view(cell) == "scrn") continue;  // outputs of another size
      if (options.tied && std::string_view(cell) == "scrn") continue;
      TokenFixture f(token_cell(cell), options);
      const GradcheckReport report = away_from_kinks([&](std::uint64_t seed) {
        for (std::size_t i = 0; i < f.values.size(); ++i)
          f.values[i] = random_tensor<double>(f.values[i].shape(), i + 100 * seed, 0.7);
        return gradcheck(f.loss, f.p.all(), f.point(), {.floor = 1e-4});  // of the loss, about 2
      });
      INFO(std::string(cell), ", ", name, "\n", report.to_text());
      CHECK(report.ok());
      CHECK(report.entries.size() > 10);
    }
}

TEST_CASE("[embedding] a tied model has no readout matrix, and its vectors get both gradients") {
  TokenFixture untied(token_cell("vanilla"), token_wrappers.at("untied")),
      tied(token_cell("vanilla"), token_wrappers.at("tied"));
  CHECK(has(untied.model, "readout.W_hy"));
  CHECK_FALSE(has(tied.model, "readout.W_hy"));
  REQUIRE(untied.model.parameters()[0].name == "embedding.E");
  REQUIRE(tied.model.parameters()[0].name == "embedding.E");
  // The readout's matrix is E too: the same outputs, and E's gradient is the sum of both.
  for (std::size_t i = 0; i < tied.values.size(); ++i)
    for (std::size_t k = 0; k < untied.values.size(); ++k)
      if (tied.model.parameters()[i].name == untied.model.parameters()[k].name)
        untied.values[k] = tied.values[i];
  const auto at = [](const TokenFixture& f, std::string_view name) {
    const auto specs = f.model.parameters();
    return static_cast<std::size_t>(std::ranges::find(specs, name, &ParameterSpec::name) - specs.begin());
  };
  untied.values[at(untied, "readout.W_hy")] = tied.values[0];
  const auto of = [](TokenFixture& f) {
    return run<double>(f.tape, f.loss, f.p, f.values, {{f.tokens, some_tokens()}, {f.next, f.classes()}}, {});
  };
  const auto apart = of(untied), together = of(tied);
  CHECK(apart.back()[0] == doctest::Approx(together.back()[0]).epsilon(1e-14));
  const Tensor<double>&g_E = apart[0], &g_W = apart[at(untied, "readout.W_hy")];
  for (std::int64_t i = 0; i < g_E.numel(); ++i)
    CHECK(together[0][i] == doctest::Approx(g_E[i] + g_W[i]).epsilon(1e-12));
}

TEST_CASE("[embedding] a token that does not stand in the text leaves its vector alone") {
  TokenFixture f(token_cell("gru"), token_wrappers.at("untied"));
  const auto found =
      run<float>(f.tape, f.loss, f.p, f.values, {{f.tokens, some_tokens()}, {f.next, f.classes()}}, {});
  const Tensor<float>& g = found[0];
  for (std::int64_t type = 0; type < token_types; ++type) {
    float norm = 0;
    for (std::int64_t i = 0; i < token_width; ++i) norm += std::abs(g[type * token_width + i]);
    const Tensor<std::int64_t> tokens = some_tokens();
    const bool there = std::ranges::count(tokens.span(), type) > 0;
    CHECK((norm > 0) == there);
  }
}

TEST_CASE("[embedding] it is a matrix product with one-hot vectors") {
  for (const char* cell : {"vanilla", "lstm"})
    for (const bool tied : {false, true}) {
      INFO(std::string(cell), " ", tied);
      CHECK(distance_from_one_hot<double>(cell, tied) <= 1e-13);
      CHECK(distance_from_one_hot<float>(cell, tied) <= 1e-5);
    }
}

TEST_CASE("[embedding] the start is uniform within its bound") {
  const SequenceModel model(token_cell("vanilla"), 5000, {.embedding = token_width, .embedding_scale = 0.25},
                            5000, Readout::every_step);
  const ParameterSpec spec = model.parameters()[0];
  REQUIRE(spec.init);
  Stream stream(1, Purpose::check);
  const Tensor<float> E = initialise(*spec.init, spec.shape, stream);
  double mean = 0, squares = 0, largest = 0;
  for (const float value : E.span()) {
    const double x = value;
    mean += x / 20000;
    squares += x * x / 20000;
    largest = std::max(largest, std::abs(x));
  }
  CHECK(largest <= 0.25);
  CHECK(largest > 0.249);
  CHECK(std::abs(mean) < 5 * 0.25 / std::sqrt(3.0 * 20000));
  CHECK(squares == doctest::Approx(0.25 * 0.25 / 3).epsilon(0.03));
}

TEST_CASE("[embedding] a readout that cannot be one matrix with the vectors is refused with both sizes") {
  const auto make = [](const ModelOptions& options, std::int64_t outputs) {
    return SequenceModel(token_cell("vanilla"), token_types, options, outputs, Readout::every_step);
  };
  const auto refused = [&](const ModelOptions& options, std::int64_t outputs, const std::string& part) {
    try {
      make(options, outputs);
      FAIL("not refused");
    } catch (const std::invalid_argument& error) {
      const std::string message = error.what();
      CHECK_MESSAGE(message.find(part) != std::string::npos, message);
      CHECK(message.find("model.embedding") != std::string::npos);
    }
  };
  refused({.embedding = 3, .tied = true}, token_types,
          "7 outputs of 4 features, the embedding 7 tokens of 3");
  refused({.embedding = token_width, .tied = true}, token_types + 1,
          "8 outputs of 4 features, the embedding 7 tokens of 4");
  refused({.bidirectional = true, .embedding = token_width, .tied = true}, token_types,
          "7 outputs of 8 features");
  refused({.tied = true}, token_types, "the embedding 0 tokens of 0");
  CHECK_NOTHROW(make({.embedding = token_width, .tied = true}, token_types));
}

TEST_CASE("[embedding] tokens and vectors cannot be mistaken for each other") {
  Tape tape;
  const Var vectors = tape.input("x", {T, B, token_types}), tokens = tape.index_input("tokens", {T, B});
  const SequenceModel reads_tokens(token_cell("vanilla"), token_types, {.embedding = token_width}, 2,
                                   Readout::last);
  const SequenceModel reads_vectors(token_cell("vanilla"), token_types, {}, 2, Readout::last);
  const Parameters p(tape, reads_tokens.parameters());
  CHECK_THROWS_AS(reads_tokens.record(vectors, p), ShapeError);
  CHECK_THROWS_AS(reads_vectors.record(tokens, p), ShapeError);
}

TEST_CASE("[embedding] a token that no row stands for is refused when the plan runs") {
  for (const std::int64_t wrong : {token_types, std::int64_t{-1}}) {
    TokenFixture f(token_cell("vanilla"), token_wrappers.at("untied"));
    Plan<float> plan(f.tape, {f.outputs});
    std::vector<Tensor<float>> bound;
    for (const Tensor<double>& value : f.values) bound.push_back(convert<float>(value));
    for (std::size_t i = 0; i < bound.size(); ++i) plan.bind(f.p.all()[i], bound[i]);
    Tensor<std::int64_t> tokens = some_tokens();
    tokens[4] = wrong;
    CHECK_THROWS([&] {
      plan.bind(f.tokens, tokens);
      plan.run();
    }());
  }
}
