#include <doctest/doctest.h>

#include <map>
#include <string>

#include "framework/tensor/npy.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;

namespace {

std::map<std::string, std::string> members_of(std::string_view bytes,
                                              std::uint64_t most_bytes = most_unpacked_bytes) {
  std::map<std::string, std::string> members;
  for_each_member(
      bytes, "x.npz",
      [&](const std::string& name, const std::string&, std::string_view unpacked) {
        members[name] = unpacked;
      },
      most_bytes);
  return members;
}

std::string refusal(std::string_view bytes, std::uint64_t most_bytes = most_unpacked_bytes) {
  return error_of<ArrayFileError>([&] { members_of(bytes, most_bytes); });
}

}  // namespace

TEST_CASE("[npz] an archive put together by hand gives its members, whatever they hold") {
  const std::string bytes = zip_file({stored_member("a.npy", "one"), stored_member("b/c.npy", "")});
  CHECK(members_of(bytes) == std::map<std::string, std::string>{{"a", "one"}, {"b/c", ""}});
  CHECK(members_of(bytes, 3).size() == 2);
}

TEST_CASE("[npz] members that unpack to more than is allowed are refused before any is unpacked") {
  const std::string bytes = zip_file({stored_member("a.npy", "one"), stored_member("b.npy", "two")});
  CHECK(refusal(bytes, 5) ==
        "[npz] x.npz, member 'b.npy': with it the file unpacks to more than 5 bytes, the most that is read");
}

TEST_CASE("[npz] a member that claims more than can be packed into its bytes is refused") {
  const ZipMember bomb{"a.npy", "xyz", 0, 4'000'000'000, true};
  CHECK(refusal(zip_file({bomb})) ==
        "[npz] x.npz, member 'a.npy': its size is damaged: 3 bytes cannot unpack to 4000000000");
}

TEST_CASE(
    "[npz] members that share their bytes, so that a small file would unpack to a large one, are refused") {
  ZipMember inner = stored_member("b.npy", std::string(4000, 'x'));
  const ZipMember outer = stored_member("a.npy", zip_part(inner));
  inner.offset = static_cast<int>(zip_part(outer).size() - outer.packed.size());
  const std::string message = refusal(zip_file({outer, inner}));
  CHECK(contains(message, "member 'b.npy': with it the members take more than the 4"));
  CHECK(contains(message, "made to unpack the same bytes again and again"));
}

TEST_CASE("[npz] a member that is longer or shorter than it says, or not what it was, is refused") {
  for (const std::uint32_t size : {2u, 4u}) {
    ZipMember member = stored_member("a.npy", "one");
    member.size = size;
    CHECK(contains(refusal(zip_file({member})), "x.npz"));
  }
  ZipMember member = stored_member("a.npy", "one");
  member.checksum ^= 1;
  CHECK(contains(refusal(zip_file({member})), "member 'a.npy': CRC error"));
}

TEST_CASE("[npz] two members of one name and one that is no array are refused") {
  CHECK(contains(refusal(zip_file({stored_member("a.npy", "1"), stored_member("a.npy", "2")})),
                 "x.npz: it is no .npz file, or a damaged one: File already exists"));
  CHECK(contains(refusal(zip_file({stored_member("data.pkl", "1")})),
                 "member 'data.pkl': a member's name must end in .npy: is it another kind of zip archive?"));
  CHECK(contains(refusal(""), "it is empty"));
}
