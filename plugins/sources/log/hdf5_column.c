/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds a dataset, refuses what heed cannot read or what lies outside the file,
 * and reads all values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sources/log/hdf5_reader.h"

/* A dataset claims at most this many bytes for each byte of the file, and this
 * many beside: deflate packs 1,032 to 1. */
#define MOST_PACKED 2000u
#define MOST_BESIDE ((uint64_t)64 << 20)

HEED_PRINTF(3, 4)
static heed_status refuse(const hdf5_column *self, heed_error *error,
                          const char *format, ...) {
  char what[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return heed_fail(error, HEED_INVALID, "%s: dataset \"%s\": %s", self->path,
                   self->name, what);
}

/* ---- finding it ---- */

/* Called before an external link is followed: notes it and stops. */
static herr_t stop_at_link(const char *parent_file, const char *parent_group,
                           const char *file, const char *object,
                           unsigned *flags, hid_t access, void *target) {
  (void)parent_file;
  (void)parent_group;
  (void)object;
  (void)flags;
  (void)access;
  (void)snprintf(target, 256, "%s", file);
  return -1;
}

static herr_t name_link(hid_t group, const char *name, const H5L_info_t *info,
                        void *list) {
  char *text = list;
  const size_t used = strlen(text);
  (void)group;
  (void)info;
  if (used > 300) return 1;
  (void)snprintf(text + used, 400 - used, "%s\"%.60s\"", used == 0 ? "" : ", ",
                 name);
  return 0;
}

static heed_status missing(hid_t file, const hdf5_column *self,
                           heed_error *error) {
  char list[400] = "", why[200];
  hdf5_explain(why, sizeof why);
  if (H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, NULL, name_link, list) < 0)
    return heed_fail(error, HEED_INVALID,
                     "%s: HDF5 cannot read the file, which may be damaged: %s",
                     self->path, why);
  if (H5Lexists(file, self->name, H5P_DEFAULT) > 0)
    return refuse(self, error, "HDF5 cannot open it: %s", why);
  return heed_fail(error, HEED_INVALID,
                   "%s: missing dataset \"%s\"; the file has %s", self->path,
                   self->name, *list == '\0' ? "none" : list);
}

static heed_status find(hid_t file, hdf5_column *self, heed_error *error) {
  char target[256] = "";
  const hid_t access = H5Pcreate(H5P_LINK_ACCESS);
  hid_t object;
  (void)H5Pset_elink_cb(access, stop_at_link, target);
  object = H5Oopen(file, self->name, access);
  (void)H5Pclose(access);
  if (object < 0 && *target != '\0')
    return refuse(self, error,
                  "found a link to another file, \"%s\", which heed does not "
                  "follow: expected the values in this file",
                  target);
  if (object < 0) return missing(file, self, error);
  if (H5Iget_type(object) != H5I_DATASET) {
    const bool group = H5Iget_type(object) == H5I_GROUP;
    (void)H5Oclose(object);
    return heed_fail(error, HEED_INVALID,
                     "%s: \"%s\" is a %s, expected a dataset", self->path,
                     self->name, group ? "group" : "type");
  }
  self->set = object;
  return HEED_OK;
}

/* ---- where its bytes are ---- */

static heed_status check_filters(const hdf5_column *self, hid_t creation,
                                 heed_error *error) {
  const int filters = H5Pget_nfilters(creation);
  for (int i = 0; i < filters; i++) {
    unsigned flags, settings;
    size_t count = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, (unsigned)i, &flags, &count, NULL,
                       sizeof name - 1, name, &settings);
    if (filter < 0 || filter >= H5Z_FILTER_RESERVED ||
        H5Zfilter_avail(filter) <= 0)
      return refuse(self, error,
                    "found filter %d%s%s, expected one of HDF5's own filters; "
                    "h5repack rewrites the file",
                    (int)filter, *name == '\0' ? "" : ", ", name);
  }
  return HEED_OK;
}

static heed_status check_storage(const hdf5_column *self, heed_error *error) {
  const hid_t creation = H5Dget_create_plist(self->set);
  heed_status status = HEED_OK;
  if (creation < 0) return refuse(self, error, "HDF5 cannot read its layout");
  if (H5Pget_layout(creation) == H5D_VIRTUAL)
    status = refuse(self, error,
                    "found a virtual dataset, whose values are in other files: "
                    "expected the values in this file");
  else if (H5Pget_external_count(creation) != 0)
    status = refuse(self, error,
                    "found external storage: expected the values in this file");
  else
    status = check_filters(self, creation, error);
  (void)H5Pclose(creation);
  return status;
}

