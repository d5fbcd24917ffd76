#pragma once

#include <boost/program_options/errors.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/value.hpp"
#include "models/nearest.hpp"

namespace unroll {

/// A flag's number, read as a setting's is: the whole text, in decimal, within what T holds. Boost's own
/// reading takes -1 for 2^64 - 1 where T has no sign, and infinities and NaN for numbers.
template <class T>
class NumberFlag final : public boost::program_options::typed_value<T> {
 public:
  NumberFlag() : boost::program_options::typed_value<T>(nullptr) {}

  void xparse(boost::any& stored, const std::vector<std::string>& tokens) const override {
    namespace po = boost::program_options;
    po::validators::check_first_occurrence(stored);
    const std::string& text = po::validators::get_single_string(tokens);
    const OptionValue type = T{};
    if (const auto value = parse_value(text, type)) {
      stored = std::get<T>(*value);
      return;
    }
    po::error_with_option_name error("%canonical_option%: expected %type%, found \"%found%\"");
    error.set_substitute("type", std::string(type_name(type)));
    error.set_substitute("found", printable(text));
    throw error;
  }
};

/// For Flags::add_options(), which takes it over. T is std::int64_t, std::uint64_t or double.
template <class T>
boost::program_options::typed_value<T>* number_flag() {
  return new NumberFlag<T>;
}

}  // namespace unroll
