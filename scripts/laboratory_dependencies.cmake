# What the laboratory (the program's library) stands on besides what dependencies.cmake lists: for its own build and
# for every project that uses it installed. Sets unroll_missing to what is not there.

set(unroll_missing "")

find_package(nlohmann_json QUIET)
if(NOT nlohmann_json_FOUND)
  list(APPEND unroll_missing nlohmann_json)
endif()
find_package(Boost QUIET COMPONENTS program_options)
if(NOT TARGET Boost::program_options)
  list(APPEND unroll_missing Boost::program_options)
endif()

# toml++: the pkg-config file, unlike the CMake one, uses the compiled library: it is then parsed by one compiler
# process instead of by every file that reads a configuration.
foreach(module tomlplusplus zlib simdjson sqlite3 fftw3 fftw3f sndfile soxr libarchive portSMF)
  if(PkgConfig_FOUND)
    pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
  endif()
  if(NOT ${module}_FOUND)
    list(APPEND unroll_missing ${module})
  endif()
endforeach()

# libcsv comes without a package file.
find_library(UNROLL_LIBRARY_csv csv)
mark_as_advanced(UNROLL_LIBRARY_csv)
if(NOT UNROLL_LIBRARY_csv)
  list(APPEND unroll_missing csv)
elseif(NOT TARGET unroll::csv)
  add_library(unroll::csv UNKNOWN IMPORTED)
  set_target_properties(unroll::csv PROPERTIES IMPORTED_LOCATION "${UNROLL_LIBRARY_csv}")
endif()

string(REPLACE ";" ", " unroll_missing "${unroll_missing}")
