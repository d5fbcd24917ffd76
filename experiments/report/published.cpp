#include "experiments/report/published.hpp"

#include <nlohmann/json.hpp>

#include "experiments/config/config_error.hpp"
#include "experiments/config/json_field.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* file_name = "published.json";

Json to_json(const PublishedValue& value) {
  Json json{{"of", value.of}, {"moment", value.moment}};
  if (value.x) json["x"] = *value.x;
  if (value.y) json["y"] = *value.y;
  json["text"] = value.text;
  json["ids"] = value.ids;
  return json;
}

PublishedValue from_json(const JsonField& field) {
  PublishedValue value{.of = std::string(field.member("of").text()),
                       .moment = std::string(field.member("moment").text()),
                       .text = std::string(field.member("text").text()),
                       .ids = {}};
  if (field.has("x")) value.x = field.member("x").number();
  if (field.has("y")) value.y = field.member("y").number();
  field.member("ids").for_each_element([&](const JsonField& id) { value.ids.emplace_back(id.text()); });
  return value;
}

}  // namespace

void write_published(const std::filesystem::path& folder, const std::vector<PublishedValue>& values) {
  if (values.empty()) return;
  Json json = Json::array();
  for (const PublishedValue& value : values) json.push_back(to_json(value));
  write_file(folder / file_name, json.dump(1) + '\n');
}

std::vector<PublishedValue> read_published(const std::filesystem::path& folder) {
  std::error_code none;
  if (!std::filesystem::exists(folder / file_name, none)) return {};
  const std::string text = read_file(folder / file_name);
  simdjson::dom::parser parser;
  std::vector<PublishedValue> values;
  const std::string subject = (folder / file_name).string();
  try {
    parse_json(parser, text, subject).for_each_element([&](const JsonField& one) {
      values.push_back(from_json(one));
    });
  } catch (const std::invalid_argument& error) {
    throw ConfigError(error.what());
  }
  return values;
}

}  // namespace unroll
