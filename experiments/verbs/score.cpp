#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/text/text.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/text_memory.hpp"

namespace unroll {

namespace {

Listing per_token(const SavedModel& model, const EncodedText& text, const std::vector<double>& nats,
                  bool table) {
  Listing rows;
  for (std::size_t i = 0; i < nats.size(); ++i) {
    const std::string& token = model.vocabulary->token(text.ids[i]);
    rows.push_back({{"token", table ? shown(token) : token},
                    {"nats", nats[i]},
                    {"bits", nats[i] / std::numbers::ln2},
                    {"probability", std::exp(-nats[i])}});
  }
  return rows;
}

Listing summary(const SavedModel& model, const EncodedText& text, const std::vector<double>& nats) {
  const double mean = std::accumulate(nats.begin(), nats.end(), 0.0) / static_cast<double>(nats.size());
  const std::string token = tokenisation_of(model).level == Level::characters ? "character" : "word";
  std::int64_t unknown = 0;
  for (const std::int32_t id : text.ids) unknown += id == model.vocabulary->unknown();
  return {{{"tokens", nats.size()},
           {"unknown", unknown},
           {"share unknown", static_cast<double>(unknown) / static_cast<double>(nats.size())},
           {"nats per " + token, mean},
           {"bits per " + token, mean / std::numbers::ln2},
           {"perplexity per " + token, std::exp(mean)}}};
}

int score(const Arguments& arguments) {
  const SavedModel model = model_argument(arguments, 2);
  const std::string& file = arguments.words.back();
  const std::string read = read_text(file);
  if (const std::string why = objection_to_text(file, read.size(), machine_limits().usable_memory());
      !why.empty())
    throw ConfigError(why);
  const EncodedText text = encode(model, read);
  say_unknown(text);
  const std::vector<double> nats = nats_of(model, text.ids);
  const bool table = is_table(arguments);
  print_listing(arguments.has("per-token") ? per_token(model, text, nats, table) : summary(model, text, nats),
                arguments);
  return exit_good;
}

void add_score_flags(Flags& flags) {
  flags.add_options()("per-token", "a row for every token, with what it costs after all before it");
  add_format_flag(flags);
}

}  // namespace

const Verb& score_verb() {
  static const Verb verb{
      .name = "score",
      .summary = "how well a trained model predicts a text",
      .usage = "MODEL FILE [--per-token] [--format table|json|csv]",
      .examples =
          "  unroll score out/ptb ptb.test.txt\n"
          "  echo \"The cat sat on the mat .\" | unroll score out/cat - --per-token",
      .add_flags = add_score_flags,
      .run = score,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
