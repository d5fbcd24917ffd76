#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// Whether bytes begin as a WAV file does.
bool is_wav(std::string_view bytes);

/// Throws DataError, which calls the file `name` and gives the byte, where a WAV file's chunks do not fit the
/// file: cut short, without samples, or with a sample rate of 0. The library that reads samples takes what is
/// there for all there was. A program that writes to a pipe knows no sizes: those of 2^31 - 4096 and more say
/// nothing.
void check_wav(std::string_view bytes, const std::string& name);

}  // namespace unroll