/* ---- its type and shape ---- */

static const char *type_name(H5T_class_t class) {
  switch (class) {
    case H5T_TIME:
      return "HDF5's time type";
    case H5T_BITFIELD:
      return "bit fields";
    case H5T_OPAQUE:
      return "opaque bytes";
    case H5T_COMPOUND:
      return "a compound type";
    case H5T_REFERENCE:
      return "references";
    case H5T_VLEN:
      return "lists of variable length";
    case H5T_ARRAY:
      return "arrays";
    default:
      return "an unknown type";
  }
}

/* To which whole numbers are exact, at most as exact as a double. */
static double most_whole(hid_t stored) {
  size_t sign, exponent, exponent_size, mantissa, mantissa_size = 0;
  (void)H5Tget_fields(stored, &sign, &exponent, &exponent_size, &mantissa,
                      &mantissa_size);
  return ldexp(1, mantissa_size < 52 ? (int)mantissa_size + 1 : 53);
}

static heed_status take_kind(hdf5_column *self, hid_t stored,
                             heed_error *error) {
  const H5T_class_t class = H5Tget_class(stored);
  self->size = H5Tget_size(stored);
  if (class == H5T_STRING && H5Tis_variable_str(stored) > 0) {
    self->kind = HDF5_TEXT;
  } else if (class == H5T_STRING) {
    self->kind = HDF5_FIXED;
    if (H5Tget_strpad(stored) == H5T_STR_SPACEPAD) self->pad = ' ';
  } else if (class == H5T_INTEGER || class == H5T_ENUM) {
    self->kind = class == H5T_ENUM ? HDF5_ENUMERATION : HDF5_INTEGER;
    self->is_signed = class == H5T_INTEGER && H5Tget_sign(stored) == H5T_SGN_2;
  } else if (class == H5T_FLOAT) {
    self->kind = HDF5_REAL;
    self->is_single = self->size <= 4;
    self->most_whole = most_whole(stored);
  } else {
    return refuse(self, error,
                  "found %s, expected texts, numbers or an enumeration",
                  type_name(class));
  }
  if (self->size > 8 && class != H5T_STRING)
    return refuse(self, error, "found numbers of %zu bits, expected at most 64",
                  8 * self->size);
  self->type = class == H5T_ENUM ? H5Tget_native_type(stored, H5T_DIR_ASCEND)
                                 : H5Tcopy(stored);
  return HEED_OK;
}

/* "3 x 4" */
static void shape_text(int rank, const hsize_t *extent, char text[80]) {
  size_t used = 0;
  *text = '\0';
  for (int i = 0; i < rank && used < 60; i++)
    used +=
        (size_t)snprintf(text + used, 80 - used, "%s%llu", i == 0 ? "" : " x ",
                         (unsigned long long)extent[i]);
}

/* netCDF stores texts as two dimensions of single characters, too. */
static bool is_characters(const hdf5_column *self, int rank) {
  return rank == 2 && self->kind == HDF5_FIXED && self->size == 1;
}

static heed_status take_shape(hdf5_column *self, hid_t space,
                              heed_error *error) {
  hsize_t extent[H5S_MAX_RANK] = {0};
  char shape[80];
  const int rank = H5Sget_simple_extent_dims(space, extent, NULL);
  if (H5Sget_simple_extent_type(space) == H5S_NULL)
    return refuse(self, error, "found no values, expected one dimension");
  if (rank == 0)
    return refuse(self, error, "found a single value, expected one dimension");
  if (is_characters(self, rank)) {
    if (extent[1] == 0 || extent[1] > MOST_BESIDE)
      return refuse(self, error, "found texts of %llu characters",
                    (unsigned long long)extent[1]);
    self->size = (size_t)extent[1];
  } else if (rank != 1) {
    shape_text(rank, extent, shape);
    return refuse(self, error, "found %d dimensions (%s), expected one", rank,
                  shape);
  }
  self->count = (size_t)extent[0];
  return HEED_OK;
}

