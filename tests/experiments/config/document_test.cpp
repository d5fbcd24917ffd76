#include "experiments/config/document.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::config_tests;

TEST_CASE("[config] members stand in the order of the file with their places") {
  const TomlDocument document =
      parse_document("zebra = 1\n[b]\nx = [1, 2.5]\n[a]\ny = { q = true, p = \"s\" }\n", "f.toml");
  REQUIRE(document.root.size() == 3);
  CHECK(document.root[0].key == "zebra");
  CHECK(document.root[1].key == "b");
  CHECK(document.root[2].key == "a");
  const auto& b = std::get<TomlTable>(document.root[1].node.value);
  CHECK(place("f.toml", b.at(0).at) == "f.toml:3:1");
  CHECK(place("f.toml", b.at(0).node.at) == "f.toml:3:5");
  const auto& y = std::get<TomlTable>(document.root[2].node.value).at(0);
  const auto& inner = std::get<TomlTable>(y.node.value);
  CHECK(inner.at(0).key == "q");
  CHECK(inner.at(1).key == "p");
}

TEST_CASE("[config] a syntax error says where") {
  const auto error = [](const char* text) {
    return error_of<ConfigError>([&] { parse_document(text, "f.toml"); });
  };
  CHECK(error("[task]\nlength = \n").rfind("f.toml:2:", 0) == 0);
  CHECK(error("a = 1\na = 2\n").rfind("f.toml:2:", 0) == 0);
  CHECK(contains(error("a = \"\xff\""), "f.toml:1:"));
  CHECK(error("[&").rfind("f.toml:1:2: not valid TOML", 0) == 0);  // toml++ with assertions would abort here
  CHECK(error("a = [1, 2\n").rfind("f.toml:", 0) == 0);
}

TEST_CASE("[config] a file that cannot be read is named with the reason") {
  const auto error = [](const std::filesystem::path& path) {
    return error_of<ConfigError>([&] { read_document(path); });
  };
  CHECK(error("no/such/file.toml") == "no/such/file.toml: this config file does not exist");
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  CHECK(contains(error(folder), "expected a config file, found a folder"));
  CHECK(contains(error("/dev/zero"), "too large"));

  const ConfigFile file("a = 1");
  std::filesystem::permissions(file.path(), std::filesystem::perms::none);
  if (geteuid() != 0) CHECK(contains(error(file.path()), "cannot be read: Permission denied"));
}
