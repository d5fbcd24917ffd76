#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "models/initialiser.hpp"

namespace unroll {
namespace {

using namespace rows;

/// Input and readout matrices are not square, and not every initialiser makes such a matrix.
std::vector<std::string> rectangular_initialiser_names() {
  std::vector<std::string> names;
  for (const std::string& name : initialiser_names()) {
    Stream stream(0, Purpose::check);
    try {
      initialise({.name = name}, Shape{2, 3}, stream);
      names.push_back(name);
    } catch (const std::invalid_argument&) {
      continue;
    }
  }
  return names;
}

bool is_scaled(const std::string& initialiser) {
  return initialiser == "normal" || initialiser == "uniform" || initialiser == "orthogonal" ||
         initialiser == "identity" || initialiser == "constant";
}

}  // namespace

std::vector<Option> initialiser_option_rows() {
  return {
      row("model.init", name("glorot", initialiser_names), result, "start of the recurrent matrix",
          [](Config& c) -> OptionField { return &c.model.init; }),
      row("model.input_init", name("glorot", rectangular_initialiser_names), result,
          "start of the input and readout matrices",
          [](Config& c) -> OptionField { return &c.model.input_init; }),
      row(
          "model.init_scale", number(1.0, at_least(0)), result,
          "of the recurrent matrix: std of normal, bound of uniform, gain of orthogonal and identity",
          [](Config& c) -> OptionField { return &c.model.init_scale; },
          [](const Config& c) { return is_scaled(c.model.init); }),
      row(
          "model.input_scale", number(1.0, at_least(0)), result,
          "the same, of the input and readout matrices",
          [](Config& c) -> OptionField { return &c.model.input_scale; },
          [](const Config& c) { return is_scaled(c.model.input_init); }),
      row(
          "model.spectral_radius", number(0.95, above(0)), result,
          "largest |eigenvalue| after rescaling, of sparse",
          [](Config& c) -> OptionField { return &c.model.spectral_radius; },
          [](const Config& c) { return c.model.init == "sparse"; }),
      row(
          "model.nonzeros", integer(15, from_to(1, 1e5)), result,
          "weights other than 0 per row (all of a shorter one), of sparse",
          [](Config& c) -> OptionField { return &c.model.nonzeros; },
          [](const Config& c) { return c.model.init == "sparse"; }),
  };
}

}  // namespace unroll
