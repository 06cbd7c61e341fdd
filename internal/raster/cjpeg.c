/* A thin layer over libjpeg-turbo's own interface: raw YCbCr planes in and out,
   the original's quantisation tables kept. Errors come back as 0 with a message
   in p->error; missing or corrupt data sets p->damaged and goes on. */
#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file may hold thousands of nearly empty scans over a huge
   picture. Real encoders write up to about 20. */
#define MAX_SCANS 100
#define MAX_SCAN_PIXELS 1500000000.0

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf jump;
  cj_picture *p;
} errors;

static void fail(j_common_ptr c) {
  errors *e = (errors *)c->err;
  c->err->format_message(c, e->p->error);
  longjmp(e->jump, 1);
}

static void message(j_common_ptr c, int level) {
  if (level >= 0) return;
  c->err->num_warnings++;
  switch (c->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      ((errors *)c->err)->p->damaged = 1;
  }
}

static void silent(j_common_ptr c) { (void)c; }

static struct jpeg_error_mgr *handler(errors *e, cj_picture *p) {
  jpeg_std_error(&e->base);
  e->base.error_exit = fail;
  e->base.emit_message = message;
  e->base.output_message = silent;
  e->p = p;
  return &e->base;
}

static void watch(j_common_ptr c) {
  j_decompress_ptr d = (j_decompress_ptr)c;
  double scans = d->input_scan_number;
  if (scans > MAX_SCANS || scans * d->image_width * d->image_height > MAX_SCAN_PIXELS) {
    strcpy(((errors *)c->err)->p->error, "too many scans");
    longjmp(((errors *)c->err)->jump, 1);
  }
}

static void describe(j_decompress_ptr d, cj_picture *p) {
  p->w = d->image_width;
  p->h = d->image_height;
  p->ncomp = d->num_components;
  p->space = d->jpeg_color_space;
  p->adobe = d->saw_Adobe_marker;
  int mcu_rows = (d->image_height + d->max_v_samp_factor * 8 - 1) / (d->max_v_samp_factor * 8);
  for (int i = 0; i < d->num_components && i < 4; i++) {
    jpeg_component_info *c = &d->comp_info[i];
    p->hf[i] = c->h_samp_factor;
    p->vf[i] = c->v_samp_factor;
    p->dw[i] = c->downsampled_width;
    p->dh[i] = c->downsampled_height;
    p->stride[i] = c->width_in_blocks * 8;
    p->rows[i] = mcu_rows * c->v_samp_factor * 8;
    p->tq[i] = c->quant_tbl_no & 3;
  }
}

/* The tables are known for certain only when every scan has begun. */
static void tables(j_decompress_ptr d, cj_picture *p) {
  for (int i = 0; i < d->num_components && i < 4; i++) {
    JQUANT_TBL *t = d->comp_info[i].quant_table;
    if (!t) t = d->quant_tbl_ptrs[p->tq[i]];
    if (t)
      for (int k = 0; k < 64; k++) p->q[p->tq[i]][k] = t->quantval[k];
  }
}

static void start(j_decompress_ptr d, errors *e, struct jpeg_progress_mgr *m, const uint8_t *data, size_t n) {
  jpeg_create_decompress(d);
  memset(m, 0, sizeof *m);
  m->progress_monitor = watch;
  d->progress = m;
  jpeg_mem_src(d, data, n);
  jpeg_read_header(d, TRUE);
}

int cj_header(const uint8_t *data, size_t n, cj_picture *p) {
  struct jpeg_decompress_struct d;
  struct jpeg_progress_mgr m;
  errors e;
  memset(&d, 0, sizeof d);
  d.err = handler(&e, p);
  if (setjmp(e.jump)) {
    jpeg_destroy_decompress(&d);
    return 0;
  }
  start(&d, &e, &m, data, n);
  jpeg_calc_output_dimensions(&d);
  describe(&d, p);
  jpeg_destroy_decompress(&d);
  return 1;
}

int cj_decode_raw(const uint8_t *data, size_t n, cj_picture *p, uint8_t *p0, uint8_t *p1, uint8_t *p2) {
  struct jpeg_decompress_struct d;
  struct jpeg_progress_mgr m;
  errors e;
  uint8_t *base[3] = {p0, p1, p2};
  JSAMPROW rows[3][32];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  memset(&d, 0, sizeof d);
  d.err = handler(&e, p);
  if (setjmp(e.jump)) {
    jpeg_destroy_decompress(&d);
    return 0;
  }
  start(&d, &e, &m, data, n);
  d.raw_data_out = TRUE;
  d.out_color_space = d.jpeg_color_space;
  d.do_fancy_upsampling = FALSE;
  jpeg_start_decompress(&d);
  for (int y = 0; d.output_scanline < d.output_height; y++) {
    for (int i = 0; i < p->ncomp; i++)
      for (int k = 0; k < p->vf[i] * 8; k++)
        rows[i][k] = base[i] + (size_t)(y * p->vf[i] * 8 + k) * p->stride[i];
    jpeg_read_raw_data(&d, planes, d.max_v_samp_factor * 8);
  }
  tables(&d, p);
  jpeg_destroy_decompress(&d);
  return 1;
}

