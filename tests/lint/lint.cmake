# Repository rules as tests: who includes whom, and that every header compiles alone.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
add_test(NAME lint/layering COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/lint/layering.py ${CMAKE_SOURCE_DIR})
add_test(NAME lint/layering_rules COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/lint/layering.py --self-test)
add_test(NAME lint/headers COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/lint/headers.py
  ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/compile_commands.json)
set_tests_properties(lint/layering lint/layering_rules PROPERTIES TIMEOUT 30 LABELS lint)
set_tests_properties(lint/headers PROPERTIES TIMEOUT 600 LABELS lint)

# The benchmark harness is judged too: it must not let a fast wrong answer pass.
add_test(NAME bench/harness COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/bench/harness_test.py)
set_tests_properties(bench/harness PROPERTIES TIMEOUT 120 LABELS bench)
