#include <fmt/format.h>

#include <array>
#include <regex>

#include "experiments/export/export_format.hpp"
#include "experiments/report/axes.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> timing_members = {"seconds", "build", "host", "attempts"};

/// As each line begins: unlike one of a journal or of plan.jsonl.
bool wrote_jsonl(const std::filesystem::path& path) {
  static const std::regex begin(R"(\{"id":"[0-9a-f]{32}","settings":\{)");
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  const std::string bytes = first_bytes(path, 53);
  return bytes.empty() || std::regex_search(bytes, begin, std::regex_constants::match_continuous);
}

/// By their names, without what they mean.
Json by_name(const Json& scalars) {
  Json values = Json::object();
  for (const Json& scalar : scalars) values[scalar.at("name").get<std::string>()] = scalar.at("value");
  return values;
}

Json line_of(const ExportedSweep& sweep, const Trial& trial, const TrialRecord* run) {
  Json line{{"id", trial.id}, {"settings", settings_as_json(sweep.laboratory, trial)}};
  if (run == nullptr) {
    line["status"] = "missing";
    return line;
  }
  const Json record = Json::parse(to_json(*run));
  for (const auto& [name, value] : record.items())
    if (name != "id") line[name] = name == "scalars" ? by_name(value) : value;
  if (!sweep.timing)
    for (const char* name : timing_members) line.erase(name);
  return line;
}

void write_jsonl(const ExportedSweep& sweep, const std::filesystem::path& target) {
  const std::vector<const TrialRecord*> runs = runs_of(sweep.plan, sweep.records);
  std::string text;
  for (std::size_t i = 0; i < runs.size(); ++i)
    text +=
        line_of(sweep, sweep.plan.trials[i], runs[i]).dump(-1, ' ', false, Json::error_handler_t::replace) +
        '\n';
  write_file(target, text);
}

}  // namespace

const ExportFormat& jsonl_format() {
  static const ExportFormat format{
      "jsonl", "trials.jsonl", "a JSON object a trial: settings, scalars, series",
      true,    wrote_jsonl,    write_jsonl};
  return format;
}

}  // namespace unroll
