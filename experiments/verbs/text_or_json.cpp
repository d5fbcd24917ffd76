#include "experiments/verbs/text_or_json.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "experiments/config/value.hpp"
#include "models/nearest.hpp"

namespace unroll {

void add_text_or_json_flag(Flags& flags) {
  flags.add_options()("format", boost::program_options::value<std::string>()->default_value("text"),
                      "text or json: what is printed in the end");
}

bool wants_json(const Arguments& arguments) {
  const auto format = arguments.flags["format"].as<std::string>();
  if (format == "text" || format == "json") return format == "json";
  throw UsageError(fmt::format("unknown format \"{}\"{}; the formats are text and json", printable(format),
                               did_you_mean(format, {"text", "json"})));
}

}  // namespace unroll
