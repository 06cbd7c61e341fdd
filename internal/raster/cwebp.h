#ifndef CERTANA_CWEBP_H
#define CERTANA_CWEBP_H

#include <stddef.h>
#include <stdint.h>

/* Returns 1, or 0 with *damaged telling missing data from nonsense. */
int cw_decode_rgba(const uint8_t *data, size_t n, uint8_t *rgba, int stride, size_t size, int *damaged);
int cw_decode_yuva(const uint8_t *data, size_t n, int w, int h, uint8_t *y, uint8_t *u, uint8_t *v, uint8_t *a,
                   int *damaged);

/* Return 0 and a WebPEncodingError in *code, or 1 and a buffer to free with
   cw_free. The samples are not kept. */
int cw_encode_rgba(const uint8_t *rgba, int w, int h, int lossless, float quality, uint8_t **out, size_t *len, int *code);
int cw_encode_yuva(uint8_t *y, uint8_t *u, uint8_t *v, uint8_t *a, int w, int h, float quality, uint8_t **out,
                   size_t *len, int *code);
void cw_free(uint8_t *p);

#endif
