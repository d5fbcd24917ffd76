#include <fmt/format.h>
#include <unistd.h>

#include <array>
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
#include "experiments/verbs/writer.hpp"

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

std::int64_t text_length_of(const Arguments& arguments) {
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

int generate_from_text(const Arguments& arguments, const SavedModel& model) {
  const Sampling sampling = sampling_of(arguments);
  const std::int64_t length = text_length_of(arguments);
  const auto format = arguments.flags["format"].as<std::string>();
  if (format != "text" && format != "json")
    throw UsageError(fmt::format("unknown format \"{}\"; generate prints text or json", format));
  const auto seed = arguments.flags["seed"].as<std::uint64_t>();
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

void add_generate_text_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("length", number_flag<std::int64_t>()->default_value(200),
                      "of a text, tokens to write: characters or words")(
      "top-k", number_flag<std::int64_t>()->default_value(0),
      "of a text: draw from the k likeliest only; 0: from all")(
      "top-p", number_flag<double>()->default_value(1.0, "1"),
      "of a text: draw from the likeliest that together have this probability")(
      "format", po::value<std::string>()->default_value("text"), "of a text: text or json");
}

/// All tokens of a task's own are words, unless its models write something else.
bool reads_text(const SavedModel& model) { return model.vocabulary.has_value(); }

constexpr std::array<std::string_view, 7> text_flags = {"prompt", "length", "temperature", "top-k",
                                                        "top-p",  "seed",   "format"};

}  // namespace

const Writer& text_writer() {
  static const Writer writer{.writes = "text",
                             .can_use = reads_text,
                             .add_flags = add_generate_text_flags,
                             .flags = text_flags,
                             .run = generate_from_text};
  return writer;
}

}  // namespace unroll
