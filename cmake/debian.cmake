# `cpack -G DEB` in the build folder of a Release makes halfulp_VERSION_ARCH.deb: the program with its manual pages, completion
# and data. What Debian's policy asks for besides (the copyright, a changelog, compressed pages) is a component of its own,
# which no other install has.
set(CPACK_PACKAGE_NAME halfulp)
set(CPACK_PACKAGE_VENDOR "halfulp")
set(CPACK_PACKAGE_CONTACT "halfulp maintainers <maintainers@users.noreply.halfulp.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION math)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # by dpkg-shlibdeps, of dpkg-dev
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "An exact reference defines every number format, rounding mode and operation,
from IEEE 754 to FP8, MXFP4, NVFP4, posits and matrix units; a fast emulator
agrees with it in every bit. The program converts, computes, quantizes,
compares, writes test vectors and trains small models under precision
policies written in JSON.")

set(debian "${PROJECT_BINARY_DIR}/debian")
file(WRITE "${debian}/changelog" "halfulp (${PROJECT_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md of the project.

 -- ${CPACK_PACKAGE_CONTACT}  Sun, 29 Nov 2026 00:00:00 +0000
")
file(READ LICENSE license)
file(WRITE "${debian}/copyright" "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: halfulp

Files: *
")
string(REGEX MATCH "Copyright[^\n]*" copyright_line "${license}")
string(REPLACE "Copyright " "Copyright: " copyright_line "${copyright_line}")
string(REGEX REPLACE "^.*Permission is hereby" "Permission is hereby" license "${license}")
string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
string(REGEX REPLACE "\n" "\n " license "${license}")
file(APPEND "${debian}/copyright" "${copyright_line}\nLicense: Expat\n ${license}\n")

install(FILES "${debian}/copyright" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/halfulp" COMPONENT debian EXCLUDE_FROM_ALL)
install(CODE "
  set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  execute_process(COMMAND gzip -9nc \"${debian}/changelog\" OUTPUT_FILE \"\${root}/${CMAKE_INSTALL_DATADIR}/doc/halfulp/changelog.gz\"
                  COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB pages \"\${root}/${CMAKE_INSTALL_MANDIR}/man1/*.1\")
  if(pages)
    execute_process(COMMAND gzip -9n \${pages} COMMAND_ERROR_IS_FATAL ANY)
  endif()" COMPONENT debian EXCLUDE_FROM_ALL)
include(CPack)
