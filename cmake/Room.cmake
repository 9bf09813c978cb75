# vf_room(media/probe DEPS base media/av LIBS PkgConfig::AV)
#   A room is a folder of src/, a static library and a namespace. It compiles every .cc file beside
#   its headers. DEPS are rooms, LIBS are outside libraries (PRIVATE: their headers stay inside).
function(vf_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" target "vf_${name}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(dep ${ROOM_DEPS})
    string(REPLACE "/" "_" dep_target "vf_${dep}")
    target_link_libraries(${target} PUBLIC ${dep_target})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ROOM_LIBS})
endfunction()

option(VF_FULL_TESTS "give the tests the time their long forms need (./test --full)" OFF)

# vf_test(media/probe/probe_test DEPS media/probe LIBS ...)
#   tests/<name>.cc becomes one ctest test of the same name. TIMEOUT in seconds (default 120),
#   LABELS for `ctest -L`.
function(vf_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "DEPS;LIBS;LABELS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(VF_FULL_TESTS)
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 60")
  elseif(VF_SANITIZE OR VF_COVERAGE)
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 10")  # instrumented code is that much slower at worst
  endif()
  string(REPLACE "/" "_" target "${name}")
  add_executable(${target} ${CMAKE_SOURCE_DIR}/tests/${name}.cc)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  foreach(dep ${T_DEPS})
    string(REPLACE "/" "_" dep_target "vf_${dep}")
    target_link_libraries(${target} PRIVATE ${dep_target})
  endforeach()
  target_link_libraries(${target} PRIVATE ${T_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${target})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}"
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endfunction()
