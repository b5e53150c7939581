# Installs what plugin authors need: the headers, and their paths for CMake and
# pkg-config.  A plugin links no library of heed.
#
# Paths are relative to the files that name them: an installed tree can move.

include(CMakePackageConfigHelpers)

# heed looks for plugins in ../lib/heed, relative to its program.
set(HEED_PLUGIN_DIR lib/heed)
set(HEED_PROGRAM bin/heed)
set(HEED_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/heed)
set(HEED_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

add_library(heed_plugin INTERFACE)
set_target_properties(heed_plugin PROPERTIES EXPORT_NAME plugin)
target_include_directories(heed_plugin
                           INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                                     $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runner/include>)
install(TARGETS heed_plugin EXPORT heedTargets)
install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${HEED_CMAKE_DIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/heedConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/installed/heedConfig.cmake
  INSTALL_DESTINATION ${HEED_CMAKE_DIR} PATH_VARS HEED_PLUGIN_DIR HEED_PROGRAM)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/installed/heedConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/installed/heedConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/installed/heedConfigVersion.cmake
        DESTINATION ${HEED_CMAKE_DIR})

file(RELATIVE_PATH HEED_PREFIX_FROM_PC /prefix/${HEED_PC_DIR} /prefix)
string(REGEX REPLACE "/$" "" HEED_PREFIX_FROM_PC ${HEED_PREFIX_FROM_PC})
configure_file(${CMAKE_CURRENT_LIST_DIR}/heed.pc.in heed.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/heed.pc DESTINATION ${HEED_PC_DIR})

# The build folder can be used in place of an installed heed: it is laid out
# alike, with bin/heed, lib/heed and lib/cmake/heed.
set(HEED_BUILD_CMAKE_DIR ${CMAKE_BINARY_DIR}/lib/cmake/heed)
export(EXPORT heedTargets NAMESPACE heed:: FILE ${HEED_BUILD_CMAKE_DIR}/heedTargets.cmake)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/heedConfig.cmake.in ${HEED_BUILD_CMAKE_DIR}/heedConfig.cmake
  INSTALL_PREFIX ${CMAKE_BINARY_DIR} INSTALL_DESTINATION lib/cmake/heed
  PATH_VARS HEED_PLUGIN_DIR HEED_PROGRAM)
