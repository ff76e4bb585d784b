# cmake -DOUTPUT=FILE.cc -DROOT=FOLDER -DSOURCES=a.cc,b.h,... -DBUILD=TEXT -P source_identity.cmake
# Writes a function that answers a hash of the sources' names and contents and of BUILD, whatever else
# decides what they become. The file stays as it is where the hash does.
string(REPLACE "," ";" sources "${SOURCES}")
list(SORT sources)
set(text "${BUILD}\n")
foreach(source IN LISTS sources)
  file(SHA256 "${ROOT}/${source}" hash)
  string(APPEND text "${hash} ${source}\n")
endforeach()
string(SHA256 identity "${text}")
string(SUBSTRING "${identity}" 0 32 identity)
set(content "// Made by cmake/source_identity.cmake.
#include \"emulator/functions/build_identity.h\"

namespace halfulp::emulator {
std::string_view build_identity() { return \"${identity}\"; }
}  // namespace halfulp::emulator
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT old STREQUAL content)
  file(WRITE "${OUTPUT}" "${content}")
endif()
