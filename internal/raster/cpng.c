/* A thin layer over libpng: samples in and out at 8 or 16 bits, palettes and
   transparent colours expanded, no gamma or colour conversion. Returns 0 with a
   message in p->error; data that ends early sets p->damaged and keeps the rows
   that were there. */
#include "cpng.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
  cp_picture *p;
  jmp_buf jump;
  const uint8_t *in;
  size_t left;
  uint8_t *out;
  size_t len, cap;
} state;

static void fail(png_structp png, png_const_charp text) {
  state *s = png_get_error_ptr(png);
  snprintf(s->p->error, sizeof s->p->error, "%s", text);
  longjmp(s->jump, 1);
}

static void warn(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void pull(png_structp png, png_bytep to, size_t n) {
  state *s = png_get_io_ptr(png);
  if (n > s->left) png_error(png, "the file ends too early");
  memcpy(to, s->in, n);
  s->in += n;
  s->left -= n;
}

static void push(png_structp png, png_bytep from, size_t n) {
  state *s = png_get_io_ptr(png);
  if (n > s->cap - s->len) {
    size_t cap = (s->cap + n) * 2;
    uint8_t *out = realloc(s->out, cap);
    if (!out) png_error(png, "out of memory");
    s->out = out;
    s->cap = cap;
  }
  memcpy(s->out + s->len, from, n);
  s->len += n;
}

static void flush(png_structp png) { (void)png; }

static void expand(png_structp png, png_infop info) {
  int type = png_get_color_type(png, info), bits = png_get_bit_depth(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  if (bits == 16) png_set_swap(png);
}

/* Without pix only the headers are read, and p's size and layout set. */
int cp_decode(const uint8_t *data, size_t n, cp_picture *p, uint8_t *pix) {
  state s = {.p = p, .in = data, .left = n};
  png_infop info = NULL;
  png_bytep *volatile rows = NULL;
  volatile int begun = 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, fail, warn);
  if (!png) return 0;
  if (setjmp(s.jump)) {
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    p->damaged = begun;
    return begun;
  }
  info = png_create_info_struct(png);
  if (!info) png_error(png, "out of memory");
  png_set_read_fn(png, &s, pull);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, info);
  expand(png, info);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (!pix) {
    p->w = png_get_image_width(png, info);
    p->h = png_get_image_height(png, info);
    p->bits = png_get_bit_depth(png, info);
    p->n = png_get_channels(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  size_t stride = (size_t)p->w * p->n * (p->bits / 8);
  if ((int)png_get_image_width(png, info) != p->w || (int)png_get_image_height(png, info) != p->h ||
      png_get_rowbytes(png, info) != stride)
    png_error(png, "contradictory headers");
  begun = 1;
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < p->h; y++) png_read_row(png, pix + y * stride, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

int cp_encode(cp_picture *p, const uint8_t *pix, int level, uint8_t **out, size_t *len) {
  static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                               PNG_COLOR_TYPE_RGB_ALPHA};
  state s = {.p = p};
  png_infop info = NULL;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, fail, warn);
  if (!png) return 0;
  if (setjmp(s.jump)) {
    png_destroy_write_struct(&png, &info);
    free(s.out);
    return 0;
  }
  info = png_create_info_struct(png);
  if (!info) png_error(png, "out of memory");
  png_set_write_fn(png, &s, push, flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, p->w, p->h, p->bits, types[p->n], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, level);
  png_set_filter(png, 0, PNG_FILTER_SUB | PNG_FILTER_UP);
  png_set_compression_buffer_size(png, 65536);
  png_write_info(png, info);
  if (p->bits == 16) png_set_swap(png);
  size_t stride = (size_t)p->w * p->n * (p->bits / 8);
  for (int y = 0; y < p->h; y++) png_write_row(png, (png_bytep)(pix + y * stride));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *out = s.out;
  *len = s.len;
  return 1;
}
