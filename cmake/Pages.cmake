# Puts the server's own pages and the contract into the binary: one file, nothing to look for. What is not
# ours (Swagger UI, hls.js) comes from npm by web/pages/package-lock.json.
set(pages ${CMAKE_SOURCE_DIR}/web/pages)
set(modules ${pages}/node_modules)
find_program(VF_NODE node REQUIRED)
find_program(VF_NPM npm REQUIRED)
if(NOT EXISTS ${modules}/swagger-ui-dist OR NOT EXISTS ${modules}/hls.js OR NOT EXISTS ${modules}/yaml)
  message(STATUS "Fetching what the server's pages are built from (npm)")
  execute_process(COMMAND ${VF_NPM} ci --prefix ${pages} --ignore-scripts --no-audit --no-fund
                  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "npm could not fetch what web/pages/package-lock.json names; is its registry within reach?\n${said}")
  endif()
endif()

set(contract ${CMAKE_SOURCE_DIR}/api/openapi.yaml)
set(contract_json ${CMAKE_BINARY_DIR}/generated/api-spec.json)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
add_custom_command(OUTPUT ${contract_json}
  COMMAND ${VF_NODE} ${pages}/to_json.mjs ${contract} ${contract_json}
  DEPENDS ${contract} ${pages}/to_json.mjs VERBATIM)

# Name in the binary and the file, one after the other.
set(embedded
  api-spec.yaml ${contract}
  api-spec.json ${contract_json}
  swagger-ui.js ${modules}/swagger-ui-dist/swagger-ui-bundle.js
  swagger-ui.css ${modules}/swagger-ui-dist/swagger-ui.css
  hls.js ${modules}/hls.js/dist/hls.min.js)
foreach(name index.html style.css icon.svg page.js api.js upload.js player.js api-docs.html api-docs.css api-docs.js)
  list(APPEND embedded ${name} ${pages}/${name})
endforeach()

set(data "")
set(table "")
set(files "")
list(LENGTH embedded length)
math(EXPR last "${length} - 1")
foreach(at RANGE 0 ${last} 2)
  math(EXPR next "${at} + 1")
  list(GET embedded ${at} name)
  list(GET embedded ${next} file)
  list(APPEND files ${file})
  string(APPEND data "asm(R\"asm(.pushsection .rodata\nvf_page_${at}: .incbin \"${file}\"\nvf_page_${at}_end:\n"
                     ".globl vf_page_${at}, vf_page_${at}_end\n.popsection)asm\");\n"
                     "extern \"C\" const char vf_page_${at}[], vf_page_${at}_end[];\n")
  string(APPEND table "    {\"${name}\", {vf_page_${at}, static_cast<std::size_t>(vf_page_${at}_end - vf_page_${at})}},\n")
endforeach()
set(pages_source ${CMAKE_BINARY_DIR}/generated/app/embedded_pages.cc)
file(CONFIGURE OUTPUT ${pages_source} @ONLY CONTENT
"// Made by cmake/Pages.cmake.
#include \"app/platform/embedded.h\"

${data}
namespace vf::app {

std::vector<EmbeddedFile> embedded_files() {
  return {
${table}  };
}

}  // namespace vf::app
")
set_source_files_properties(${pages_source} PROPERTIES OBJECT_DEPENDS "${files}" COMPILE_OPTIONS "-fno-lto")
target_sources(vf_app PRIVATE ${pages_source})