int cj_decode_pixels(const uint8_t *data, size_t n, cj_picture *p, uint8_t *out) {
  struct jpeg_decompress_struct d;
  struct jpeg_progress_mgr m;
  errors e;
  memset(&d, 0, sizeof d);
  d.err = handler(&e, p);
  if (setjmp(e.jump)) {
    jpeg_destroy_decompress(&d);
    return 0;
  }
  start(&d, &e, &m, data, n);
  d.out_color_space = p->ncomp == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&d);
  while (d.output_scanline < d.output_height) {
    JSAMPROW row = out + (size_t)d.output_scanline * d.output_width * d.output_components;
    jpeg_read_scanlines(&d, &row, 1);
  }
  tables(&d, p);
  jpeg_destroy_decompress(&d);
  return 1;
}

/* step chooses a quantisation step for samples that were quantised by q, where t
   would be fine enough. Samples lie on q's lattice: another step near q makes
   rounding noise of its own, q itself or a fraction of it makes none. So q stays
   up to 3t/2, and else the nearest to a whole fraction of q under t. */
static unsigned step(unsigned q, unsigned t) {
  if (2 * q <= 3 * t) return q;
  unsigned n = (q + t - 1) / t;
  return (q + n / 2) / n;
}

/* configure prepares a compressor for p: its colour space, sampling factors and
   tables, refined where they are coarser than the standard ones at quality
   floor. A picture without tables gets the standard ones. */
static void configure(j_compress_ptr c, cj_picture *p, int floor, J_COLOR_SPACE in, int ncomp) {
  c->image_width = p->w;
  c->image_height = p->h;
  c->in_color_space = in;
  c->input_components = ncomp;
  jpeg_set_defaults(c);
  jpeg_set_colorspace(c, (J_COLOR_SPACE)p->space);
  jpeg_set_quality(c, floor, TRUE);
  unsigned int std[2][64], merged[64];
  for (int t = 0; t < 2; t++)
    for (int k = 0; k < 64; k++) std[t][k] = c->quant_tbl_ptrs[t]->quantval[k];
  for (int i = 0; i < c->num_components; i++) {
    c->comp_info[i].h_samp_factor = p->hf[i];
    c->comp_info[i].v_samp_factor = p->vf[i];
    uint16_t *q = p->q[p->tq[i]];
    if (!q[0]) continue;
    c->comp_info[i].quant_tbl_no = p->tq[i];
    int chroma = c->comp_info[i].dc_tbl_no, used = 0;
    for (int j = 0; j < i; j++) used |= p->tq[j] == p->tq[i];
    if (used) continue;
    for (int k = 0; k < 64; k++) merged[k] = step(q[k], std[chroma][k]);
    jpeg_add_quant_table(c, p->tq[i], merged, 100, TRUE);
  }
}

int cj_encode_raw(cj_picture *p, int floor, uint8_t *p0, uint8_t *p1, uint8_t *p2, uint8_t **out, size_t *len) {
  struct jpeg_compress_struct c;
  errors e;
  uint8_t *base[3] = {p0, p1, p2};
  JSAMPROW rows[3][32];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  unsigned long size = 0;
  memset(&c, 0, sizeof c);
  c.err = handler(&e, p);
  if (setjmp(e.jump)) {
    jpeg_destroy_compress(&c);
    return 0;
  }
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, out, &size);
  configure(&c, p, floor, (J_COLOR_SPACE)p->space, p->ncomp);
  c.raw_data_in = TRUE;
  jpeg_start_compress(&c, TRUE);
  for (int y = 0; c.next_scanline < c.image_height; y++) {
    for (int i = 0; i < p->ncomp; i++)
      for (int k = 0; k < p->vf[i] * 8; k++)
        rows[i][k] = base[i] + (size_t)(y * p->vf[i] * 8 + k) * p->stride[i];
    jpeg_write_raw_data(&c, planes, c.max_v_samp_factor * 8);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  *len = size;
  return 1;
}

int cj_encode_pixels(cj_picture *p, int floor, uint8_t *pix, uint8_t **out, size_t *len) {
  struct jpeg_compress_struct c;
  errors e;
  unsigned long size = 0;
  memset(&c, 0, sizeof c);
  c.err = handler(&e, p);
  if (setjmp(e.jump)) {
    jpeg_destroy_compress(&c);
    return 0;
  }
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, out, &size);
  configure(&c, p, floor, p->ncomp == 4 ? JCS_CMYK : JCS_RGB, p->ncomp);
  jpeg_start_compress(&c, TRUE);
  while (c.next_scanline < c.image_height) {
    JSAMPROW row = pix + (size_t)c.next_scanline * c.image_width * c.input_components;
    jpeg_write_scanlines(&c, &row, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  *len = size;
  return 1;
}
