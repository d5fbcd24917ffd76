#pragma once

#include <string>

namespace unroll {

/// "0.2.0".
std::string program_version();

/// The latest commit that changed the sources of this program, "-changed" behind it where they hold more than
/// is committed; "unknown" where it was built from sources without git. No part of build_description(): two
/// commits may make the same program. Written by CMake at build time (scripts/source_commit.cmake).
std::string source_commit();

/// The linker's hash of this very program, 12 hex digits; "no-build-id" where the linker wrote none. The same
/// sources, compiler and flags give the same one.
std::string build_id();

/// "g++ 12.2.0".
std::string compiler();

/// Everything that the bits of a result depend on beside its settings: version, build, compiler, CPU,
/// instruction set and the libraries of products with the kernels they chose. No time and no host name.
std::string build_description();

}  // namespace unroll
