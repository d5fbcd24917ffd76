#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <numeric>

#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/predict_data.hpp"

namespace unroll {

namespace {

/// The likeliest tokens for a text's blank.
Listing tokens_for(const SavedModel& model, const Arguments& arguments) {
  const Prompt prompt = encode_prompt(model, text_flag(arguments, "text"));
  say_unknown(prompt.text);
  const std::span<const std::int32_t> text = prompt.text.ids;
  const std::vector<double> p = token_between(model, text.first(prompt.blank), text.subspan(prompt.blank));
  std::vector<std::int32_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::int32_t i) { return p[static_cast<std::size_t>(i)]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(arguments.flags["top"].as<std::int64_t>())));
  const bool table = is_table(arguments);
  Listing rows;
  for (const std::int32_t id : order) {
    const std::string& token = model.vocabulary->token(id);
    rows.push_back(
        {{"token", table ? shown(token) : token}, {"probability", p[static_cast<std::size_t>(id)]}});
  }
  return rows;
}

/// What this model is asked by.
[[noreturn]] void refuse_nothing(const SavedModel& model) {
  if (model.sizes.tokens)
    throw UsageError(
        "what is the model asked? It reads a text: --text \"The cat sat on the ___\", or - for standard "
        "input");
  throw UsageError(fmt::format(
      "what is the model asked? It reads {} number{} a step: --data FILE, an .npz, .npy or .csv of sequences",
      model.sizes.inputs, model.sizes.inputs == 1 ? "" : "s"));
}

int predict(const Arguments& arguments) {
  if (arguments.has("text") && arguments.has("data"))
    throw UsageError("expected either --text or --data, found both");
  const std::int64_t top = arguments.flags["top"].as<std::int64_t>();
  if (top < 1) throw UsageError(fmt::format("--top must be at least 1, but is {}", top));
  const SavedModel model = model_argument(arguments, 1);
  if (!arguments.has("text") && !arguments.has("data")) refuse_nothing(model);
  print_listing(arguments.has("text") ? tokens_for(model, arguments)
                                      : predictions(model, arguments.flags["data"].as<std::string>()),
                arguments);
  return exit_good;
}

void add_predict_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()(
      "text", po::value<std::string>(),
      "the text; a blank ___ (two underscores or more) stands for the token asked for, at its end or with "
      "text behind it, which then counts as well; without a blank the next token; -: standard input")(
      "data", po::value<std::string>(),
      "sequences to answer: .npz (the array inputs, or the only one), .npy: (sequences, steps, inputs); "
      ".csv: one "
      "sequence, its columns the inputs")("top", number_flag<std::int64_t>()->default_value(5),
                                          "how many of the likeliest tokens to print");
  add_format_flag(flags);
}

}  // namespace

const Verb& predict_verb() {
  static const Verb verb{
      .name = "predict",
      .summary =
          "what a trained model answers: to sequences, or what comes next in a text or fills its blank in",
      .usage = "MODEL (--text TEXT [--top N] | --data FILE) [--format table|json|csv]",
      .examples =
          "  unroll predict out/cat --text \"The cat sat on the ___\"\n"
          "  unroll predict out/cat --text \"The ___ sat on the mat .\"\n"
          "  echo \"The cat sat on the\" | unroll predict out/cat --text - --top 3 --format json\n"
          "  unroll predict out/one --data sequences.npz --format csv\n\n"
          "A blank with text behind it is filled in by reading that text behind every token of the "
          "vocabulary:\n"
          "p(token | before) p(after | before token), normalised over all but <unk> and <eos>. A text has "
          "one\n"
          "blank at the most. For a model of characters the blank is one character. Where the model's own\n"
          "tokens have underscores, three or more are a blank, and two only at the text's end.",
      .add_flags = add_predict_flags,
      .run = predict,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
