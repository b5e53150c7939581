/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on logs in HDF5: any bytes, read as the source `log` does. */
#include "fuzz_child.h"
#include "fuzz_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  fuzz_log("hdf5", bytes, length);
  return 0;
}
