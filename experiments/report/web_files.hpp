#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// The content of a file that the build puts into the program: every file of experiments/report/web/ by its
/// file name ("template.html", "report.css", "report.js", ...), the plotting library as
/// "plotly-cartesian.min.js", and scripts/bench_pytorch.py. Throws std::out_of_range for any other name.
std::string_view web_file(std::string_view name);

/// A page's template with the head that pages share in the place of its first line, {{head.html}}.
std::string page_template(std::string_view name);

}  // namespace unroll
