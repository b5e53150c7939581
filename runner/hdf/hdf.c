/* SPDX-License-Identifier: GPL-3.0-or-later
 * HDF5 with heed's errors. */
#include "hdf/hdf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* After a failed write to a full disk, HDF5 crashes when it cleans up at the
 * end of the process.  So it may clean up only if all its files could be
 * closed: the only process-wide state. */
static atomic_bool unclosed;

static void tidy_up(void) {
  if (!atomic_load(&unclosed)) (void)H5close();
}

/* Sets up HDF5 for the whole process: it prints no errors and does not crash at
 * the end after a failed write. */
static void set_up(void) {
  /* Succeeds once: the first caller registers tidy_up(). */
  if (H5dont_atexit() >= 0) (void)atexit(tidy_up);
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  /* A file must not make heed load code: no filters from plugins. */
  (void)H5PLset_loading_state(0);
}

void hdf_close(hdf_file *self, hid_t root) {
  if (root < 0 || H5Fclose(root) >= 0) return;
  atomic_store(&unclosed, true);
  hdf_fail(self, "complete", "the file");
}

/* HDF5's first message.  After a failed system call, only the system's message:
 * "… error message = 'No space left on device', …". */
static herr_t innermost(unsigned depth, const H5E_error2_t *found, void *text) {
  const char mark[] = "error message = '";
  const char *said = strstr(found->desc, mark);
  if (depth != 0) return 0;
  if (said == NULL) {
    (void)snprintf(text, 256, "%s", found->desc);
  } else {
    said += sizeof mark - 1;
    (void)snprintf(text, 256, "%.*s", (int)strcspn(said, "'"), said);
  }
  return 0;
}

void hdf_explain(hdf_file *self, const char *doing, const char *what) {
  char why[256] = "";
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, why);
  (void)heed_fail(self->error, HEED_IO, "%s: cannot %s %s%s%s", self->path,
                  doing, what, why[0] == '\0' ? "" : ": ", why);
}

/* Files are not locked: no file is written once it has its final name, and some
 * cluster file systems refuse locks. */
static hid_t access_list(void) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  (void)H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  (void)H5Pset_file_locking(access, 0, 1);
  return access;
}

/* A FIFO would wait for a writer, and a device may never end. */
static void check_type(hdf_file *self) {
  struct stat found;
  if (self->status != HEED_OK || stat(self->path, &found) != 0 ||
      S_ISREG(found.st_mode))
    return;
  self->status = heed_fail(self->error, HEED_INVALID,
                           "%s: is %s, expected a result file", self->path,
                           S_ISDIR(found.st_mode)    ? "a folder"
                           : S_ISFIFO(found.st_mode) ? "a named pipe"
                           : S_ISSOCK(found.st_mode) ? "a socket"
                                                     : "a device");
}

/* HDF5 refuses to open an image under the name of a file that exists.  This
 * name can be none. */
#define IN_MEMORY "/dev/null/heed"

static hid_t open_path(hdf_file *self, const char *path) {
  hid_t access, root;
  if (self->status != HEED_OK) return H5I_INVALID_HID;
  set_up();
  access = access_list();
  root = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (root < 0) hdf_fail(self, "open", "it as an HDF5 file");
  (void)H5Pclose(access);
  return root;
}

hid_t hdf_open(hdf_file *self) {
  check_type(self);
  return open_path(self, self->path);
}

#define DESCRIPTOR_PATH 32

static void name_descriptor(int descriptor, char path[DESCRIPTOR_PATH]) {
  (void)snprintf(path, DESCRIPTOR_PATH, "/proc/self/fd/%d", descriptor);
}

hid_t hdf_open_descriptor(hdf_file *self, int descriptor) {
  char path[DESCRIPTOR_PATH];
  name_descriptor(descriptor, path);
  return open_path(self, path);
}

