#include "experiments/verbs/model_argument.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "experiments/sweep/say.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// A model that diverged in training has weights that are no numbers, whichever of them a text comes to.
void require_finite(const SavedModel& model, const std::string& name) {
  const std::vector<ParameterSpec> specs = model.model().parameters();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::span<const float> weights = model.parameters[i].span();
    const auto bad = std::ranges::count_if(weights, [](float weight) { return !std::isfinite(weight); });
    if (bad == 0) continue;
    throw ModelError(fmt::format(
        "{}: {} of the {} weights in {} are NaN or infinite, expected finite numbers: its training diverged",
        name, bad, weights.size(), specs[i].name));
  }
}

}  // namespace

SavedModel model_argument(const Arguments& arguments, std::size_t count) {
  if (arguments.words.size() != count)
    throw UsageError(
        fmt::format("expected {}, but got {} word{}",
                    count == 1 ? "one word, the folder of a trained model" : "a model's folder and a file",
                    arguments.words.size(), arguments.words.size() == 1 ? "" : "s"));
  return named_model(arguments, arguments.words.front());
}

SavedModel named_model(const Arguments& arguments, const std::string& name, Learned files) {
  // As in training, so that the bits depend on no one's cores; and products of one row are soon done.
  single_threaded_products();
  SavedModel model = load_model(arguments.laboratory(), name, files);
  require_finite(model, name);
  return model;
}

std::string text_flag(const Arguments& arguments, const char* flag) {
  std::string text = arguments.flags[flag].as<std::string>();
  if (text != "-") return text.empty() ? text : checked_text(std::move(text), fmt::format("--{}", flag));
  text = read_text("-");
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

void say_unknown(const EncodedText& text) {
  if (text.unknown.empty()) return;
  constexpr std::size_t most = 20;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(most, text.unknown.size()); ++i)
    names.push_back(fmt::format("\"{}\"", printable(text.unknown[i])));
  say("not in the model's vocabulary, read as {}: {}{}\n", unknown_token, fmt::join(names, ", "),
      text.unknown.size() > most ? fmt::format(" and {} more", text.unknown.size() - most) : "");
}

std::string shown(const std::string& token) {
  if (token == "\n") return "\\n";
  if (token == "\t") return "\\t";
  return token == " " ? "' '" : token;
}

}  // namespace unroll
