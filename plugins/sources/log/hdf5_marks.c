/* SPDX-License-Identifier: GPL-3.0-or-later
 * The attributes with which netCDF says what a stored value means: which values
 * are missing, which are valid, and how numbers are packed. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/hdf5_reader.h"

_Static_assert(LDBL_MANT_DIG >= 64, "hdf5_number holds every 64-bit integer");

/* A missing attribute has no values. */
typedef struct marks_attribute {
  hdf5_number values[MARKS_MOST];
  size_t count;
  bool is_real, is_single; /* float32 */
} marks_attribute;

hdf5_number marks_integer(const hdf5_column *self, uint64_t bits) {
  const unsigned unused = self->size < 8 ? 64 - 8 * (unsigned)self->size : 0;
  if (!self->is_signed) return (hdf5_number)(bits << unused >> unused);
  return (hdf5_number)((int64_t)(bits << unused) >> unused);
}

static heed_status refuse(const hdf5_column *column, const char *name,
                          const char *found, const char *expected,
                          heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: dataset \"%s\": attribute \"%s\": found %s, expected "
                   "%s",
                   column->path, column->name, name, found, expected);
}

/* Values of this type as numbers; NULL: the type holds none. */
static bool take_numbers(const hdf5_column *column, hid_t attribute, hid_t type,
                         marks_attribute *result) {
  const H5T_class_t class = H5Tget_class(type);
  const size_t size = H5Tget_size(type);
  uint64_t bits[MARKS_MOST];
  double reals[MARKS_MOST];
  if (class == H5T_FLOAT) {
    result->is_real = true;
    result->is_single = size == sizeof(float);
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, reals) < 0) return false;
    for (size_t i = 0; i < result->count; i++) result->values[i] = reals[i];
    return true;
  }
  if (class != H5T_INTEGER || size > 8) return false;
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  if (H5Aread(attribute, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64,
              bits) < 0)
    return false;
  for (size_t i = 0; i < result->count; i++)
    /* `_Unsigned` holds for the column's own type. */
    result->values[i] = column->kind == HDF5_INTEGER && size == column->size
                            ? marks_integer(column, bits[i])
                        : is_signed ? (hdf5_number)(int64_t)bits[i]
                                    : (hdf5_number)bits[i];
  return true;
}

/* An enumeration's attribute is of the enumeration, whose values are those of
 * an integer type. */
static bool take_enumeration(hid_t attribute, hid_t type,
                             marks_attribute *result) {
  const hid_t native = H5Tget_native_type(type, H5T_DIR_ASCEND);
  const hid_t base = H5Tget_super(native);
  const size_t size = H5Tget_size(native);
  const bool is_signed = H5Tget_sign(base) == H5T_SGN_2;
  char values[MARKS_MOST * 8];
  bool good =
      native >= 0 && size <= 8 && H5Aread(attribute, native, values) >= 0;
  for (size_t i = 0; good && i < result->count; i++) {
    uint64_t bits = 0;
    memcpy(&bits, values + i * size, size);
    good = H5Tconvert(base, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, 1,
                      &bits, NULL, H5P_DEFAULT) >= 0;
    result->values[i] =
        is_signed ? (hdf5_number)(int64_t)bits : (hdf5_number)bits;
  }
  (void)H5Tclose(base);
  (void)H5Tclose(native);
  return good;
}

static heed_status read_numbers(const hdf5_column *column, const char *name,
                                size_t most, marks_attribute *result,
                                heed_error *error) {
  hid_t attribute, space, type;
  hssize_t count;
  bool good = false;
  memset(result, 0, sizeof *result);
  if (H5Aexists(column->set, name) <= 0) return HEED_OK;
  attribute = H5Aopen(column->set, name, H5P_DEFAULT);
  space = H5Aget_space(attribute);
  type = H5Aget_type(attribute);
  count = H5Sget_simple_extent_npoints(space);
  if (count > 0 && count <= (hssize_t)most) {
    result->count = (size_t)count;
    good = H5Tget_class(type) == H5T_ENUM
               ? take_enumeration(attribute, type, result)
               : take_numbers(column, attribute, type, result);
  }
  (void)H5Tclose(type);
  (void)H5Sclose(space);
  (void)H5Aclose(attribute);
  if (good) return HEED_OK;
  return refuse(column, name, "another type or number of values",
                most == 1   ? "one number"
                : most == 2 ? "two numbers"
                            : "up to 16 numbers",
                error);
}

