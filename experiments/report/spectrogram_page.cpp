#include "experiments/report/spectrogram_page.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/text.hpp"
#include "experiments/report/filled.hpp"
#include "experiments/report/packed.hpp"
#include "experiments/report/web_files.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

/// Three digits are more than a picture shows.
Json rounded(const std::vector<std::vector<double>>& rows) {
  Json all = Json::array();
  for (const std::vector<double>& row : rows) {
    Json numbers = Json::array();
    for (const double x : row) numbers.push_back(std::round(1000 * x) / 1000);
    all.push_back(std::move(numbers));
  }
  return all;
}

Json json_of(const Heard& one) {
  return {{"file", one.file},
          {"said", one.said},
          {"bin", one.bin_seconds},
          {"bands", one.bands},
          {"spectrogram", rounded(one.spectrogram)},
          {"step", one.step_seconds},
          {"labels", one.labels},
          {"posteriors", rounded(one.posteriors)}};
}

}  // namespace

std::string spectrogram_page(const std::string& title, const std::vector<Heard>& recordings) {
  Json data = Json::array();
  for (const Heard& one : recordings) data.push_back(json_of(one));
  const std::string text = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  return filled(page_template("spectrogram.html"), [&](std::string_view name) -> std::string {
    if (name == "title") return html_escaped(title);
    if (name == "recordings") return packed(text);
    return std::string(web_file(name));
  });
}

}  // namespace unroll
