# One CTest entry per doctest test case: stands in for the script behind doctest_discover_tests(), which takes a
# name apart at ";" and at brackets that do not pair, such as those of "[0, 1)".
execute_process(
  COMMAND "${TEST_EXECUTABLE}" --list-test-cases --no-version --no-colors
  WORKING_DIRECTORY "${TEST_WORKING_DIR}"
  OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${TEST_EXECUTABLE} cannot list its test cases (${result}):\n${output}")
endif()

# To CMake the output becomes a list of lines, so characters that mean something in a list are put aside.
string(ASCII 1 open)
string(ASCII 2 close)
string(ASCII 3 semicolon)
string(REPLACE "[" "${open}" output "${output}")
string(REPLACE "]" "${close}" output "${output}")
string(REPLACE ";" "${semicolon}" output "${output}")
string(REPLACE "\n" ";" lines "${output}")

set(properties "")
foreach(value IN LISTS TEST_PROPERTIES)
  string(APPEND properties " [==[${value}]==]")
endforeach()

set(script "")
foreach(name IN LISTS lines)
  if(name MATCHES "^(=*|${open}doctest${close} .*)$")
    continue()
  endif()
  string(REPLACE "${open}" "[" name "${name}")
  string(REPLACE "${close}" "]" name "${name}")
  string(REPLACE "${semicolon}" ";" name "${name}")
  string(REPLACE "," "\\," filter "${name}")  # to doctest a bare comma starts the next filter
  string(APPEND script
    "add_test([==[${name}]==] [==[${TEST_EXECUTABLE}]==] [==[--test-case=${filter}]==])\n"
    "set_tests_properties([==[${name}]==] PROPERTIES WORKING_DIRECTORY [==[${TEST_WORKING_DIR}]==]${properties})\n")
endforeach()
file(WRITE "${CTEST_FILE}" "${script}")
