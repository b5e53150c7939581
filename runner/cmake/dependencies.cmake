# Everything that heed links.  If a dependency is missing, the configuration
# fails and prints the command that installs it.

find_package(PkgConfig REQUIRED)

# heed_dependency(NAME MODULE PACKAGE): requires a pkg-config module.
function(heed_dependency name module package)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "heed needs ${module}: apt-get install ${package}")
  endif()
endfunction()

# heed_header(HEADER PACKAGE): requires a header without a pkg-config module.
function(heed_header header package)
  string(MAKE_C_IDENTIFIER "HEED_HAVE_${header}" variable)
  find_path(${variable} ${header})
  if(NOT ${variable})
    message(FATAL_ERROR "heed needs ${header}: apt-get install ${package}")
  endif()
endfunction()

# The threads of a stage: gcc's libgomp or clang's libomp.
find_package(OpenMP COMPONENTS C)
if(NOT OpenMP_C_FOUND)
  message(FATAL_ERROR "heed needs OpenMP: apt-get install libgomp1 (gcc) or "
                      "libomp-dev (clang)")
endif()

heed_dependency(LUA lua5.4 liblua5.4-dev)
heed_dependency(GSL gsl libgsl-dev)
heed_dependency(HDF5 hdf5-serial libhdf5-dev)
heed_dependency(OPENBLAS openblas libopenblas-dev)
heed_dependency(JANSSON jansson libjansson-dev)
heed_dependency(NETTLE nettle nettle-dev)
heed_dependency(UTF8PROC libutf8proc libutf8proc-dev)
heed_dependency(SODIUM libsodium libsodium-dev)
heed_dependency(SQLITE sqlite3 libsqlite3-dev)
heed_dependency(ZLIB zlib zlib1g-dev)
heed_dependency(ZSTD libzstd libzstd-dev)
heed_header(Random123/philox.h librandom123-dev)
heed_header(csv.h libcsv-dev)

add_library(heed_hdf5 INTERFACE)
target_link_directories(heed_hdf5 INTERFACE ${HDF5_LIBRARY_DIRS})
target_link_libraries(heed_hdf5 INTERFACE hdf5_hl PkgConfig::HDF5)

# GSL's pkg-config file links gslcblas, whose cblas_sgemm is twenty times slower
# than OpenBLAS's.  So link OpenBLAS first, GSL by name, and never gslcblas.
# libgsl itself needs gslcblas, and the linker drops OpenBLAS from a program that
# calls no BLAS: every plugin that the program loads would then use gslcblas.
# --no-as-needed keeps OpenBLAS.
add_library(heed_numerics INTERFACE)
target_include_directories(heed_numerics SYSTEM INTERFACE ${GSL_INCLUDE_DIRS}
                                                 ${OPENBLAS_INCLUDE_DIRS})
target_link_libraries(heed_numerics INTERFACE PkgConfig::OPENBLAS gsl
                                              OpenMP::OpenMP_C m)
target_link_options(heed_numerics INTERFACE LINKER:--no-as-needed)

# Random123 has only headers.
add_library(heed_random123 INTERFACE)
target_include_directories(heed_random123 SYSTEM
                           INTERFACE ${HEED_HAVE_Random123_philox_h})
