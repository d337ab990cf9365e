# SPDX-License-Identifier: Apache-2.0
# Run by hand: build/bin/ulp [STEP [NAME]]. Built for this machine, beside glibc's libmvec where there is one.
add_executable(ulp EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/ulp.c)
target_link_libraries(ulp PRIVATE stepc_support m)
target_compile_options(ulp PRIVATE -O2 -march=native -Wno-pedantic -Wno-missing-prototypes -Wno-conversion -Wno-undef
                       -Wno-psabi)
find_library(MVEC mvec)
if(MVEC)
  target_link_libraries(ulp PRIVATE ${MVEC})
  target_compile_definitions(ulp PRIVATE ULP_LIBMVEC)
endif()
