#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "experiments/config/config_error.hpp"
#include "tests/support/contains.hpp"

namespace unroll::config_tests {

/// A config file that lives as long as the object, in a folder of its own.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text, std::string_view name = "study.toml") {
    std::string folder = (std::filesystem::temp_directory_path() / "unroll_config_XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    path_ = folder_ / name;
    write(text);
  }
  ~ConfigFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  void write(std::string_view text) const { std::ofstream(path_, std::ios::binary) << text; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
};

}  // namespace unroll::config_tests
