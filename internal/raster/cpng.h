#ifndef CERTANA_CPNG_H
#define CERTANA_CPNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int w, h, bits, n; /* 8 or 16 bits in host order; 1 to 4 samples a pixel */
  int damaged;
  char error[200];
} cp_picture;

int cp_decode(const uint8_t *data, size_t n, cp_picture *p, uint8_t *pix);
int cp_encode(cp_picture *p, const uint8_t *pix, int level, uint8_t **out, size_t *len);

#endif
