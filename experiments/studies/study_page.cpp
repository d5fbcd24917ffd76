#include "experiments/studies/study_page.hpp"

#include <fmt/format.h>

#include "experiments/config/text.hpp"
#include "experiments/report/table.hpp"
#include "experiments/report/web_files.hpp"
#include "experiments/sweep/progress.hpp"

namespace unroll {
namespace {

std::string paragraph(const std::string& text) {
  return text.empty() ? "" : fmt::format("<p>{}</p>\n", html_escaped(text));
}

std::string part_html(const PartResult& part) {
  return fmt::format(
      "<section><h2>{0}</h2>\n<p><a href=\"{0}/report.html\">Report of all trials: success, curves, every "
      "number</a></p>\n<pre class=\"scroll\" tabindex=\"0\">{1}</pre></section>\n",
      html_escaped(part.name), html_escaped(summary_table(*part.plan, *part.records)));
}

}  // namespace

std::string made_by(const Outcome& outcome) {
  return fmt::format("Budget {}, {} trials, {} of one worker's time; program of commit {}.", outcome.budget,
                     outcome.trials, render_duration(outcome.seconds), outcome.commit);
}

std::string overrides_text(const Outcome& outcome) {
  return outcome.overrides.empty()
             ? ""
             : fmt::format("Not the study as it is defined: with {}.", joined(outcome.overrides, " "));
}

std::string expectations_section(const Outcome& outcome) {
  if (outcome.judgements.empty()) return "";
  return "<section><h2>Expectations</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
         "aria-label=\"Expectations\">" +
         verdict_html(outcome) + "</div></section>\n";
}

std::string study_html(const Outcome& outcome, const std::vector<PartResult>& parts) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{0}</title>\n<style>\n{1}\n</style>\n</head>\n<body>\n"
      "<header><h1>{0}</h1>\n<p class=\"lead\"><strong{2}>{3}</strong>. {4}</p></header>\n<main>\n",
      html_escaped(outcome.title), web_file("report.css"), outcome.all_met() ? "" : " class=\"failed\"",
      html_escaped(outcome.summary()), html_escaped(made_by(outcome)));
  html += paragraph(outcome.about) + paragraph("Source: " + outcome.source);
  if (!outcome.chosen.empty()) html += paragraph("Chosen here: " + outcome.chosen);
  html += paragraph(overrides_text(outcome));
  html += expectations_section(outcome);
  for (const PartResult& part : parts) html += part_html(part);
  return html + fmt::format(
                    "<section><h2>Build</h2><pre class=\"scroll\" tabindex=\"0\">{}</pre></section>\n"
                    "</main>\n</body>\n</html>\n",
                    html_escaped(outcome.build));
}

}  // namespace unroll