hid_t hdf_create(hdf_file *self, int descriptor) {
  char path[DESCRIPTOR_PATH];
  hid_t access, root;
  if (self->status != HEED_OK) return H5I_INVALID_HID;
  set_up();
  name_descriptor(descriptor, path);
  access = access_list();
  root = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (root < 0) hdf_fail(self, "make", "the file");
  (void)H5Pclose(access);
  return root;
}

hid_t hdf_memory_file(hdf_file *self) {
  hid_t access, root = H5I_INVALID_HID;
  if (self->status != HEED_OK) return root;
  set_up();
  access = access_list();
  if (H5Pset_fapl_core(access, 1 << 20, 0) >= 0)
    root = H5Fcreate(IN_MEMORY, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (root < 0) hdf_fail(self, "build", "a file in memory");
  (void)H5Pclose(access);
  return root;
}

void *hdf_image(hdf_file *self, hid_t root, size_t *length) {
  ssize_t size = -1;
  void *bytes = NULL;
  if (self->status != HEED_OK) return NULL;
  if (H5Fflush(root, H5F_SCOPE_GLOBAL) >= 0)
    size = H5Fget_file_image(root, NULL, 0);
  if (size > 0) bytes = malloc((size_t)size);
  if (size > 0 && bytes == NULL) hdf_no_memory(self);
  if (size <= 0 ||
      (bytes != NULL && H5Fget_file_image(root, bytes, (size_t)size) != size))
    hdf_fail(self, "build", "a file in memory");
  if (self->status != HEED_OK) {
    free(bytes);
    return NULL;
  }
  *length = (size_t)size;
  return bytes;
}

hid_t hdf_open_image(hdf_file *self, const void *bytes, size_t length) {
  hid_t access, root = H5I_INVALID_HID;
  if (self->status != HEED_OK) return root;
  set_up();
  access = access_list();
  /* HDF5 changes neither these bytes nor its copy: the file is not written. */
  if (H5Pset_fapl_core(access, 1 << 20, 0) >= 0 &&
      H5Pset_file_image(access, (void *)bytes, length) >= 0)
    root = H5Fopen(IN_MEMORY, H5F_ACC_RDONLY, access);
  if (root < 0) hdf_fail(self, "open", "it as an HDF5 file");
  (void)H5Pclose(access);
  return root;
}

hid_t hdf_text_type(void) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  (void)H5Tset_size(type, H5T_VARIABLE);
  (void)H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

hid_t hdf_type(heed_column_type type) {
  switch ((enum heed_column_types)type) {
    case HEED_FLOAT64:
      return H5T_NATIVE_DOUBLE;
    case HEED_FLOAT32:
      return H5T_NATIVE_FLOAT;
    case HEED_INT64:
      return H5T_NATIVE_INT64;
    case HEED_INT32:
      return H5T_NATIVE_INT32;
    case HEED_INT8:
      return H5T_NATIVE_INT8;
    case HEED_STRING:
      return hdf_text_type();
  }
  return H5I_INVALID_HID;
}

/* Deflate is fast at its first level, which packs numbers as well as others. */
void hdf_pack(hid_t creation) {
  if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) <= 0) return;
  (void)H5Pset_shuffle(creation);
  (void)H5Pset_deflate(creation, 1);
}

hid_t hdf_group(hdf_file *self, hid_t parent, const char *name) {
  if (self->status != HEED_OK) return H5I_INVALID_HID;
  const hid_t group =
      H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) hdf_fail(self, "create the group", name);
  return group;
}

hid_t hdf_transfer(hid_t type, size_t count) {
  enum { ELEMENT = 32, USUAL = 1 << 20 }; /* bytes */
  if (H5Tis_variable_str(type) <= 0 || count >= USUAL / ELEMENT)
    return H5P_DEFAULT;
  const hid_t made = H5Pcreate(H5P_DATASET_XFER);
  (void)H5Pset_buffer(made, (count + 1) * ELEMENT, NULL, NULL);
  return made;
}

