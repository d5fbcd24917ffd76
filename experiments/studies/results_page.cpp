#include "experiments/studies/results_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "experiments/config/text.hpp"
#include "experiments/studies/study_page.hpp"
#include "experiments/sweep/progress.hpp"

namespace unroll {
namespace {

constexpr std::string_view row_begin = "| [", row_end = "](#", anchor_begin = "<a id=\"",
                           anchor_end = "\"></a>";

std::string section_of(const Outcome& outcome) {
  std::string text = fmt::format("## {}: {}\n\n{}\n\nSource: {}\n\n", outcome.study, outcome.title,
                                 outcome.about, outcome.source);
  if (!outcome.chosen.empty()) text += fmt::format("Chosen here: {}\n\n", outcome.chosen);
  if (const std::string other = overrides_text(outcome); !other.empty()) text += other + "\n\n";
  return text +
         fmt::format("**{}.** {}\n\n{}", outcome.summary(), made_by(outcome), verdict_markdown(outcome));
}

std::string_view without_breaks(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\n'), last = text.find_last_not_of('\n');
  return first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
}

/// What stands between two marks at the start of a text; "" where it does not begin so.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  if (!text.starts_with(begin)) return "";
  text.remove_prefix(begin.size());
  const std::size_t at = text.find(end);
  return at == std::string_view::npos ? "" : text.substr(0, at);
}

/// By study, from its anchor to the next one.
std::map<std::string, std::string, std::less<>> sections_in(std::string_view page) {
  std::map<std::string, std::string, std::less<>> sections;
  const std::string start = "\n" + std::string(anchor_begin);
  for (std::size_t at = page.find(start); at != std::string_view::npos;) {
    const std::size_t next = page.find(start, at + 1);
    const std::string_view whole = page.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    const std::string_view study = between(whole, anchor_begin, anchor_end);
    sections.emplace(study,
                     without_breaks(whole.substr(anchor_begin.size() + study.size() + anchor_end.size())));
    at = next;
  }
  return sections;
}

}  // namespace

ResultsEntry entry_of(const Outcome& outcome) {
  return {outcome.study,
          fmt::format("| [{0}](#{0}) | {1} | {2} | {3} | {4} | {5} |", outcome.study, outcome.budget,
                      outcome.summary(), outcome.trials, render_duration(outcome.seconds), outcome.commit),
          std::string(without_breaks(section_of(outcome)))};
}

std::vector<ResultsEntry> entries_in(std::string_view page) {
  const auto sections = sections_in(page);
  std::vector<ResultsEntry> entries;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string_view line = page.substr(at, end - at), study = between(line, row_begin, row_end);
    if (const auto section = sections.find(study); !study.empty() && section != sections.end())
      entries.push_back({std::string(study), std::string(line), section->second});
    at = end + 1;
  }
  return entries;
}

std::string results_page(const std::vector<ResultsEntry>& entries) {
  std::string text =
      "# Studies: what was expected and what came out\n\n"
      "Written by `unroll study --write-results FILE` from the folders of the studies that were run; the "
      "values of "
      "every seed\nare shown. `unroll study NAME` runs one again.\n\n"
      "| study | budget | verdict | trials | time of one worker | commit |\n|---|---|---|---|---|---|\n";
  for (const ResultsEntry& entry : entries) text += entry.row + "\n";
  for (const ResultsEntry& entry : entries)
    text += fmt::format("\n{}{}{}\n\n{}\n", anchor_begin, entry.study, anchor_end, entry.section);
  return text;
}

std::string with_entries(std::string_view page, const std::vector<ResultsEntry>& entries,
                         const std::vector<std::string>& studies) {
  std::vector<ResultsEntry> all = entries;
  for (ResultsEntry& kept : entries_in(page))
    if (std::ranges::find(all, kept.study, &ResultsEntry::study) == all.end()) all.push_back(std::move(kept));
  std::ranges::stable_sort(all, {}, [&](const ResultsEntry& entry) {
    return std::ranges::find(studies, entry.study) - studies.begin();
  });
  return results_page(all);
}

}  // namespace unroll
