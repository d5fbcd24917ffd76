#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Bytes of files for the tests of their readers, written down or put together without the readers' libraries,
// so that a file can also claim what is not so.

namespace unroll {

/// "0a ff" as two bytes; spaces do not count.
inline std::string from_hex(std::string_view hex) {
  std::string digits, bytes;
  for (const char c : hex)
    if (c != ' ') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

/// The lowest `size` bytes of `value`, the lowest first.
inline std::string little_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A version 1.0 .npy file with this dictionary, its header padded as NumPy does.
inline std::string npy_file(std::string dictionary, const std::string& data) {
  dictionary.append(63 - (10 + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + little_endian(dictionary.size(), 2) + dictionary + data;
}

/// CRC-32 of zip and gzip files.
inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

/// A file in an archive: what is stored of it, and what the archive says about it.
struct ZipMember {
  std::string name, packed;
  std::uint32_t checksum, size;
  bool deflated = false;
  int offset = -1;  ///< of another member's bytes to use, in place of its own
};

/// A member that is what it says.
inline ZipMember stored_member(const std::string& name, const std::string& bytes) {
  return {name, bytes, crc32_of(bytes), static_cast<std::uint32_t>(bytes.size())};
}

/// What a local header and the directory's entry have in common.
inline std::string zip_entry(const ZipMember& m) {
  return little_endian(20, 2) + little_endian(0, 2) + little_endian(m.deflated ? 8 : 0, 2) +
         from_hex("0000 2100") + little_endian(m.checksum, 4) + little_endian(m.packed.size(), 4) +
         little_endian(m.size, 4) + little_endian(m.name.size(), 2) + little_endian(0, 2);
}

/// A member's bytes, after its own header.
inline std::string zip_part(const ZipMember& m) { return "PK\x03\x04" + zip_entry(m) + m.name + m.packed; }

inline std::string zip_file(const std::vector<ZipMember>& members) {
  std::string bytes, directory;
  for (const ZipMember& m : members) {
    const std::size_t offset = m.offset < 0 ? bytes.size() : static_cast<std::size_t>(m.offset);
    if (m.offset < 0) bytes += zip_part(m);
    directory += "PK\x01\x02" + little_endian(20, 2) + zip_entry(m) + std::string(10, '\0') +
                 little_endian(offset, 4) + m.name;
  }
  return bytes + directory + std::string("PK\x05\x06\0\0\0\0", 8) + little_endian(members.size(), 2) +
         little_endian(members.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(bytes.size(), 4) + little_endian(0, 2);
}

}  // namespace unroll
