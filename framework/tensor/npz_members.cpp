#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "framework/tensor/npy.hpp"
#include "framework/tensor/npz_archive.hpp"
#include "framework/tensor/safetensors_header.hpp"

namespace unroll {

namespace {

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

struct Member {
  std::string name, origin;
  std::uint64_t packed = 0, size = 0;  ///< bytes in the file and once unpacked, as its directory says
};

Member member_at(zip_t* archive, zip_uint64_t index, const std::string& origin) {
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  zip_stat_t status;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & needed) != needed)
    npz_fail(origin, fmt::format("member {}: {}", index, zip_strerror(archive)));
  return {status.name, fmt::format("{}, member {}", origin, in_quotes(status.name)), status.comp_size,
          status.size};
}

/// All members, whose sizes such a file can have.
std::deque<Member> members_of(zip_t* archive, std::size_t file_bytes, std::uint64_t most_bytes,
                              const std::string& origin) {
  std::deque<Member> members;
  std::set<std::string_view> names;
  std::uint64_t packed = 0, size = 0;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    const Member& member = members.emplace_back(member_at(archive, index, origin));
    if (!names.insert(member.name).second) npz_fail(member.origin, "there are two members of this name");
    if (member.packed > file_bytes - packed)
      npz_fail(
          member.origin,
          fmt::format(
              "with it the members take more than the {} bytes of the whole file: it is damaged, or made "
              "to unpack the same bytes again and again",
              file_bytes));
    if (member.size / most_compression > member.packed + 1)
      npz_fail(member.origin,
               fmt::format("its size is damaged: {} bytes cannot unpack to {}", member.packed, member.size));
    if (member.size > most_bytes - size)
      npz_fail(
          member.origin,
          fmt::format("with it the file unpacks to more than {} bytes, the most that is read", most_bytes));
    packed += member.packed;
    size += member.size;
  }
  return members;
}

/// The bytes of a member, whose checksum must hold. Memory is taken as they come, not as they are announced.
std::string read_member(zip_t* archive, zip_uint64_t index, const Member& member) {
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (!file) npz_fail(member.origin, zip_strerror(archive));
  constexpr std::uint64_t least_piece = 1 << 16;
  std::string bytes;
  // One read beyond the end makes libzip compare the checksum.
  for (char beyond = 0;;) {
    const std::size_t size = bytes.size();
    const bool whole = size == member.size;
    const std::size_t piece =
        whole ? 1
              : std::min<std::uint64_t>(member.size - size,
                                        std::max<std::uint64_t>({least_piece, member.packed, size}));
    if (!whole) bytes.resize(size + piece);
    const zip_int64_t got = zip_fread(file.get(), whole ? &beyond : bytes.data() + size, piece);
    if (got < 0) npz_fail(member.origin, zip_file_strerror(file.get()));
    if (got > 0 && whole) npz_fail(member.origin, "it is longer than it says");
    if (!whole) bytes.resize(size + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  if (bytes.size() != member.size)
    npz_fail(member.origin, fmt::format("it is cut short: {} of {} bytes", bytes.size(), member.size));
  return bytes;
}

}  // namespace

void for_each_member(std::string_view bytes, const std::string& origin, const UseMember& use,
                     std::uint64_t most_bytes) {
  // To libzip nothing at all is an archive without members.
  if (bytes.empty()) npz_fail(origin, "it is empty");
  const ZipSource source = source_over(bytes, origin);
  const ZipArchive archive = open_archive(source, ZIP_RDONLY | ZIP_CHECKCONS, origin);
  zip_uint64_t index = 0;
  for (const Member& member : members_of(archive.get(), bytes.size(), most_bytes, origin)) {
    if (!member.name.ends_with(npz_suffix))
      npz_fail(member.origin, "a member's name must end in .npy: is it another kind of zip archive?");
    use(member.name.substr(0, member.name.size() - npz_suffix.size()), member.origin,
        read_member(archive.get(), index++, member));
  }
}

}  // namespace unroll
