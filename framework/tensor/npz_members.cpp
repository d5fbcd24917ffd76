#include <fmt/format.h>

#include <algorithm>
#include <vector>

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

/// The members' bytes so far, in the file and once unpacked.
struct Total {
  std::uint64_t packed = 0, size = 0;
};

/// Throws where a member claims what no file of so many bytes can hold, or more than is read.
void check(const Member& member, const Total& before, std::size_t file_bytes, std::uint64_t most_bytes) {
  if (member.packed > file_bytes - before.packed)
    npz_fail(member.origin,
             fmt::format("with it the members take more than the {} bytes of the whole file: it is damaged, "
                         "or made to unpack the same bytes again and again",
                         file_bytes));
  if (member.size / most_compression > member.packed + 1)
    npz_fail(member.origin,
             fmt::format("its size is damaged: {} bytes cannot unpack to {}", member.packed, member.size));
  if (member.size > most_bytes - before.size)
    npz_fail(
        member.origin,
        fmt::format("with it the file unpacks to more than {} bytes, the most that is read", most_bytes));
}

std::vector<Member> members_of(zip_t* archive, std::size_t file_bytes, std::uint64_t most_bytes,
                               const std::string& origin) {
  std::vector<Member> members;
  Total total;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    const Member& member = members.emplace_back(member_at(archive, index, origin));
    check(member, total, file_bytes, most_bytes);
    total.packed += member.packed;
    total.size += member.size;
  }
  return members;
}

std::size_t read(zip_file_t* file, char* to, std::size_t most, const Member& member) {
  const zip_int64_t got = zip_fread(file, to, most);
  if (got < 0) npz_fail(member.origin, zip_file_strerror(file));
  return static_cast<std::size_t>(got);
}

/// The bytes of a member, whose checksum must hold. Memory is taken as they come, not as they are announced.
std::string read_member(zip_t* archive, zip_uint64_t index, const Member& member) {
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (!file) npz_fail(member.origin, zip_strerror(archive));
  constexpr std::uint64_t least_piece = 1 << 16;
  std::string bytes;
  while (bytes.size() < member.size) {
    const std::size_t size = bytes.size();
    const auto twice = std::max<std::uint64_t>({least_piece, member.packed, size});
    const auto piece = std::min<std::uint64_t>(member.size - size, twice);
    bytes.resize(size + piece);
    const std::size_t got = read(file.get(), bytes.data() + size, piece, member);
    if (got == 0) npz_fail(member.origin, fmt::format("it is cut short: {} of {} bytes", size, member.size));
    bytes.resize(size + got);
  }
  // A read beyond the end makes libzip compare the checksum.
  char beyond = 0;
  if (read(file.get(), &beyond, 1, member) > 0) npz_fail(member.origin, "it is longer than it says");
  return bytes;
}

}  // namespace

void for_each_member(std::string_view bytes, const std::string& origin, const UseMember& use,
                     std::uint64_t most_bytes) {
  // To libzip nothing at all is an archive without members.
  if (bytes.empty()) npz_fail(origin, "it is empty");
  const ZipSource source = source_over(bytes, origin);
  // Checked, it has no two members of one name.
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
