# What the engine writes, played by the players people use, in a real browser.
find_program(VF_NODE node)
if(VF_NODE)
  add_test(NAME e2e/play COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/transcode_and_play.mjs)
  set_tests_properties(e2e/play PROPERTIES TIMEOUT 300 LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
