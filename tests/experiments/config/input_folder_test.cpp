#include "experiments/config/input_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "framework/tensor/file.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;
using config_tests::contains;
using config_tests::error_of;

namespace fs = std::filesystem;

namespace {

/// Files of these names, each holding its own name and a byte of zero.
void fill(const fs::path& folder, std::initializer_list<std::string> names) {
  for (const std::string& name : names) {
    make_folders((folder / name).parent_path());
    write_file(folder / name, name + '\0');
  }
}

std::vector<std::string> names_in(const InputFile& file) {
  std::vector<std::string> names;
  for (const NamedBytes& one : files_in(file)) names.push_back(one.path.substr(file.path.size()));
  return names;
}

}  // namespace

TEST_CASE(
    "[input folder] a setting may name a folder: its files and those below, by their paths, but hidden "
    "ones") {
  const TemporaryFolder folder;
  fill(folder / "midi", {"b.mid", "a.mid", "train/1.mid", "train/deep/2", ".hidden", ".git/config"});
  write_file(folder / "midi" / "empty", "");
  const InputFile file = read_input_file("midi", folder / "");
  CHECK(is_folder(file));
  CHECK(file.path == (folder / "midi").string() + "/");
  CHECK(names_in(file) == std::vector<std::string>{"a.mid", "b.mid", "empty", "train/1.mid", "train/deep/2"});
  for (const NamedBytes& one : files_in(file))
    CHECK(one.bytes ==
          (one.path.ends_with("empty") ? std::string() : one.path.substr(file.path.size()) + '\0'));
}

TEST_CASE("[input folder] the hash is that of names and contents, wherever the folder is") {
  const TemporaryFolder folder;
  for (const char* one : {"a", "b", "renamed", "changed", "more"}) fill(folder / one, {"x", "y/z"});
  const auto hash = [&](const char* name) { return read_input_file(name, folder / "").hash; };
  CHECK(hash("a") == hash("b"));
  fs::rename(folder / "renamed" / "x", folder / "renamed" / "w");
  write_file(folder / "changed" / "x", "other");
  fill(folder / "more", {"v"});
  for (const char* other : {"renamed", "changed", "more"}) CHECK(hash(other) != hash("a"));
  // With its hash it is the same value; changed since, it says so.
  const InputFile a = read_input_file("a", folder / "");
  CHECK(read_input_file(with_hash(a)) == a);
  CHECK(names_in(read_input_file(with_hash(a))) == names_in(a));
  fill(folder / "a", {"v"});
  const InputFile since = read_input_file(with_hash(a));
  CHECK(contains(error_of([&] { files_in(since); }), "changed since"));
}

TEST_CASE("[input folder] a file is one file, and a folder no file") {
  const TemporaryFolder folder;
  fill(folder / "midi", {"a.mid"});
  const InputFile file = read_input_file((folder / "midi/a.mid").string()),
                  all = read_input_file((folder / "midi/").string());
  CHECK_FALSE(is_folder(file));
  REQUIRE(files_in(file).size() == 1);
  CHECK(files_in(file).front().path == file.path);
  CHECK(files_in(file).front().bytes == std::string("a.mid") + '\0');
  CHECK(contains(error_of([&] { content_of(all); }), "expected a file, found a folder"));
  CHECK(contains(error_of([&] { files_in(read_input_file("nowhere", folder / "")); }),
                 "there is no file \"nowhere\""));
}

TEST_CASE("[input folder] more files than anyone means are refused before they are read") {
  const TemporaryFolder folder;
  make_folders(folder / "many");
  write_file(folder / "many" / "0", "");
  for (int i = 1; i <= 20'000; ++i)
    fs::create_hard_link(folder / "many" / "0", folder / "many" / std::to_string(i));
  const std::string message = error_of([&] { read_input_file("many", folder / ""); });
  CHECK_MESSAGE(contains(message, "more than 20000 files"), message);
  fs::remove(folder / "many" / "0");
  CHECK(names_in(read_input_file("many", folder / "")).size() == 20'000);
}
