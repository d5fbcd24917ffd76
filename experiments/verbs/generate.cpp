#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <vector>

#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/writer.hpp"

namespace unroll {

namespace {

/// The first one that can use a model writes: melodies are tokens as well.
const std::array<const Writer*, 2>& writers() {
  static const std::array<const Writer*, 2> list = {&music_writer(), &text_writer()};
  return list;
}

const Writer& writer_for(const SavedModel& model) {
  const auto found =
      std::ranges::find_if(writers(), [&](const Writer* writer) { return writer->can_use(model); });
  if (found != writers().end()) return **found;
  throw ModelError("this model was trained on the task " + model.config.task.name +
                   ", whose inputs are vectors: it reads no text, and it writes no music either");
}

bool reads(const Writer& writer, std::string_view flag) {
  return std::ranges::find(writer.flags, flag) != writer.flags.end();
}

/// A flag that means nothing to this model was meant for another one.
void check_flags(const Writer& writer, const Arguments& arguments) {
  for (const Writer* other : writers())
    for (const std::string_view flag : other->flags) {
      const auto given = arguments.flags.find(std::string(flag));
      if (reads(writer, flag) || given == arguments.flags.end() || given->second.defaulted()) continue;
      throw UsageError(fmt::format("--{} is for models that write {}, but this one writes {}", flag,
                                   other->writes, writer.writes));
    }
}

int generate(const Arguments& arguments) {
  const SavedModel model = model_argument(arguments, 1);
  const Writer& writer = writer_for(model);
  check_flags(writer, arguments);
  return writer.run(arguments, model);
}

void add_generate_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()(
      "prompt", po::value<std::string>()->default_value(""),
      "what to go on from: a text, -: standard input, or a MIDI file; none: a new line, silence")(
      "temperature", number_flag<double>()->default_value(1.0, "1"),
      "scores are divided by it: below 1 more likely words or notes, 0 always the likeliest")(
      "seed", number_flag<std::uint64_t>()->default_value(1),
      "of the draws: the same seed, the same text or music");
  for (const Writer* writer : writers()) writer->add_flags(flags);
}

}  // namespace

const Verb& generate_verb() {
  static const Verb verb{
      .name = "generate",
      .summary = "write a text, or music, with a trained model",
      .usage =
          "MODEL [--prompt TEXT] [--length N] [--temperature T] [--top-k K] [--top-p P] [--seed S]\n"
          "       unroll generate MODEL --out FILE.mid [--bars N] [--tempo Q] [--temperature T] [--seed S]",
      .examples =
          "  unroll generate out/shakespeare --prompt \"ROMEO:\" --length 500 --temperature 0.8\n"
          "  unroll generate out/cat --prompt \"The dog\" --length 8 --seed 7\n"
          "  unroll generate out/chorales --bars 16 --out chorale.mid",
      .add_flags = add_generate_flags,
      .run = generate,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
