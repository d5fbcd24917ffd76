#include "experiments/verbs/dry_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/text.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/outlook.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/train.hpp"

namespace unroll {
namespace {

constexpr std::size_t most_listed = 5;

using Json = nlohmann::ordered_json;

std::string axes_of(const Space& space) {
  std::vector<std::string> axes;
  for (const ConfigAxis& axis : space.source().sweep.axes) {
    std::vector<std::string> keys;
    for (const Option* option : axis.keys) keys.push_back(option->key);
    const std::string values =
        axis.drawn ? "drawn"
                   : fmt::format("{} value{}", axis.points.size(), axis.points.size() == 1 ? "" : "s");
    axes.push_back(fmt::format("{} ({})", joined(keys, " with "), values));
  }
  return axes.empty() ? "no axes" : joined(axes, ", ");
}

std::string dry_run_line(std::string_view head, const std::string& text) {
  return fmt::format("{:<9} {}\n", head, text);
}

std::string trials_line(const Outlook& o) {
  std::string text = fmt::format("{}", o.trials);
  if (o.omitted.left_out > 0) text += fmt::format("; where leaves out {}", o.omitted.left_out);
  if (o.omitted.repeated > 0) text += fmt::format("; {} points are others' trials again", o.omitted.repeated);
  return text;
}

std::string search_lines(const Outlook& o) {
  std::string text;
  for (const std::vector<Rung>& rungs : o.rungs)
    text += fmt::format("{:<9} {}\n", text.empty() ? "halving" : "", to_text(rungs));
  return text;
}

std::string done_line(const Outlook& o) {
  const std::size_t finished = o.done + o.stopped + o.diverged + o.failed;
  if (finished == 0) return fmt::format("nothing yet in {}", o.folder.string());
  return fmt::format("{} of {} in {} ({} done, {}{} diverged, {} failed), {} to run", finished, o.trials,
                     o.folder.string(), o.done, o.stopped > 0 ? fmt::format("{} stopped, ", o.stopped) : "",
                     o.diverged, o.failed, o.to_run);
}

std::string work_line(const Outlook& o) {
  std::string text = fmt::format("{:.3g} FLOPs", o.flops_to_run);
  if (o.to_run < o.trials) text += fmt::format(" to run, of {:.3g}", o.flops);
  if (o.costed < o.shapes) text += fmt::format(", told from {} of {} shapes of trials", o.costed, o.shapes);
  return text;
}

std::string time_line(const Outlook& o) {
  if (o.to_run == 0) return "nothing to run";
  if (!std::isfinite(o.seconds)) return "not measured";
  return fmt::format("{}{} with {} at once, from {} of {} shapes of trials measured for a second{}",
                     o.may_end_early ? "at most " : "", render_duration(o.seconds), o.at_once, o.measured,
                     o.shapes, o.may_end_early ? "; a trial ends once its task is solved" : "");
}

std::string refused_text(const Outlook& o) {
  std::string text;
  for (const std::string& why : o.folder_refuses) text += dry_run_line("refused", why);
  std::size_t listed = 0;
  for (const Refusal& refusal : o.refusals) {
    if (listed++ == most_listed) break;
    text +=
        dry_run_line("refused", fmt::format("{} trial{}: {}\n          the first: {}", refusal.trials,
                                            refusal.trials == 1 ? "" : "s", refusal.reason, refusal.first));
  }
  if (o.refusals.size() > most_listed)
    text += dry_run_line(
        "", fmt::format("and for {} more reasons; --format json has all", o.refusals.size() - most_listed));
  return text.empty() ? dry_run_line("refused", "none") : text;
}

std::string dry_run_text(const Outlook& o, const Space& space) {
  return dry_run_line("axes", axes_of(space)) + dry_run_line("trials", trials_line(o)) + search_lines(o) +
         dry_run_line("done", done_line(o)) + dry_run_line("work", work_line(o)) +
         dry_run_line("memory",
                      fmt::format("{} with {} at once; {} are free{}", in_bytes(o.bytes), o.at_once,
                                  in_bytes(o.bytes_available),
                                  o.bytes > o.bytes_available ? ", so that fewer will run at once" : "")) +
         dry_run_line("time", time_line(o)) + refused_text(o);
}

Json json_of(const Outlook& o) {
  Json refusals = Json::array();
  for (const Refusal& r : o.refusals)
    refusals.push_back({{"reason", r.reason}, {"trials", r.trials}, {"first", r.first}});
  return {{"folder", o.folder.string()},
          {"points", o.points},
          {"left_out", o.omitted.left_out},
          {"repeated", o.omitted.repeated},
          {"trials", o.trials},
          {"done", o.done},
          {"stopped", o.stopped},
          {"diverged", o.diverged},
          {"failed", o.failed},
          {"to_run", o.to_run},
          {"flops", o.flops},
          {"flops_to_run", o.flops_to_run},
          {"at_once", o.at_once},
          {"bytes", o.bytes},
          {"bytes_available", o.bytes_available},
          {"seconds", std::isfinite(o.seconds) ? Json(o.seconds) : Json(nullptr)},
          {"may_end_early", o.may_end_early},
          {"shapes", o.shapes},
          {"shapes_costed", o.costed},
          {"shapes_measured", o.measured},
          {"refusals", refusals},
          {"folder_refuses", o.folder_refuses}};
}

/// One row: the refusals are counted.
Json flat(Json outlook) {
  for (const char* list : {"refusals", "folder_refuses"}) outlook[list] = outlook[list].size();
  return outlook;
}

Outlook outlook_for(const Arguments& arguments, Space& space, const std::filesystem::path& folder) {
  OutlookOptions options;
  options.folder = folder;
  const int jobs = jobs_of(arguments, space.base());
  options.at_once = jobs > 0 ? jobs : machine_limits().usable_cores();
  options.extend = arguments.has("extend");
  options.build = arguments.has("allow-other-build") ? "" : build_description();
  return outlook_of(arguments.laboratory(), space, options);
}

Json with_part(const std::string& part, const Json& outlook) {
  Json row = {{"part", part}};
  row.update(outlook);
  return row;
}

}  // namespace

int dry_run(const Arguments& arguments, Space& space, const std::filesystem::path& folder) {
  const Outlook outlook = outlook_for(arguments, space, folder);
  const std::string format = format_of(arguments);
  if (format == "json")
    print_json(json_of(outlook));
  else if (format == "csv")
    print_listing({flat(json_of(outlook))}, format);
  else
    fmt::print("{}", dry_run_text(outlook, space));
  return outlook.refused() ? exit_usage : exit_good;
}

int dry_run(const Arguments& arguments, std::span<const PartSpace> parts) {
  const std::string format = format_of(arguments);
  std::vector<std::string> texts;
  Json outlooks = Json::array();
  Listing rows;
  bool refused = false;
  for (const PartSpace& part : parts) {
    const Outlook outlook = outlook_for(arguments, *part.space, part.folder);
    refused = refused || outlook.refused();
    texts.push_back(dry_run_line("part", part.name) + dry_run_text(outlook, *part.space));
    outlooks.push_back(with_part(part.name, json_of(outlook)));
    rows.push_back(with_part(part.name, flat(json_of(outlook))));
  }
  if (format == "json")
    print_json(outlooks);
  else if (format == "csv")
    print_listing(rows, format);
  else
    fmt::print("{}", fmt::join(texts, "\n"));
  return refused ? exit_usage : exit_good;
}

}  // namespace unroll