hid_t hdf_write(hdf_file *self, hid_t parent, const char *name, hid_t type,
                int rank, const hsize_t *extent, const void *data) {
  hid_t space, set, transfer;
  if (self->status != HEED_OK) return H5I_INVALID_HID;
  space =
      rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent, NULL);
  set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                   H5P_DEFAULT);
  transfer = hdf_transfer(type, (size_t)H5Sget_simple_extent_npoints(space));
  if (set < 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, transfer, data) < 0)
    hdf_fail(self, "write", name);
  (void)H5Pclose(transfer);
  (void)H5Sclose(space);
  return set;
}

hid_t hdf_copy_set(hdf_file *self, hid_t source, const char *name,
                   hid_t parent) {
  hid_t how, set = H5I_INVALID_HID;
  if (self->status != HEED_OK) return set;
  how = H5Pcreate(H5P_OBJECT_COPY);
  (void)H5Pset_copy_object(how, H5O_COPY_WITHOUT_ATTR_FLAG);
  if (H5Ocopy(source, name, parent, name, how, H5P_DEFAULT) >= 0)
    set = H5Dopen2(parent, name, H5P_DEFAULT);
  (void)H5Pclose(how);
  if (set < 0) hdf_fail(self, "copy", name);
  return set;
}

void hdf_put(hdf_file *self, hid_t parent, const char *name, hid_t type,
             int rank, const hsize_t *extent, const void *data) {
  const hid_t set = hdf_write(self, parent, name, type, rank, extent, data);
  if (set >= 0) (void)H5Dclose(set);
}

void hdf_put_texts(hdf_file *self, hid_t parent, const char *name, size_t count,
                   const char *const *texts) {
  const hid_t type = hdf_text_type();
  const hsize_t extent = count;
  hdf_put(self, parent, name, type, 1, &extent, texts);
  (void)H5Tclose(type);
}

void hdf_put_text(hdf_file *self, hid_t parent, const char *name,
                  const char *text) {
  const hid_t type = hdf_text_type();
  hdf_put(self, parent, name, type, 0, NULL, &text);
  (void)H5Tclose(type);
}

static void note(hdf_file *self, hid_t object, const char *name, hid_t type,
                 const void *value) {
  hid_t space, attribute;
  if (self->status != HEED_OK) return;
  space = H5Screate(H5S_SCALAR);
  attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
    hdf_fail(self, "write the attribute", name);
  if (attribute >= 0) (void)H5Aclose(attribute);
  (void)H5Sclose(space);
}

void hdf_note(hdf_file *self, hid_t object, const char *name,
              const char *text) {
  const hid_t type = hdf_text_type();
  note(self, object, name, type, &text);
  (void)H5Tclose(type);
}

void hdf_note_number(hdf_file *self, hid_t object, const char *name,
                     double value) {
  note(self, object, name, H5T_NATIVE_DOUBLE, &value);
}

void hdf_note_integer(hdf_file *self, hid_t object, const char *name,
                      int64_t value) {
  note(self, object, name, H5T_NATIVE_INT64, &value);
}

static void read_note(hdf_file *self, hid_t parent, const char *object,
                      const char *name, hid_t type, void *value) {
  hid_t attribute;
  if (self->status != HEED_OK) return;
  attribute = H5Aopen_by_name(parent, object, name, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Aread(attribute, type, value) < 0)
    hdf_fail(self, "read the attribute", name);
  if (attribute >= 0) (void)H5Aclose(attribute);
}

int64_t hdf_read_note(hdf_file *self, hid_t parent, const char *object,
                      const char *name) {
  int64_t value = 0;
  read_note(self, parent, object, name, H5T_NATIVE_INT64, &value);
  return value;
}

double hdf_read_note_number(hdf_file *self, hid_t parent, const char *object,
                            const char *name) {
  double value = 0;
  read_note(self, parent, object, name, H5T_NATIVE_DOUBLE, &value);
  return value;
}

char *hdf_read_note_text(hdf_file *self, hid_t object, const char *name) {
  const hid_t type = hdf_text_type();
  char *found = NULL, *text = NULL;
  if (self->status == HEED_OK && H5Aexists(object, name) > 0)
    read_note(self, object, ".", name, type, &found);
  if (found != NULL) {
    text = strdup(found);
    (void)H5free_memory(found);
    if (text == NULL) hdf_no_memory(self);
  }
  (void)H5Tclose(type);
  return text;
}

