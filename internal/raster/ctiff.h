#ifndef CERTANA_CTIFF_H
#define CERTANA_CTIFF_H

#include <stddef.h>
#include <stdint.h>

/* How the samples of a TIFF's first directory are handed over. */
typedef struct {
  int w, h, bits, n; /* 8 or 16 bits in host order, n samples a pixel */
  int colours;       /* 1 grey, 3 RGB, 4 CMYK: what the first samples are */
  int alpha, premul; /* index of alpha or -1 */
  int white;         /* grey with 0 as white */
  int rgba;          /* converted by libtiff to 8-bit RGBA */
  int compression;
  int damaged;
  char error[200];
} ct_picture;

int ct_header(const uint8_t *data, size_t n, ct_picture *p);
int ct_decode(const uint8_t *data, size_t n, ct_picture *p, uint8_t *pix);

#endif
