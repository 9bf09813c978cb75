# What the engine writes, played by the players people use, in a real browser.
find_program(VF_NODE node)
if(VF_NODE)
  add_test(NAME e2e/play COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/transcode_and_play.mjs)
  set_tests_properties(e2e/play PROPERTIES TIMEOUT 400 LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
  add_test(NAME e2e/clip COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/clip_and_play.mjs)
  set_tests_properties(e2e/clip PROPERTIES TIMEOUT 200 LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
  add_test(NAME e2e/tus COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/tus_client.mjs)
  set_tests_properties(e2e/tus PROPERTIES TIMEOUT 120 LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
# The guide names every member of report.json and the plan; help texts show options that exist.
add_test(NAME e2e/documented COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/documented_test.py)
set_tests_properties(e2e/documented PROPERTIES TIMEOUT 240 LABELS e2e
  ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
# Every operation and every documented answer, against a real server.
if(VF_NODE)
  add_test(NAME e2e/contract COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/contract_test.mjs)
  set_tests_properties(e2e/contract PROPERTIES TIMEOUT 180 LABELS e2e
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
  add_test(NAME e2e/page COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/page_test.mjs)
  set_tests_properties(e2e/page PROPERTIES TIMEOUT 240 LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
# The README's lines for the service, and the guides' settings and metrics.
add_test(NAME e2e/service_documented COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/service_documented_test.py)
set_tests_properties(e2e/service_documented PROPERTIES TIMEOUT 240 LABELS e2e
  ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
# Accounts as an operator and a person meet them: registration, mailed resets, rotation of the sealing key, the audit chain.
add_test(NAME e2e/accounts COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/accounts_test.py)
set_tests_properties(e2e/accounts PROPERTIES TIMEOUT 240 LABELS e2e
  ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
# Who may do what: every operation with every kind of caller, as api/permissions.txt has it.
if(VF_NODE)
  add_test(NAME e2e/permissions COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/permissions_test.mjs)
  set_tests_properties(e2e/permissions PROPERTIES TIMEOUT 240 LABELS e2e
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
# Hostile requests to every operation of the contract.
add_test(NAME e2e/hostile_contract COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/hostile_contract_test.py)
set_tests_properties(e2e/hostile_contract PROPERTIES TIMEOUT 3600 LABELS e2e
  ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
# No secret in any log, metric, event, refusal or file.
if(VF_NODE)
  add_test(NAME e2e/secrets COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/secrets_test.mjs)
  set_tests_properties(e2e/secrets PROPERTIES TIMEOUT 240 LABELS e2e
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
# Attacks, each named after its class.
if(VF_NODE)
  add_test(NAME e2e/attacks COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/attacks_test.mjs)
  set_tests_properties(e2e/attacks PROPERTIES TIMEOUT 240 LABELS e2e
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
add_test(NAME e2e/ssrf COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/ssrf_test.py)
set_tests_properties(e2e/ssrf PROPERTIES TIMEOUT 240 LABELS e2e SKIP_RETURN_CODE 77
  ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
# A film watched while it is made.
if(VF_NODE)
  add_test(NAME e2e/growing COMMAND ${VF_NODE} ${CMAKE_SOURCE_DIR}/tests/e2e/growing_test.mjs)
  set_tests_properties(e2e/growing PROPERTIES TIMEOUT 600 LABELS e2e RUN_SERIAL ON SKIP_RETURN_CODE 77
    ENVIRONMENT "VIDEOFORGE_BIN=${CMAKE_BINARY_DIR}/bin/videoforge")
endif()
