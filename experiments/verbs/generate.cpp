#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>

#include "experiments/saved/carried_net.hpp"
#include "experiments/sweep/signals.hpp"
#include "experiments/tasks/text_task.hpp"
#include "experiments/text/visible.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"

namespace unroll {

namespace {

Sampling sampling_of(const Arguments& arguments) {
  const Sampling sampling{arguments.flags["temperature"].as<double>(),
                          arguments.flags["top-k"].as<std::int64_t>(), arguments.flags["top-p"].as<double>()};
  if (!(sampling.temperature >= 0 && sampling.temperature <= 1e6))
    throw UsageError(fmt::format("--temperature must be from 0 to 1e6, but is {}", sampling.temperature));
  if (sampling.top_k < 0)
    throw UsageError(fmt::format("--top-k must be at least 1, or 0 for all, but is {}", sampling.top_k));
  if (!(sampling.top_p > 0 && sampling.top_p <= 1))
    throw UsageError(fmt::format("--top-p must be above 0, to 1, but is {}", sampling.top_p));
  return sampling;
}

std::int64_t length_of(const Arguments& arguments) {
  const auto length = arguments.flags["length"].as<std::int64_t>();
  if (length >= 1) return length;
  throw UsageError(fmt::format("--length must be at least 1 token, but is {}", length));
}

std::vector<std::int32_t> prompt_of(const SavedModel& model, const Arguments& arguments) {
  Prompt prompt = encode_prompt(model, text_flag(arguments, "prompt"));
  say_unknown(prompt.text);
  if (prompt.blank == prompt.text.ids.size()) return std::move(prompt.text.ids);
  throw UsageError(
      "--prompt has a blank with text behind it, but generate goes on behind a text; `unroll predict` fills "
      "blanks in");
}

int generate(const Arguments& arguments) {
  const Sampling sampling = sampling_of(arguments);
  const std::int64_t length = length_of(arguments);
  const auto format = arguments.flags["format"].as<std::string>();
  if (format != "text" && format != "json")
    throw UsageError(fmt::format("unknown format \"{}\"; generate prints text or json", format));
  const auto seed = arguments.flags["seed"].as<std::uint64_t>();
  const SavedModel model = model_argument(arguments, 1);
  const std::vector<std::int32_t> prompt = prompt_of(model, arguments);

  std::atomic<bool> stop = false;
  const SignalWatch signals(stop);
  Stream stream(seed, Purpose::generation);
  CarriedNet net(model, CarriedNet::Wanted::scores);
  std::vector<std::int32_t> read = {start_token(*model.vocabulary)};
  read.insert(read.end(), prompt.begin(), prompt.end());
  Joiner joiner(tokenisation_of(model).level);
  std::string text;
  const bool steers = ::isatty(STDOUT_FILENO) == 1;  // a model from elsewhere has any tokens
  const auto put = [&](std::int32_t token) {
    const std::string part = joiner.next(model.vocabulary->token(token));
    if (format == "json") {
      text += part;
    } else {
      fmt::print("{}", steers ? fit_for_terminal(part) : part);
      std::fflush(stdout);
    }
  };
  for (const std::int32_t token : prompt) put(token);
  for (std::int64_t i = 0; i < length && !stop; ++i) {
    const std::int32_t token =
        draw(distribution(net.run(read), sampling, model.vocabulary->unknown()), stream);
    put(token);
    read = {token};
  }
  if (format == "json")
    fmt::print("{}\n", nlohmann::ordered_json{{"text", text}, {"seed", fmt::format("{}", seed)}}.dump(2));
  else
    fmt::print("\n");
  return stop ? signals.exit_status() : exit_good;
}

void add_generate_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("prompt", po::value<std::string>()->default_value(""),
                      "the text to go on from; -: standard input; none: a new line")(
      "length", number_flag<std::int64_t>()->default_value(200), "tokens to write: characters or words")(
      "temperature", number_flag<double>()->default_value(1.0, "1"),
      "scores are divided by it: below 1 more likely words, 0 always the likeliest")(
      "top-k", number_flag<std::int64_t>()->default_value(0), "draw from the k likeliest only; 0: from all")(
      "top-p", number_flag<double>()->default_value(1.0, "1"),
      "draw from the likeliest that together have this probability")(
      "seed", number_flag<std::uint64_t>()->default_value(1), "of the draws: the same seed, the same text")(
      "format", po::value<std::string>()->default_value("text"), "text or json");
}

}  // namespace

const Verb& generate_verb() {
  static const Verb verb{
      .name = "generate",
      .summary = "write a text with a trained model",
      .usage = "MODEL [--prompt TEXT] [--length N] [--temperature T] [--top-k K] [--top-p P] [--seed S]",
      .examples =
          "  unroll generate out/shakespeare --prompt \"ROMEO:\" --length 500 --temperature 0.8\n"
          "  unroll generate out/cat --prompt \"The dog\" --length 8 --seed 7",
      .add_flags = add_generate_flags,
      .run = generate,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
