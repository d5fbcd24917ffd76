#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace unroll {

/// A value in a JSON text together with where it stands there, for messages. Refers to the text's parser, and
/// to the value that it is a part of: that must outlive it.
class JsonField {
 public:
  /// `subject`: what the text is, for messages: "trial record".
  JsonField(std::string_view subject, simdjson::dom::element value) : name_(subject), value_(value) {}

  /// Each throws std::invalid_argument naming the member and what it must be.
  JsonField member(std::string_view name) const;
  /// Null where there is none.
  bool has(std::string_view name) const;
  bool is_null() const { return value_.is_null(); }
  void expect_object() const;
  std::string_view text() const;
  bool boolean() const;
  std::int64_t integer() const;
  /// Also "nan", "inf" and "-inf", which JSON has no numbers for.
  double number() const;
  std::vector<double> numbers() const;
  void for_each_element(const std::function<void(const JsonField&)>& visit) const;
  void for_each_member(const std::function<void(std::string_view, const JsonField&)>& visit) const;

  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const;
  [[noreturn]] void refuse(std::string_view expected) const;

 private:
  JsonField(const JsonField& whole, std::string_view name, std::size_t index, simdjson::dom::element value)
      : whole_(&whole), name_(name), index_(index), value_(value) {}
  simdjson::dom::array array() const;
  std::string_view subject() const { return whole_ ? whole_->subject() : name_; }
  std::string path() const;

  const JsonField* whole_ = nullptr;
  std::string_view name_;  ///< "" of an element; of the whole text its subject
  std::size_t index_ = 0;
  simdjson::dom::element value_;
};

/// The text's value; it refers to `parser`. Throws std::invalid_argument: "trial record: not JSON: ...".
JsonField parse_json(simdjson::dom::parser& parser, std::string_view text, std::string_view subject);

}  // namespace unroll
