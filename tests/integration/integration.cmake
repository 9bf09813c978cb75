# The whole engine through its binary, judged by ffmpeg's tools. Python's unittest; -k picks one.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
foreach(part options set damage cameras clip process analyze compare frames)
  set(test integration/${part})
  add_test(NAME ${test} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${part}_test.py)
  set_tests_properties(${test} PROPERTIES TIMEOUT 600 LABELS integration
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge;PYTHONDONTWRITEBYTECODE=1")
endforeach()
# The server's own reports, as those who watch it get them.
foreach(part traces metrics assets)
  add_test(NAME integration/${part} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${part}_test.py)
  set_tests_properties(integration/${part} PROPERTIES TIMEOUT 300 LABELS integration
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge;PYTHONDONTWRITEBYTECODE=1")
endforeach()
