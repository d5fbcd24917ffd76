#include "experiments/data/formats/archive.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "experiments/config/config_error.hpp"
#include "experiments/config/folder_archive.hpp"
#include "experiments/config/input_file.hpp"
#include "experiments/data/data_error.hpp"
#include "framework/tensor/file.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/sounds.hpp"
#include "tests/support/temporary_folder.hpp"

#include <zlib.h>

using namespace unroll;
using namespace unroll::test;

namespace {

using Members = std::map<std::string, std::string>;

Members members(const std::string& bytes) {
  Members all;
  for_each_member(bytes, "set.tar",
                  [&](const std::string& path, std::string content) { all[path] = std::move(content); });
  return all;
}

std::string archive_refusal(const std::string& bytes) {
  return error_of<DataError>([&] { members(bytes); });
}

std::string gzipped(const std::string& bytes) {
  z_stream stream = {};
  constexpr int gzip_window = 15 + 16;
  deflateInit2(&stream, 9, Z_DEFLATED, gzip_window, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string folder_refusal(const std::filesystem::path& folder) {
  return error_of<ConfigError>([&] { folder_as_tar(folder); });
}

}  // namespace

TEST_CASE("[archive] files of a tar arrive in their order, whole, without folders and hidden ones") {
  const std::string bytes = tar({{.path = "set/", .type = '5'},
                                 {.path = "set/b.wav", .bytes = "bb"},
                                 {.path = "set/a.wav", .bytes = std::string(1000, 'a')},
                                 {.path = "set/.DS_Store", .bytes = "x"},
                                 {.path = "set/._a.wav", .bytes = "x"},
                                 {.path = "empty.txt"}});
  const Members expected = {{"set/b.wav", "bb"}, {"set/a.wav", std::string(1000, 'a')}, {"empty.txt", ""}};
  CHECK(members(bytes) == expected);
  CHECK(members(gzipped(bytes)) == expected);
}

TEST_CASE("[archive] what could reach out of it, and what is no file, is refused with its path") {
  struct Bad {
    TarEntry entry;
    std::string what;
  };
  for (const Bad& bad : std::vector<Bad>{
           {{.path = "/etc/a.wav", .bytes = "x"}, "\"/etc/a.wav\" is an absolute path"},
           {{.path = "../a.wav", .bytes = "x"}, "\"../a.wav\" is a path with \"..\" in it"},
           {{.path = "a/../../b.wav", .bytes = "x"}, "\"a/../../b.wav\" is a path with \"..\" in it"},
           {{.path = "a.wav", .type = '2', .link = "/etc/passwd"}, "\"a.wav\" is a link"},
           {{.path = "a.wav", .type = '1', .link = "good.wav"}, "\"a.wav\" is a link"},
           {{.path = "a.wav", .type = '3'}, "\"a.wav\" is a device or a pipe"},
           {{.path = "a.wav", .type = '6'}, "\"a.wav\" is a device or a pipe"},
           {{.path = "./good.wav", .bytes = "x"}, "\"./good.wav\" is a path that it has already"}}) {
    const std::string message = archive_refusal(tar({{.path = "good.wav", .bytes = "good"}, bad.entry}));
    CHECK_MESSAGE(
        message == "set.tar: " + bad.what +
                       ", expected files and folders with paths below the archive's own; make it anew of "
                       "the recordings alone, as by tar -C FOLDER -czf FILE .",
        message);
  }
}

TEST_CASE("[archive] no tar, a damaged one and one cut short are refused with the byte") {
  CHECK(archive_refusal("") == "set.tar: expected a tar, found an empty file");
  const std::string good = tar({{.path = "a.wav", .bytes = std::string(4000, 'a')}});
  for (const std::string& bad : {std::string("some text that is no tar"), std::string(2048, 'x'),
                                 good.substr(0, 2000), gzipped(good).substr(0, gzipped(good).size() / 2)}) {
    const std::string message = archive_refusal(bad);
    CHECK_MESSAGE(
        contains(message, "set.tar: no tar (.tar or .tar.gz), or damaged or cut short before byte "),
        message);
    CHECK_MESSAGE(contains(message, "was the download or copy complete?"), message);
  }
  CHECK(archive_refusal(good) == "(no error)");
}

TEST_CASE("[archive] one that unpacks to far more than its size is refused before memory is") {
  const std::string bomb = gzipped(tar({{.path = "a.wav", .bytes = std::string(100 << 20, '\0')}}));
  CHECK(bomb.size() < 200'000);
  const std::string message = archive_refusal(bomb);
  CHECK_MESSAGE(contains(message, "it unpacks to more than "), message);
  CHECK_MESSAGE(contains(message, "(within a.wav)"), message);
}

TEST_CASE("[archive] a folder is a tar of its files, in the order of their paths, equal where they are") {
  const TemporaryFolder one, other;
  for (const TemporaryFolder* folder : {&one, &other}) {
    std::filesystem::create_directories(*folder / "zero");
    std::filesystem::create_directories(*folder / ".git");
    write_file(*folder / "zero/b.wav", "bb");
    write_file(*folder / "a.wav", "a");
    write_file(*folder / ".hidden", "x");
    write_file(*folder / ".git/c.wav", "x");
  }
  const InputFile file = read_input_file((one / "").string());
  CHECK(file.folder);
  CHECK(members(archive_of(file)) == Members{{"a.wav", "a"}, {"zero/b.wav", "bb"}});
  CHECK(file.hash == read_input_file((other / "").string()).hash);
  write_file(other / "a.wav", "b");
  CHECK(file.hash != read_input_file((other / "").string()).hash);
  CHECK_THROWS_AS(content_of(file), ConfigError);
}

TEST_CASE(
    "[archive] in a folder a link counts as its file; links to folders, broken ones and pipes are refused") {
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere / "a.wav", "a");
  std::filesystem::create_symlink(elsewhere / "a.wav", folder / "a.wav");
  CHECK(members(folder_as_tar(folder / "")) == Members{{"a.wav", "a"}});
  std::filesystem::create_symlink(elsewhere / "", folder / "all");
  CHECK(contains(folder_refusal(folder / ""), "all: a link to a folder"));
  std::filesystem::remove(folder / "all");
  std::filesystem::create_symlink(elsewhere / "none", folder / "broken");
  CHECK(contains(folder_refusal(folder / ""), "broken: the link leads nowhere"));
}
