# What the library stands on: one list, for its own build and for every project that uses it installed, where
# all of it is found afresh. Sets unroll_missing to what is not there.

set(unroll_missing "")

foreach(package PkgConfig Threads TBB fmt xtensor xtensor-blas xsimd Boost)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND unroll_missing ${package})
  endif()
endforeach()

# As PkgConfig::libzip, ... Linked statically, what only sources use is needed too.
foreach(module libzip libxxhash libutf8proc)
  if(PkgConfig_FOUND)
    pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
  endif()
  if(NOT ${module}_FOUND)
    list(APPEND unroll_missing ${module})
  endif()
endforeach()

# By name: oneDNN's CMake package asks for OpenCL, which nothing here uses, and OpenBLAS holds BLAS, CBLAS and
# LAPACK in one library, which libxsmm, a static one, takes them from.
foreach(library dnnl openblas xsmm)
  find_library(UNROLL_LIBRARY_${library} ${library})
  mark_as_advanced(UNROLL_LIBRARY_${library})
  if(NOT UNROLL_LIBRARY_${library})
    list(APPEND unroll_missing ${library})
  elseif(NOT TARGET unroll::${library})
    add_library(unroll::${library} UNKNOWN IMPORTED)
    set_target_properties(unroll::${library} PROPERTIES IMPORTED_LOCATION "${UNROLL_LIBRARY_${library}}")
  endif()
endforeach()
if(TARGET unroll::xsmm)
  set_target_properties(unroll::xsmm PROPERTIES INTERFACE_LINK_LIBRARIES unroll::openblas)
endif()

string(REPLACE ";" ", " unroll_missing "${unroll_missing}")
