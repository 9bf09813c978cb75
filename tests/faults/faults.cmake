# Faults put in on purpose (docs/security.md, cases 1 to 16): each script transcodes a composed clip,
# disturbs it, and compares bytes with a run that was left alone.
add_library(fault_shim MODULE ${CMAKE_SOURCE_DIR}/tests/faults/shim.cc)
add_library(fault_recorder MODULE ${CMAKE_SOURCE_DIR}/tests/faults/record.cc)
foreach(shim fault_shim fault_recorder)
  set_target_properties(${shim} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/faults)
  # Fortified headers define some of the calls inline; here they are to be replaced.
  target_compile_options(${shim} PRIVATE -U_FORTIFY_SOURCE)
  target_link_libraries(${shim} PRIVATE ${CMAKE_DL_LIBS})
endforeach()
foreach(name kill disk calls together never_twice server server_disk clock power uploads_kill)
  add_test(NAME faults/${name} COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/faults/${name}_test.py)
  set(seconds 600)
  if(VF_FULL_TESTS)
    set(seconds 14400)
  endif()
  set_tests_properties(faults/${name} PROPERTIES TIMEOUT ${seconds} LABELS faults SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge;VIDEOFORGE_FAULT_SHIM=${CMAKE_BINARY_DIR}/tests/faults/fault_shim.so;VF_RECORDER=${CMAKE_BINARY_DIR}/tests/faults/fault_recorder.so")
endforeach()
# Alone: their moments are measured, and a neighbour's load moves them.
set_tests_properties(faults/kill faults/together faults/server faults/server_disk faults/clock faults/power PROPERTIES RUN_SERIAL ON)
