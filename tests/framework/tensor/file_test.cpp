#include "framework/tensor/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>

#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;

namespace {}  // namespace

TEST_CASE("[file] an error says what the system said, whatever happens to errno meanwhile") {
  const TemporaryFolder folder;
  const std::string missing = error_of<FileError>([&] { read_file(folder / "missing"); });
  CHECK_MESSAGE(contains(missing, std::strerror(ENOENT)), missing);
  CHECK_MESSAGE(contains(missing, (folder / "missing").string()), missing);
  const auto refuse = [&](const std::string& long_path) {
    errno = ENOENT;
    refuse_file("cannot read", long_path, errno);
  };
  CHECK(contains(error_of<FileError>([&] { refuse(std::string(100, 'x')); }), std::strerror(ENOENT)));
}

TEST_CASE("[file] folders are made, but none above the base") {
  const TemporaryFolder folder;
  make_folders_below(folder / "", folder / "a/b/c");
  CHECK(std::filesystem::is_directory(folder / "a/b/c"));
  make_folders_below(folder / "a", folder / "a");  // there already
  const std::string message =
      error_of<FileError>([&] { make_folders_below(folder / "gone", folder / "gone/b/c"); });
  CHECK_MESSAGE(contains(message, (folder / "gone/b").string()), message);
  CHECK_MESSAGE(contains(message, std::strerror(ENOENT)), message);
  CHECK_FALSE(std::filesystem::exists(folder / "gone"));
  write_file(folder / "file", "text");
  CHECK(contains(error_of<FileError>([&] { make_folders(folder / "file/below"); }), "file/below"));
  CHECK(contains(error_of<FileError>([&] { make_folders_below(folder / "", folder / "file/below"); }),
                 "file/below"));
  make_folders(folder / "d/e");
  CHECK(std::filesystem::is_directory(folder / "d/e"));
  make_folders("");
}

TEST_CASE("[file] what killed processes left goes, what is being written and what users made stays") {
  const TemporaryFolder folder;
  make_folders(folder / "trials/t");
  const std::set<std::string> left = {".plan.jsonl.0123456789abcdef",
                                      "trials/t/.model.toml.fedcba9876543210"};
  const std::set<std::string> kept = {
      "plan.jsonl",        ".plan.jsonl.0123456789abcdeg", ".hidden",
      ".0123456789abcdef", ".a.0123456789abcdef0",         "a.0123456789abcdef"};
  for (const std::string& name : left) write_file(folder / name, "half");
  for (const std::string& name : kept) write_file(folder / name, "whole");
  const std::string busy = ".results.csv.00000000000000ff";
  write_file(folder / busy, "being written");
  const Descriptor writer(::open((folder / busy).c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::flock(writer.get(), LOCK_EX) == 0);
  remove_unfinished_files(folder / "");
  for (const std::string& name : left) CHECK_MESSAGE(!std::filesystem::exists(folder / name), name);
  for (const std::string& name : kept) CHECK_MESSAGE(std::filesystem::exists(folder / name), name);
  CHECK(std::filesystem::exists(folder / busy));
  remove_unfinished_files(folder / "missing");
}

TEST_CASE("[file] while some write and others clean up, every file arrives whole") {
  const TemporaryFolder folder;
  const pid_t cleaner = ::fork();
  if (cleaner == 0)
    for (;;) remove_unfinished_files(folder / "");
  for (int i = 0; i < 200; ++i) {
    const std::string text = "text " + std::to_string(i);
    CHECK(error_of<FileError>([&] { write_file(folder / "file", text); }) == "(no error)");
    CHECK(read_file(folder / "file") == text);
  }
  ::kill(cleaner, SIGKILL);
  ::waitpid(cleaner, nullptr, 0);
}

TEST_CASE("[file] a cleaner that sees no locks, as on another host, makes no writer fail") {
  const TemporaryFolder folder;
  const pid_t cleaner = ::fork();
  if (cleaner == 0) {
    for (int removed = 0; removed < 20;)
      for (const auto& entry : std::filesystem::directory_iterator(folder / ""))
        if (entry.path().filename().string().front() == '.') removed += ::unlink(entry.path().c_str()) == 0;
    ::_exit(0);
  }
  CHECK(error_of<FileError>([&] { write_file(folder / "written", "text"); }) == "(no error)");
  CHECK(error_of<FileError>([&] { CHECK(create_file(folder / "created", "text")); }) == "(no error)");
  ::kill(cleaner, SIGKILL);
  ::waitpid(cleaner, nullptr, 0);
  CHECK(read_file(folder / "written") == "text");
  CHECK(read_file(folder / "created") == "text");
}

TEST_CASE(
    "[file] of processes that create a file at once one does, and it is whole from the first moment on") {
  const TemporaryFolder folder;
  const std::string name = folder / "plan";
  const auto text_of = [](int process) { return std::string(100'000, static_cast<char>('a' + process)); };
  std::vector<pid_t> children;
  for (int process = 0; process < 6; ++process) {
    children.push_back(::fork());
    if (children.back() == 0) ::_exit(create_file(name, text_of(process)) ? 1 : 0);
  }
  std::string seen;
  while (seen.empty())
    if (std::filesystem::exists(name)) seen = read_file(name);
  CHECK(seen.size() == 100'000);
  int made = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    int status = 0;
    ::waitpid(children[i], &status, 0);
    made += WEXITSTATUS(status);
    if (WEXITSTATUS(status) == 1) CHECK(read_file(name) == text_of(static_cast<int>(i)));
  }
  CHECK(made == 1);
  CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 1);
  CHECK(contains(error_of<FileError>([&] { create_file(folder / "missing/file", "x"); }), "missing/file"));
}
