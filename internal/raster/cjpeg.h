#ifndef CERTANA_CJPEG_H
#define CERTANA_CJPEG_H

#include <stddef.h>
#include <stdint.h>

/* What a JPEG's headers say, and how one is to be written. Sizes are pixels,
   factors are libjpeg's sampling factors, space is a J_COLOR_SPACE. */
typedef struct {
  int w, h, ncomp, space, adobe;
  int hf[4], vf[4];      /* sampling factors of each component */
  int dw[4], dh[4];      /* samples of each component that matter */
  int stride[4], rows[4]; /* with padding to whole blocks and MCU rows */
  int tq[4];             /* which table each component uses */
  uint16_t q[4][64];     /* quantisation tables, natural order; 0: none */
  int damaged;           /* data was missing or corrupt */
  char error[200];       /* libjpeg's message */
} cj_picture;

int cj_header(const uint8_t *data, size_t n, cj_picture *p);
int cj_decode_raw(const uint8_t *data, size_t n, cj_picture *p, uint8_t *p0, uint8_t *p1, uint8_t *p2);
int cj_decode_pixels(const uint8_t *data, size_t n, cj_picture *p, uint8_t *out);
int cj_encode_raw(cj_picture *p, int floor, uint8_t *p0, uint8_t *p1, uint8_t *p2, uint8_t **out, size_t *len);
int cj_encode_pixels(cj_picture *p, int floor, uint8_t *pix, uint8_t **out, size_t *len);

#endif
