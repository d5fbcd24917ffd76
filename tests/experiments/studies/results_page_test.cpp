#include "experiments/studies/results_page.hpp"

#include <doctest/doctest.h>

#include "experiments/studies/study_page.hpp"
#include "framework/tensor/file.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;

namespace {

Outcome outcome(const std::string& study, const std::string& part = "nets") {
  Outcome made{.study = study,
               .title = "About " + study,
               .source = "nobody",
               .about = "Words.",
               .chosen = "",
               .budget = "laptop",
               .overrides = {},
               .judgements = {},
               .commit = "c0ffee",
               .build = "b",
               .seconds = 61,
               .trials = 3};
  made.judgements.push_back({.says = "it is " + study,
                             .part = part,
                             .paper = "1",
                             .band = "at most 2",
                             .measure = "best_loss",
                             .values = {1},
                             .value = 1,
                             .ours = "median 1",
                             .verdict = Verdict::met,
                             .note = ""});
  return made;
}

std::vector<std::string> studies_of(const std::string& page) {
  std::vector<std::string> names;
  for (const ResultsEntry& entry : entries_in(page)) names.push_back(entry.study);
  return names;
}

}  // namespace

TEST_CASE("[results page] what was written is read back, entry by entry") {
  const std::vector<ResultsEntry> entries = {entry_of(outcome("one")), entry_of(outcome("two"))};
  const std::string page = results_page(entries);
  const std::vector<ResultsEntry> read = entries_in(page);
  REQUIRE(read.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(read[i].study == entries[i].study);
    CHECK(read[i].row == entries[i].row);
    CHECK(read[i].section == entries[i].section);
  }
  CHECK(results_page(read) == page);
  CHECK(contains(page, "| [one](#one) | laptop | the expectation is met | 3 | 1 min 01 s | c0ffee |"));
  CHECK(contains(page, "## two: About two"));
}

TEST_CASE("[results page] trials keep the commit of the program that trained them when others judge them") {
  Outcome before = outcome("one"), now = outcome("one");
  now.commit = "facade";
  now.build = "later";
  CHECK(with_earlier_commits(now, std::nullopt).commit == "facade");
  CHECK(with_earlier_commits(now, before).commit == "c0ffee");
  CHECK(with_earlier_commits(now, before).build == "b");
  now.seconds += 10;  // some were trained now
  const Outcome both = with_earlier_commits(now, before);
  CHECK(both.commit == "c0ffee, facade");
  CHECK(both.build == "later");
  now.seconds += 10;
  CHECK(with_earlier_commits(now, both).commit == "c0ffee, facade");
}

TEST_CASE("[results page] studies that were not run stay as they are, in the program's order") {
  const std::vector<std::string> order = {"one", "two", "three"};
  const std::string page = results_page({entry_of(outcome("three")), entry_of(outcome("gone"))});
  Outcome again = outcome("two");
  again.commit = "decade";
  const std::string merged = with_entries(page, {entry_of(again)}, order);
  CHECK(studies_of(merged) == std::vector<std::string>{"two", "three", "gone"});
  CHECK(entries_in(merged)[1].section == entries_in(page)[0].section);
  CHECK(entries_in(merged)[1].row == entries_in(page)[0].row);
  // Run again, it takes the place of what was there.
  Outcome newer = outcome("three");
  newer.commit = "facade";
  const std::string replaced = with_entries(merged, {entry_of(newer)}, order);
  CHECK(studies_of(replaced) == std::vector<std::string>{"two", "three", "gone"});
  CHECK(contains(entries_in(replaced)[1].row, "facade"));
  CHECK_FALSE(contains(entries_in(replaced)[1].section, "c0ffee"));
  CHECK(with_entries("", {entry_of(outcome("one"))}, order) == results_page({entry_of(outcome("one"))}));
  CHECK(with_entries("no page of results\n| [x](#x) | row without section |\n", {}, order) ==
        results_page({}));
}

TEST_CASE("[results page] that of the program is one") {
  const std::string page = read_file(std::string(UNROLL_SOURCE_DIR) + "/experiments/studies/RESULTS.md");
  CHECK(entries_in(page).size() >= 10);
  CHECK(entries_in(results_page(entries_in(page))).size() == entries_in(page).size());
}

TEST_CASE(
    "[results page] a part's report has what is expected of that part, and nothing where that is nothing") {
  Outcome both = outcome("one");
  both.judgements.push_back(outcome("other", "forced").judgements.front());
  CHECK(contains(expectations_section(both.of_part("forced")), "it is other"));
  CHECK_FALSE(contains(expectations_section(both.of_part("forced")), "it is one"));
  CHECK(expectations_section(both.of_part("none")).empty());
}
