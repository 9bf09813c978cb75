# Turns src/store/sqlite/migrations/NNNN_name.sql into a table of string literals, in order of their numbers:
# one binary, no files to look for. A file that was released is never changed; its checksum is stored.
file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/store/sqlite/migrations/*.sql)
list(SORT migrations)
set(text "// Made by cmake/Migrations.cmake from src/store/sqlite/migrations/*.sql.\n#pragma once\n#include <array>\n#include \"store/sqlite/migrations.h\"\nnamespace vf::store {\ninline constexpr auto kMigrations = std::to_array<Migration>({\n")
foreach(migration ${migrations})
  get_filename_component(name ${migration} NAME)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR number "1${number} - 10000")  # 0008 is no octal number
  file(READ ${migration} content)
  string(APPEND text "{${number}, R\"sql(${content})sql\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${migration})
endforeach()
string(APPEND text "});\n}  // namespace vf::store\n")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/store/sqlite_migrations.h CONTENT "${text}" @ONLY)
