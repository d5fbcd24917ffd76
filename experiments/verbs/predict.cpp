#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <numeric>

#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"

namespace unroll {

namespace {

int predict(const Arguments& arguments) {
  if (!arguments.has("text"))
    throw UsageError("which text? Give it as --text \"The cat sat on the ___\", or --text -");
  const std::int64_t top = arguments.flags["top"].as<std::int64_t>();
  if (top < 1) throw UsageError(fmt::format("--top must be at least 1, but is {}", top));
  const SavedModel model = model_argument(arguments, 1);
  const EncodedText prompt = encode_prompt(model, text_flag(arguments, "text"));
  say_unknown(prompt);
  const std::vector<double> p = next_token(model, prompt.ids);
  std::vector<std::int32_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::int32_t i) { return p[static_cast<std::size_t>(i)]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(top)));
  const bool table = arguments.flags["format"].as<std::string>() == "table";
  Listing rows;
  for (const std::int32_t id : order) {
    const std::string& token = model.vocabulary->token(id);
    rows.push_back(
        {{"token", table ? shown(token) : token}, {"probability", p[static_cast<std::size_t>(id)]}});
  }
  print_listing(rows, arguments);
  return exit_good;
}

void add_predict_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()(
      "text", po::value<std::string>(),
      "the text so far; a blank ___ at its end may stand for what is asked; -: standard input")(
      "top", po::value<std::int64_t>()->default_value(5), "how many of the likeliest to print");
  add_format_flag(flags);
}

}  // namespace

const Verb& predict_verb() {
  static const Verb verb{
      .name = "predict",
      .summary = "what comes next in a text, by a trained model",
      .usage = "MODEL --text TEXT [--top N] [--format table|json|csv]",
      .examples =
          "  unroll predict out/cat --text \"The cat sat on the ___\"\n"
          "  echo \"The cat sat on the\" | unroll predict out/cat --text - --top 3 --format json",
      .add_flags = add_predict_flags,
      .run = predict,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
