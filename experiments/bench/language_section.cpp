#include <fmt/format.h>

#include <stdexcept>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/gemm_floor.hpp"
#include "experiments/bench/sections.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/optim/clipping.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/gemm.hpp"

// One update of a language model over a large vocabulary: embedding, cell, softmax over all words, gradients
// of all parameters, clipped by their norm, and a step of plain SGD; the states go on from update to update.

namespace unroll {

namespace {

constexpr double clip_norm = 0.25, learning_rate = 0.1;

Tensor<std::int64_t> random_words(const BenchRow& row, std::uint32_t index) {
  Stream stream(1, Purpose::training_data, {index});
  Tensor<std::int64_t> words(Shape{row.shape.steps, row.shape.rows});
  for (std::int64_t& word : words.span()) word = stream.between(0, row.vocabulary);
  return words;
}

/// The engine's update.
class LanguageUpdate {
 public:
  explicit LanguageUpdate(const BenchRow& row)
      : model_(bench_cell(row.cell, {row.shape.inputs, row.shape.hidden}), row.vocabulary,
               Readout::every_step),
        specs_(model_.parameters()),
        words_(random_words(row, 0)),
        next_(random_words(row, 1)) {
    specs_.push_back({"E", {row.vocabulary, row.shape.inputs}, Role::readout_matrix});
    values_ = bench_parameters(specs_, row.shape.hidden);
    record();
    for (const StateSpec& state : model_.states()) {
      Shape shape = {row.shape.rows};
      for (const std::int64_t extent : state.shape) shape.push_back(extent);
      carried_.emplace_back(shape);
    }
    for (std::size_t k = 0; k < carried_.size(); ++k) plan_->bind(initial_[k], carried_[k]);
  }
  LanguageUpdate(const LanguageUpdate&) = delete;  // the plan holds the addresses of the tensors
  LanguageUpdate& operator=(const LanguageUpdate&) = delete;

  void run() {
    plan_->run();
    std::vector<std::span<float>> spans;
    std::vector<ParameterRef> parameters;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      spans.push_back(plan_->mutable_value(gradients_[i]));
      parameters.push_back({specs_[i].name, values_[i].span(), spans.back()});
    }
    clip_by_norm(spans, clip_norm);
    optimizer_->step(learning_rate, parameters);
    for (std::size_t k = 0; k < carried_.size(); ++k) carried_[k] = plan_->tensor(final_[k]);
  }

 private:
  void record() {
    using sizes::B;
    using sizes::T;
    const Parameters p(tape_, specs_);
    const Var words = tape_.index_input("words", {T, B}), next = tape_.index_input("next words", {T, B});
    for (const StateSpec& state : model_.states()) initial_.push_back(tape_.input(state.name, state.dims(B)));
    const SequenceModel::Recorded recorded = model_.record(gather(p["E"], words), p, initial_);
    final_ = recorded.final_state;
    gradients_ = gradients(cross_entropy(recorded.outputs, next), p.all());
    std::vector<Var> outputs = gradients_;
    outputs.insert(outputs.end(), final_.begin(), final_.end());
    plan_.emplace(tape_, outputs);
    plan_->bind(words, words_);
    plan_->bind(next, next_);
    for (std::size_t i = 0; i < values_.size(); ++i) plan_->bind(p.all()[i], values_[i]);
  }

  SequenceModel model_;
  std::vector<ParameterSpec> specs_;
  Tensor<std::int64_t> words_, next_;
  std::vector<Tensor<float>> values_, carried_;
  std::vector<Var> initial_, final_, gradients_;
  Tape tape_;
  std::optional<Plan<float>> plan_;
  std::unique_ptr<Optimizer> optimizer_ = make_optimizer({});
};

/// The products of an update as its equations have them and nothing else: the cell's, those of the embedded
/// words' gradient, and the readout's three over the rows of all steps. Over few words the engine makes fewer
/// (framework/plan/passes/small_tables.cpp).
class LanguageFloor {
 public:
  explicit LanguageFloor(const BenchRow& row)
      : shape_(row.shape),
        vocabulary_(row.vocabulary),
        gates_(row.cell == "lstm" ? 4 : 1),
        cell_(row.cell, row.shape),
        features_(filled(rows(), shape_.hidden)),
        weight_(filled(vocabulary_, shape_.hidden)),
        logits_(filled(rows(), vocabulary_)),
        before_(filled(rows(), gates_ * shape_.hidden)),
        input_weight_(filled(gates_ * shape_.hidden, shape_.inputs)),
        embedded_(filled(rows(), shape_.inputs)) {}