/* ---- texts ---- */

/* A text attribute, from malloc(); NULL: missing, or not one text. */
static char *read_text(hid_t set, const char *name) {
  char *text = NULL, *found = NULL;
  hid_t attribute, type, space;
  if (H5Aexists(set, name) <= 0) return NULL;
  attribute = H5Aopen(set, name, H5P_DEFAULT);
  type = H5Aget_type(attribute);
  space = H5Aget_space(attribute);
  if (H5Tget_class(type) == H5T_STRING &&
      H5Sget_simple_extent_npoints(space) == 1) {
    const size_t size = H5Tget_size(type);
    if (H5Tis_variable_str(type) > 0) {
      if (H5Aread(attribute, type, &found) >= 0 && found != NULL)
        text = strdup(found);
      (void)H5free_memory(found);
    } else if (size < 4096 && (text = calloc(size + 1, 1)) != NULL &&
               H5Aread(attribute, type, text) < 0) {
      free(text);
      text = NULL;
    }
    if (text != NULL && H5Tget_strpad(type) == H5T_STR_SPACEPAD)
      for (size_t end = size; end > 0 && text[end - 1] == ' '; end--)
        text[end - 1] = '\0';
  }
  (void)H5Sclose(space);
  (void)H5Tclose(type);
  (void)H5Aclose(attribute);
  return text;
}

static heed_status read_missing_text(hdf5_column *column, const char *name,
                                     heed_error *error) {
  hdf5_marks *marks = &column->marks;
  if (H5Aexists(column->set, name) <= 0) return HEED_OK;
  char *text = read_text(column->set, name);
  if (text == NULL)
    return refuse(column, name, "another type or number of values", "one text",
                  error);
  marks->missing_texts[marks->missing_text_count++] = text;
  return HEED_OK;
}

/* ---- all ---- */

static heed_status read_unsigned(hdf5_column *column, heed_error *error) {
  heed_status status = HEED_OK;
  char *text;
  if (H5Aexists(column->set, "_Unsigned") <= 0) return HEED_OK;
  text = read_text(column->set, "_Unsigned");
  if (text != NULL && strcasecmp(text, "true") == 0)
    column->is_signed = false;
  else if (text != NULL && strcasecmp(text, "false") == 0)
    column->is_signed = true;
  else
    status = refuse(column, "_Unsigned", "another type or number of values",
                    "the text true or false", error);
  free(text);
  return status;
}

static heed_status read_missing(hdf5_column *column, const char *name,
                                heed_error *error) {
  hdf5_marks *marks = &column->marks;
  marks_attribute found;
  const heed_status status =
      read_numbers(column, name, MARKS_MOST / 2, &found, error);
  for (size_t i = 0; status == HEED_OK && i < found.count; i++)
    marks->missing[marks->missing_count++] = found.values[i];
  return status;
}

/* What the netCDF library writes where nobody has written, if the variable has
 * no _FillValue: NC_FILL_SHORT and so on of netcdf.h, by the type as stored.
 * Bytes have none: all their values are valid, as the NetCDF User's Guide has
 * it ("Attribute Conventions", valid_range). */
static void add_default_fill(hdf5_column *column, bool is_signed) {
  hdf5_marks *marks = &column->marks;
  const uint64_t lowest = (uint64_t)1 << (8 * column->size - 1);
  hdf5_number fill;
  if (H5Aexists_by_name(column->set, "/", "_NCProperties", H5P_DEFAULT) <= 0 ||
      H5Aexists(column->set, "_FillValue") > 0)
    return;
  if (column->kind == HDF5_REAL)
    fill = 0x1.ep122L;
  else if (column->kind != HDF5_INTEGER || column->size == 1)
    return;
  else if (is_signed)
    fill = marks_integer(column, lowest + (column->size == 8 ? 2 : 1));
  else
    fill = marks_integer(column, UINT64_MAX - (column->size == 8 ? 1 : 0));
  marks->missing[marks->missing_count++] = fill;
}

