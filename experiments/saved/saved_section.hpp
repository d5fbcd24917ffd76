#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/document.hpp"
#include "experiments/data/preparation.hpp"
#include "experiments/saved/model_error.hpp"
#include "experiments/text/vocabulary.hpp"

namespace unroll {

/// The section [saved] of a model.toml, or a table in it, with messages for what is missing or of another
/// type. The document must outlive it.
class SavedSection {
 public:
  /// Throws ModelError where there is none.
  explicit SavedSection(const TomlDocument& document);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// `expected` says in messages what stands under the key: "an integer".
  template <class T>
  const T& get(std::string_view key, std::string_view expected) const;
  std::int64_t count(std::string_view key) const;
  SavedSection part(std::string_view key) const {
    return {name_, fmt::format("{}.{}", path_, key), get<TomlTable>(key, "a table")};
  }
  std::optional<Vocabulary> vocabulary() const;
  std::optional<Preparation> preparation() const;

 private:
  SavedSection(std::string name, std::string path, const TomlTable& table)
      : name_(std::move(name)), path_(std::move(path)), table_(&table) {}

  const TomlMember* find(std::string_view key) const;
  template <class T>
  std::vector<T> list(std::string_view key, std::string_view expected) const;
  Scaling scaling(std::string_view offset, std::string_view unit) const;

  std::string name_, path_;  ///< of the file; of the table, "saved"
  const TomlTable* table_;
};

template <class T>
const T& SavedSection::get(std::string_view key, std::string_view expected) const {
  const TomlMember* member = find(key);
  if (!member) throw ModelError(fmt::format("{}: [{}] lacks {}, {}", name_, path_, key, expected));
  if (const T* value = std::get_if<T>(&member->node.value)) return *value;
  throw ModelError(fmt::format("{}: {}.{}: expected {}, found {}", place(name_, member->node.at), path_, key,
                               expected, describe(member->node)));
}

/// A preparation as an inline table, as SavedSection reads it.
std::string to_toml(const Preparation& preparation);

}  // namespace unroll