static heed_status check_size(const hdf5_column *self, heed_error *error) {
  struct stat file;
  uint64_t most;
  if (stat(self->path, &file) != 0)
    return refuse(self, error, "the file is gone");
  most = (uint64_t)file.st_size * MOST_PACKED + MOST_BESIDE;
  if (self->count <= most / self->size) return HEED_OK;
  return refuse(
      self, error,
      "claims %zu values of %zu byte%s, more than a file of %llu bytes "
      "can hold",
      self->count, self->size, heed_plural(self->size),
      (unsigned long long)file.st_size);
}

static heed_status inspect(hdf5_column *self, heed_error *error) {
  const hid_t stored = H5Dget_type(self->set);
  const hid_t space = H5Dget_space(self->set);
  heed_status status =
      stored < 0 || space < 0
          ? refuse(self, error, "HDF5 cannot read its type and shape")
          : check_storage(self, error);
  if (status == HEED_OK) status = take_kind(self, stored, error);
  if (status == HEED_OK) status = take_shape(self, space, error);
  if (status == HEED_OK) status = check_size(self, error);
  (void)H5Sclose(space);
  (void)H5Tclose(stored);
  return status;
}

/* ---- its values ---- */

/* All values as this type, from malloc(). */
static heed_status read_as(const hdf5_column *self, hid_t type, size_t size,
                           void *result, heed_error *error) {
  void **values = result;
  char why[200];
  *values = calloc(self->count + 1, size);
  if (*values == NULL) return heed_no_memory(error);
  if (H5Dread(self->set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) >= 0)
    return HEED_OK;
  hdf5_explain(why, sizeof why);
  return refuse(self, error, "HDF5 cannot read its values: %s", why);
}

static heed_status read_values(hdf5_column *self, heed_error *error) {
  switch (self->kind) {
    case HDF5_INTEGER:
      return read_as(self,
                     self->is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64,
                     sizeof(uint64_t), &self->bits, error);
    case HDF5_REAL:
      return read_as(self, H5T_NATIVE_DOUBLE, sizeof(double), &self->reals,
                     error);
    case HDF5_TEXT:
      return read_as(self, self->type, sizeof(char *), &self->texts, error);
    case HDF5_ENUMERATION:
      self->size = H5Tget_size(self->type);
      return read_as(self, self->type, self->size, &self->fixed, error);
    case HDF5_FIXED:
      return read_as(self, self->type, self->size, &self->fixed, error);
  }
  return HEED_OK;
}

/* Enumerations have the bits of their integers, too. */
static heed_status take_enumeration(hdf5_column *self, heed_error *error) {
  const hid_t base = H5Tget_super(self->type);
  self->is_signed = H5Tget_sign(base) == H5T_SGN_2;
  self->bits = calloc(self->count + 1, sizeof *self->bits);
  if (self->bits == NULL) return heed_no_memory(error);
  memcpy(self->bits, self->fixed, self->count * self->size);
  const bool good =
      H5Tconvert(base, self->is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64,
                 self->count, self->bits, NULL, H5P_DEFAULT) >= 0;
  (void)H5Tclose(base);
  return good ? HEED_OK : refuse(self, error, "HDF5 cannot read its values");
}

heed_status column_read(hid_t file, const char *path, const char *name,
                        bool is_number, hdf5_column *result,
                        heed_error *error) {
  heed_status status;
  *result = (hdf5_column){.path = path,
                          .name = name,
                          .is_number = is_number,
                          .set = H5I_INVALID_HID,
                          .type = H5I_INVALID_HID};
  status = find(file, result, error);
  if (status == HEED_OK) status = inspect(result, error);
  if (status == HEED_OK) status = read_values(result, error);
  if (status == HEED_OK && result->kind == HDF5_ENUMERATION)
    status = take_enumeration(result, error);
  return status == HEED_OK ? marks_read(result, error) : status;
}

void column_close(hdf5_column *self) {
  for (size_t i = 0; self->texts != NULL && i < self->count; i++)
    (void)H5free_memory(self->texts[i]);
  free(self->texts);
  free(self->bits);
  free(self->reals);
  free(self->fixed);
  marks_free(&self->marks);
  if (self->type >= 0) (void)H5Tclose(self->type);
  if (self->set >= 0) (void)H5Dclose(self->set);
}
