/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on packed logs: any bytes, read as the source `log` does, as they
 * are and with hashes that fit.  Without those, no changed byte would reach
 * what reads the sections. */
#include "sources/log/packed.h"

#include "fuzz_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void hash(const uint8_t *bytes, size_t length, uint8_t *place) {
  (void)crypto_generichash(place, PACKED_HASH, bytes, length, NULL, 0);
}

static uint64_t number(const uint8_t *place) {
  uint64_t value;
  memcpy(&value, place, sizeof value);
  return value;
}

static void repair(uint8_t *file, size_t length) {
  const uint64_t size = length;
  uint64_t directory;
  uint32_t count;
  if (length < PACKED_HEADER) return;
  memcpy(file + PACKED_AT_SIZE, &size, sizeof size);
  memcpy(&count, file + PACKED_AT_COUNT, sizeof count);
  directory = number(file + PACKED_AT_DIRECTORY);
  if (directory > size || (size - directory) / PACKED_ENTRY < count) return;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *entry = file + directory + (uint64_t)i * PACKED_ENTRY;
    const uint64_t offset = number(entry + PACKED_AT_OFFSET);
    const uint64_t bytes = number(entry + PACKED_AT_LENGTH);
    if (offset > size || bytes > size - offset) continue;
    hash(file + offset, bytes, entry + PACKED_AT_HASH);
  }
  hash(file + directory, (size_t)count * PACKED_ENTRY,
       file + PACKED_AT_DIRECTORY_HASH);
  hash(file, PACKED_AT_HEADER_HASH, file + PACKED_AT_HEADER_HASH);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  uint8_t *repaired;
  fuzz_log("packed", bytes, length);
  repaired = malloc(length + 1);
  if (repaired == NULL || length == 0) {
    free(repaired);
    return 0;
  }
  memcpy(repaired, bytes, length);
  repair(repaired + 1, length - 1);
  fuzz_log("packed", repaired, length);
  free(repaired);
  return 0;
}
