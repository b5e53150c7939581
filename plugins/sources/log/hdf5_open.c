/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opens an HDF5 file that somebody else wrote, or says why it cannot. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sources/log/hdf5_reader.h"

static herr_t innermost(unsigned depth, const H5E_error2_t *found, void *text) {
  if (depth == 0) (void)snprintf(text, 200, "%s", found->desc);
  return 0;
}

void hdf5_explain(char *text, size_t size) {
  char found[200] = "";
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, found);
  (void)snprintf(text, size, "%s",
                 *found == '\0' ? "HDF5 gives no reason" : found);
}

/* The first bytes of a file in the classic format of netCDF. */
static bool is_classic(const char *path) {
  char bytes[3] = "";
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  const bool whole = fread(bytes, 1, sizeof bytes, file) == sizeof bytes;
  (void)fclose(file);
  return whole && memcmp(bytes, "CDF", sizeof bytes) == 0;
}

static heed_status refuse(const char *path, const char *why,
                          heed_error *error) {
  const char mark[] = "error message = '";
  const char *system = strstr(why, mark);
  if (strstr(why, "lock file") != NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: is locked by another program, which may be writing "
                     "it; HDF5_USE_FILE_LOCKING=FALSE in the environment reads "
                     "it all the same",
                     path);
  if (strstr(why, "truncated file") != NULL)
    return heed_fail(error, HEED_INVALID, "%s: the file is truncated (%s)",
                     path, why);
  if (strstr(why, "signature not found") != NULL)
    return heed_fail(error, HEED_INVALID, "%s: not an HDF5 file%s", path,
                     is_classic(path) ? ", but one in netCDF's classic format; "
                                        "nccopy -k netCDF-4 converts it"
                                      : "");
  if (system != NULL) {
    system += sizeof mark - 1;
    return heed_fail(error, HEED_INVALID, "%s: cannot read: %.*s", path,
                     (int)strcspn(system, "'"), system);
  }
  return heed_fail(error, HEED_INVALID,
                   "%s: HDF5 cannot open the file, which may be damaged: %s",
                   path, why);
}

hid_t hdf5_open(const char *path, heed_error *error) {
  struct stat found;
  char why[200];
  hid_t file;
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  /* A file must not make heed load code. */
  (void)H5PLset_loading_state(0);
  if (stat(path, &found) != 0) {
    (void)heed_fail(error, HEED_INVALID, "%s: cannot read: %s", path,
                    strerror(errno));
    return H5I_INVALID_HID;
  }
  if (!S_ISREG(found.st_mode)) {
    (void)heed_fail(error, HEED_INVALID, "%s: is not a regular file", path);
    return H5I_INVALID_HID;
  }
  file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file >= 0) return file;
  hdf5_explain(why, sizeof why);
  (void)refuse(path, why, error);
  return H5I_INVALID_HID;
}
