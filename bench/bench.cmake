# Programs that benchmarks run beside the tool itself.
add_executable(bench_probe ${CMAKE_SOURCE_DIR}/bench/probe_in_process.cc)
target_link_libraries(bench_probe PRIVATE vf_media_probe)
add_executable(bench_workers ${CMAKE_SOURCE_DIR}/bench/workers.cc)
target_link_libraries(bench_workers PRIVATE vf_pipeline vf_blob_fs vf_store_sqlite)
add_executable(bench_serve ${CMAKE_SOURCE_DIR}/bench/serve.cc)
target_link_libraries(bench_serve PRIVATE vf_http vf_http_server)
add_executable(bench_load ${CMAKE_SOURCE_DIR}/bench/load.cc)
target_link_libraries(bench_load PRIVATE vf_base Threads::Threads)