static heed_status read_range(hdf5_column *column, heed_error *error) {
  hdf5_marks *marks = &column->marks;
  marks_attribute low, high, range;
  heed_status status = read_numbers(column, "valid_min", 1, &low, error);
  if (status == HEED_OK)
    status = read_numbers(column, "valid_max", 1, &high, error);
  if (status == HEED_OK)
    status = read_numbers(column, "valid_range", 2, &range, error);
  if (status != HEED_OK) return status;
  if (range.count == 1)
    return refuse(column, "valid_range", "one number", "two", error);
  if (low.count > 0) marks->low = low.values[0];
  if (high.count > 0) marks->high = high.values[0];
  if (range.count == 2) {
    marks->low = range.values[0];
    marks->high = range.values[1];
  }
  /* As the NetCDF User's Guide has it: bounds are packed like the values, but
   * for bounds of real numbers over packed integers. */
  marks->range_unpacked = marks->packed && column->kind == HDF5_INTEGER &&
                          (low.is_real || high.is_real || range.is_real);
  return HEED_OK;
}

static heed_status read_packing(hdf5_column *column, heed_error *error) {
  hdf5_marks *marks = &column->marks;
  marks_attribute scale, offset;
  heed_status status = read_numbers(column, "scale_factor", 1, &scale, error);
  if (status == HEED_OK)
    status = read_numbers(column, "add_offset", 1, &offset, error);
  if (status != HEED_OK) return status;
  if (scale.count > 0) marks->scale = (double)scale.values[0];
  if (offset.count > 0) marks->offset = (double)offset.values[0];
  marks->packed = marks->scale != 1 || marks->offset != 0;
  marks->single = (scale.count == 0 || scale.is_single) &&
                  (offset.count == 0 || offset.is_single);
  if (marks->packed && !column->is_number)
    return heed_fail(error, HEED_INVALID,
                     "%s: dataset \"%s\": found packed numbers (attribute "
                     "\"%s\"), expected ids or words as they are",
                     column->path, column->name,
                     scale.count > 0 ? "scale_factor" : "add_offset");
  return HEED_OK;
}

heed_status marks_read(hdf5_column *column, heed_error *error) {
  hdf5_marks *marks = &column->marks;
  const bool is_signed = column->is_signed;
  heed_status status = HEED_OK;
  marks->low = -HUGE_VALL;
  marks->high = HUGE_VALL;
  marks->scale = 1;
  if (column->kind == HDF5_TEXT || column->kind == HDF5_FIXED) {
    status = read_missing_text(column, "_FillValue", error);
    return status == HEED_OK ? read_missing_text(column, "missing_value", error)
                             : status;
  }
  if (column->kind == HDF5_INTEGER) status = read_unsigned(column, error);
  if (status == HEED_OK) status = read_missing(column, "_FillValue", error);
  if (status == HEED_OK) status = read_missing(column, "missing_value", error);
  if (status == HEED_OK) add_default_fill(column, is_signed);
  if (status == HEED_OK && column->kind != HDF5_ENUMERATION)
    status = read_packing(column, error);
  return status == HEED_OK ? read_range(column, error) : status;
}

void marks_free(hdf5_marks *self) {
  for (size_t i = 0; i < self->missing_text_count; i++)
    free(self->missing_texts[i]);
}

bool marks_missing(const hdf5_marks *self, hdf5_number value) {
  if (isnan(value)) return true;
  for (size_t i = 0; i < self->missing_count; i++)
    if (self->missing[i] == value) return true;
  if (self->range_unpacked) value = marks_unpacked(self, value);
  return value < self->low || value > self->high;
}

bool marks_missing_text(const hdf5_marks *self, const char *text,
                        size_t length) {
  for (size_t i = 0; i < self->missing_text_count; i++)
    if (strlen(self->missing_texts[i]) == length &&
        memcmp(self->missing_texts[i], text, length) == 0)
      return true;
  return false;
}

double marks_unpacked(const hdf5_marks *self, hdf5_number value) {
  const double unpacked = (double)value * self->scale + self->offset;
  return self->single ? (double)(float)unpacked : unpacked;
}
