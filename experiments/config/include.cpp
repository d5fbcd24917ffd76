#include "experiments/config/include.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>

#include "experiments/config/config_error.hpp"

namespace unroll {
namespace {

/// Files may include each other's files many times over: this bounds what a few lines can ask for, and the
/// depth of the recursion.
constexpr std::size_t most_files = 100;

struct NamedInclude {
  std::string file;
  TomlPosition at;
};

std::vector<NamedInclude> includes_of(const TomlDocument& document) {
  const auto member = std::ranges::find(document.root, include_key, &TomlMember::key);
  if (member == document.root.end()) return {};
  const auto* list = std::get_if<TomlArray>(&member->node.value);
  const TomlArray items = list ? *list : TomlArray{member->node};
  std::vector<NamedInclude> names;
  for (const TomlNode& item : items) {
    const auto* name = std::get_if<std::string>(&item.value);
    if (!name || name->empty())
      throw ConfigError(fmt::format("{}: {}: expected a list of config files, found {}",
                                    place(document.name, item.at), include_key, describe(item)));
    names.push_back({*name, item.at});
  }
  return names;
}

/// The same file by whatever path; as given where it is not there.
std::filesystem::path identity(const std::filesystem::path& file) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(file, error);
  return error ? file : canonical;
}

class Reader {
 public:
  std::vector<TomlDocument> take() { return std::move(documents_); }

  void read(const std::filesystem::path& file) {
    open_.push_back(file);
    const TomlDocument document = read_document(file);
    for (const NamedInclude& name : includes_of(document)) include(document, name);
    documents_.push_back(document);
    open_.pop_back();
  }

 private:
  void include(const TomlDocument& document, const NamedInclude& name) {
    const std::filesystem::path file = std::filesystem::path(document.name).parent_path() / name.file;
    const std::string origin = place(document.name, name.at);
    if (std::ranges::any_of(open_, [&](const auto& open) { return identity(open) == identity(file); }))
      throw ConfigError(
          fmt::format("{}: {}: expected files that do not include each other, found a circle: {}", origin,
                      include_key, circle(file)));
    if (open_.size() + documents_.size() >= most_files)
      throw ConfigError(
          fmt::format("{}: {}: expected at most {} files in all", origin, include_key, most_files));
    try {
      read(file);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}\n  included at {}", error.what(), origin));
    }
  }

  std::string circle(const std::filesystem::path& last) const {
    std::vector<std::string> names;
    for (const auto& open : open_) names.push_back(open.string());
    names.push_back(last.string());
    return fmt::format("{}", fmt::join(names, " -> "));
  }

  std::vector<std::filesystem::path> open_;  ///< each included by the one before
  std::vector<TomlDocument> documents_;
};

}  // namespace

std::vector<TomlDocument> read_with_includes(const std::filesystem::path& file) {
  Reader reader;
  reader.read(file);
  return reader.take();
}

}  // namespace unroll