/* ---- datasets of files that others may have changed ---- */

/* A dataset claims at most this many bytes for each byte of the file, and this
 * many beside: deflate packs 1,032 to 1. */
#define MOST_PACKED 2000u
#define MOST_BESIDE ((uint64_t)64 << 20)

static void refuse(hdf_file *self, const char *name, const char *why) {
  if (self->status == HEED_OK)
    self->status = heed_fail(self->error, HEED_INVALID, "%s: %s: %s",
                             self->path, name, why);
}

/* Called before an external link is followed. */
static herr_t stop_at_link(const char *parent_file, const char *parent_group,
                           const char *file, const char *object,
                           unsigned *flags, hid_t access, void *stopped) {
  (void)parent_file;
  (void)parent_group;
  (void)file;
  (void)object;
  (void)flags;
  (void)access;
  *(bool *)stopped = true;
  return -1;
}

/* Opens a dataset or a group, but not one of another file. */
static hid_t open_object(hdf_file *self, hid_t parent, const char *name) {
  hid_t access, object;
  bool stopped = false;
  if (self->status != HEED_OK) return H5I_INVALID_HID;
  access = H5Pcreate(H5P_LINK_ACCESS);
  (void)H5Pset_elink_cb(access, stop_at_link, &stopped);
  object = H5Oopen(parent, name, access);
  (void)H5Pclose(access);
  if (stopped) refuse(self, name, "is a link to another file");
  if (object < 0) hdf_fail(self, "read", name);
  return object;
}

hid_t hdf_open_set(hdf_file *self, hid_t parent, const char *name) {
  const hid_t set = open_object(self, parent, name);
  hid_t creation;
  if (set < 0) return set;
  if (H5Iget_type(set) != H5I_DATASET) {
    refuse(self, name, "is not a dataset");
  } else {
    creation = H5Dget_create_plist(set);
    if (H5Pget_layout(creation) == H5D_VIRTUAL ||
        H5Pget_external_count(creation) != 0)
      refuse(self, name, "its values are in another file");
    (void)H5Pclose(creation);
  }
  if (self->status == HEED_OK) return set;
  (void)H5Oclose(set);
  return H5I_INVALID_HID;
}

hid_t hdf_open_group(hdf_file *self, hid_t parent, const char *name) {
  const hid_t group = open_object(self, parent, name);
  if (group < 0 || H5Iget_type(group) == H5I_GROUP) return group;
  refuse(self, name, "is not a group");
  (void)H5Oclose(group);
  return H5I_INVALID_HID;
}

/* Refuses elements that the file cannot hold, before memory is asked for. */
static void check_size(hdf_file *self, hid_t set, const char *name,
                       uint64_t elements, size_t size) {
  hsize_t length = 0;
  const hid_t root = H5Iget_file_id(set);
  (void)H5Fget_filesize(root, &length);
  (void)H5Fclose(root);
  if (elements > (length * MOST_PACKED + MOST_BESIDE) / size)
    refuse(self, name, "claims more values than the file can hold");
}

/* A text that was never written is NULL; readers expect texts. */
static void fill_texts(hdf_file *self, char **texts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (texts[i] == NULL && (texts[i] = H5allocate_memory(1, true)) == NULL)
      hdf_no_memory(self);
}

/* Reads elements of `size` bytes of the selection of a dataset; H5S_ALL: all.
 */
