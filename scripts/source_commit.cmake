# Run at every build: cmake -D root=SOURCES -D output=FILE [-D git=GIT] -P source_commit.cmake
#
# Writes FILE, a C++ file that says which commit the program is built from: the latest one that changed what the
# program is made of, so that one that changes only tests or text makes no other program. The file is written
# only where it would change; it is the only one that is compiled anew after a commit.
set(made_of framework models experiments scripts CMakeLists.txt CMakePresets.json)

# git_says(RESULT ARGUMENT...): its output, and whether it succeeded in RESULT_status.
function(git_says result)
  execute_process(COMMAND "${git}" -C "${root}" ${ARGN} OUTPUT_VARIABLE text ERROR_QUIET
                  RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(${result} "${text}" PARENT_SCOPE)
  set(${result}_status "${status}" PARENT_SCOPE)
endfunction()

set(commit "")
if(git)
  git_says(commit log -1 --abbrev=12 --format=%h -- ${made_of})
endif()
if(NOT commit MATCHES "^[0-9a-f]+$")
  set(commit unknown)
else()
  git_says(changes status --porcelain -- ${made_of} ":!scripts/node_modules")
  if(changes OR NOT changes_status EQUAL 0)
    string(APPEND commit "-changed")
  endif()
endif()

file(CONFIGURE OUTPUT "${output}" @ONLY CONTENT [==[
// Written by CMake.
#include "experiments/verbs/build.hpp"

std::string unroll::source_commit() { return "@commit@"; }
]==])
