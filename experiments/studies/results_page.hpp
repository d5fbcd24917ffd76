#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/studies/outcome.hpp"

namespace unroll {

/// What a page of results says of one study: its row in the table at the top, and its section.
struct ResultsEntry {
  std::string study;
  std::string row, section;  ///< without the line breaks around them
};

ResultsEntry entry_of(const Outcome& outcome);

/// Those of a page that results_page() wrote, as they stand there. A row without a section, and the other way
/// round, is left out.
std::vector<ResultsEntry> entries_in(std::string_view page);

/// experiments/studies/RESULTS.md: all entries below each other.
std::string results_page(const std::vector<ResultsEntry>& entries);

/// `entries` in place of those of the same studies in `page`, whose others stay byte by byte: in the order of
/// `studies`, then what is in none of these.
std::string with_entries(std::string_view page, const std::vector<ResultsEntry>& entries,
                         const std::vector<std::string>& studies);

}  // namespace unroll