  void run() {
    const std::int64_t n = rows(), hidden = shape_.hidden;
    gemm(false, true, n, vocabulary_, hidden, features_.data(), weight_.data(), 0.0f, logits_.data());
    gemm(false, false, n, hidden, vocabulary_, logits_.data(), weight_.data(), 0.0f, features_.data());
    gemm(true, false, vocabulary_, hidden, n, logits_.data(), features_.data(), 0.0f, weight_.data());
    cell_.run();
    gemm(false, false, n, shape_.inputs, gates_ * hidden, before_.data(), input_weight_.data(), 0.0f,
         embedded_.data());
  }

 private:
  std::int64_t rows() const { return shape_.steps * shape_.rows; }

  /// Values as small as those of a gradient: products of products neither vanish nor overflow in a bench.
  static Tensor<float> filled(std::int64_t m, std::int64_t n) {
    Tensor<float> tensor({m, n});
    for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor[i] = 0.001f * static_cast<float>(i % 17 - 8);
    return tensor;
  }

  StepShape shape_;
  std::int64_t vocabulary_, gates_;
  GemmFloor cell_;
  Tensor<float> features_, weight_, logits_, before_, input_weight_, embedded_;
};

Contestant pytorch(const BenchRow& row, BenchContext& context, std::string key, PyTorch::Setting setting) {
  PyTorch& torch = context.pytorch;
  return {std::move(key), [&torch, setting, row](int runs) {
            if (!torch.here()) throw std::runtime_error(torch.problem());
            return torch.seconds(setting, std::string(row.cell), row.shape, runs, row.vocabulary);
          }};
}

void measure_language(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const auto update = std::make_shared<LanguageUpdate>(row);
  const auto floor = std::make_shared<LanguageFloor>(row);
  const std::vector<Contestant> contestants = {
      timed("engine", [update] { update->run(); }), timed("products", [floor] { floor->run(); }),
      pytorch(row, context, "pytorch_tuned", PyTorch::Setting::tuned),
      pytorch(row, context, "pytorch_installed", PyTorch::Setting::installed)};
  result["vocabulary"] = row.vocabulary;
  hold_contest(contestants, context.effort, result);
  const BenchResult times = result["times"];
  result["ratios"] = {{"engine_to_products", ratio_of(times["engine"], times["products"])},
                      {"pytorch_tuned_to_engine", ratio_of(times["pytorch_tuned"], times["engine"])},
                      {"pytorch_installed_to_engine", ratio_of(times["pytorch_installed"], times["engine"])}};
}

std::vector<BenchLines> language_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    const BenchResult &times = row["times"], &ratios = row["ratios"];
    line["T, B, inputs, H, words"] = fmt::format(
        "{} {}, {}, {}, {}, {}", row["cell"].get<std::string>(), row["T"].get<int>(), row["B"].get<int>(),
        row["inputs"].get<int>(), row["hidden"].get<int>(), row["vocabulary"].get<int>());
    line["engine"] = cell_text(times["engine"]);
    line["products alone"] = cell_text(times["products"]);
    line["PyTorch tuned"] = cell_text(times["pytorch_tuned"]);
    line["PyTorch"] = cell_text(times["pytorch_installed"]);
    line["engine/products"] = ratio_text(ratios["engine_to_products"]);
    line["PyTorch tuned/engine"] = ratio_text(ratios["pytorch_tuned_to_engine"]);
    line["PyTorch/engine"] = ratio_text(ratios["pytorch_installed_to_engine"]);
  }
  return {lines};
}

}  // namespace

const BenchSection& language_section() {
  static const BenchSection section{
      BenchKind::language,
      "one update of a language model: forward, backward, clipped by norm, SGD step; milliseconds",
      measure_language, language_tables};
  return section;
}

}  // namespace unroll
