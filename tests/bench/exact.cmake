# SPDX-License-Identifier: Apache-2.0
# Run by hand: build/bin/exact [STEP [NAME]], build/bin/exact half [NAME]; needs MPFR.
find_library(MPFR mpfr)
find_library(GMP gmp)
find_package(Threads)
if(MPFR AND GMP AND Threads_FOUND)
  add_executable(exact EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/exact.c)
  target_link_libraries(exact PRIVATE stepc_core stepc_support ${MPFR} ${GMP} Threads::Threads m)
  target_compile_options(exact PRIVATE -O3 -march=native -Wno-pedantic -Wno-missing-prototypes -Wno-conversion
                         -Wno-undef -Wno-psabi -Wno-unused-function)
endif()