static void *read_elements(hdf_file *self, hid_t set, const char *name,
                           hid_t type, size_t size, hid_t memory, hid_t space,
                           size_t count) {
  const bool texts = H5Tis_variable_str(type) > 0;
  hid_t transfer;
  void *data;
  check_size(self, set, name, count, size);
  if (self->status != HEED_OK) return NULL;
  data = calloc(count + 1, size);
  transfer = hdf_transfer(type, count);
  if (data == NULL)
    hdf_no_memory(self);
  else if (H5Dread(set, type, memory, space, transfer, data) < 0)
    hdf_fail(self, "read", name);
  else if (texts)
    fill_texts(self, data, count);
  (void)H5Pclose(transfer);
  if (self->status == HEED_OK) return data;
  if (texts)
    hdf_free_texts(data, count);
  else
    free(data);
  return NULL;
}

void *hdf_read(hdf_file *self, hid_t parent, const char *name, hid_t type,
               size_t size, size_t *count, int optional) {
  hid_t set, space;
  hssize_t points;
  void *data = NULL;
  *count = 0;
  if (self->status != HEED_OK) return NULL;
  if (optional && H5Lexists(parent, name, H5P_DEFAULT) <= 0) return NULL;
  set = hdf_open_set(self, parent, name);
  if (set < 0) return NULL;
  space = H5Dget_space(set);
  points = H5Sget_simple_extent_npoints(space);
  if (points < 0)
    hdf_fail(self, "read", name);
  else
    data = read_elements(self, set, name, type, size, H5S_ALL, H5S_ALL,
                         (size_t)points);
  if (data != NULL) *count = (size_t)points;
  (void)H5Sclose(space);
  (void)H5Dclose(set);
  return data;
}

/* Elements in rows of a dataset; false: too many to count. */
static bool count_elements(int rank, const hsize_t *extent, size_t *count) {
  *count = 1;
  for (int i = 0; i < rank; i++)
    if (__builtin_mul_overflow(*count, extent[i], count)) return false;
  return true;
}

void *hdf_read_rows(hdf_file *self, hid_t parent, const char *name, hid_t type,
                    size_t size, size_t first, size_t rows, size_t *count) {
  hsize_t extent[H5S_MAX_RANK], start[H5S_MAX_RANK] = {first};
  const hid_t set = hdf_open_set(self, parent, name);
  hid_t space, memory;
  void *data = NULL;
  size_t elements;
  int rank;
  *count = 0;
  if (set < 0) return NULL;
  space = H5Dget_space(set);
  rank = H5Sget_simple_extent_dims(space, extent, NULL);
  extent[0] = rows;
  memory = H5Screate_simple(rank, extent, NULL);
  if (rank <= 0 || !count_elements(rank, extent, &elements) ||
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0)
    hdf_fail(self, "read", name);
  else
    data = read_elements(self, set, name, type, size, memory, space, elements);
  if (data != NULL) *count = elements;
  (void)H5Sclose(memory);
  (void)H5Sclose(space);
  (void)H5Dclose(set);
  return data;
}

double *hdf_read_numbers(hdf_file *self, hid_t parent, const char *name,
                         size_t *count) {
  return hdf_read(self, parent, name, H5T_NATIVE_DOUBLE, sizeof(double), count,
                  1);
}

int64_t *hdf_read_integers(hdf_file *self, hid_t parent, const char *name,
                           size_t *count) {
  return hdf_read(self, parent, name, H5T_NATIVE_INT64, sizeof(int64_t), count,
                  1);
}

char **hdf_read_texts(hdf_file *self, hid_t parent, const char *name,
                      size_t *count) {
  const hid_t type = hdf_text_type();
  char **texts = hdf_read(self, parent, name, type, sizeof(char *), count, 1);
  (void)H5Tclose(type);
  return texts;
}

void hdf_free_texts(char **texts, size_t count) {
  for (size_t i = 0; texts != NULL && i < count; i++)
    (void)H5free_memory(texts[i]);
  free(texts);
}

char *hdf_read_text(hdf_file *self, hid_t parent, const char *name) {
  size_t count;
  char **texts = hdf_read_texts(self, parent, name, &count);
  char *text = NULL;
  if (count > 0 && texts[0] != NULL) {
    text = strdup(texts[0]);
    if (text == NULL) hdf_no_memory(self);
  }
  hdf_free_texts(texts, count);
  return text;
}
