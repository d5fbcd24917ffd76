# Installed as unrollConfig.cmake, for find_package(unroll CONFIG).
include("${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake")
if(unroll_missing)
  set(unroll_FOUND FALSE)
  set(unroll_NOT_FOUND_MESSAGE "It stands on these, which are not found here: ${unroll_missing}.")
else()
  include("${CMAKE_CURRENT_LIST_DIR}/unrollTargets.cmake")
endif()
