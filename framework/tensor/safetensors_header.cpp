#include "framework/tensor/safetensors_header.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "framework/tensor/safetensors.hpp"

namespace unroll {
namespace {

using Json = nlohmann::json;

/// Takes the header event by event: no tree of it is built, and what does not fit is refused where it stands.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(std::string_view origin) : origin_(origin) {}

  SafeTensorsHeader take() { return std::move(header_); }

  bool key(string_t& name) override {
    if (place_ == Place::top) return top_key(name);
    if (place_ == Place::metadata) {
      if (header_.metadata.contains(name)) fail("{} stands in {} twice", in_quotes(name), metadata_key);
      field_ = std::move(name);
      return true;
    }
    if (name != "dtype" && name != "shape" && name != "data_offsets")
      fail("{} has {}; expected are dtype, shape and data_offsets", tensor(), in_quotes(name));
    if (name == "dtype" ? dtype_.has_value() : name == "shape" ? shape_.has_value() : offsets_.has_value())
      fail("{} has {} twice", tensor(), name);
    field_ = std::move(name);
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) return go_to(Place::top);
    if (place_ != Place::top) unexpected("an object, nested deeper than the format has it");
    return go_to(name_ == metadata_key ? Place::metadata : Place::entry);
  }

  bool end_object() override {
    if (place_ == Place::entry) end_entry();
    return go_to(place_ == Place::top ? Place::outside : Place::top);
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::entry || field_ == "dtype") unexpected("a list");
    (field_ == "shape" ? shape_ : offsets_).emplace();
    return go_to(Place::list);
  }

  bool end_array() override { return go_to(Place::entry); }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) {
      header_.metadata.emplace(field_, std::move(text));
    } else if (place_ == Place::entry && field_ == "dtype") {
      dtype_ = std::move(text);
    } else {
      unexpected("the text " + in_quotes(text));
    }
    return true;
  }

  bool number_unsigned(number_unsigned_t number) override {
    if (place_ != Place::list) unexpected(fmt::format("the number {}", number));
    (field_ == "shape" ? shape_ : offsets_)->push_back(number);
    return true;
  }
  bool number_integer(number_integer_t number) override {
    unexpected(fmt::format("the negative number {}", number));
  }
  bool number_float(number_float_t, const string_t& text) override {
    unexpected(fmt::format("{}, which is no whole number below 2^64", in_quotes(text)));
  }
  bool null() override { unexpected("null"); }
  bool boolean(bool value) override { unexpected(value ? "true" : "false"); }
  bool binary(binary_t&) override { unexpected("binary data"); }

  bool parse_error(std::size_t at, const std::string& token, const Json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while ..."
    const std::string_view text = error.what();
    const auto colon = text.find(": ");
    const std::string_view reason = colon == std::string_view::npos ? text : text.substr(colon + 2);
    fail("its header is not JSON at byte {} of it, near {}: {}", at, in_quotes(token), printed(reason));
  }

 private:
  enum class Place { outside, top, metadata, entry, list };

  template <class... Arguments>
  [[noreturn]] void fail(fmt::format_string<Arguments...> what, Arguments&&... arguments) const {
    throw SafeTensorsError(
        fmt::format("[safetensors] {}: {} (is the file damaged, or written by a faulty program?)", origin_,
                    fmt::format(what, std::forward<Arguments>(arguments)...)));
  }

  [[noreturn]] void unexpected(std::string_view found) const {
    if (place_ == Place::outside) fail("its header must be an object, {{...}}, but is {}", found);
    if (place_ == Place::metadata)
      fail("{} holds text only, but its {} is {}", metadata_key, in_quotes(field_), found);
    if (place_ == Place::top)
      fail("{} must be an object, {{...}}, but is {}",
           name_ == metadata_key ? std::string(metadata_key) : tensor(), found);
    fail("the {} of {} {}, but {} {}", field_, tensor(),
         field_ == "dtype" ? "is a text" : "is a list of whole numbers",
         place_ == Place::list ? "holds" : "is", found);
  }

  static std::string printed(std::string_view text) {
    const std::string both = in_quotes(text);
    return both.substr(1, both.size() - 2);
  }

  std::string tensor() const { return "tensor " + in_quotes(name_); }

  bool go_to(Place place) {
    place_ = place;
    return true;
  }

  bool top_key(string_t& name) {
    if (!names_.insert(name).second) fail("the name {} stands in its header twice", in_quotes(name));
    name_ = std::move(name);
    return true;
  }

  void end_entry() {
    if (!dtype_ || !shape_ || !offsets_)
      fail("{} has no {}", tensor(), !dtype_ ? "dtype" : !shape_ ? "shape" : "data_offsets");
    if (offsets_->size() != 2)
      fail("the data_offsets of {} are two numbers, [BEGIN, END], not {}", tensor(), offsets_->size());
    header_.entries.push_back({name_, *dtype_, std::move(*shape_), offsets_->front(), offsets_->back()});
    dtype_.reset();
    shape_.reset();
    offsets_.reset();
  }

  std::string_view origin_;
  Place place_ = Place::outside;
  std::set<std::string> names_;  ///< all so far
  std::string name_, field_;     ///< the last two keys
  std::optional<std::string> dtype_;
  std::optional<std::vector<std::uint64_t>> shape_, offsets_;
  SafeTensorsHeader header_;
};

std::string json_text(std::string_view text) {
  try {
    return Json(text).dump();
  } catch (const Json::type_error&) {
    throw SafeTensorsError(fmt::format(
        "[safetensors] {} is not UTF-8; a file holds names and metadata in UTF-8 only", in_quotes(text)));
  }
}

std::string json_text(const std::map<std::string, std::string>& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", json_text(key), json_text(value));
  return "{" + text + "}";
}

std::string json_text(const SafeTensorsEntry& entry) {
  std::string extents;
  for (const std::uint64_t extent : entry.shape)
    extents += fmt::format("{}{}", extents.empty() ? "" : ",", extent);
  return fmt::format(R"({{"dtype":{},"shape":[{}],"data_offsets":[{},{}]}})", json_text(entry.dtype), extents,
                     entry.begin, entry.end);
}

}  // namespace

SafeTensorsHeader parse_safetensors_header(std::string_view json, std::string_view origin) {
  HeaderReader reader(origin);
  Json::sax_parse(json, &reader);
  return reader.take();
}

std::string safetensors_header_text(const SafeTensorsHeader& header) {
  std::string text;
  if (!header.metadata.empty()) text = fmt::format("\"{}\":{}", metadata_key, json_text(header.metadata));
  for (const SafeTensorsEntry& entry : header.entries)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", json_text(entry.name), json_text(entry));
  return "{" + text + "}";
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 120;
  std::string shown;
  for (const char c : name) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (shown.size() >= longest && starts_character) return fmt::format("'{}...'", shown);
    shown += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
  }
  return fmt::format("'{}'", shown);
}

}  // namespace unroll
